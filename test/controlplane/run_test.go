package controlplane

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

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

func TestFreePortsDiffer(t *testing.T) {
	ports, err := freePorts(20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, p := range ports {
		if seen[p] {
			t.Errorf("port %d twice", p)
		}
		seen[p] = true
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
