package bed

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/onsi/gomega/types"
)

// Tell tells a story that goes on beside specs, and returns why it failed and where, "" when it did not. The story gets what
// its assertions call when they fail: it ends the story alone, as a failure ends a spec.
func Tell(namespace string, story func(fail types.GomegaFailHandler)) string {
	ended := make(chan string, 1)
	go func() {
		failed := ""
		defer func() {
			if p := recover(); p != nil {
				failed = fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
			}
			ended <- failed
		}()
		story(func(message string, _ ...int) {
			failed = fmt.Sprintf("%s\n\nin namespace %s, at\n%s", message, namespace, testFrames())
			runtime.Goexit()
		})
	}()
	return <-ended
}

// testFrames are the places in tests that led to a failure.
func testFrames() string {
	var places []string
	for line := range strings.Lines(string(debug.Stack())) {
		if place, _, _ := strings.Cut(strings.TrimSpace(line), " +"); strings.Contains(place, "_test.go:") {
			places = append(places, "  "+place)
		}
	}
	return strings.Join(places, "\n")
}
