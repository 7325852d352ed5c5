package forge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/runfleet/runfleet/test/controlplane/process"
)

// Token is what HTTPS and the REST API demand, as the password and as the bearer.
const Token = "ghs_e2eCanary0123456789abcdefghij"

// Forge is one that serves.
type Forge struct {
	URL string // https://IP:PORT; the REST API is below /api/v3
	SSH string // ssh://git@IP:PORT
	CA  []byte // PEM of the certificate that signed the server's
	// Key and KnownHosts are a client's: the private key that sshd lets in, and the line that names the server's.
	Key, KnownHosts []byte

	directory string // absolute
	server    *http.Server
	sshd      *process.Process

	mu    sync.Mutex
	pulls []Pull
	calls []string
}

// Pull is a pull request as it was opened.
type Pull struct {
	Repository string `json:"-"`
	Number     int    `json:"number"`
	Title      string `json:"title"`
	Head       string `json:"head"`
	Base       string `json:"base"`
	Body       string `json:"body"`
	URL        string `json:"html_url"`
}

// Start serves what lies in the directory, which may be empty, on an address of this machine, until Stop.
func Start(ctx context.Context, directory, address string) (*Forge, error) {
	ca, certificate, err := authority(address)
	if err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	f := &Forge{URL: "https://" + l.Addr().String(), CA: ca, directory: directory}
	f.server = &http.Server{
		Handler: f, ReadHeaderTimeout: time.Minute,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}
	go func() { _ = f.server.ServeTLS(l, "", "") }() // until Stop
	if err := os.MkdirAll(f.repositories(), 0o755); err != nil {
		return nil, errors.Join(fmt.Errorf("making a place for repositories: %w", err), f.Stop())
	}
	if err := f.startSSH(ctx, address); err != nil {
		return nil, errors.Join(err, f.Stop())
	}
	return f, nil
}

// Stop ends both servers.
func (f *Forge) Stop() error {
	if f.sshd != nil {
		f.sshd.Stop()
	}
	if err := f.server.Close(); err != nil {
		return fmt.Errorf("closing the forge: %w", err)
	}
	return nil
}

func (f *Forge) repositories() string { return filepath.Join(f.directory, "repositories") }

// Create makes a repository, such as octo/shop, whose branch main holds the files, and returns its directory.
func (f *Forge) Create(ctx context.Context, name string, files map[string]string) (string, error) {
	bare := filepath.Join(f.repositories(), name+".git")
	work, err := os.MkdirTemp(f.directory, "work-")
	if err != nil {
		return "", fmt.Errorf("making a place to work: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	for path, text := range files {
		path = filepath.Join(work, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			return "", fmt.Errorf("writing a file: %w", err)
		}
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--bare", "--initial-branch=main", bare},
		{"-C", bare, "config", "http.receivepack", "true"},
		{"-C", work, "init", "--quiet", "--initial-branch=main"},
		{"-C", work, "add", "--all"},
		{"-C", work, "commit", "--quiet", "--allow-empty", "--message=first"},
		{"-C", work, "push", "--quiet", bare, "main"},
	} {
		if _, err := git(ctx, args...); err != nil {
			return "", err
		}
	}
	return bare, nil
}

// Git runs git in a repository and returns what it prints.
func (f *Forge) Git(ctx context.Context, name string, args ...string) (string, error) {
	return git(ctx, append([]string{"-C", filepath.Join(f.repositories(), name+".git")}, args...)...)
}

// git runs it without what the person who tests has configured.
func git(ctx context.Context, args ...string) (string, error) {
	c := exec.CommandContext(ctx, "git", args...)
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=e2e", "GIT_AUTHOR_EMAIL=e2e@example.com", "GIT_COMMITTER_NAME=e2e", "GIT_COMMITTER_EMAIL=e2e@example.com")
	out, err := c.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimRight(string(out), "\n"), nil // the first line of a --stat begins with a blank
}
