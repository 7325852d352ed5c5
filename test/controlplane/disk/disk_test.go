package disk_test

import (
	"path/filepath"
	"testing"

	"github.com/runfleet/runfleet/test/controlplane/disk"
)

func TestRequireAsksTheNearestDirectoryThatIsThere(t *testing.T) {
	dir := t.TempDir()
	asked := ""
	free := func(path string) (uint64, error) {
		asked = path
		return 3 << 30, nil
	}
	deep := filepath.Join(dir, "not", "yet")
	if err := disk.Require(free, "a test", deep, 3<<30); err != nil {
		t.Errorf("just enough: %v", err)
	}
	if asked != dir {
		t.Errorf("asked %s, want %s", asked, dir)
	}
	err := disk.Require(free, "a test", deep, 3<<30+1)
	if want := "not enough disk for a test: " + deep + " has 3.0 GiB free, 3.0 GiB needed"; err == nil || err.Error() != want {
		t.Errorf("one byte too little: got %v, want %s", err, want)
	}
}

func TestFreeMeasuresThisDisk(t *testing.T) {
	if n, err := disk.Free(t.TempDir()); err != nil || n == 0 {
		t.Errorf("got %d, %v", n, err)
	}
}
