package programs_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/test/controlplane/programs"
)

// surroundings are a checkout, a cache and a go command of the test's own.
type surroundings struct{ checkout, cache, data, builds string }

// newSurroundings makes the go command count its builds and build nothing.
func newSurroundings(t *testing.T) surroundings {
	t.Helper()
	root := t.TempDir()
	s := surroundings{
		checkout: filepath.Join(root, "checkout"),
		cache:    filepath.Join(root, "cache"),
		data:     filepath.Join(root, "data"),
		builds:   filepath.Join(root, "builds"),
	}
	put(t, filepath.Join(s.checkout, "go.mod"), "module github.com/runfleet/runfleet\n")
	s.pin(t, "v1.36.3")
	put(t, filepath.Join(s.checkout, "test/controlplane/binaries/go.sum"), "")
	put(t, filepath.Join(root, "tools", "go"), `#!/bin/sh
[ "$1" = env ] && { echo /; exit; }
while [ "$1" != -o ]; do shift; done
echo built "$3" >>`+s.builds+`
echo '#!/bin/sh' >"$2"
chmod +x "$2"
`)
	t.Setenv("PATH", filepath.Join(root, "tools")+":"+os.Getenv("PATH"))
	t.Setenv("XDG_CACHE_HOME", s.cache)
	t.Setenv("XDG_DATA_HOME", s.data)
	t.Setenv("HOME", root)
	t.Setenv("KUBEBUILDER_ASSETS", "")
	t.Chdir(s.checkout)
	return s
}

func (s surroundings) pin(t *testing.T, version string) {
	t.Helper()
	put(t, filepath.Join(s.checkout, "test/controlplane/binaries/go.mod"),
		"module x\n\nrequire (\n\tgo.etcd.io/etcd/server/v3 v3.6.8\n\tk8s.io/kubernetes "+version+"\n)\n")
}

func (s surroundings) built(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(s.builds)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func need(t *testing.T, names ...string) programs.Set {
	t.Helper()
	set, err := programs.Need(t.Context(), programs.Options{Progress: &strings.Builder{}}, names...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestProgramIsBuiltOnceForAllThatNeedIt(t *testing.T) {
	s := newSurroundings(t)
	var all sync.WaitGroup
	for range 8 {
		// A lock on a file keeps these apart as it does processes.
		all.Go(func() {
			if _, err := programs.Need(t.Context(), programs.Options{Progress: &strings.Builder{}}, programs.API()...); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := s.built(t); len(got) != 2 {
		t.Errorf("built %v, want each program once", got)
	}
}

func TestOnlyWhatIsNeededIsBuilt(t *testing.T) {
	s := newSurroundings(t)
	need(t, programs.Etcd)
	if got := s.built(t); len(got) != 1 || got[0] != "built go.etcd.io/etcd/server/v3" {
		t.Errorf("built %v, want etcd alone", got)
	}
}

func TestOtherVersionsAreKeptApart(t *testing.T) {
	s := newSurroundings(t)
	first := need(t, programs.APIServer)[programs.APIServer]
	s.pin(t, "v1.36.4")
	second := need(t, programs.APIServer)[programs.APIServer]
	if first == second {
		t.Errorf("both versions are at %s", first)
	}
	if got, _ := os.Readlink(filepath.Join(s.checkout, "bin/k8s/kube-apiserver")); got != second {
		t.Errorf("bin/k8s/kube-apiserver leads to %q, want %q", got, second)
	}
}

func TestWhatSetupEnvtestBroughtIsUsed(t *testing.T) {
	s := newSurroundings(t)
	platform := "-" + runtime.GOOS + "-" + runtime.GOARCH
	dir := func(version string) string { return filepath.Join(s.data, "kubebuilder-envtest/k8s", version+platform) }
	for _, version := range []string{"1.35.10", "1.36.2", "1.36.10", "1.37.10"} {
		put(t, filepath.Join(dir(version), "kube-apiserver"), "#!/bin/sh\n")
	}
	if got, want := need(t, programs.APIServer)[programs.APIServer], filepath.Join(dir("1.36.10"), "kube-apiserver"); got != want {
		t.Errorf("downloaded assets: got %s, want %s", got, want)
	}
	named := t.TempDir()
	put(t, filepath.Join(named, "kube-apiserver"), "#!/bin/sh\n")
	t.Setenv("KUBEBUILDER_ASSETS", named)
	if got, want := need(t, programs.APIServer)[programs.APIServer], filepath.Join(named, "kube-apiserver"); got != want {
		t.Errorf("named assets: got %s, want %s", got, want)
	}
	if got := s.built(t); got[0] != "" {
		t.Errorf("built %v, want nothing", got)
	}
}

func TestCancelledBuildPublishesNothing(t *testing.T) {
	s := newSurroundings(t)
	put(t, filepath.Join(filepath.Dir(s.checkout), "tools", "go"), "#!/bin/sh\n[ \"$1\" = env ] && { echo /; exit; }\necho started >"+s.builds+"\nexec sleep 60\n")
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("changed my mind")
	go func() {
		for s.builtNothing() {
			runtime.Gosched()
		}
		cancel(why)
	}()
	_, err := programs.Need(ctx, programs.Options{Progress: &strings.Builder{}}, programs.Etcd)
	if !errors.Is(err, why) {
		t.Errorf("got %v, want %v", err, why)
	}
	left, _ := filepath.Glob(filepath.Join(s.cache, "runfleet/*/etcd*"))
	if len(left) != 0 {
		t.Errorf("left %v in the cache", left)
	}
}

func (s surroundings) builtNothing() bool {
	info, err := os.Stat(s.builds)
	return err != nil || info.Size() == 0
}

func TestNoCheckout(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	_, err := programs.Checkout()
	if want := "looking for the checkout: " + dir + " is not inside one of github.com/runfleet/runfleet"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestProgramsOfANodeAreUnpackedFromDebianOnce(t *testing.T) {
	s := newSurroundings(t)
	tools := filepath.Join(filepath.Dir(s.cache), "tools")
	// An apt-get that has to be told to update first, and a dpkg that unpacks
	// every package into the same programs.
	put(t, filepath.Join(tools, "apt-get"), `#!/bin/sh
echo "apt-get $2" >>`+s.builds+`
case $2 in
update) : >`+s.cache+`/updated ;;
download) [ -e `+s.cache+`/updated ] && : >containerd.deb ;;
esac
`)
	put(t, filepath.Join(tools, "dpkg"), `#!/bin/sh
echo "dpkg $1" >>`+s.builds+`
for name in usr/bin/ctr usr/bin/containerd; do
	/bin/mkdir -p "$3/${name%/*}" && echo '#!/bin/sh' >"$3/$name" && /bin/chmod +x "$3/$name"
done
`)
	put(t, filepath.Join(s.cache, ".keep"), "")
	t.Setenv("PATH", tools) // so that nothing is found that this machine has
	set := need(t, programs.Ctr)
	if got := filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(set[programs.Ctr])))); got != "debian" {
		t.Errorf("ctr is at %s, want it in the cache", set[programs.Ctr])
	}
	need(t, programs.Ctr, programs.Containerd)
	if diff := cmp.Diff([]string{"apt-get download", "apt-get update", "apt-get download", "dpkg -x"}, s.built(t)); diff != "" {
		t.Errorf("what was run (-want +got):\n%s", diff)
	}
}

func TestWhereThereIsNoDebianTheMissingProgramsAreNamed(t *testing.T) {
	newSurroundings(t)
	t.Setenv("PATH", t.TempDir())
	_, err := programs.Need(t.Context(), programs.Options{Progress: &strings.Builder{}}, programs.Runc)
	if err == nil || !strings.Contains(err.Error(), "containerd, runc or the CNI plugins bridge, host-local and loopback are not installed") {
		t.Errorf("got error %v", err)
	}
}
