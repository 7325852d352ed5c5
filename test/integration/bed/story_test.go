package bed

import (
	"strings"
	"testing"

	"github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
)

func TestTellSaysWhyAStoryFailedAndWhere(t *testing.T) {
	for name, c := range map[string]struct {
		story func(fail types.GomegaFailHandler)
		want  []string // parts of what is said; none for a story that did not fail
	}{
		"holds": {func(fail types.GomegaFailHandler) { gomega.NewGomega(fail).Expect(1).To(gomega.Equal(1)) }, nil},
		"fails": {func(fail types.GomegaFailHandler) {
			gomega.NewGomega(fail).Expect(1).To(gomega.Equal(2))
			panic("a story goes on after it has failed")
		}, []string{"to equal", "in namespace row-9", "bed/story_test.go:"}},
		"panics": {func(types.GomegaFailHandler) { panic("a mistake") }, []string{"panic: a mistake", "story_test.go:"}},
	} {
		got := Tell("row-9", c.story)
		if (got == "") != (c.want == nil) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
		for _, part := range c.want {
			if !strings.Contains(got, part) {
				t.Errorf("%s: got %q, want %q in it", name, got, part)
			}
		}
	}
}
