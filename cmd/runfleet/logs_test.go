package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"

	"github.com/runfleet/runfleet/test/golden"
)

// told is the transcript of a log, as runfleet logs prints it.
func told(t *testing.T, log io.Reader, p page) string {
	t.Helper()
	var out strings.Builder
	script := newTranscript(p)
	if err := eachLine(log, func(line []byte, whole bool) error {
		out.WriteString(script.add(line, !whole))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	out.WriteString(script.soFar())
	return out.String()
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/logs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The first log is of the real program with the scripted model: a subagent, parallel calls, errors, an image.
func TestATranscriptIsPleasantToRead(t *testing.T) {
	for _, name := range []string{"recorded", "odd"} {
		log := read(t, name+".log")
		for variant, p := range map[string]page{"": {}, "-60": {width: 60}, "-colour": {width: 100, colour: true}} {
			golden.Check(t, "logs/"+name+variant+".txt", told(t, bytes.NewReader(log), p))
		}
	}
}

func TestATranscriptSendsNothingThatCommandsTheTerminal(t *testing.T) {
	for _, r := range told(t, bytes.NewReader(read(t, "odd.log")), page{}) {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf)) {
			t.Errorf("sends %q", r)
		}
	}
}

func TestNoLineOfATranscriptIsWiderThanTheTerminal(t *testing.T) {
	for _, name := range []string{"recorded", "odd"} {
		for _, width := range []int{40, 60, 80, 120} {
			for line := range strings.SplitSeq(told(t, bytes.NewReader(read(t, name+".log")), page{width: width}), "\n") {
				if n := columns(line); n > width && !strings.Contains(line, "\t") && strings.Contains(strings.TrimSpace(line), " ") {
					t.Errorf("%d columns of %d: %s", n, width, line)
				}
			}
		}
	}
}

func TestAnAgentThatWorksHasATranscriptSoFar(t *testing.T) {
	log := read(t, "recorded.log")
	half := log[:len(log)/2]
	if got := told(t, bytes.NewReader(half), page{}); !strings.Contains(got, "\n(a line of ") || !strings.HasSuffix(got,
		" bytes so far)\n\n3 turns so far; what they cost the agent says at its end\n") {
		t.Errorf("ends with %q", got[max(0, len(got)-200):])
	}
	whole := bytes.TrimSuffix(log, []byte("\n"))
	if got, want := told(t, bytes.NewReader(whole), page{}), told(t, bytes.NewReader(log), page{}); got != want {
		t.Error("the last line is not read without its end")
	}
}

func TestALineMayBeOfAnyLength(t *testing.T) {
	huge := strings.Repeat("x", 8<<20)
	log := `{"type":"assistant","message":{"id":"m","content":[{"type":"text","text":"before"},{"type":"tool_use","name":"Write","input":{"content":"` + huge +
		`","file_path":"a.md"}}]}}` + "\n" + huge + "\nafter"
	got := told(t, iotest.HalfReader(strings.NewReader(log)), page{})
	if want := "before\n  Write a.md\n" + huge + "\nafter\n"; !strings.HasPrefix(got, want) {
		t.Errorf("%d bytes, beginning with %q", len(got), got[:min(len(got), 100)])
	}
}

func TestALogThatBreaksOffSaysWhy(t *testing.T) {
	broken := errors.New("connection reset")
	var lines []string
	err := eachLine(io.MultiReader(strings.NewReader("one\ntw"), iotest.ErrReader(broken)), func(line []byte, whole bool) error {
		if !whole {
			line = append(line, '?')
		}
		lines = append(lines, string(line))
		return nil
	})
	if !errors.Is(err, broken) || strings.Join(lines, " ") != "one tw?" {
		t.Errorf("%v after %q", err, lines)
	}
	stop := errors.New("enough")
	if err := eachLine(strings.NewReader("one\ntwo\n"), func([]byte, bool) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("goes on: %v", err)
	}
}
