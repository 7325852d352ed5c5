package operator

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	gomegatypes "github.com/onsi/gomega/types"

	"github.com/runfleet/runfleet/test/integration/bed"
)

// A story is a spec that runs beside the others: most of its time it waits for agents. Ginkgo runs one spec after the
// other, so all stories that were asked for begin when the suite does, and the spec of each waits for its end.
type story struct {
	text   string
	tell   func(*scene)
	alone  bool // begins when the others have ended
	done   chan struct{}
	failed string // why, and where
}

var stories []*story

const (
	beside    = 24              // how many stories run at a time
	storyTime = 4 * time.Minute // bounds one
)

// Story is It for a spec against the calm hub, in a namespace of its own. It asserts by way of its scene.
func Story(text string, tell func(*scene)) { tellStory(text, false, tell) }

// Finale is a Story that would hold up the others, and so begins when they have ended.
func Finale(text string, tell func(*scene)) { tellStory(text, true, tell) }

func tellStory(text string, alone bool, tell func(*scene)) {
	GinkgoHelper()
	s := &story{text: text, tell: tell, alone: alone, done: make(chan struct{})}
	stories = append(stories, s)
	It(text, func(ctx SpecContext) {
		select {
		case <-s.done:
		case <-ctx.Done():
			Fail("the story has not ended")
		}
		if s.failed != "" {
			Fail(s.failed)
		}
	}, SpecTimeout(6*time.Minute))
}

// chosen are the stories that the command line asks for.
func chosen(preview Report) []*story {
	return slices.DeleteFunc(slices.Clone(stories), func(s *story) bool {
		return !slices.ContainsFunc(preview.SpecReports, func(r SpecReport) bool {
			return r.LeafNodeText == s.text && r.State == types.SpecStatePassed
		})
	})
}

// begin runs stories, so many at a time, and then those that want to be alone. It returns at once.
func begin(ctx context.Context, all []*story) {
	turns := make(chan struct{}, beside)
	go func() {
		for _, alone := range []bool{false, true} {
			var running sync.WaitGroup
			for i, s := range all {
				if s.alone != alone {
					continue
				}
				turns <- struct{}{}
				running.Go(func() {
					defer func() { <-turns }()
					s.run(ctx, fmt.Sprintf("story-%d", i+1))
				})
			}
			running.Wait()
		}
	}()
}

func (s *story) run(ctx context.Context, namespace string) {
	defer close(s.done)
	ctx, cancel := context.WithTimeout(ctx, storyTime)
	defer cancel()
	s.failed = bed.Tell(namespace, func(fail gomegatypes.GomegaFailHandler) {
		w := newScene(ctx, calm, namespace, fail)
		w.makeNamespace()
		s.tell(w)
		w.tidy(ctx)
	})
}
