//go:build faults

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// all is the suite's whole life, in which stories are told and watches watch.
var all, endAll = context.WithCancel(context.Background())

// The one fleet of all specs.
var (
	hub, east, west *cluster
	ambushed        = &ambush{plans: map[string]*plan{}, stored: map[string]int64{}}
	recorded        = newRecorder()
	operator        *keeper
	program         *bed.Program
	scratch         string // a directory for logs
	began           = time.Now()
)

// Seconds, where users have minutes. Resync is long, so that no lost event goes unnoticed. A CodeRun's deadline is that of
// the one whose attempt is given up.
const settings = `
agent:
  image: {repository: registry.example.com/agent, tag: "1"}
deadlines: {docsSeconds: 600, codeSeconds: 20, minSeconds: 1, maxSeconds: 900, provisioningSeconds: 240}
timing:
  settleSeconds: 2
  slackSeconds: 1
  graceSeconds: 2
  escalateAfterSeconds: 2
  maxSkewSeconds: 1
  clusterLostGraceSeconds: 3
  backoffBaseSeconds: 1
  backoffMaxSeconds: 2
  resyncSeconds: 300
`

func TestFaults(t *testing.T) {
	RegisterFailHandler(Fail)
	ctrl.SetLogger(GinkgoLogr)
	SetDefaultEventuallyTimeout(30 * time.Second)
	SetDefaultEventuallyPollingInterval(glance)
	RunSpecs(t, "faults")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	DeferCleanup(endAll)
	var err error
	scratch, err = os.MkdirTemp("", "runfleet-faults-")
	Expect(err).NotTo(HaveOccurred())
	program, err = bed.Build(ctx, scratch)
	Expect(err).NotTo(HaveOccurred())

	ambushed.keeper = &keeper{} // until there is one
	fleet, err := startFleet(ctx, ambushed)
	for _, c := range fleet {
		DeferCleanup(c.stop)
	}
	Expect(err).NotTo(HaveOccurred())
	hub, east, west = fleet[hubName], fleet[eastName], fleet[westName]
	Expect(recorded.followHub(all, hub)).To(Succeed())
	Expect(recorded.followMember(all, east)).To(Succeed())
	Expect(recorded.followMember(all, west)).To(Succeed())
	operator, err = newKeeper(program.Path, scratch, hub.gate.kubeconfig())
	Expect(err).NotTo(HaveOccurred())
	ambushed.keeper = operator
	DeferCleanup(operator.stop)
}, NodeTimeout(9*time.Minute))

// When everything was told, all runs are deleted, and nothing of them may be left.
var _ = AfterSuite(func(ctx SpecContext) {
	if operator == nil {
		return
	}
	var docs v1.DocsRunList
	var code v1.CodeRunList
	Expect(errors.Join(hub.List(ctx, &docs), hub.List(ctx, &code))).To(Succeed())
	for i := range docs.Items {
		Expect(client.IgnoreNotFound(hub.Delete(ctx, &docs.Items[i]))).To(Succeed())
	}
	for i := range code.Items {
		Expect(client.IgnoreNotFound(hub.Delete(ctx, &code.Items[i]))).To(Succeed())
	}
	for _, m := range []*cluster{east, west} {
		Eventually(m.left, time.Minute, glance).WithArguments(ctx, "").Should(BeEmpty(), "on %s", m.Name())
	}
	Expect(orphans(ctx, "")).To(BeEmpty())
	Expect(recorded.findings()).To(BeEmpty())
}, NodeTimeout(3*time.Minute))

// The logs of the operators stay where something went wrong.
var _ = ReportAfterSuite("what was done", func(r Report) {
	if r.SuiteSucceeded {
		_ = os.RemoveAll(scratch)
	} else {
		GinkgoLogr.Info("Keeping the logs", "directory", scratch)
	}
	if operator != nil {
		fmt.Fprintf(os.Stderr, "faults: the operator lived %d times, was killed %d times at %d points, and ended %d times by itself; in %s\n",
			operator.lives, operator.kills, operator.points, operator.ends, time.Since(began).Round(time.Second))
	}
})
