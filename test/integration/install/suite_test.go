//go:build chart

package install

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var (
	hub, east *bed.Cluster
	program   *bed.Program
	scratch   string // where values and kubeconfigs are
)

const timeout = time.Minute

func TestInstall(t *testing.T) {
	RegisterFailHandler(Fail)
	ctrl.SetLogger(GinkgoLogr)
	SetDefaultEventuallyTimeout(timeout)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	RunSpecs(t, "install")
}

var _ = ReportAfterSuite("logs", func(r Report) { program.Discard(r.SuiteSucceeded) })

var _ = BeforeSuite(func(ctx SpecContext) {
	var err error
	scratch, err = os.MkdirTemp("", "runfleet-install-")
	Expect(err).NotTo(HaveOccurred())
	program, err = bed.Build(ctx, scratch)
	Expect(err).NotTo(HaveOccurred())
	clusters, err := bed.StartClusters(ctx, map[string]int{"hub": 1, "east": 1})
	for _, c := range clusters {
		DeferCleanup(c.Stop)
	}
	Expect(err).NotTo(HaveOccurred())
	hub, east = clusters["hub"], clusters["east"]
}, NodeTimeout(3*time.Minute))

// runfleet calls the command as a person would, an administrator of the hub unless args name another kubeconfig.
func runfleet(args ...string) bed.Said {
	GinkgoHelper()
	return program.Call(hub.KubeconfigPath(), args...)
}

// values are those of every installation here.
const values = `
image: registry.example.com/runfleet:1
networkPolicy: {enabled: true}
templates: {shared_greeting.md.hbs: hello}
config:
  agent: {image: {repository: registry.example.com/agent, tag: "1"}}
  timing: {settleSeconds: 1, graceSeconds: 1}
`

// file writes one that the command reads.
func file(name string, data []byte) string {
	GinkgoHelper()
	path := filepath.Join(scratch, name)
	Expect(os.WriteFile(path, data, 0o600)).To(Succeed())
	return path
}

// installs calls install with the values, and more.
func installs(more ...string) bed.Said {
	GinkgoHelper()
	return runfleet(append([]string{"install", "-f", file("values.yaml", []byte(values))}, more...)...)
}

// operate starts an operator with the token of the service account that was installed: it has the rights of the chart.
func operate(ctx context.Context) *bed.Replica {
	GinkgoHelper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "runfleet", Namespace: v1.SystemNamespace}}
	token := &authenticationv1.TokenRequest{}
	Expect(hub.SubResource("token").Create(ctx, account, token)).To(Succeed())
	as := rest.AnonymousClientConfig(hub.Admin)
	as.BearerToken = token.Status.Token
	o, err := program.StartOperator(hub, "--kubeconfig", file("operator.kubeconfig", bed.KubeconfigOf(as, "")))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(o.Stop)
	return o
}
