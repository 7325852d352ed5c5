//go:build faults

package fencing

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	ctrl "sigs.k8s.io/controller-runtime"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/controlplane/programs"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var (
	hub, east, west *bed.Cluster
	toEast, toHub   *bed.Detour // the operator's ways
	seen            *recorder
	operator        *bed.Replica
	program         *bed.Program
	kubectl         string

	// life is the suite's: what several specs share outlives each of them.
	life, endOfLife = context.WithCancel(context.Background())
)

// settings let fences pass within seconds: they are what users have.
const settings = `
agent:
  image: {repository: registry.example.com/agent, tag: "1"}
deadlines: {docsSeconds: 12, codeSeconds: 12, minSeconds: 1, maxSeconds: 900, provisioningSeconds: 10}
cleanup: {completedJobDelayMinutes: 600, failedJobDelayMinutes: 600}
timing:
  settleSeconds: 2
  slackSeconds: 1
  graceSeconds: 1
  escalateAfterSeconds: 2
  maxSkewSeconds: 1
  clusterLostGraceSeconds: 2
  backoffBaseSeconds: 1
  backoffMaxSeconds: 2
  resyncSeconds: 300
`

// The same as durations.
const (
	provisioning = 10 * time.Second
	grace        = time.Second
	slack        = time.Second
	maxSkew      = time.Second
)

func TestFencing(t *testing.T) {
	RegisterFailHandler(Fail)
	ctrl.SetLogger(GinkgoLogr)
	SetDefaultEventuallyTimeout(time.Minute)
	SetDefaultEventuallyPollingInterval(100 * time.Millisecond)
	SetDefaultConsistentlyDuration(silence)
	SetDefaultConsistentlyPollingInterval(100 * time.Millisecond)
	RunSpecs(t, "fencing")
}

// The log of the operator stays where something went wrong.
var _ = ReportAfterSuite("logs", func(r Report) { program.Discard(r.SuiteSucceeded) })

var _ = BeforeSuite(func(ctx SpecContext) {
	DeferCleanup(endOfLife)
	scratch, err := os.MkdirTemp("", "runfleet-fencing-")
	Expect(err).NotTo(HaveOccurred())
	program, err = bed.Build(ctx, scratch)
	Expect(err).NotTo(HaveOccurred())
	found, err := programs.Need(ctx, programs.Options{}, programs.Kubectl)
	Expect(err).NotTo(HaveOccurred())
	kubectl = found[programs.Kubectl]

	clusters, err := bed.StartClusters(ctx, map[string]int{"hub": 0, "east": 1, "west": 1})
	for _, c := range clusters {
		DeferCleanup(c.Stop)
	}
	Expect(err).NotTo(HaveOccurred())
	hub, east, west = clusters["hub"], clusters["east"], clusters["west"]
	seen = newRecorder()
	Expect(seen.follow(life, east)).To(Succeed())
	Expect(seen.follow(life, west)).To(Succeed())

	Expect(hub.Configure(ctx, v1.SystemNamespace, settings)).To(Succeed())
	toEast = bed.NewDetour(east.Admin)
	DeferCleanup(toEast.Close)
	Expect(hub.Register(ctx, "east", bed.KubeconfigOf(east.Agent, toEast.Address()), nil)).To(Succeed())
	Expect(hub.Register(ctx, "west", bed.KubeconfigOf(west.Agent, ""), nil)).To(Succeed())
	toHub = bed.NewDetour(hub.Admin)
	DeferCleanup(toHub.Close)
	way := filepath.Join(program.Dir, "hub.kubeconfig")
	Expect(os.WriteFile(way, bed.KubeconfigOf(hub.Admin, toHub.Address()), 0o600)).To(Succeed())
	Expect(errors.Join(os.Setenv("HTTP2_READ_IDLE_TIMEOUT_SECONDS", "2"), os.Setenv("HTTP2_PING_TIMEOUT_SECONDS", "1"))).To(Succeed())
	operator, err = program.StartOperator(hub, "--kubeconfig", way, "--leader-elect=false", "--probe-interval", "500ms", "--request-timeout", "2s")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(operator.Stop)
	beginStories(life)
}, NodeTimeout(5*time.Minute))

// What must hold all along is asked after every spec.
var _ = AfterEach(func() {
	Expect(seen.wrong()).To(BeEmpty())
})

// When what happened to a member is over, nothing is left that no run accounts for.
var _ = AfterEach(func(ctx SpecContext) {
	Eventually(ctx, hub.Orphans).WithArguments(ctx, "", east, west).Should(BeEmpty())
}, OncePerOrdered, NodeTimeout(2*time.Minute))

var _ = AfterSuite(func() {
	if operator != nil {
		Expect(operator.Crash()).To(Succeed(), "%s", operator.Log)
	}
})
