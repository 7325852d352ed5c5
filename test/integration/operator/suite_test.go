package operator

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/test/integration/bed"
	"github.com/runfleet/runfleet/test/otlp"
)

// stage is a hub with the members that are registered on it, and how its operators are started.
type stage struct {
	hub     *bed.Cluster
	seen    *chronicle
	flags   []string
	spans   *otlp.Receiver // what its operators tell
	replica *bed.Replica   // the newest of
	started []*bed.Replica // which all end with the suite

	toEast, toWest *bed.Detour // the ways of a hub that is not calm
}

func (s *stage) stop() {
	for _, o := range s.started {
		o.Stop()
	}
}

var (
	program            *bed.Program
	calm, wild, fickle *stage
	east, west         *bed.Cluster
	members            map[string]*bed.Cluster
	preview            Report // which specs will run
)

// Short times, so that nothing is waited for longer than it takes; resync is long, so that no lost event goes unnoticed. The
// deadlines are for runs that name none.
const settings = `
agent:
  image: {repository: registry.example.com/agent, tag: "1"}
overrides: {maxResources: {memory: 8Gi}, priorityClassNames: [patient], nodeSelectorKeys: [kubernetes.io/os], tolerationKeys: [spot]}
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
var _ = ReportAfterSuite("logs", func(r Report) { program.Discard(r.SuiteSucceeded) })

var _ = BeforeSuite(func(ctx SpecContext) {
	all, stop := context.WithCancel(context.Background()) // the suite's whole life
	DeferCleanup(stop)
	scratch, err := os.MkdirTemp("", "runfleet-operator-")
	Expect(err).NotTo(HaveOccurred())
	program, err = bed.Build(ctx, scratch)
	Expect(err).NotTo(HaveOccurred())

	clusters, err := bed.StartClusters(ctx, map[string]int{"calm": 0, "wild": 0, "fickle": 0, "east": 1, "west": 1})
	for _, c := range clusters {
		DeferCleanup(c.Stop)
	}
	Expect(err).NotTo(HaveOccurred())
	east, west = clusters["east"], clusters["west"]
	members = map[string]*bed.Cluster{"east": east, "west": west}
	seen := &chronicle{seen: map[types.UID]*sighting{}}
	Expect(seen.follow(all, east)).To(Succeed())
	Expect(seen.follow(all, west)).To(Succeed())

	patient := []string{"--lease-duration", "60s", "--renew-deadline", "40s", "--retry-period", "2s", "--request-timeout", "20s"}
	calm = &stage{hub: clusters["calm"], seen: seen, flags: patient}
	hasty := []string{"--lease-duration", "8s", "--renew-deadline", "6s", "--retry-period", "500ms", "--request-timeout", "2s"}
	wild = &stage{hub: clusters["wild"], seen: seen, flags: slices.Clone(hasty)}
	fickle = &stage{hub: clusters["fickle"], seen: seen, flags: slices.Clone(hasty)}
	calm.collect(all, "http/protobuf")
	wild.collect(all, "grpc")
	fickle.collect(all, "grpc")
	for _, s := range []*stage{calm, wild, fickle} {
		DeferCleanup(s.stop)
	}
	populateCalm(ctx)
	wild.populate(ctx)
	fickle.populate(ctx)
	begin(all, chosen(preview))
}, NodeTimeout(9*time.Minute))

// What must hold all along is asserted over everything that the chronicle saw.
var _ = AfterSuite(func(ctx SpecContext) {
	Expect(wild.seen.twice("Job")).To(BeEmpty())
	Expect(wild.seen.twice("Pod")).To(BeEmpty())
	for _, s := range []*stage{calm, wild, fickle} {
		newScene(ctx, s, "", Fail).tidy(ctx)
		Expect(s.replica.Crash()).To(Succeed(), "%s", s.replica.Log)
		_, problems := tracesOf(s.spans.Spans())
		Expect(problems).To(BeEmpty())
		for _, h := range s.spans.Headers() {
			Expect(h.Get("Authorization")).To(Equal("Bearer " + collectorToken))
		}
	}
	onEast, err := east.Audit()
	Expect(err).NotTo(HaveOccurred())
	onWest, err := west.Audit()
	Expect(err).NotTo(HaveOccurred())
	bed.ExpectRights(append(onEast, onWest...), fleet.Permissions, fleet.Permissions,
		// Watches begin with a stream of what there is. Where Kubernetes has none they begin with a list: test/integration/fleet,
		// "A member that is as old as is supported".
		"list namespaces", "list persistentvolumeclaims")
	Eventually(func() (problems []string) { // nobody killed its operator, so all of it was told
		runs, _ := tracesOf(calm.spans.Spans())
		for _, spans := range runs {
			problems = append(problems, broken(spans)...)
		}
		return problems
	}).Should(BeEmpty())
})

// populateCalm registers two members that work and four that do not.
func populateCalm(ctx context.Context) {
	hub := calm.hub
	Expect(hub.Configure(ctx, v1.SystemNamespace, settings)).To(Succeed())
	Expect(hub.Register(ctx, "east", bed.KubeconfigOf(east.Agent, ""), map[string]string{"region": "east"})).To(Succeed())
	Expect(hub.Register(ctx, "west", bed.KubeconfigOf(west.Agent, ""), map[string]string{"region": "west"})).To(Succeed())

	dead, hanging := bed.NewDetour(wild.hub.Admin), bed.NewDetour(nil)
	dead.Close()
	DeferCleanup(hanging.Close)
	Expect(hub.Register(ctx, "dead", bed.KubeconfigOf(wild.hub.Admin, dead.Address()), nil)).To(Succeed())
	Expect(hub.Register(ctx, "hanging", bed.KubeconfigOf(wild.hub.Admin, hanging.Address()), nil)).To(Succeed())
	nobody, err := wild.hub.NewUser(ctx, "nobody", nil)
	Expect(err).NotTo(HaveOccurred())
	Expect(hub.Register(ctx, "forbidden", bed.KubeconfigOf(nobody, ""), nil)).To(Succeed())
	some, err := wild.hub.NewUser(ctx, "half", fleet.Permissions[1:])
	Expect(err).NotTo(HaveOccurred())
	Expect(hub.Register(ctx, "half", bed.KubeconfigOf(some, ""), nil)).To(Succeed())
	calm.start()
}

// populate registers the same two members, on ways that can be cut.
func (s *stage) populate(ctx context.Context) {
	Expect(s.hub.Configure(ctx, v1.SystemNamespace, settings)).To(Succeed())
	s.toEast, s.toWest = bed.NewDetour(east.Admin), bed.NewDetour(west.Admin)
	DeferCleanup(s.toEast.Close)
	DeferCleanup(s.toWest.Close)
	Expect(s.hub.Register(ctx, "east", bed.KubeconfigOf(east.Agent, s.toEast.Address()), nil)).To(Succeed())
	Expect(s.hub.Register(ctx, "west", bed.KubeconfigOf(west.Agent, s.toWest.Address()), nil)).To(Succeed())
	s.start()
}

// start starts an operator and makes it the stage's. Of flags that come twice the last counts.
func (s *stage) start(flags ...string) *bed.Replica {
	GinkgoHelper()
	return newScene(context.Background(), s, "", Fail).start(flags...)
}

// start is the stage's, as a story does it.
func (w *scene) start(flags ...string) *bed.Replica {
	o, err := program.StartOperator(w.hub, slices.Concat(w.fleet.flags, flags)...)
	w.Expect(err).NotTo(HaveOccurred())
	w.fleet.replica, w.fleet.started = o, append(w.fleet.started, o)
	return o
}
