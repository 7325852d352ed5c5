package event

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// written is the last Event that was recorded.
type written struct{ severity, reason, action, note string }

func (w *written) Eventf(_, _ runtime.Object, severity, reason, action, note string, args ...any) {
	*w = written{severity, reason, action, fmt.Sprintf(note, args...)}
}

func TestNotesFitWhateverAnAgentWrites(t *testing.T) {
	for _, letter := range []string{"x", "ü", "€", "😀", "\xff€"} {
		var got written
		To(&got).Say(&v1.DocsRun{}, nil, Swept, "Delete", "100% "+strings.Repeat(letter, 2000))
		if len(got.note) > 1024 || len(got.note) < 1000 || !utf8.ValidString(got.note) || !strings.HasSuffix(got.note, "…") {
			t.Errorf("%s: %d bytes, %q", letter, len(got.note), got.note[len(got.note)-10:])
		}
		if got.note = got.note[:5]; got != (written{"Normal", "Swept", "Delete", "100% "}) {
			t.Errorf("got %v", got)
		}
	}
}

func TestEachReasonIsExplainedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Reasons() {
		if seen[r.Name()] || r.On() == "" || !strings.HasSuffix(r.Doc(), ".") {
			t.Errorf("%q, on %q: %q", r.Name(), r.On(), r.Doc())
		}
		seen[r.Name()] = true
	}
	if len(seen) < 17 {
		t.Errorf("%d reasons", len(seen))
	}
}
