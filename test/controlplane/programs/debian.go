package programs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/runfleet/runfleet/test/controlplane/filelock"
	"github.com/runfleet/runfleet/test/controlplane/progress"
)

// The programs of a node that are no Go modules: one of them is in C.
const (
	Containerd = "containerd"
	Shim       = "containerd-shim-runc-v2"
	Ctr        = "ctr"
	Runc       = "runc"
	Bridge     = "bridge"
	HostLocal  = "host-local"
	Loopback   = "loopback"
)

// debian says where the programs lie in Debian's packages.
var debian = map[string]string{
	Containerd: "usr/bin/containerd",
	Shim:       "usr/bin/containerd-shim-runc-v2",
	Ctr:        "usr/bin/ctr",
	Runc:       "usr/sbin/runc",
	Bridge:     "usr/lib/cni/bridge",
	HostLocal:  "usr/lib/cni/host-local",
	Loopback:   "usr/lib/cni/loopback",
}

var debianPackages = []string{"containerd", "runc", "containernetworking-plugins"}

// installed returns a program of a node that this machine has anyway, or "".
func installed(name string) string {
	for _, dir := range []string{"/opt/cni/bin", "/usr/lib/cni"} {
		if path := filepath.Join(dir, name); executable(path) {
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err != nil || name == Bridge { // Another package has a program of this name.
		return ""
	}
	return path
}

// unpack takes a program out of Debian's packages into the cache. Nothing is
// installed: no service starts, and no other program finds it.
func (b *builder) unpack(ctx context.Context, name string) (string, error) {
	root := filepath.Join(b.cache, "debian")
	path := filepath.Join(root, debian[name])
	if executable(path) {
		return path, nil
	}
	if err := os.MkdirAll(b.cache, 0o755); err != nil {
		return "", fmt.Errorf("making the cache: %w", err)
	}
	lock, err := filelock.Wait(ctx, filepath.Join(b.cache, "lock"), func() {
		fmt.Fprintf(b.Progress, "waiting for another process that is building\n")
	})
	if err != nil {
		return "", fmt.Errorf("unpacking %s: %w", name, err)
	}
	defer lock.Unlock()
	if executable(path) {
		return path, nil
	}
	p := progress.Start(b.Progress, "unpacking "+strings.Join(debianPackages, ", ")+" of this Debian")
	err = unpackAll(ctx, root)
	p.End(err)
	return path, err
}

// unpackAll unpacks beside root and renames, so that whoever sees one program
// sees the whole of all.
func unpackAll(ctx context.Context, root string) error {
	fresh := fmt.Sprintf("%s.%d.unpacking", root, os.Getpid())
	defer os.RemoveAll(fresh)
	if err := os.MkdirAll(fresh, 0o755); err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return errors.New("containerd, runc or the CNI plugins bridge, host-local and loopback are not installed, " +
			"and this is no Debian from which to take them: install them")
	}
	download := append([]string{"apt-get", "-qq", "download"}, debianPackages...)
	if err := in(ctx, fresh, download...); err != nil {
		// The lists of packages may be old, or not there yet.
		if err := in(ctx, fresh, "apt-get", "-qq", "update"); err != nil {
			return err
		}
		if err := in(ctx, fresh, download...); err != nil {
			return err
		}
	}
	debs, _ := filepath.Glob(filepath.Join(fresh, "*.deb"))
	for _, deb := range debs {
		if err := in(ctx, fresh, "dpkg", "-x", deb, fresh); err != nil {
			return err
		}
		if err := os.Remove(deb); err != nil {
			return fmt.Errorf("unpacking: %w", err)
		}
	}
	if err := os.Rename(fresh, root); err != nil {
		return fmt.Errorf("publishing what was unpacked: %w", err)
	}
	return nil
}

// in runs a command in dir.
func in(ctx context.Context, dir string, command ...string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("running %s: %w: %s", strings.Join(command, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
