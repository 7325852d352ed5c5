//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/cgi"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// forge serves one repository by HTTPS, to whoever has the token, and what
// Runfleet's agents ask of GitHub's REST API about it.
type forge struct {
	t     *testing.T
	url   string
	ca    string // PEM
	token string
	dir   string // holds shop.git

	mu    sync.Mutex
	pulls []pull
}

type pull struct {
	Head string `json:"head"`
	Base string `json:"base"`
}

// newForge serves octo/shop with one commit of these files, on an address.
func newForge(t *testing.T, address string, files map[string]string) *forge {
	t.Helper()
	f := &forge{t: t, token: "ghp_0123456789abcdefghij", dir: t.TempDir()}
	work := t.TempDir()
	for name, text := range files {
		put(t, filepath.Join(work, name), text)
	}
	f.git(f.dir, "init", "-q", "--bare", "-b", "main", "shop.git")
	f.git(f.dir, "-C", "shop.git", "config", "http.receivepack", "true")
	f.git(work, "init", "-q", "-b", "main")
	f.git(work, "add", "-A")
	f.git(work, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "first")
	f.git(work, "push", "-q", filepath.Join(f.dir, "shop.git"), "main")
	certificate := f.certificate(address)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	f.url = "https://" + listener.Addr().String()
	s := &http.Server{Handler: f, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}}
	go func() { _ = s.ServeTLS(listener, "", "") }()
	t.Cleanup(func() { _ = s.Close() })
	return f
}

func (f *forge) git(dir string, args ...string) string {
	f.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		f.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// certificate is one of its own authority.
func (f *forge) certificate(address string) tls.Certificate {
	f.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "forge"}, NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.ParseIP(address)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		f.t.Fatal(err)
	}
	f.ca = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (f *forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.Path, "/octo/shop.git/"); ok {
		f.serveGit(w, r, path)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+f.token {
		f.answer(w, http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.Method + " " + r.URL.Path {
	case "GET /api/repos/octo/shop/pulls":
		f.answer(w, http.StatusOK, []string{})
	case "POST /api/repos/octo/shop/pulls":
		var p pull
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			f.t.Errorf("opening a pull request: %v", err)
		}
		f.pulls = append(f.pulls, p)
		f.answer(w, http.StatusCreated, map[string]string{"html_url": f.url + "/octo/shop/pull/1"})
	default:
		f.answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
	}
}

func (f *forge) answer(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		f.t.Errorf("answering: %v", err)
	}
}

func (f *forge) serveGit(w http.ResponseWriter, r *http.Request, path string) {
	if _, password, _ := r.BasicAuth(); password != f.token {
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	git, err := exec.LookPath("git")
	if err != nil {
		f.t.Error(err)
	}
	r.URL.Path = "/shop.git/" + path
	h := cgi.Handler{Path: git, Args: []string{"http-backend"}, Dir: f.dir, Env: []string{
		"GIT_PROJECT_ROOT=" + f.dir, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=octo",
	}}
	h.ServeHTTP(w, r)
}

// opened are the pull requests.
func (f *forge) opened() []pull {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]pull(nil), f.pulls...)
}
