package original

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/runfleet/runfleet/api/crds"
	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/controlplane"
	"github.com/runfleet/runfleet/test/integration/bed"
)

const (
	namespace = "orchestrator" // the original's, and so its runs'

	settings = `
agent:
  image: {repository: registry.example.com/agent, tag: "1"}
timing: {settleSeconds: 1}
`
	// operatorUser is the service account of docs/examples/operator.yaml: whatever the operator needs must be granted there.
	operatorUser = "system:serviceaccount:runfleet-system:runfleet"

	silence  = 3 * time.Second
	patience = time.Minute
)

var (
	program  *bed.Program
	hub      *bed.Cluster
	member   *bed.Cluster
	operator *bed.Replica
	rights   string // path of the operator's kubeconfig
)

func TestOriginal(t *testing.T) {
	RegisterFailHandler(Fail)
	ctrl.SetLogger(GinkgoLogr)
	SetDefaultEventuallyTimeout(patience)
	SetDefaultEventuallyPollingInterval(200 * time.Millisecond)
	SetDefaultConsistentlyDuration(silence)
	RunSpecs(t, "what the original left")
}

var _ = ReportAfterSuite("logs", func(r Report) { program.Discard(r.SuiteSucceeded) })

var _ = BeforeSuite(func(ctx SpecContext) {
	dir, err := os.MkdirTemp("", "runfleet-original-")
	Expect(err).NotTo(HaveOccurred())
	program, err = bed.Build(ctx, dir)
	Expect(err).NotTo(HaveOccurred())
	member, err = bed.StartCluster(ctx, controlplane.Options{Name: "member", Nodes: 1})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(member.Stop)
	hub = startHub(ctx)
	for _, c := range []*bed.Cluster{hub, member} {
		Expect(c.TeamNamespace(ctx, namespace, nil)).To(Succeed())
	}
	install(ctx, originalKinds())
	populate(ctx)
	install(ctx, ourKinds())
	grant(ctx, filepath.Join(dir, "operator.kubeconfig"))
	Expect(hub.Configure(ctx, v1.SystemNamespace, settings)).To(Succeed())
	Expect(hub.Register(ctx, "east", bed.KubeconfigOf(member.Agent, ""), nil)).To(Succeed())
	DeferCleanup(func() {
		if operator != nil {
			operator.Stop()
		}
	})
}, NodeTimeout(5*time.Minute))

// startHub starts a control plane without kinds of ours.
func startHub(ctx context.Context) *bed.Cluster {
	GinkgoHelper()
	plane, err := controlplane.Start(ctx, controlplane.Options{})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(plane.Stop)
	c := &bed.Cluster{ControlPlane: plane, Admin: plane.Config()}
	c.Admin.QPS = -1
	c.WithWatch, err = client.NewWithWatch(c.Admin, client.Options{Scheme: bed.Kinds})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// install creates or replaces kinds, as kubectl does, and returns when they are served.
func install(ctx context.Context, kinds []string) {
	GinkgoHelper()
	for _, text := range kinds {
		crd := &apiextensions.CustomResourceDefinition{}
		Expect(yaml.UnmarshalStrict([]byte(text), crd)).To(Succeed())
		was := &apiextensions.CustomResourceDefinition{}
		if err := hub.Get(ctx, client.ObjectKeyFromObject(crd), was); err == nil {
			was.Spec = crd.Spec
			Expect(hub.Update(ctx, was)).To(Succeed())
		} else {
			Expect(client.IgnoreNotFound(err)).To(Succeed())
			Expect(hub.Create(ctx, crd)).To(Succeed())
		}
		Eventually(ctx, func(g Gomega) {
			g.Expect(hub.Get(ctx, client.ObjectKeyFromObject(crd), crd)).To(Succeed())
			g.Expect(slices.ContainsFunc(crd.Status.Conditions, func(c apiextensions.CustomResourceDefinitionCondition) bool {
				return c.Type == apiextensions.Established && c.Status == apiextensions.ConditionTrue
			})).To(BeTrue())
		}).Should(Succeed())
	}
}

func originalKinds() []string {
	data, err := os.ReadFile("testdata/crds.yaml")
	Expect(err).NotTo(HaveOccurred())
	return strings.Split(string(data), "\n---\n")
}

func ourKinds() []string {
	var all []string
	for _, name := range crds.Files {
		data, err := crds.FS.ReadFile(name)
		Expect(err).NotTo(HaveOccurred())
		all = append(all, string(data))
	}
	return all
}

// grant gives the operator the rights of docs/examples/operator.yaml, and writes the kubeconfig it comes with.
func grant(ctx context.Context, path string) {
	GinkgoHelper()
	data, err := os.ReadFile("../../../docs/examples/operator.yaml")
	Expect(err).NotTo(HaveOccurred())
	for doc := range strings.SplitSeq(string(data), "\n---\n") {
		o := &unstructured.Unstructured{}
		Expect(yaml.Unmarshal([]byte(doc), o)).To(Succeed())
		Expect(hub.Create(ctx, o)).To(Succeed())
	}
	config, err := hub.User(operatorUser)
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(path, bed.KubeconfigOf(config, ""), 0o600)).To(Succeed())
	rights = path
}

// lead ends the operator, if there is one, and starts another.
func lead(ctx context.Context) {
	GinkgoHelper()
	if operator != nil {
		operator.Stop()
	}
	var err error
	operator, err = program.StartOperator(hub, "--kubeconfig", rights, "--leader-elect=false", "--request-timeout=5s")
	Expect(err).NotTo(HaveOccurred())
	Eventually(ctx, operator.Ready).Should(Equal(200))
}
