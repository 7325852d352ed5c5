package docs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAScriptHasItsCommandsOnTheLinesOfThePage(t *testing.T) {
	text := strings.Join([]string{
		"# Page", "```sh", "one", "two <<'END'", "  three", "END", "```", "words", "```yaml", "not: this", "```",
		"<!-- refused: it is bad -->", "```sh", "four", "```",
		"<!-- not run: docker -->", "```sh", "docker build", "```",
	}, "\n")
	want := page{
		script: strings.Join([]string{
			"", "", "one", "two <<'END'", "  three", "END", "", "", "", "", "",
			"", "if (", "four", `); then echo "it was to be refused" >&2; false; fi`, "", "", "", "",
		}, "\n"),
		blocks: 2,
		unrun:  []string{"17: docker"},
	}
	got, err := read(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(page{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnExceptionStandsBeforeItsBlock(t *testing.T) {
	for _, text := range []string{
		"<!-- not run: docker -->\nwords\n```sh\none\n```",
		"<!-- refused: bad -->",
		"```sh\none",
	} {
		if _, err := read(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
