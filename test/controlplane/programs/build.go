package programs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/runfleet/runfleet/test/controlplane/disk"
	"github.com/runfleet/runfleet/test/controlplane/filelock"
	"github.com/runfleet/runfleet/test/controlplane/progress"
)

// BuildSpace is the free disk that a build asks for: a cold build of all the
// programs leaves about 3 GiB in Go's caches and 0.4 GiB in ours.
const BuildSpace = 4 << 30

type builder struct {
	Options
	checkout   string // root of the product's module
	module     string // directory of binaries/go.mod
	kubernetes string // version of Kubernetes, "v1.36.3"
	cache      string
	flags      []string
}

var kubernetesVersion = regexp.MustCompile(`(?m)^\s*k8s\.io/kubernetes (v(\d+)\.(\d+)\.\d+)`)

func newBuilder(o Options) (*builder, error) {
	checkout, err := Checkout()
	if err != nil {
		return nil, err
	}
	b := &builder{Options: o, checkout: checkout, module: filepath.Join(checkout, "test", "controlplane", "binaries")}
	mod, err := os.ReadFile(filepath.Join(b.module, "go.mod"))
	if err != nil {
		return nil, fmt.Errorf("reading the versions of the programs: %w", err)
	}
	sum, err := os.ReadFile(filepath.Join(b.module, "go.sum"))
	if err != nil {
		return nil, fmt.Errorf("reading the versions of the programs: %w", err)
	}
	v := kubernetesVersion.FindSubmatch(mod)
	if v == nil {
		return nil, fmt.Errorf("reading the versions of the programs: %s requires no k8s.io/kubernetes", b.module)
	}
	b.kubernetes = string(v[1])
	b.flags = buildFlags(b.kubernetes, string(v[2]), string(v[3]))
	b.cache, err = cacheDir(mod, sum, []byte(strings.Join(b.flags, "\n")), []byte(runtime.GOOS+"/"+runtime.GOARCH))
	return b, err
}

// buildFlags make small programs that know their version: kubectl refuses to
// talk to a server that does not.
func buildFlags(version, major, minor string) []string {
	const pkg = "k8s.io/component-base/version."
	ld := []string{
		"-s", "-w",
		"-X " + pkg + "gitVersion=" + version,
		"-X " + pkg + "gitMajor=" + major,
		"-X " + pkg + "gitMinor=" + minor,
		"-X " + pkg + "gitTreeState=clean",
	}
	return []string{"-trimpath", "-ldflags", strings.Join(ld, " ")}
}

func cacheDir(parts ...[]byte) (string, error) {
	base := os.Getenv("XDG_CACHE_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("looking for the cache directory: %w", err)
		}
		base = filepath.Join(home, ".cache")
	}
	sum := sha256.Sum256(bytes.Join(parts, []byte{0}))
	return filepath.Join(base, "runfleet", hex.EncodeToString(sum[:8])), nil
}

// build makes one program and puts it at path, unless another process does it
// while we wait for the lock.
func (b *builder) build(ctx context.Context, name, path string) error {
	if err := os.MkdirAll(b.cache, 0o755); err != nil {
		return fmt.Errorf("making the cache: %w", err)
	}
	lock, err := filelock.Wait(ctx, filepath.Join(b.cache, "lock"), func() {
		fmt.Fprintf(b.Progress, "waiting for another process that is building\n")
	})
	if err != nil {
		return fmt.Errorf("building %s: %w", name, err)
	}
	defer lock.Unlock()
	if executable(path) {
		return nil
	}
	for _, dir := range []string{b.cache, goCache(ctx)} {
		if err := disk.Require(b.Free, "building "+name, dir, BuildSpace); err != nil {
			return err
		}
	}
	p := progress.Start(b.Progress, fmt.Sprintf("building %s %s", name, b.version(name)))
	err = b.compile(ctx, name, path)
	p.End(err)
	return err
}

// compile writes beside path and renames, so that whoever sees the program
// sees the whole of it.
func (b *builder) compile(ctx context.Context, name, path string) error {
	fresh := fmt.Sprintf("%s.%d.building", path, os.Getpid())
	defer os.Remove(fresh)
	args := append(append([]string{"build"}, b.flags...), "-o", fresh, packages[name])
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = b.module
	cmd.Env = buildEnv()
	// The compiler's own processes are in this group: a cancelled build must
	// not leave them at work.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return fmt.Errorf("building %s: %w", name, context.Cause(ctx))
	}
	if err != nil {
		return b.failed(name, out, err)
	}
	if err := os.Rename(fresh, path); err != nil {
		return fmt.Errorf("publishing %s: %w", name, err)
	}
	return nil
}

// failed keeps what the compiler said in a file and quotes the first line of
// it that is no heading ("# package"): the first mistake causes the others.
func (b *builder) failed(name string, out []byte, cause error) error {
	log := filepath.Join(b.cache, name+".build.log")
	if err := os.WriteFile(log, out, 0o644); err != nil {
		return errors.Join(fmt.Errorf("building %s: %w", name, cause), err)
	}
	said := ""
	for line := range strings.SplitSeq(string(out), "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "go: downloading ") {
			said = ": " + line
			break
		}
	}
	return fmt.Errorf("building %s: %w%s (all of it in %s)", name, cause, said, log)
}

// buildEnv keeps the surroundings out: a race detector, a workspace or another
// platform that somebody set for the product must not reach these programs,
// and without cgo no C compiler is asked for.
func buildEnv() []string {
	return append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOWORK=off", "GOOS=", "GOARCH=")
}

func goCache(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "go", "env", "GOCACHE").Output()
	if err != nil {
		return os.TempDir()
	}
	return strings.TrimSpace(string(out))
}
