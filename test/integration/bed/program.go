package bed

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/runfleet/runfleet/test/controlplane/filelock"
)

// Program is the command runfleet, built for a suite.
type Program struct {
	Path string
	Dir  string // for logs

	started atomic.Int64
}

// command is the package of the program.
const command = "github.com/runfleet/runfleet/cmd/runfleet"

// Build builds the command into a directory that the caller removes. Go does not cache what it links, which takes longest, but
// leaves a file alone that is what it would link: so all suites build at one place, one after the other, and take a copy.
func Build(ctx context.Context, dir string) (*Program, error) {
	shared, unlock, err := workshop(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	p := &Program{Path: filepath.Join(dir, "runfleet"), Dir: dir}
	built := filepath.Join(shared, "runfleet")
	if err := do(ctx, "", "go", "build", "-o", built, command); err != nil {
		return nil, err
	}
	return p, do(ctx, "", "cp", built, p.Path) // by another process: nobody may execute what this one has open for writing
}

// BuildCommit builds the command as it was at a commit, beside the one that Build builds. That of one commit is kept, so that it
// is built once until another one is asked for. Without the paths of its directory in it, whatever did not change since is in
// Go's cache.
func BuildCommit(ctx context.Context, dir, commit string) (*Program, error) {
	shared, unlock, err := workshop(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	p := &Program{Path: filepath.Join(dir, "runfleet-"+commit), Dir: dir}
	earlier := filepath.Join(shared, "earlier")
	built := filepath.Join(earlier, commit)
	if _, err := os.Stat(built); err != nil {
		if err := os.RemoveAll(earlier); err != nil {
			return nil, err
		}
		if err := buildAt(ctx, commit, built); err != nil {
			return nil, err
		}
	}
	return p, do(ctx, "", "cp", built, p.Path)
}

// buildAt builds from the files of a commit. Of a build that ends half-way nothing has the name of the built one.
func buildAt(ctx context.Context, commit, built string) error {
	source := built + "-source"
	defer func() { _ = os.RemoveAll(source) }()
	if err := os.MkdirAll(source, 0o755); err != nil {
		return err
	}
	root, err := Git(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	archive := filepath.Join(source, "files.tar")
	for _, step := range []struct {
		in      string
		command []string
	}{
		{root, []string{"git", "archive", "--output", archive, commit}},
		{source, []string{"tar", "-xf", archive}},
		{source, []string{"go", "build", "-trimpath", "-buildvcs=false", "-o", "runfleet", command}},
	} {
		if err := do(ctx, step.in, step.command...); err != nil {
			return err
		}
	}
	return os.Rename(filepath.Join(source, "runfleet"), built)
}

// Before is the commit of the version before that of HEAD: that of the newest release HEAD descends from and is not, and as
// long as there is none the commit before HEAD. What is not committed belongs to HEAD.
func Before(ctx context.Context) (string, error) {
	tags, err := Git(ctx, "-c", "versionsort.suffix=-", "tag", "--merged", "HEAD", "--no-contains", "HEAD",
		"--sort=-version:refname", "v[0-9]*")
	if err != nil {
		return "", err
	}
	before := "HEAD^"
	if newest, _, _ := strings.Cut(tags, "\n"); newest != "" {
		before = "refs/tags/" + newest
	}
	commit, err := Git(ctx, "rev-parse", "--verify", "--quiet", before+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("there is no commit before HEAD in this checkout, and so nothing to upgrade from: "+
			"fetch the history, as by git fetch --unshallow --tags: %w", err)
	}
	return commit, nil
}

// Git asks git about this repository.
func Git(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", args...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// workshop is where programs are built, by one process at a time.
func workshop(ctx context.Context) (dir string, unlock func(), err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", nil, err
	}
	dir = filepath.Join(cache, "runfleet", "program")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", nil, err
	}
	lock, err := filelock.Wait(ctx, filepath.Join(dir, "lock"), nil)
	if err != nil {
		return "", nil, err
	}
	return dir, lock.Unlock, nil
}

// do runs a command in a directory, "" for this one.
func do(ctx context.Context, dir string, command ...string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building runfleet: %s: %w\n%s", command[0], err, out)
	}
	return nil
}

// Discard removes the program and its logs once its suite has passed, and says where they are otherwise. Nothing was built: nothing
// is done.
func (p *Program) Discard(passed bool) {
	switch {
	case p == nil:
	case passed:
		_ = os.RemoveAll(p.Dir)
	default:
		ctrl.Log.Info("Keeping the logs", "directory", p.Dir)
	}
}
