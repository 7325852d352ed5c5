package box

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/runfleet/runfleet/test/controlplane"
)

// DownCommand is what ends the box in dir, as somebody in the checkout types it.
func DownCommand(dir string) string {
	return "go run ./test/controlplane/fleetbox down --dir " + dir
}

// vacant returns an error that says who has the directory, if anybody has.
func vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("looking at the directory: %w", err)
	case len(entries) == 0:
		return nil
	case alive(dir):
		return taken(dir)
	case slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == recordFile }):
		return fmt.Errorf("directory %s holds a box whose supervisor is gone; clear it with: %s", dir, DownCommand(dir))
	default:
		return fmt.Errorf("directory %s is not empty and holds no box; choose another with --dir", dir)
	}
}

func taken(dir string) error {
	who := ""
	if r, err := read(dir); err == nil {
		who = fmt.Sprintf(" (supervisor %d)", r.Supervisor)
	}
	return fmt.Errorf("directory %s is taken by a running box%s; stop it with: %s", dir, who, DownCommand(dir))
}

// makeDirs makes dir and returns those directories that were not there before,
// outermost first, so that the same ones can go again.
func makeDirs(dir string) ([]string, error) {
	var made []string
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			break
		}
		made = append([]string{at}, made...)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		removeEmpty(made)
		return nil, fmt.Errorf("making the directory: %w", err)
	}
	return made, nil
}

// makeable makes the directory and removes it again, so that one that cannot be
// made is known before programs are built for it.
func makeable(dir string) error {
	made, err := makeDirs(dir)
	removeEmpty(made)
	return err
}

// clear removes what a box has put into its directory and nothing else.
func (r *Record) clear() error {
	var errs []error
	for _, c := range r.Clusters() {
		errs = append(errs, controlplane.Remove(filepath.Dir(c.Kubeconfig)))
	}
	// The lock goes last: until then the directory counts as taken.
	for _, name := range []string{pidFile, logFile, recordFile + ".new", recordFile, lockFile} {
		if err := os.Remove(filepath.Join(r.Dir, name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	removeEmpty(r.Made)
	return errors.Join(errs...)
}

// removeEmpty removes directories, innermost first, that nobody else has put
// anything into.
func removeEmpty(made []string) {
	for _, dir := range slices.Backward(made) {
		_ = os.Remove(dir)
	}
}
