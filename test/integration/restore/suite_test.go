//go:build faults

package restore

import (
	"context"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

const settings = `
agent:
  image: {repository: registry.example.com/agent, tag: "1"}
deadlines: {docsSeconds: 600, codeSeconds: 600, minSeconds: 1, maxSeconds: 900, provisioningSeconds: 120}
timing:
  settleSeconds: 3
  slackSeconds: 2
  graceSeconds: 1
  escalateAfterSeconds: 3
  maxSkewSeconds: 1
  clusterLostGraceSeconds: 3
  backoffBaseSeconds: 1
  backoffMaxSeconds: 3
`

const namespace = "team"

var (
	program         *bed.Program
	hub, east, west *bed.Cluster
	operator        *bed.Replica
)

func TestRestore(t *testing.T) {
	RegisterFailHandler(Fail)
	ctrl.SetLogger(GinkgoLogr)
	SetDefaultEventuallyTimeout(time.Minute)
	SetDefaultEventuallyPollingInterval(200 * time.Millisecond)
	RunSpecs(t, "restored hub")
}

// The logs of the operators stay where something went wrong.
var _ = ReportAfterSuite("logs", func(r Report) { program.Discard(r.SuiteSucceeded) })

var _ = BeforeSuite(func(ctx SpecContext) {
	dir, err := os.MkdirTemp("", "runfleet-restore-")
	Expect(err).NotTo(HaveOccurred())
	program, err = bed.Build(ctx, dir)
	Expect(err).NotTo(HaveOccurred())
	clusters, err := bed.StartClusters(ctx, map[string]int{"hub": 0, "east": 1, "west": 1})
	for _, c := range clusters {
		DeferCleanup(c.Stop)
	}
	Expect(err).NotTo(HaveOccurred())
	hub, east, west = clusters["hub"], clusters["east"], clusters["west"]
	for _, c := range clusters {
		Expect(c.TeamNamespace(ctx, namespace, nil)).To(Succeed())
	}
	Expect(hub.Configure(ctx, v1.SystemNamespace, settings)).To(Succeed())
	Expect(hub.Register(ctx, "east", bed.KubeconfigOf(east.Agent, ""), nil)).To(Succeed())
	Expect(hub.Register(ctx, "west", bed.KubeconfigOf(west.Agent, ""), nil)).To(Succeed())
	DeferCleanup(func() { operator.Stop() })
	lead(ctx)
}, NodeTimeout(5*time.Minute))

// lead ends the operator, if there is one, and starts another. A new leader gives a beat at once.
func lead(ctx context.Context) {
	GinkgoHelper()
	if operator != nil {
		operator.Stop()
	}
	var err error
	operator, err = program.StartOperator(hub, "--leader-elect=false", "--request-timeout=5s")
	Expect(err).NotTo(HaveOccurred())
	Eventually(ctx, operator.Ready).Should(Equal(200))
}

// agents are the pods of a run that have not ended, on both members.
func agents(ctx context.Context, run v1.Run) []corev1.Pod {
	GinkgoHelper()
	var live []corev1.Pod
	for _, c := range []*bed.Cluster{east, west} {
		for _, p := range podsOf(ctx, c, run) {
			if p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
				live = append(live, p)
			}
		}
	}
	return live
}

// runfleet runs a verb against the hub, and returns what it said and its exit code.
func runfleet(args ...string) (all string, code int) {
	GinkgoHelper()
	said := program.Call(hub.KubeconfigPath(), args...)
	return said.Stdout + said.Stderr, said.Code
}
