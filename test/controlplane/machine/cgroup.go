package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const cgroupRoot = "/sys/fs/cgroup"

// needed are the controllers without which a kubelet does not start. Of the
// first version each is a tree of its own, of the second all share one.
var (
	neededV1 = []string{"cpu", "cpuset", "devices", "freezer", "memory", "pids"}
	neededV2 = []string{"cpu", "cpuset", "memory", "pids"}
)

// unified tells whether the machine has the second version of cgroups.
func unified(root string) bool {
	_, err := os.Stat(filepath.Join(root, "cgroup.controllers"))
	return err == nil
}

// missingControllers are those that a kubelet would miss.
func missingControllers(root string) []string {
	if !unified(root) {
		return slices.DeleteFunc(slices.Clone(neededV1), func(name string) bool {
			_, err := os.Stat(filepath.Join(root, name, "cgroup.procs"))
			return err == nil
		})
	}
	data, _ := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	there := strings.Fields(string(data))
	return slices.DeleteFunc(slices.Clone(neededV2), func(name string) bool { return slices.Contains(there, name) })
}

// makeCgroups makes the cgroup that the machine's pods are below.
func makeCgroups(root, name string) error {
	if unified(root) {
		return makeUnified(root, name)
	}
	for _, tree := range trees(root) {
		dir := filepath.Join(tree, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making a cgroup: %w", err)
		}
		// A new cpuset is empty, and nothing runs in it before it is filled.
		for _, set := range []string{"cpuset.cpus", "cpuset.mems"} {
			if err := inherit(filepath.Join(tree, set), filepath.Join(dir, set)); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeUnified hands every controller down to the cgroup's children.
func makeUnified(root, name string) error {
	dir := filepath.Join(root, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making a cgroup: %w", err)
	}
	all := []byte("+" + strings.Join(neededV2, " +"))
	for _, at := range []string{root, dir} {
		if err := os.WriteFile(filepath.Join(at, "cgroup.subtree_control"), all, 0o644); err != nil {
			return fmt.Errorf("handing controllers to a cgroup: %w", err)
		}
	}
	return nil
}

func inherit(from, to string) error {
	data, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.WriteFile(to, data, 0o644)
	}
	if err != nil {
		return fmt.Errorf("filling a cpuset: %w", err)
	}
	return nil
}

// trees are the roots of the hierarchies, of which the second version has one.
// Names that only link to another are left out.
func trees(root string) []string {
	if unified(root) {
		return []string{root}
	}
	found, _ := filepath.Glob(filepath.Join(root, "*", "cgroup.procs"))
	var all []string
	for _, f := range found {
		dir := filepath.Dir(f)
		if info, err := os.Lstat(dir); err == nil && info.IsDir() {
			all = append(all, dir)
		}
	}
	return all
}

// removeCgroups removes a cgroup and those below it, innermost first. It fails
// while a process is in one.
func removeCgroups(root, name string) error {
	var errs []error
	for _, tree := range trees(root) {
		var dirs []string
		_ = filepath.WalkDir(filepath.Join(tree, name), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for _, dir := range slices.Backward(dirs) {
			if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
