package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestBadUsageIsOneLine(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		args []string
		want string
	}{
		"unknown nodes":           {[]string{"up", "--nodes", "real"}, `fleetbox: --nodes "real": want kwok, containerd or none`},
		"node without containers": {[]string{"up", "--hub-node"}, "fleetbox: --hub-node and --image need --nodes containerd"},
		"image that is not there": {
			[]string{"up", "--nodes", "containerd", "--image", "/nowhere/image.tar"},
			"fleetbox: image /nowhere/image.tar: want a tar, as docker save writes it",
		},
		"load nothing":     {[]string{"load"}, "fleetbox: name at least one tar: fleetbox load TAR..."},
		"too many members": {[]string{"up", "--members", "99"}, "fleetbox: --members 99: want 0 to 32"},
		"negative members": {[]string{"up", "--members", "-1"}, "fleetbox: --members -1: want 0 to 32"},
		"members no number": {
			[]string{"up", "--members", "x"},
			`fleetbox: invalid argument "x" for "--members" flag: strconv.ParseInt: parsing "x": invalid syntax`,
		},
		"unknown flag":    {[]string{"down", "--dri", "x"}, "fleetbox: unknown flag: --dri"},
		"unknown command": {[]string{"upp"}, `fleetbox: unknown command "upp" for "fleetbox"; did you mean up?`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := fleetbox(t, tc.args...)
			if r.code != 2 || r.stderr != tc.want+"\n" || r.stdout != "" {
				t.Errorf("ended with %d, want 2\n got %q\nwant %q", r.code, r.stderr, tc.want+"\n")
			}
		})
	}
}

func TestForeignDirectoryIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := fleetbox(t, "up", "--dir", dir)
	if want := "fleetbox: directory " + dir + " is not empty and holds no box; choose another with --dir\n"; r.code != 1 || r.stderr != want {
		t.Errorf("up ended with %d: %q, want %q", r.code, r.stderr, want)
	}
	r = fleetbox(t, "down", "--dir", dir)
	if want := "fleetbox: " + dir + ": no box there\n"; r.code != 0 || r.stderr != want {
		t.Errorf("down ended with %d: %q, want %q", r.code, r.stderr, want)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left is %v, want mine.txt alone", left)
	}
}

func TestNotEnoughDisk(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "box")
	starting := fleetbox(t, "up", "--dir", dir, "--members", "1", "--nodes", "none", "--assume-free-disk", "1048576")
	want := "not enough disk for a hub and 1 member: " + dir + " has 1 MiB free, 512 MiB needed"
	if starting.code != 1 || starting.lastLine() != "fleetbox: "+want {
		t.Errorf("up ended with %d: %q, want %q", starting.code, starting.stderr, want)
	}
	building := fleetboxIn(t, nothingBuilt(t), "up", "--dir", dir, "--assume-free-disk", "1048576")
	if building.code != 1 || !regexp.MustCompile(`^fleetbox: not enough disk for building etcd: \S+ has 1 MiB free, 4.0 GiB needed\n$`).MatchString(building.stderr) {
		t.Errorf("up ended with %d: %q", building.code, building.stderr)
	}
	awaitAbsent(t, dir)
}

// The disk of a directory that cannot be made is full, too, where that is /proc.
func TestDirectoryThatCannotBeMadeSaysWhy(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := fleetboxIn(t, nothingBuilt(t), "up", "--dir", filepath.Join(file, "a", "box"), "--assume-free-disk", "1")
	if r.code != 1 || !strings.HasPrefix(r.stderr, "fleetbox: ") || !strings.Contains(r.stderr, ": not a directory\n") {
		t.Errorf("up ended with %d: %q", r.code, r.stderr)
	}
}

// nothingBuilt is an environment in which no program is there yet.
func nothingBuilt(t *testing.T) []string {
	t.Helper()
	return []string{"XDG_CACHE_HOME=" + t.TempDir(), "XDG_DATA_HOME=" + t.TempDir(), "KUBEBUILDER_ASSETS="}
}

func TestFailedBuildNamesItsLog(t *testing.T) {
	t.Parallel()
	tools := t.TempDir()
	script(t, filepath.Join(tools, "go"), `
[ "$1" = env ] && { echo "$TMPDIR"; exit; }
echo '# go.etcd.io/etcd/server/v3' >&2
echo 'main.go:7:2: undefined: etcdmain' >&2
echo 'main.go:9:2: undefined: os' >&2
exit 1`)
	dir := filepath.Join(t.TempDir(), "box")
	env := append(nothingBuilt(t), "PATH="+tools+":"+os.Getenv("PATH"), "TMPDIR="+tools)
	r := fleetboxIn(t, env, "up", "--dir", dir)
	line := regexp.MustCompile(`^fleetbox: building etcd: exit status 1: main.go:7:2: undefined: etcdmain \(all of it in (\S+)\)$`)
	m := line.FindStringSubmatch(r.lastLine())
	if r.code != 1 || m == nil {
		t.Fatalf("up ended with %d: %s", r.code, r.stderr)
	}
	log, err := os.ReadFile(m[1])
	if err != nil || !strings.Contains(string(log), "undefined: os") {
		t.Errorf("the log does not hold all of it (%v):\n%s", err, log)
	}
	awaitAbsent(t, dir)
}

func TestCrashWhileStartingIsTheError(t *testing.T) {
	t.Parallel()
	assets := t.TempDir()
	script(t, filepath.Join(assets, "kube-apiserver"), "echo 'looking for my flags'; echo 'Error: flags are not to my taste'; echo 'Usage: read the manual'; exit 3")
	dir := filepath.Join(t.TempDir(), "box")
	r := fleetboxIn(t, []string{"KUBEBUILDER_ASSETS=" + assets}, "up", "--dir", dir, "--members", "0", "--nodes", "none")
	want := "fleetbox: starting hub: kube-apiserver ended (exit status 3): Error: flags are not to my taste"
	if r.code != 1 || r.lastLine() != want || !strings.Contains(r.stderr, "\n  looking for my flags\n") {
		t.Errorf("up ended with %d:\n got %s\nwant %s", r.code, r.stderr, want)
	}
	awaitAbsent(t, dir)
}
