package forge

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/runfleet/runfleet/test/controlplane/process"
)

//go:embed sshd.sh
var runSSHD []byte

//go:embed serve.sh
var serveKey []byte

// startSSH starts sshd for one key, which is made here, and waits until it listens.
func (f *Forge) startSSH(ctx context.Context, address string) error {
	program, err := exec.LookPath("sshd")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/sshd"); err != nil {
			return fmt.Errorf("sshd is not there: install openssh-server: %w", err)
		}
	}
	d := filepath.Join(f.directory, "ssh")
	if err := os.MkdirAll(d, 0o700); err != nil {
		return fmt.Errorf("making a place for sshd: %w", err)
	}
	for _, name := range []string{"host", "client"} {
		keygen := exec.CommandContext(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "e2e", "-f", filepath.Join(d, name))
		if out, err := keygen.CombinedOutput(); err != nil {
			return fmt.Errorf("making a key: %w: %s", err, out)
		}
	}
	public := map[string]string{}
	for _, name := range []string{"host", "client"} {
		text, err := os.ReadFile(filepath.Join(d, name+".pub"))
		if err != nil {
			return fmt.Errorf("reading a key: %w", err)
		}
		public[name] = strings.TrimSuffix(strings.TrimSpace(string(text)), " e2e")
	}
	if f.Key, err = os.ReadFile(filepath.Join(d, "client")); err != nil {
		return fmt.Errorf("reading a key: %w", err)
	}
	port, err := freePort(ctx, address)
	if err != nil {
		return err
	}
	listen := net.JoinHostPort(address, strconv.Itoa(port))
	for name, text := range map[string]string{
		"sshd.sh": string(runSSHD), "serve.sh": string(serveKey), "authorized_keys": public["client"] + "\n",
		"passwd": fmt.Sprintf("root:x:0:0::/root:/bin/sh\ngit:x:0:0::%s:/bin/sh\nsshd:x:65533:65533::/run/sshd:/bin/false\n", d),
		"sshd_config": fmt.Sprintf("ListenAddress %s\nHostKey %[2]s/host\nAuthorizedKeysFile %[2]s/authorized_keys\n"+
			"ForceCommand sh %[2]s/serve.sh %[3]s\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"+
			"DisableForwarding yes\nStrictModes no\nUsePAM no\nPidFile none\n", listen, d, f.repositories()),
	} {
		if err := os.WriteFile(filepath.Join(d, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("configuring sshd: %w", err)
		}
	}
	p, err := process.Start(process.Spec{
		Name: "sshd", Path: "unshare", Args: []string{"--mount", "sh", filepath.Join(d, "sshd.sh"), d, program},
		Log: filepath.Join(f.directory, "sshd.log"),
	})
	if err != nil {
		return err
	}
	f.sshd, f.SSH = p, "ssh://git@"+listen
	f.KnownHosts = fmt.Appendf(nil, "[%s]:%d %s\n", address, port, public["host"])
	return f.awaitSSH(ctx, listen)
}

func (f *Forge) awaitSSH(ctx context.Context, listen string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", listen)
		if err == nil {
			return c.Close()
		}
		select {
		case <-f.sshd.Done():
			return errors.New("sshd has ended: see sshd.log")
		case <-ctx.Done():
			return fmt.Errorf("sshd does not listen: %w", err)
		case <-time.After(100 * time.Millisecond): // nothing tells that somebody listens
		}
	}
}

func freePort(ctx context.Context, address string) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	a, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("%v is no TCP address", l.Addr())
	}
	return a.Port, nil
}
