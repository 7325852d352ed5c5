package operator

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"

	"github.com/runfleet/runfleet/test/integration/bed"
)

// A story is a spec that runs beside the others: most of its time it waits for agents. Ginkgo runs one spec after the
// other, so all stories that were asked for begin when the suite does, and the spec of each waits for its end.
type story struct {
	text   string
	tell   func(*scene)
	turn   turn
	done   chan struct{}
	failed string // why, and where
}

var stories []*story

const (
	beside    = 24              // how many stories run at a time
	storyTime = 4 * time.Minute // bounds one
)

// turn is when a story begins.
type turn int

const (
	anyTime turn = iota
	atLast       // when all others on the calm hub have ended
	inOrder      // on the fickle hub, when the one before it there has ended
)

// Story is It for a spec against the calm hub, in a namespace of its own. It asserts by way of its scene.
func Story(text string, tell func(*scene)) { tellStory(text, anyTime, tell) }

// Finale is a Story that would hold up the others, and so begins when they have ended.
func Finale(text string, tell func(*scene)) { tellStory(text, atLast, tell) }

// Chapter is a Story against the fickle hub, which those before it may have left changed: it begins when they have ended.
func Chapter(text string, tell func(*scene)) { tellStory(text, inOrder, tell) }

func tellStory(text string, turn turn, tell func(*scene)) {
	GinkgoHelper()
	s := &story{text: text, tell: tell, turn: turn, done: make(chan struct{})}
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

// begin runs stories: those on the calm hub so many at a time, and then those that want to be alone; beside them those on the
// fickle hub. It returns at once.
func begin(ctx context.Context, all []*story) {
	turns := make(chan struct{}, beside)
	go func() {
		for i, s := range all {
			if s.turn == inOrder {
				s.run(ctx, fickle, fmt.Sprintf("chapter-%d", i+1))
			}
		}
	}()
	go func() {
		for _, turn := range []turn{anyTime, atLast} {
			var running sync.WaitGroup
			for i, s := range all {
				if s.turn != turn {
					continue
				}
				turns <- struct{}{}
				running.Go(func() {
					defer func() { <-turns }()
					s.run(ctx, calm, fmt.Sprintf("story-%d", i+1))
				})
			}
			running.Wait()
		}
	}()
}

func (s *story) run(ctx context.Context, on *stage, namespace string) {
	defer close(s.done)
	ctx, cancel := context.WithTimeout(ctx, storyTime)
	defer cancel()
	s.failed = bed.Tell(namespace, func(fail gomegatypes.GomegaFailHandler) {
		w := newScene(ctx, on, namespace, fail)
		w.makeNamespace()
		w.Eventually(w.leader).ShouldNot(BeEmpty()) // a story before this one may have ended the operator
		s.tell(w)
		w.tidy(ctx)
	})
}
