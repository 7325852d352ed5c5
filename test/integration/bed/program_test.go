package bed

import (
	"strings"
	"testing"
)

func TestTheVersionBeforeIsTheNewestReleaseOrTheLastCommit(t *testing.T) {
	t.Chdir(t.TempDir())
	git := func(args ...string) string {
		t.Helper()
		said, err := Git(t.Context(), append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	commit := func() string {
		git("commit", "--quiet", "--allow-empty", "--no-gpg-sign", "--message", "more")
		return git("rev-parse", "HEAD")
	}
	want := func(about, hash string) {
		t.Helper()
		if got, err := Before(t.Context()); got != hash || err != nil {
			t.Errorf("%s: got %q, %v, want %s", about, got, err, hash)
		}
	}
	git("init", "--quiet")
	first := commit()
	if _, err := Before(t.Context()); err == nil || !strings.Contains(err.Error(), "git fetch --unshallow --tags") {
		t.Errorf("without history: got %v, want what to do", err)
	}
	second := commit()
	commit()
	want("no release", second)
	git("tag", "v0.9.0", first)
	want("one release", first)
	git("tag", "v0.10.0-rc.1", first)
	git("tag", "v0.10.0", second)
	want("a newer one", second)
	git("tag", "v0.11.0")
	want("HEAD is one", second)
}
