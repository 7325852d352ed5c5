package arch

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestDocumentsLinkToWhatExists keeps a moved file from leaving dead links behind.
func TestDocumentsLinkToWhatExists(t *testing.T) {
	for _, finding := range checkLinks(t, os.DirFS(root)) {
		t.Error(finding)
	}
}

func TestLinksFindWhatIsPlanted(t *testing.T) {
	repo := fstest.MapFS{
		"docs/a.md":     {Data: []byte("[b](b.md#part), [up](../README.md), [gone](gone.md), [out](https://example.com), [here](#here)")},
		"docs/b.md":     {Data: []byte("`[not](a-link.md)`\n```\n[nor](this.md)\n```\n")},
		"docs/x/gone.y": {},
		"README.md":     {Data: []byte("[docs](docs) [![picture](docs/gone.svg)](docs/b.md)")},
	}
	want := []string{
		"README.md links to docs/gone.svg, which does not exist",
		"docs/a.md links to gone.md, which does not exist",
	}
	if got := checkLinks(t, repo); !slices.Equal(got, want) {
		t.Errorf("want %q, got %q", want, got)
	}
}

var (
	link = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	code = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
)

// checkLinks returns the relative links of the repository's documents that lead nowhere.
func checkLinks(t *testing.T, repo fs.FS) []string {
	t.Helper()
	var findings []string
	err := fs.WalkDir(repo, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return skipDir(repo, name)
		case path.Ext(name) != ".md":
			return nil
		}
		text, err := fs.ReadFile(repo, name)
		for _, m := range link.FindAllSubmatch(code.ReplaceAll(text, nil), -1) {
			target, _, _ := strings.Cut(string(m[1]), "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			if _, err := fs.Stat(repo, path.Join(path.Dir(name), target)); err != nil {
				findings = append(findings, fmt.Sprintf("%s links to %s, which does not exist", name, target))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return findings
}
