package controlplane

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/test/controlplane/process"
	"github.com/runfleet/runfleet/test/controlplane/programs"
)

// TestLostPortIsReplaced lets somebody else have the port of the first try.
func TestLostPortIsReplaced(t *testing.T) {
	etcd, err := programs.Need(t.Context(), programs.Options{}, programs.Etcd)
	if err != nil {
		t.Fatal(err)
	}
	c := &ControlPlane{
		opts:    Options{Name: "clash", Programs: etcd},
		dir:     t.TempDir(),
		crashes: make(chan *process.Crash, 8),
	}
	if c.authority, err = newAuthority("clash"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() })
	m := c.etcd()
	arguments, tries := m.args, 0
	m.args = func() []string {
		tries++
		if tries == 1 {
			l, err := net.Listen("tcp", m.address(0))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
		}
		return arguments()
	}
	if err := c.run(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if tries != 2 {
		t.Errorf("tried %d times, want 2", tries)
	}
}

// TestSweepRemovesOnlyWhatNobodyHolds leaves three directories as test runs do:
// one killed long ago, one at work, one just begun.
func TestSweepRemovesOnlyWhatNobodyHolds(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"killed", "at-work", "begun"} {
		dir := filepath.Join(tmp, tempPattern+name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		_, release, err := lockDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if name == "at-work" {
			defer release()
		} else {
			release()
		}
		if name != "begun" {
			if err := os.Chtimes(filepath.Join(dir, "lock"), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	sweep()
	left, _ := filepath.Glob(filepath.Join(tmp, "*"))
	want := []string{filepath.Join(tmp, tempPattern+"at-work"), filepath.Join(tmp, tempPattern+"begun")}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func TestDirectoryWithSomethingInItIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: dir, Programs: programs.Set{}})
	if want := fmt.Sprintf("making a directory: %s is not empty", dir); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
