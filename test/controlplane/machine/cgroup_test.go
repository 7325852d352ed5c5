package machine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree makes files below a directory that stands for /sys/fs/cgroup.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestCgroupsOfTheFirstVersionAreMadeInEveryTree(t *testing.T) {
	root := tree(t, map[string]string{
		"memory/cgroup.procs": "", "cpuset/cgroup.procs": "", "cpuset/cpuset.cpus": "0-1\n", "cpuset/cpuset.mems": "0\n",
	})
	if err := os.Symlink("memory", filepath.Join(root, "alias")); err != nil {
		t.Fatal(err)
	}
	if err := makeCgroups(root, "m"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, root, "cpuset/m/cpuset.cpus") + read(t, root, "cpuset/m/cpuset.mems"); got != "0-1\n0\n" {
		t.Errorf("the new cpuset holds %q, want what its parent has", got)
	}
	if _, err := os.Stat(filepath.Join(root, "memory/m")); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"cpu", "devices", "freezer", "pids"}, missingControllers(root)); diff != "" {
		t.Errorf("missing controllers (-want +got):\n%s", diff)
	}
	if got := trees(root); len(got) != 2 {
		t.Errorf("got trees %v, want those that are no links", got)
	}
}

func TestCgroupsOfTheSecondVersionHandTheirControllersDown(t *testing.T) {
	root := tree(t, map[string]string{"cgroup.controllers": "cpuset cpu io memory\n"})
	if diff := cmp.Diff([]string{"pids"}, missingControllers(root)); diff != "" {
		t.Errorf("missing controllers (-want +got):\n%s", diff)
	}
	if err := makeCgroups(root, "m"); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"", "m"} {
		if got := read(t, root, at, "cgroup.subtree_control"); got != "+cpu +cpuset +memory +pids" {
			t.Errorf("%q hands down %q", at, got)
		}
	}
}

func TestCgroupsAreRemovedInnermostFirst(t *testing.T) {
	root := tree(t, map[string]string{"pids/cgroup.procs": ""})
	if err := os.MkdirAll(filepath.Join(root, "pids/m/kubepods/pod1"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := removeCgroups(root, "m"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(root, "pids/m")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the cgroup is still there (%v)", err)
	}
}

func TestWhatIsMissingIsSaidAtOnce(t *testing.T) {
	all := map[string]string{"cgroup.controllers": "cpuset cpu memory pids"}
	found := func(string) (string, error) { return "", nil }
	for name, c := range map[string]struct {
		system string
		user   int
		groups map[string]string
		look   func(string) (string, error)
		want   string
	}{
		"nothing":        {"linux", 0, all, found, ""},
		"another system": {"darwin", 0, all, found, "real nodes need Linux, and this is darwin"},
		"everything": {
			"linux", 1000, map[string]string{"cgroup.controllers": "cpu"},
			func(name string) (string, error) {
				if name == "ip" {
					return "", os.ErrNotExist
				}
				return name, nil
			},
			"real nodes need what is missing here: root (for namespaces, mounts and cgroups); " +
				"the cgroup controllers cpuset, memory, pids below ROOT; the program ip (package iproute2)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := tree(t, c.groups)
			got := ""
			if err := missing(c.system, c.user, root, c.look); err != nil {
				got = err.Error()
			}
			if want := strings.ReplaceAll(c.want, "ROOT", root); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
