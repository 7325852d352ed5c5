//go:build faults

package fencing

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega/types"

	"github.com/runfleet/runfleet/test/integration/bed"
)

// A story is a spec on west that goes on beside what happens to east: it begins with the suite, and its spec waits for its end.
type story struct {
	text   string
	tell   func(*scene)
	done   chan struct{}
	failed string // why, and where
}

var stories []*story

// Story is It for a spec on west, in a namespace of its own. It asserts by way of its scene.
func Story(text string, tell func(*scene)) {
	GinkgoHelper()
	s := &story{text: text, tell: tell, done: make(chan struct{})}
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
	}, SpecTimeout(3*time.Minute))
}

func beginStories(ctx context.Context) {
	for i, s := range stories {
		go s.run(ctx, fmt.Sprintf("story-%d", i+1))
	}
}

func (s *story) run(ctx context.Context, namespace string) {
	defer close(s.done)
	s.failed = bed.Tell(namespace, func(fail types.GomegaFailHandler) {
		w := newScene(ctx, namespace, fail)
		w.home = "west"
		s.tell(w)
	})
}
