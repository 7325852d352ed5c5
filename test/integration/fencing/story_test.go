//go:build faults

package fencing

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
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
	defer func() {
		if p := recover(); p != nil {
			s.failed = fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	fail := func(message string, _ ...int) {
		s.failed = fmt.Sprintf("%s\n\nin namespace %s, at\n%s", message, namespace, ourFrames())
		runtime.Goexit() // ends this goroutine alone, as a failure ends a spec
	}
	w := newScene(ctx, namespace, fail)
	w.home = "west"
	s.tell(w)
}

// ourFrames are the places in this package that led to a failure.
func ourFrames() string {
	var places []string
	for line := range strings.Lines(string(debug.Stack())) {
		if file, _, _ := strings.Cut(strings.TrimSpace(line), " +"); strings.Contains(file, "test/integration/fencing/") {
			places = append(places, "  "+file)
		}
	}
	return strings.Join(places[min(2, len(places)):], "\n")
}
