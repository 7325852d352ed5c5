package render

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// forge is a server of repositories and of the few calls of GitHub's REST API that the start script makes.
type forge struct {
	*httptest.Server
	s     stage
	token string // what it demands
	app   *rsa.PublicKey

	mu    sync.Mutex
	pulls []map[string]string // as they were opened
	calls []string
	fail  map[string]int // METHOD path → status to answer with
}

// newForge serves the stage's repository as octo/shop, to whoever has the token.
func newForge(s stage) *forge {
	s.t.Helper()
	g := &forge{s: s, token: "ghs_0123456789abcdefghij", fail: map[string]int{}}
	g.Server = httptest.NewTLSServer(http.HandlerFunc(g.serve))
	s.t.Cleanup(g.Close)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: g.Certificate().Raw})
	s.write("ca.pem", string(certificate))
	s.write("credentials/token", g.token)
	s.env["GIT_SSL_CAINFO"], s.env["CURL_CA_BUNDLE"] = s.path("ca.pem"), s.path("ca.pem")
	s.env["GITHUB_API_URL"] = g.URL + "/api"
	s.env["REPOSITORY_URL"] = g.URL + "/octo/shop.git"
	s.env["DOCS_REPOSITORY_URL"] = s.env["REPOSITORY_URL"]
	return g
}

func (g *forge) serve(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	call := r.Method + " " + r.URL.Path
	if path, ok := strings.CutPrefix(r.URL.Path, "/octo/shop.git"); ok {
		if _, password, _ := r.BasicAuth(); password != g.token {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		r.URL.Path = "/origin.git" + path
		git, err := exec.LookPath("git")
		g.s.must(err)
		h := cgi.Handler{Path: git, Args: []string{"http-backend"}, Dir: g.s.directory, Env: []string{
			"GIT_PROJECT_ROOT=" + g.s.directory, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=octo", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http.receivepack", "GIT_CONFIG_VALUE_0=true"}}
		h.ServeHTTP(w, r)
		return
	}
	g.calls = append(g.calls, call)
	answer := func(status int, body any) {
		w.WriteHeader(status)
		g.s.must(json.NewEncoder(w).Encode(body))
	}
	if status := g.fail[call]; status != 0 {
		answer(status, map[string]string{"message": "not today"})
		return
	}
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case call == "GET /api/repos/octo/shop/installation" && g.signed(bearer):
		answer(http.StatusOK, map[string]int{"id": 42})
	case call == "POST /api/app/installations/42/access_tokens" && g.signed(bearer):
		g.token = "ghs_" + time.Now().Format("150405.000000000")
		answer(http.StatusCreated, map[string]string{"token": g.token})
	case bearer != g.token:
		answer(http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
	case call == "GET /api/repos/octo/shop/pulls":
		found := []map[string]string{}
		for _, p := range g.pulls {
			if "octo:"+p["head"] == r.URL.Query().Get("head") && r.URL.Query().Get("state") == "open" {
				found = append(found, map[string]string{"html_url": g.URL + "/octo/shop/pull/1"})
			}
		}
		answer(http.StatusOK, found)
	case call == "POST /api/repos/octo/shop/pulls":
		var p map[string]string
		body, _ := io.ReadAll(r.Body)
		g.s.must(json.Unmarshal(body, &p))
		g.pulls = append(g.pulls, p)
		answer(http.StatusCreated, map[string]string{"html_url": g.URL + "/octo/shop/pull/1"})
	default:
		answer(http.StatusNotFound, map[string]string{"message": "Not Found"})
	}
}

// signed says whether a JSON Web Token is of the App, as GitHub checks it.
func (g *forge) signed(jwt string) bool {
	parts := strings.Split(jwt, ".")
	if g.app == nil || len(parts) != 3 {
		return false
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(g.app, crypto.SHA256, digest[:], signature) != nil {
		return false
	}
	var claims struct {
		Issuer    string `json:"iss"`
		IssuedAt  int64  `json:"iat"`
		ExpiresAt int64  `json:"exp"`
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return false
	}
	now := time.Now().Unix()
	return claims.Issuer == "4711" && claims.IssuedAt <= now && claims.ExpiresAt > now && claims.ExpiresAt-claims.IssuedAt <= 600
}

func TestBehaviour47APullRequestIsOpenedOnceAndFoundAgain(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		g := newForge(s)
		s.agent("echo code >main.c; printf 'Does it.\\n\\n\"quoted\" $(touch ../../ran)\\n' >../PR_DESCRIPTION.md")
		code, o := s.run("agent")
		s.wants(code, o, 0, "succeeded", "")
		want := map[string]string{
			"title": "feat(task-7): implement it in auth-api", "head": ownBranch, "base": "main",
			"body": "Does it.\n\n\"quoted\" $(touch ../../ran)\n\n\nMade by Runfleet, run `" + s.env["RUNFLEET_RUN"] + "`.",
		}
		if len(g.pulls) != 1 || !maps.Equal(g.pulls[0], want) || o.PullRequestURL != g.URL+"/octo/shop/pull/1" {
			t.Fatalf("want %v, got %v and %+v", want, g.pulls, o)
		}
		if s.published(ownBranch, "PR_DESCRIPTION.md") != "" {
			t.Error("the description is not committed")
		}
		s.agent("echo more >>main.c")
		_, o = s.run("agent")
		if len(g.pulls) != 1 || o.PullRequestURL != g.URL+"/octo/shop/pull/1" {
			t.Errorf("the second attempt must find it, got %v and %+v", g.pulls, o)
		}
	})
}

func TestAPullRequestThatCannotBeOpenedIsSaid(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		g := newForge(s)
		g.fail["POST /api/repos/octo/shop/pulls"] = http.StatusUnprocessableEntity
		s.agent("echo code >main.c")
		code, o := s.run("agent")
		s.wants(code, o, 0, "succeeded", "The pull request could not be opened (HTTP 422: not today).")
		if o.PullRequestURL != "" || o.Branch != ownBranch {
			t.Errorf("got %+v", o)
		}
	})
}

func TestPartialWorkOpensNoPullRequest(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		g := newForge(s)
		s.agent("echo code >main.c; exit 3")
		code, o := s.run("agent")
		s.wants(code, o, 3, "failed", "exit code 3")
		if len(g.pulls) != 0 || o.PullRequestURL != "" || s.published(ownBranch, "auth-api/main.c") != "code\n" {
			t.Errorf("got %v and %+v", g.pulls, o)
		}
	})
}

func TestBehaviour48TheTokenIsNowhereButInItsFile(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		g := newForge(s)
		s.agent(`echo code >main.c; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' >../../arguments; env >../../variables`)
		cmd := s.command("agent")
		var log strings.Builder
		cmd.Stdout, cmd.Stderr = &log, &log
		s.must(cmd.Start())
		code, o := s.ended(cmd)
		s.wants(code, o, 0, "succeeded", "")
		if strings.Contains(log.String()+s.read("message"), g.token) {
			t.Errorf("the token is in the log or in the outcome:\n%s", log.String())
		}
		s.must(filepath.WalkDir(s.path("workspace"), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if strings.Contains(string(text), g.token) {
				t.Errorf("the token is in %s", path)
			}
			return err
		}))
	})
}

func TestBehaviour30TheTokenGoesToTheRunsHostAlone(t *testing.T) {
	t.Parallel()
	s := served(t, "sh", codeRun())
	s.write("credentials/token", "secret")
	for name, test := range map[string]struct{ question, want string }{
		"the host of the repository": {"protocol=https\nhost=github.com\n\n", "username=x-access-token\npassword=secret\n"},
		"another host":               {"protocol=https\nhost=example.com\n\n", ""},
		"without encryption":         {"protocol=http\nhost=github.com\n\n", ""},
		"without a host":             {"protocol=https\n\n", ""},
	} {
		cmd := exec.CommandContext(t.Context(), "sh", s.path("config/git-credential.sh"), "get")
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "RUNFLEET_TOKEN=" + s.path("credentials/token"), "RUNFLEET_GIT_HOSTS=github.com git.example.com:8443"}
		cmd.Stdin = strings.NewReader(test.question)
		if out, err := cmd.Output(); err != nil || string(out) != test.want {
			t.Errorf("%s: want %q, got %q, %v", name, test.want, out, err)
		}
	}
}

func TestBehaviour30AnAppGetsATokenOfItsOwnTwice(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		g := newForge(s)
		s.must(os.Remove(s.path("credentials/token")))
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		s.must(err)
		g.app = &key.PublicKey
		s.write("credentials/app-id", "4711\n")
		s.write("credentials/private-key", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
		s.env["GITHUB_APP"] = "Octo-App"
		s.agent("echo code >main.c")
		code, o := s.run("agent")
		s.wants(code, o, 0, "succeeded", "")
		minted := 0
		for _, c := range g.calls {
			if strings.HasSuffix(c, "/access_tokens") {
				minted++
			}
		}
		if minted != 2 || o.PullRequestURL == "" || !slices.Contains(g.calls, "POST /api/repos/octo/shop/pulls") {
			t.Errorf("one token at the start and one before the push, got %v and %+v", g.calls, o)
		}
		g.fail["GET /api/repos/octo/shop/installation"] = http.StatusNotFound
		code, o = s.run("agent")
		s.wants(code, o, 78, "secretMissing", "The GitHub App Octo-App is not installed for octo/shop (HTTP 404: not today)")
	})
}

func TestBehaviour30AnSSHAddressUsesTheUsersKeyAndKnownHostsAlone(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		s.env["REPOSITORY_URL"], s.env["DOCS_REPOSITORY_URL"] = "git@git.example.com:origin.git", "git@git.example.com:origin.git"
		s.write("credentials/ssh-privatekey", "the key\n")
		// A stand-in for ssh and the host that it reaches: it keeps its arguments and its configuration.
		s.write("bin/ssh", "#!/bin/sh\nprintf '%s\\n' \"$@\" >"+s.path("arguments")+"\ncp \"$2\" "+s.path("ssh-config")+"\nfor last; do :; done\ncd "+s.directory+" && eval \"$last\"\n")
		s.env["GIT_SSH_VARIANT"] = "ssh"
		s.agent("echo code >main.c")
		code, o := s.run("agent")
		s.wants(code, o, 0, "succeeded", "")
		if s.published(ownBranch, "auth-api/main.c") != "code\n" {
			t.Error("the work must be pushed")
		}
		config := s.read("ssh-config")
		for _, want := range []string{"StrictHostKeyChecking yes", `UserKnownHostsFile "` + s.path("config/known-hosts") + `"`, `IdentityFile "` + s.path("home/.ssh/id") + `"`, "IdentitiesOnly yes", "BatchMode yes"} {
			if !strings.Contains(config, want) {
				t.Errorf("want %s in\n%s", want, config)
			}
		}
		if info, err := os.Stat(s.path("home/.ssh/id")); err != nil || info.Mode().Perm() != 0o600 || s.read("home/.ssh/id") != "the key\n" {
			t.Errorf("the key must be its user's alone: %v, %v", info.Mode(), err)
		}
	})
}
