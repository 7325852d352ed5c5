package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// The documents that people read are the table that the operator runs by.
func TestCommittedDocumentsAreWhatTheTablesSay(t *testing.T) {
	const dir = "../../docs/fsm"
	want, err := fsmDocs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range committed {
		if want[file.Name()] == nil {
			t.Errorf("%s/%s is not generated: remove it", dir, file.Name())
		}
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), string(got)); diff != "" {
			t.Errorf("%s is out of date, run make generate (-generated +committed):\n%s", name, diff)
		}
	}
}

func TestDocsWritesIntoADirectoryThatIsNotThereYet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if diff := cmp.Diff(result{}, call("fsm", "docs", "--dir", dir)); diff != "" {
		t.Fatalf("result (-want +got):\n%s", diff)
	}
	want, err := fsmDocs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: written as something else (%v)", name, err)
		}
	}
}

func TestDocsSaysWhereItCannotWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "taken")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	want := result{Code: exitFail, Stderr: "runfleet: making " + file + ": mkdir " + file + ": not a directory\n"}
	if diff := cmp.Diff(want, call("fsm", "docs", "--dir", file)); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestThePictureIsXMLWithEveryStateAndTheSameEachTime(t *testing.T) {
	first := call("fsm", "svg", "coderun")
	if first.Code != exitOK || first.Stderr != "" {
		t.Fatalf("exit code %d: %s", first.Code, first.Stderr)
	}
	if again := call("fsm", "svg", "coderun"); again != first {
		t.Error("a second drawing differs")
	}
	texts := map[string]bool{}
	for d := xml.NewDecoder(strings.NewReader(first.Stdout)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := token.(xml.CharData); ok {
			texts[strings.TrimSpace(string(text))] = true
		}
	}
	for _, s := range lifecycle.CodeTable().States {
		if !texts[string(s.Name)] {
			t.Errorf("the picture does not show %s", s.Name)
		}
	}
}

func TestTheOtherFormsAreTheTables(t *testing.T) {
	table := lifecycle.CodeTable()
	if got := call("fsm", "dot", "coderun"); got != (result{Stdout: table.DOT()}) {
		t.Errorf("dot: %+v", got)
	}
	if got := call("fsm", "mermaid", "CodeRun"); got != (result{Stdout: table.Mermaid()}) {
		t.Errorf("mermaid: %+v", got)
	}
	var got fsm.Table
	if err := json.Unmarshal([]byte(call("fsm", "json", "coderun").Stdout), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(table, got); diff != "" {
		t.Errorf("json (-table +read):\n%s", diff)
	}
}

func TestCheckPrintsEveryFindingOfEveryTable(t *testing.T) {
	broken, good := lifecycle.DocsTable(), lifecycle.CodeTable()
	broken.Blanks = broken.Blanks[1:]
	var b bytes.Buffer
	err := check(&b, []fsm.Table{broken, good})
	want := "proving DocsRun:\nstate Terminating on DeleteRequested: no row and no blank: say what happens, or why nothing does"
	if err == nil || err.Error() != want || isUsage(err) {
		t.Errorf("error %v, want %s", err, want)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 2 || !strings.HasSuffix(lines[0], "NOT PROVED") || !strings.HasSuffix(lines[1], ", proved") {
		t.Errorf("summary:\n%s", b.String())
	}
}

func TestColourIsForTerminalsWhoseOwnerWantsIt(t *testing.T) {
	for _, c := range []struct {
		name     string
		terminal bool
		env      map[string]string
		want     bool
	}{
		{"a terminal has colours", true, nil, true},
		{"a pipe has none", false, nil, false},
		{"NO_COLOR is honoured", true, map[string]string{"NO_COLOR": "1"}, false},
		{"an empty NO_COLOR says nothing", true, map[string]string{"NO_COLOR": ""}, true},
		{"a dumb terminal has none", true, map[string]string{"TERM": "dumb"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := wantsColour(c.terminal, func(k string) string { return c.env[k] }); got != c.want {
				t.Errorf("colour %v, want %v", got, c.want)
			}
		})
	}
	if ink(&bytes.Buffer{}) != nil || ink(os.NewFile(^uintptr(0), "closed")) != nil {
		t.Error("what is no terminal gets colours")
	}
	if got := paint(fsm.Heading, "x"); got != "\x1b[1mx\x1b[0m" {
		t.Errorf("a heading is painted %q", got)
	}
}

func TestTheVersionNamesTheCommit(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"}
	for _, c := range []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{"a release", debug.BuildInfo{GoVersion: "go1.26.3", Main: debug.Module{Version: "v1.2.0"}, Settings: []debug.BuildSetting{revision}},
			"v1.2.0 (commit 0123456789ab) go1.26.3"},
		{"a checkout with changes", debug.BuildInfo{GoVersion: "go1.26.3", Settings: []debug.BuildSetting{revision, {Key: "vcs.modified", Value: "true"}}},
			"(devel) (commit 0123456789ab, modified) go1.26.3"},
		{"a commit without a release", debug.BuildInfo{GoVersion: "go1.26.3", Main: debug.Module{Version: "v0.0.0-20260102030405-0123456789ab"},
			Settings: []debug.BuildSetting{revision}}, "v0.0.0-20260102030405-0123456789ab go1.26.3"},
		{"go run", debug.BuildInfo{GoVersion: "go1.26.3", Main: debug.Module{Version: "(devel)"}}, "(devel) go1.26.3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := buildOf(&c.info).String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDistanceCountsTypingErrors(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"", "abc", 3}, {"abc", "", 3}, {"runnin", "running", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestLabelsKeepOffTheirLinesWithoutSpaces(t *testing.T) {
	before := "<text text-anchor=\"start\" x=\"-75.5\" y=\"-5\" fill=\"#1a7f37\">\u00a0\u00a0AgentGone\u00a0\u00a0</text><text text-anchor=\"start\" x=\"8\">as it is</text>"
	want := `<text text-anchor="start" x="-69.94" y="-5" fill="#1a7f37">AgentGone</text><text text-anchor="start" x="8">as it is</text>`
	if diff := cmp.Diff(want, string(indented([]byte(before)))); diff != "" {
		t.Errorf("picture (-want +got):\n%s", diff)
	}
}
