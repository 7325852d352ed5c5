package machine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runfleet/runfleet/test/controlplane/programs"
)

func TestProgramsThatTheMachineWouldNotSeeAreRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "node")
	m := &Machine{Name: "n", Dir: dir, Programs: programs.Set{programs.Kubelet: "/var/cache/runfleet/kubelet"}}
	err := m.Prepare(Files{})
	if err == nil || !strings.Contains(err.Error(), "/var/cache/runfleet/kubelet lies where a machine has its own files") {
		t.Errorf("got error %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s was made all the same (%v)", dir, err)
	}
}
