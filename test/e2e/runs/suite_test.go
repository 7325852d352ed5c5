//go:build e2e

package runs

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	ctrl "sigs.k8s.io/controller-runtime"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/controlplane"
	"github.com/runfleet/runfleet/test/e2e/forge"
	"github.com/runfleet/runfleet/test/e2e/model"
	"github.com/runfleet/runfleet/test/e2e/settings"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var (
	program    *bed.Program
	operator   operators
	hub        *bed.Cluster
	east, west *bed.Cluster
	byName     map[string]*bed.Cluster // the members
	repos      *forge.Forge
	mind       *model.Server
	configured string // the operator's configuration
)

// timing is what makes agents and their fences quick.
const timing = `
deadlines: {minSeconds: 10}
timing: {settleSeconds: 3, slackSeconds: 5, graceSeconds: 20, escalateAfterSeconds: 5, maxSkewSeconds: 1, backoffBaseSeconds: 1, backoffMaxSeconds: 3,
  clusterLostGraceSeconds: 30}
`

func TestRuns(t *testing.T) {
	RegisterFailHandler(Fail)
	ctrl.SetLogger(GinkgoLogr)
	suite, reporter := GinkgoConfiguration()
	suite.LabelFilter = cmp.Or(suite.LabelFilter, map[bool]string{false: "!" + onlyInstalled, true: anywhere + " || " + onlyInstalled}[*inPods])
	SetDefaultEventuallyTimeout(4 * time.Minute)
	SetDefaultEventuallyPollingInterval(300 * time.Millisecond)
	RunSpecs(t, "real agents", suite, reporter)
}

// Labels of specs: how the operator has to be run. Without one it is a process.
const (
	anywhere      = "anywhere"
	onlyInstalled = "installed"
)

// The logs of the operator stay where something went wrong.
var _ = ReportAfterSuite("logs", func(r Report) { program.Discard(r.SuiteSucceeded) })

var _ = BeforeSuite(func(ctx SpecContext) {
	scratch, err := os.MkdirTemp("", "runfleet-e2e-")
	Expect(err).NotTo(HaveOccurred())
	program, err = bed.Build(ctx, scratch)
	Expect(err).NotTo(HaveOccurred())
	image := built(ctx, "agent")
	var ofHub []string
	if *inPods {
		ofHub = []string{built(ctx, "operator")}
	}
	clusters := start(ctx, map[string][]string{"hub": ofHub, "east": {image}, "west": {image}})
	hub, east, west = clusters["hub"], clusters["east"], clusters["west"]
	byName = map[string]*bed.Cluster{east.Name(): east, west.Name(): west}

	// Pods of both members reach this machine at the address that it has for one of them.
	repos, err = forge.Start(ctx, filepath.Join(scratch, "forge"), east.Outside())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return repos.Stop() })
	mind = model.NewServer(plays)
	url, stop, err := mind.Listen(ctx, east.Outside())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(stop)

	configured = settings.Agent(url, repos.URL) + timing + listen(ctx, east.Outside())
	if *inPods {
		operator = install(ctx)
		return
	}
	Expect(hub.Configure(ctx, v1.SystemNamespace, configured)).To(Succeed())
	Expect(hub.Templates(ctx, v1.SystemNamespace, settings.Templates(repos.CA, repos.KnownHosts))).To(Succeed())
	for _, member := range []*bed.Cluster{east, west} {
		Expect(hub.Register(ctx, member.Name(), bed.KubeconfigOf(member.Agent, ""), nil)).To(Succeed())
	}
	operator = &asProcess{}
	operator.Start()
	DeferCleanup(func() { operator.Stop() })
}, NodeTimeout(20*time.Minute))

var _ = AfterSuite(func(ctx SpecContext) {
	if operator == nil {
		return
	}
	Expect(operator.Crashed()).To(BeEmpty())
	if *inPods {
		Expect(operator.Says()).To(ContainSubstring("east"), "what it says is here")
		canaries := secrets()
		canaries["the token of east"] = []byte(memberConfig(ctx, east).BearerToken)
		Expect(seen(ctx, canaries)).To(BeEmpty())
		uninstall(ctx)
	}
}, NodeTimeout(4*time.Minute))

// start starts clusters, all at once, those with images on a real node.
func start(ctx context.Context, images map[string][]string) map[string]*bed.Cluster {
	GinkgoHelper()
	var mu sync.Mutex
	var all sync.WaitGroup
	clusters, errs := map[string]*bed.Cluster{}, []error{}
	for name, tars := range images {
		all.Go(func() {
			c, err := bed.StartCluster(ctx, controlplane.Options{Name: name, Containerd: len(tars) > 0})
			if err == nil && len(tars) > 0 {
				err = c.Load(ctx, tars...)
			}
			mu.Lock()
			defer mu.Unlock()
			clusters[name], errs = c, append(errs, err)
		})
	}
	all.Wait()
	for _, c := range clusters {
		if c != nil {
			DeferCleanup(c.Stop)
		}
	}
	Expect(errors.Join(errs...)).To(Succeed())
	return clusters
}

// built builds an image, or finds the one that was built, and returns its tar.
func built(ctx context.Context, image string) string {
	GinkgoHelper()
	c := exec.CommandContext(ctx, "sh", "../../../cmd/runfleet/images/build.sh", image)
	c.Stderr = GinkgoWriter
	out, err := c.Output()
	Expect(err).NotTo(HaveOccurred())
	return strings.TrimSpace(string(out))
}
