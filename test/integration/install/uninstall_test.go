//go:build chart

package install

import (
	"os"
	"os/exec"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// uninstalls are the specs of uninstall: they begin where those of install end.
func uninstalls() {
	key := client.ObjectKey{Namespace: v1.SystemNamespace, Name: "runfleet"}
	team := client.InNamespace("team")
	created := func(ctx SpecContext, name string, finalizers ...string) *v1.DocsRun {
		GinkgoHelper()
		run := &v1.DocsRun{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "team", Finalizers: finalizers},
			Spec: v1.DocsRunSpec{
				RepositoryURL: "https://github.com/example/shop", WorkingDirectory: ".", SourceBranch: "main", GitHubUser: "example-bot",
			},
		}
		Expect(hub.Create(ctx, run)).To(Succeed())
		return run
	}
	replicas := func(ctx SpecContext) int32 {
		GinkgoHelper()
		d := &appsv1.Deployment{}
		Expect(hub.Get(ctx, key, d)).To(Succeed())
		return *d.Spec.Replicas
	}

	It("is undone only when no run needs the operator", func(ctx SpecContext) {
		s := installs()
		Expect(s.Code).To(BeZero(), s.Stderr)
		active, held := created(ctx, "active"), created(ctx, "held", v1.Finalizer)
		s = runfleet("uninstall")
		Expect(s.Code).To(Equal(1))
		Expect(s.Stdout).To(BeEmpty())
		Expect(s.Stderr).To(And(ContainSubstring("--delete-runs"), ContainSubstring("docsrun/active -n team Pending"),
			ContainSubstring("docsrun/held -n team")))
		Expect(replicas(ctx)).To(Equal(int32(2)))
		s = runfleet("uninstall", "--delete-runs", "--timeout", "2s")
		Expect(s.Code).To(Equal(5), s.Stderr)
		Expect(s.Stderr).To(ContainSubstring("docsrun/held -n team is being deleted"))
		Expect(replicas(ctx)).To(Equal(int32(2)), "the operator is there to let it go")
		Expect(apierrors.IsNotFound(hub.Get(ctx, client.ObjectKeyFromObject(active), active))).To(BeTrue())
		Expect(hub.Get(ctx, client.ObjectKeyFromObject(held), held)).To(Succeed())
	})

	It("lets the operator go on when it is interrupted while a pod ends", func(ctx SpecContext) {
		held := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "held"}}
		Expect(hub.Patch(ctx, held, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
		pods := &corev1.PodList{}
		Expect(hub.List(ctx, pods, client.InNamespace(v1.SystemNamespace))).To(Succeed())
		Expect(pods.Items).To(HaveLen(2))
		slow := &pods.Items[0]
		finalizers := func(ctx SpecContext, list string) error {
			return hub.Patch(ctx, slow.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":`+list+`}}`)))
		}
		Expect(finalizers(ctx, `["example.com/slow"]`)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(client.IgnoreNotFound(finalizers(ctx, "null"))).To(Succeed()) })

		call := exec.Command(program.Path, "uninstall")
		call.Env = []string{"KUBECONFIG=" + hub.KubeconfigPath()}
		said := gbytes.NewBuffer()
		call.Stderr = said
		Expect(call.Start()).To(Succeed())
		Eventually(said).Should(gbytes.Say("waiting: 1 pods of the operator are ending"))
		Expect(replicas(ctx)).To(BeZero())
		Expect(call.Process.Signal(os.Interrupt)).To(Succeed())
		Expect(call.Wait()).NotTo(Succeed())
		Expect(call.ProcessState.ExitCode()).To(Equal(130))
		Expect(said).To(gbytes.Say("the operator goes on"))
		Expect(replicas(ctx)).To(Equal(int32(2)))
	})

	It("deletes the runs with the help of the operator, and leaves what is not its own", func(ctx SpecContext) {
		operate(ctx)
		created(ctx, "another")
		s := runfleet("uninstall", "--delete-runs")
		Expect(s.Code).To(BeZero(), s.Stderr)
		Expect(s.Stdout).To(MatchRegexp(`^OBJECT +RESULT\ndeployment/runfleet +removed\n`))
		runs := &v1.DocsRunList{}
		Expect(hub.List(ctx, runs, team)).To(Succeed())
		Expect(runs.Items).To(BeEmpty())
		for _, list := range []client.ObjectList{
			&appsv1.DeploymentList{}, &corev1.ConfigMapList{}, &corev1.ServiceAccountList{}, &rbacv1.ClusterRoleList{},
			&rbacv1.ClusterRoleBindingList{}, &rbacv1.RoleList{}, &corev1.ServiceList{},
		} {
			Expect(hub.List(ctx, list, client.MatchingLabels{"app.kubernetes.io/instance": "runfleet"})).To(Succeed())
			Expect(list).To(HaveField("Items", BeEmpty()))
		}
		Expect(hub.Get(ctx, client.ObjectKey{Name: "east"}, &v1.MemberCluster{})).To(Succeed())
		Expect(hub.Get(ctx, client.ObjectKey{Namespace: v1.SystemNamespace, Name: "east"}, &corev1.Secret{})).To(Succeed())
		Expect(hub.Get(ctx, client.ObjectKey{Namespace: v1.SystemNamespace, Name: "runfleet-hub"}, &corev1.ConfigMap{})).To(Succeed())
	}, SpecTimeout(2*timeout))

	It("can be followed by an installation that knows its members and works on", func(ctx SpecContext) {
		s := installs()
		Expect(s.Code).To(BeZero(), s.Stderr)
		east := &v1.MemberCluster{ObjectMeta: metav1.ObjectMeta{Name: "east"}}
		Expect(hub.Get(ctx, client.ObjectKeyFromObject(east), east)).To(Succeed())
		operate(ctx)
		run := created(ctx, "again")
		Eventually(func() string {
			Expect(hub.Get(ctx, client.ObjectKeyFromObject(run), run)).To(Succeed())
			return run.Status.Cluster
		}).Should(Equal("east"), "it is placed on the member that was joined before")
		s = runfleet("uninstall", "--delete-runs")
		Expect(s.Code).To(BeZero(), s.Stderr)
	}, SpecTimeout(2*timeout))

	It("removes the kinds only when told so twice", func(ctx SpecContext) {
		s := runfleet("uninstall", "--crds")
		Expect(s.Code).To(Equal(2))
		Expect(s.Stderr).To(And(ContainSubstring("1 members of the fleet"), ContainSubstring("--yes")))
		run := created(ctx, "left")
		s = runfleet("uninstall", "--crds", "--yes")
		Expect(s.Code).To(Equal(1))
		Expect(s.Stderr).To(ContainSubstring("docsrun/left"))
		Expect(hub.Delete(ctx, run)).To(Succeed())
		s = runfleet("uninstall", "--crds", "--yes")
		Expect(s.Code).To(BeZero(), s.Stderr)
		Eventually(func() []apiextensions.CustomResourceDefinition {
			kinds := &apiextensions.CustomResourceDefinitionList{}
			Expect(hub.List(ctx, kinds)).To(Succeed())
			return kinds.Items
		}).Should(BeEmpty())
		s = runfleet("uninstall")
		Expect(s.Code).To(BeZero(), s.Stderr)
		Expect(s.Stderr).To(HavePrefix("nothing of an installation is there\n"))
	})
}
