//go:build chart

package install

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apitypes "k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var _ = Describe("install", Ordered, func() {
	system := client.ObjectKey{Namespace: v1.SystemNamespace, Name: "runfleet"}
	deployment := func() *appsv1.Deployment {
		return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: system.Name, Namespace: system.Namespace}}
	}
	// results are those of the table.
	results := func(s bed.Said) []string {
		var all []string
		for line := range strings.Lines(s.Stdout) {
			words := strings.Fields(line)
			all = append(all, words[len(words)-1])
		}
		return all
	}
	absent := func(ctx SpecContext) {
		GinkgoHelper()
		err := hub.Get(ctx, client.ObjectKey{Name: v1.SystemNamespace}, &corev1.Namespace{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "nothing was created: %v", err)
	}

	It("refuses values that make no sense as a wrong call, and creates nothing", func(ctx SpecContext) {
		s := installs("--set", "replicas=two")
		Expect(s.Code).To(Equal(2))
		Expect(s.Stderr).To(ContainSubstring("replicas"))
		absent(ctx)
	})

	It("names the rights that its caller lacks, and creates nothing", func(ctx SpecContext) {
		as, err := hub.NewUser(ctx, "few", []rbacv1.PolicyRule{
			{APIGroups: []string{"", "rbac.authorization.k8s.io", "networking.k8s.io", "policy", "apiextensions.k8s.io"}, Resources: []string{"*"}, Verbs: []string{"*"}},
			{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get", "list"}},
		})
		Expect(err).NotTo(HaveOccurred())
		s := installs("--kubeconfig", file("few.kubeconfig", bed.KubeconfigOf(as, "")))
		Expect(s.Code).To(Equal(1))
		Expect(s.Stderr).To(HaveSuffix("administrator for:\n  create, patch deployments.apps in runfleet-system\n"))
		absent(ctx)
	})

	It("refuses a namespace of runs that does not exist", func(ctx SpecContext) {
		s := installs("--set", "namespaces=[nowhere]")
		Expect(s.Code).To(Equal(1))
		Expect(s.Stderr).To(ContainSubstring("what does not exist: nowhere"))
		absent(ctx)
	})

	It("makes everything, and ends when the operator is rolled out", func(ctx SpecContext) {
		s := installs()
		Expect(s.Code).To(BeZero(), s.Stderr)
		Expect(s.Stdout).To(MatchRegexp(`^OBJECT +RESULT\nnamespace/runfleet-system +created\ncrd/memberclusters\.orchestrator\.platform +created\n`))
		Expect(results(s)[1:]).To(HaveEach("created"))
		for line := range strings.Lines(s.Stdout) {
			Expect(len(line)).To(BeNumerically("<=", 81), line)
		}
		Expect(s.Stderr).To(HaveSuffix("the operator is rolled out: 2 of 2 replicas are available\n"))
		d := deployment()
		Expect(hub.Get(ctx, system, d)).To(Succeed())
		Expect(d.Status.AvailableReplicas).To(Equal(int32(2)))
		namespace := &corev1.Namespace{}
		Expect(hub.Get(ctx, client.ObjectKey{Name: v1.SystemNamespace}, namespace)).To(Succeed())
		Expect(namespace.Labels).To(HaveKeyWithValue("pod-security.kubernetes.io/enforce", "restricted"))
		Expect(hub.Get(ctx, system, &networkingv1.NetworkPolicy{})).To(Succeed())
	})

	It("gives the operator the rights to take a run to its end", func(ctx SpecContext) {
		Expect(hub.Register(ctx, "east", bed.KubeconfigOf(east.Agent, ""), nil)).To(Succeed())
		for _, c := range []*bed.Cluster{hub, east} {
			Expect(c.TeamNamespace(ctx, "team", nil)).To(Succeed())
		}
		o := operate(ctx)
		run := &v1.DocsRun{
			ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "team"},
			Spec: v1.DocsRunSpec{
				RepositoryURL: "https://github.com/example/shop", WorkingDirectory: ".", SourceBranch: "main", GitHubUser: "example-bot",
			},
		}
		Expect(hub.Create(ctx, run)).To(Succeed())
		Eventually(func() v1.Phase {
			Expect(o.Crash()).To(Succeed(), "%s", o.Says())
			Expect(hub.Get(ctx, client.ObjectKeyFromObject(run), run)).To(Succeed())
			return run.Status.Phase
		}).Should(Equal(v1.PhaseSucceeded), "%s", o.Log)
		Expect(hub.Delete(ctx, run)).To(Succeed())
		Eventually(func() bool { return apierrors.IsNotFound(hub.Get(ctx, client.ObjectKeyFromObject(run), run)) }).Should(BeTrue())
	}, SpecTimeout(2*time.Minute))

	It("changes nothing the second time", func() {
		s := installs()
		Expect(s.Code).To(BeZero(), s.Stderr)
		Expect(results(s)[1:]).To(HaveEach("unchanged"), s.Stdout)
	})

	It("changes what other values change, and removes what they leave out", func(ctx SpecContext) {
		s := installs("--set", "networkPolicy.enabled=false", "--set", "templates=null", "--set", "replicas=1")
		Expect(s.Code).To(BeZero(), s.Stderr)
		Expect(s.Stdout).To(MatchRegexp(`deployment/runfleet +changed\n`))
		Expect(s.Stdout).To(MatchRegexp(`networkpolicy/runfleet +removed\n`))
		Expect(s.Stdout).To(MatchRegexp(`configmap/runfleet-templates +removed\n`))
		Expect(apierrors.IsNotFound(hub.Get(ctx, system, &networkingv1.NetworkPolicy{}))).To(BeTrue())
		Expect(hub.Get(ctx, client.ObjectKey{Namespace: v1.SystemNamespace, Name: "east"}, &corev1.Secret{})).To(Succeed())
		d := deployment()
		Expect(hub.Get(ctx, system, d)).To(Succeed())
		Expect(d.Status.Replicas).To(Equal(int32(1)))
	})

	It("tells who has set a field otherwise, and takes it over when told to", func(ctx SpecContext) {
		Expect(hub.Patch(ctx, deployment(), client.RawPatch(apitypes.MergePatchType, []byte(`{"spec":{"replicas":3}}`)),
			client.FieldOwner("scaler"))).To(Succeed())
		s := installs()
		Expect(s.Code).To(Equal(1))
		Expect(s.Stdout).To(BeEmpty())
		Expect(s.Stderr).To(And(ContainSubstring(`deployment/runfleet .spec.replicas: conflict with "scaler"`), ContainSubstring("--force-conflicts")))
		Expect(apierrors.IsNotFound(hub.Get(ctx, system, &networkingv1.NetworkPolicy{}))).To(BeTrue(), "nothing was changed")
		s = installs("--force-conflicts")
		Expect(s.Code).To(BeZero(), s.Stderr)
		d := deployment()
		Expect(hub.Get(ctx, system, d)).To(Succeed())
		Expect(d.Spec.Replicas).To(HaveValue(Equal(int32(2))))
	})

	It("refuses a second operator, and one of Helm", func(ctx SpecContext) {
		s := installs("--system-namespace", "elsewhere")
		Expect(s.Code).To(Equal(1))
		Expect(s.Stderr).To(ContainSubstring("deployment/runfleet -n runfleet-system is there already"))
		Expect(hub.Patch(ctx, deployment(), client.RawPatch(apitypes.MergePatchType,
			[]byte(`{"metadata":{"annotations":{"meta.helm.sh/release-name":"runfleet"}}}`)))).To(Succeed())
		s = installs()
		Expect(s.Code).To(Equal(1))
		Expect(s.Stderr).To(ContainSubstring("deployment/runfleet is of a Helm release"))
		Expect(hub.Patch(ctx, deployment(), client.RawPatch(apitypes.MergePatchType,
			[]byte(`{"metadata":{"annotations":{"meta.helm.sh/release-name":null}}}`)))).To(Succeed())
	})

	It("says why the operator does not come", func() {
		s := installs("--timeout", "2s", "--set", `nodeSelector={"kubernetes.io/os": "plan9"}`)
		Expect(s.Code).To(Equal(5))
		Expect(s.Stderr).To(And(ContainSubstring("Unschedulable: 0/1 nodes are available"), ContainSubstring("describe pods")))
	})

	uninstalls()
})
