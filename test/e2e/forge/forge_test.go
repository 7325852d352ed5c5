//go:build e2e

package forge

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// client runs a program with what a client of the forge has.
func client(t *testing.T, f *Forge, name string, args ...string) (string, error) {
	t.Helper()
	d := t.TempDir()
	for file, text := range map[string][]byte{"ca.pem": f.CA, "key": f.Key, "hosts": f.KnownHosts} {
		if err := os.WriteFile(filepath.Join(d, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), name, args...)
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_SSL_CAINFO="+d+"/ca.pem", "CURL_CA_BUNDLE="+d+"/ca.pem",
		"GIT_SSH_COMMAND=ssh -F /dev/null -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile="+d+"/hosts -i "+d+"/key", "GIT_TERMINAL_PROMPT=0")
	out, err := c.CombinedOutput()
	return string(out), err
}

func TestRealRepositoriesAreServedOverHTTPSAndSSH(t *testing.T) {
	f, err := Start(t.Context(), t.TempDir(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Stop(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := f.Create(t.Context(), "octo/shop", map[string]string{"docs/a.md": "hello\n"}); err != nil {
		t.Fatal(err)
	}
	for name, address := range map[string]string{"https": strings.Replace(f.URL, "https://", "https://x:"+Token+"@", 1), "ssh": f.SSH} {
		work := filepath.Join(t.TempDir(), "clone")
		if out, err := client(t, f, "git", "clone", "--quiet", address+"/octo/shop.git", work); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		if text, err := os.ReadFile(filepath.Join(work, "docs/a.md")); err != nil || string(text) != "hello\n" {
			t.Errorf("%s: got %q, %v", name, text, err)
		}
		if out, err := client(t, f, "git", "-C", work, "push", "--quiet", "origin", "HEAD:refs/heads/by-"+name); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
		if _, err := f.Git(t.Context(), "octo/shop", "rev-parse", "--verify", "by-"+name); err != nil {
			t.Error(err)
		}
	}
	if out, err := client(t, f, "git", "ls-remote", f.URL+"/octo/shop.git"); err == nil {
		t.Errorf("without a token: %s", out)
	}
	if out, err := client(t, f, "ssh", "-F", "/dev/null", "-p", f.SSH[strings.LastIndex(f.SSH, ":")+1:], "git@127.0.0.1", "id"); err == nil {
		t.Errorf("a shell by ssh: %s", out)
	}
}

func TestRealPullRequestsAreOpenedAndFound(t *testing.T) {
	f, err := Start(t.Context(), t.TempDir(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Stop() }()
	ask := func(token string, args ...string) string {
		out, err := client(t, f, "curl", append([]string{"--silent", "--show-error", "-H", "Authorization: Bearer " + token}, args...)...)
		if err != nil {
			t.Fatal(err, out)
		}
		return out
	}
	pulls := f.URL + "/api/v3/repos/octo/shop/pulls"
	if out := ask("other", pulls); !strings.Contains(out, "Bad credentials") {
		t.Errorf("got %s", out)
	}
	ask(Token, pulls, "--data", `{"title":"t","head":"b","base":"main"}`)
	var found []Pull
	if err := json.NewDecoder(bytes.NewBufferString(ask(Token, pulls+"?head=octo:b"))).Decode(&found); err != nil || len(found) != 1 {
		t.Fatalf("want the one that was opened, got %v, %v", found, err)
	}
	if found[0].URL != f.URL+"/octo/shop/pull/1" || len(f.Pulls("octo/shop")) != 1 || f.Calls()[1] != http.MethodPost+" repos/octo/shop/pulls" {
		t.Errorf("got %v, %v", found, f.Calls())
	}
}
