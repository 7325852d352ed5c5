package fleet

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	ctrl "sigs.k8s.io/controller-runtime"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/test/controlplane"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// The clusters of the whole suite.
var (
	hub, east, west *bed.Cluster
	numbers         atomic.Int64 // makes names unique
	program         *bed.Program // the command
)

func TestMain(m *testing.M) {
	controlplane.TestMain(m, func(c *controlplane.ControlPlane) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		var err error
		if hub, err = bed.Connect(c); err == nil {
			err = hub.InstallCRDs(ctx)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	})
}

func TestFleet(t *testing.T) {
	RegisterFailHandler(Fail)
	ctrl.SetLogger(GinkgoLogr)
	joined := []string{"system:serviceaccount:" + v1.SystemNamespace + ":" + fleet.MemberUser}
	var err error
	if east, err = bed.Connect(controlplane.ForTest(t, controlplane.Options{Name: "east", Audited: joined})); err != nil {
		t.Fatal(err)
	}
	if west, err = bed.Connect(controlplane.ForTest(t, controlplane.Options{Name: "west", Audited: joined})); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*bed.Cluster{east, west} { // no controller would ever end one that leave deletes
		if err := c.TeamNamespace(t.Context(), v1.SystemNamespace, nil); err != nil {
			t.Fatal(err)
		}
	}
	if program, err = bed.Build(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	SetDefaultEventuallyTimeout(time.Minute) // the machine may be busy; what must not happen never ends
	SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	RunSpecs(t, "reconcilers/fleet")
}

var _ = AfterEach(func(ctx SpecContext) {
	Expect(hub.Orphans(ctx, "", east, west)).To(BeEmpty())
})

// The users that join makes renew their tokens, and do nothing that join does not permit.
var _ = AfterSuite(func() {
	onEast, err := east.Audit()
	Expect(err).NotTo(HaveOccurred())
	onWest, err := west.Audit()
	Expect(err).NotTo(HaveOccurred())
	if requests := append(onEast, onWest...); len(requests) > 0 { // else only specs without join were asked for
		bed.ExpectRights(requests, fleet.RenewalPermissions, slices.Concat(fleet.Permissions, fleet.RenewalPermissions))
	}
})

// named is a name that nothing else in the suite has.
func named(prefix string) string { return fmt.Sprintf("%s-%d", prefix, numbers.Add(1)) }
