package controlplane

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/runfleet/runfleet/test/controlplane/process"
)

// buildTime bounds a start in a test including the builds that a machine does
// once. It lies below the ten minutes after which go test gives up, so that the
// reason is told by us.
const buildTime = 9*time.Minute + 30*time.Second

// TestMain runs the tests of a package against one fresh control plane of etcd
// and kube-apiserver. use gets it before the first test; it is stopped after
// the last. One line serves:
//
//	func TestMain(m *testing.M) {
//		controlplane.TestMain(m, func(hub *controlplane.ControlPlane) { cfg = hub.Config() })
//	}
func TestMain(m *testing.M, use func(hub *ControlPlane)) {
	os.Exit(testMain(m, use))
}

func testMain(m *testing.M, use func(hub *ControlPlane)) int {
	ctx, cancel := context.WithTimeout(context.Background(), buildTime)
	defer cancel()
	hub, err := Start(ctx, Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, process.Explain(err))
		return 1
	}
	use(hub)
	code := m.Run()
	if err := hub.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// ForTest starts a control plane that ends with the test. The test fails when a
// component crashed meanwhile, with the component's last words.
func ForTest(t testing.TB, o Options) *ControlPlane {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), buildTime)
	defer cancel()
	c, err := Start(ctx, o)
	if err != nil {
		t.Fatal(process.Explain(err))
	}
	t.Cleanup(func() {
		select {
		case crash := <-c.Crashes():
			t.Error(process.Explain(crash))
		default:
		}
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}
