package operator

import (
	"context"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
)

// stage is a hub with the members that are registered on it, and how its operators are started.
type stage struct {
	hub     *cluster
	seen    *chronicle
	flags   []string
	replica *replica   // the newest of
	started []*replica // which all end with the suite
}

func (s *stage) stop() {
	for _, o := range s.started {
		o.Stop()
	}
}

var (
	calm, wild *stage
	east, west *cluster
	members    map[string]*cluster
	toEast     *detour // the ways of the wild hub
	toWest     *detour
	preview    Report // which specs will run
)

// Short times, so that nothing is waited for longer than it takes; resync is long, so that no lost event goes unnoticed. The
// deadlines are for runs that name none.
const settings = `
agent:
  image: {repository: registry.example.com/agent, tag: "1"}
deadlines: {docsSeconds: 10, codeSeconds: 500, minSeconds: 1, maxSeconds: 900, provisioningSeconds: 120}
timing:
  settleSeconds: 3
  slackSeconds: 2
  graceSeconds: 1
  escalateAfterSeconds: 3
  maxSkewSeconds: 1
  clusterLostGraceSeconds: 3
  backoffBaseSeconds: 1
  backoffMaxSeconds: 3
  resyncSeconds: 300
`

func TestOperator(t *testing.T) {
	RegisterFailHandler(Fail)
	ctrl.SetLogger(GinkgoLogr)
	SetDefaultEventuallyTimeout(time.Minute)
	SetDefaultEventuallyPollingInterval(200 * time.Millisecond)
	SetDefaultConsistentlyDuration(silence)
	SetDefaultConsistentlyPollingInterval(200 * time.Millisecond)
	preview = PreviewSpecs("operator")
	stories = nil // Ginkgo builds its tree anew for the run
	RunSpecs(t, "operator")
}

// The logs of the operators stay where something went wrong.
var _ = ReportAfterSuite("logs", func(r Report) {
	if r.SuiteSucceeded {
		_ = os.RemoveAll(scratch)
	} else {
		GinkgoLogr.Info("Keeping the logs", "directory", scratch)
	}
})

var _ = BeforeSuite(func(ctx SpecContext) {
	all, stop := context.WithCancel(context.Background()) // the suite's whole life
	DeferCleanup(stop)
	var err error
	scratch, err = os.MkdirTemp("", "runfleet-operator-")
	Expect(err).NotTo(HaveOccurred())
	Expect(build(ctx)).To(Succeed())

	clusters, err := startClusters(ctx, map[string]int{"calm": 0, "wild": 0, "east": 1, "west": 1})
	for _, c := range clusters {
		DeferCleanup(c.Stop)
	}
	Expect(err).NotTo(HaveOccurred())
	east, west = clusters["east"], clusters["west"]
	members = map[string]*cluster{"east": east, "west": west}
	seen := &chronicle{seen: map[types.UID]*sighting{}}
	Expect(seen.follow(all, east)).To(Succeed())
	Expect(seen.follow(all, west)).To(Succeed())

	patient := []string{"--lease-duration", "60s", "--renew-deadline", "40s", "--retry-period", "2s", "--request-timeout", "20s"}
	calm = &stage{hub: clusters["calm"], seen: seen, flags: patient}
	hasty := []string{"--lease-duration", "8s", "--renew-deadline", "6s", "--retry-period", "500ms", "--request-timeout", "2s"}
	wild = &stage{hub: clusters["wild"], seen: seen, flags: hasty}
	DeferCleanup(calm.stop)
	DeferCleanup(wild.stop)
	populateCalm(ctx)
	populateWild(ctx)
	begin(all, chosen(preview))
}, NodeTimeout(9*time.Minute))

// What must hold all along is asserted over everything that the chronicle saw.
var _ = AfterSuite(func() {
	Expect(wild.seen.twice("Job")).To(BeEmpty())
	Expect(wild.seen.twice("Pod")).To(BeEmpty())
	for _, s := range []*stage{calm, wild} {
		Expect(s.replica.Crash()).To(Succeed(), "%s", s.replica.Log)
	}
})

// populateCalm registers two members that work and four that do not.
func populateCalm(ctx context.Context) {
	hub := calm.hub
	Expect(hub.configure(ctx, v1.SystemNamespace, settings)).To(Succeed())
	Expect(hub.register(ctx, "east", kubeconfigOf(east.agent, ""), map[string]string{"region": "east"})).To(Succeed())
	Expect(hub.register(ctx, "west", kubeconfigOf(west.agent, ""), map[string]string{"region": "west"})).To(Succeed())

	dead, hanging := newDetour(wild.hub.config), newDetour(nil)
	dead.close()
	DeferCleanup(hanging.close)
	Expect(hub.register(ctx, "dead", kubeconfigOf(wild.hub.config, dead.address()), nil)).To(Succeed())
	Expect(hub.register(ctx, "hanging", kubeconfigOf(wild.hub.config, hanging.address()), nil)).To(Succeed())
	nobody, err := wild.hub.user(ctx, "nobody", nil)
	Expect(err).NotTo(HaveOccurred())
	Expect(hub.register(ctx, "forbidden", kubeconfigOf(nobody, ""), nil)).To(Succeed())
	some, err := wild.hub.user(ctx, "half", fleet.Permissions[1:])
	Expect(err).NotTo(HaveOccurred())
	Expect(hub.register(ctx, "half", kubeconfigOf(some, ""), nil)).To(Succeed())
	calm.start()
}

// populateWild registers the same two members, on ways that can be cut.
func populateWild(ctx context.Context) {
	hub := wild.hub
	Expect(hub.configure(ctx, v1.SystemNamespace, settings)).To(Succeed())
	toEast, toWest = newDetour(east.config), newDetour(west.config)
	DeferCleanup(toEast.close)
	DeferCleanup(toWest.close)
	Expect(hub.register(ctx, "east", kubeconfigOf(east.agent, toEast.address()), nil)).To(Succeed())
	Expect(hub.register(ctx, "west", kubeconfigOf(west.agent, toWest.address()), nil)).To(Succeed())
	wild.start()
}

// start starts an operator and makes it the stage's.
func (s *stage) start() *replica {
	GinkgoHelper()
	o, err := startReplica(s.hub, s.flags...)
	Expect(err).NotTo(HaveOccurred())
	s.replica, s.started = o, append(s.started, o)
	return o
}
