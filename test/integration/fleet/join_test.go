package fleet

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/reconcilers/fleet/membership"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// runfleet calls the command as a person would whose own kubeconfig leads to the hub.
func runfleet(args ...string) bed.Said {
	GinkgoHelper()
	said := program.Call(hub.KubeconfigPath(), args...)
	for _, secret := range []string{"PRIVATE KEY", "token:", "eyJ"} {
		Expect(said.Stdout + said.Stderr).NotTo(ContainSubstring(secret))
	}
	return said
}

// admin is a kubeconfig file, of an administrator unless a configuration is given.
func admin(of *bed.Cluster, as *rest.Config, edits ...func(*clientcmdapi.Cluster, *clientcmdapi.AuthInfo)) string {
	GinkgoHelper()
	if as == nil {
		as = of.Admin
	}
	file := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(file, kubeconfigOf(as, edits...), 0o600)).To(Succeed())
	return file
}

// joins calls fleet join for an operator.
func (op *operator) joins(name, kubeconfig string, more ...string) bed.Said {
	GinkgoHelper()
	DeferCleanup(func(ctx SpecContext) {
		op.leaves(name, kubeconfig)
		remove(ctx, name)
	})
	return runfleet(append([]string{"fleet", "join", name, "--kubeconfig", kubeconfig, "--system-namespace", op.namespace}, more...)...)
}

// traces are the objects that a join would have made: on a member, and on the hub in the operator's namespace.
func (op *operator) traces(ctx context.Context, on *bed.Cluster) []string {
	GinkgoHelper()
	var found []string
	for _, list := range []client.ObjectList{
		&corev1.NamespaceList{}, &corev1.ServiceAccountList{}, &rbacv1.ClusterRoleList{}, &rbacv1.ClusterRoleBindingList{},
		&rbacv1.RoleList{}, &rbacv1.RoleBindingList{},
	} {
		Expect(on.List(ctx, list, client.MatchingLabels{v1.LabelJoined: "true"})).To(Succeed())
		found = append(found, names(list)...)
	}
	var secrets corev1.SecretList
	Expect(hub.List(ctx, &secrets, client.InNamespace(op.namespace))).To(Succeed())
	found = append(found, names(&secrets)...)
	var members v1.MemberClusterList
	Expect(hub.List(ctx, &members)).To(Succeed())
	return append(found, names(&members)...)
}

// classOn makes a default storage class for one spec.
func classOn(ctx context.Context, on *bed.Cluster) {
	GinkgoHelper()
	class := &storagev1.StorageClass{Provisioner: "example.com/none", ObjectMeta: metav1.ObjectMeta{
		Name: named("class"), Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
	}}
	Expect(on.Create(ctx, class)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(on.Delete(ctx, class)).To(Succeed()) })
}

// leaves ends a membership with all that join made on the member.
func (op *operator) leaves(name, kubeconfig string) bed.Said {
	GinkgoHelper()
	return runfleet("fleet", "leave", name, "--kubeconfig", kubeconfig, "--system-namespace", op.namespace)
}

var _ = Describe("runfleet fleet join", func() {
	It("makes a member of a cluster, repairs it when called again, and leave takes away what it made", func(ctx SpecContext) {
		op := begin(ctx, quick())
		classOn(ctx, east)
		name, file := named("east"), admin(east, nil)
		first := op.joins(name, file, "--labels", "region=eu", "--max-runs", "7")
		Expect(first.Stderr).To(BeEmpty())
		Expect(first.Code).To(BeZero())
		Expect(first.Stdout).To(HaveSuffix(name + " is ready\n"))
		Expect(first.Stdout).To(ContainSubstring("member: clusterrole/runfleet-member created\n"))
		Expect(first.Stdout).To(ContainSubstring("hub: secret/" + name + " created, its token is valid for 29d\n"))

		m := stored(ctx, name)
		Expect(m.Labels).To(Equal(map[string]string{"region": "eu"}))
		Expect(*m.Spec.MaxRuns).To(BeEquivalentTo(7))
		Expect(m.Status.CredentialsLeft).To(Equal("29d"), "kubectl get mc shows it")
		var role rbacv1.ClusterRole
		Expect(east.Get(ctx, client.ObjectKey{Name: "runfleet-member"}, &role)).To(Succeed())
		Expect(role.Rules).To(Equal(fleet.Permissions))
		var tokens corev1.SecretList
		Expect(east.List(ctx, &tokens, client.InNamespace(v1.SystemNamespace))).To(Succeed())
		Expect(tokens.Items).To(BeEmpty(), "no token lies on the member")
		written := op.kubeconfig(ctx, name)
		Expect(written.AuthInfos).To(HaveLen(1))
		for _, u := range written.AuthInfos {
			Expect(*u).To(Equal(clientcmdapi.AuthInfo{Token: u.Token, Extensions: u.Extensions}), "nothing of the administrator's")
		}

		role.Rules = role.Rules[1:]
		Expect(east.Update(ctx, &role)).To(Succeed())
		again := op.joins(name, file, "--labels", "tier=a", "--secret-lookup")
		Expect(again.Code).To(BeZero(), again.Stderr)
		Expect(again.Stdout).To(ContainSubstring("member: clusterrole/runfleet-member repaired\n"))
		Expect(again.Stdout).To(ContainSubstring("member: clusterrole/runfleet-lookup created\n"))
		Expect(again.Stdout).To(ContainSubstring("member: serviceaccount/runfleet unchanged\n"))
		Expect(stored(ctx, name).Labels).To(Equal(map[string]string{"region": "eu", "tier": "a"}))
		Expect(op.kubeconfig(ctx, name)).NotTo(Equal(written), "the token is another")

		list := runfleet("fleet", "list")
		Expect(strings.Join(strings.Fields(strings.Split(list.Stdout, "\n")[1]), " ")).To(MatchRegexp(
			`^` + name + ` True MemberReady v1\.\S+ 0/7 29d \d+s region=eu,tier=a$`))
		Expect(runfleet("fleet", "cordon", name)).To(Equal(bed.Said{Stdout: name + " cordoned\n"}))
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False Cordoned"))
		Expect(runfleet("fleet", "cordon", name)).To(Equal(bed.Said{Stdout: name + " was cordoned already\n"}))
		Expect(runfleet("fleet", "uncordon", name)).To(Equal(bed.Said{Stdout: name + " uncordoned\n"}))

		left := op.leaves(name, file)
		Expect(left.Code).To(BeZero(), left.Stderr)
		Expect(left.Stdout).To(ContainSubstring("member: clusterrole/runfleet-member removed\n"))
		Expect(left.Stdout).To(ContainSubstring("member: namespace/runfleet-system stays: join did not create it\n"))
		Expect(op.traces(ctx, east)).To(BeEmpty())
		Expect(op.leaves(name, file).Code).To(Equal(6))
	})

	It("leaves what was there before it, and a member with runs", func(ctx SpecContext) {
		op := begin(ctx, quick())
		classOn(ctx, west)
		mine := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "runfleet-member"}}
		Expect(west.Create(ctx, mine)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(west.Delete(ctx, mine)).To(Succeed()) })
		name, file := named("west"), admin(west, nil)
		Expect(op.joins(name, file).Code).To(BeZero())
		run := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: named("shop"), Namespace: "default"}, Spec: v1.DocsRunSpec{
			RepositoryURL: "example/shop", WorkingDirectory: ".", SourceBranch: "main", GitHubUser: "octo",
		}}
		Expect(hub.Create(ctx, run)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(client.IgnoreNotFound(hub.Delete(ctx, run))).To(Succeed()) })
		run.Status = v1.RunStatus{Phase: v1.PhasePending}
		Expect(hub.Status().Update(ctx, run)).To(Succeed())
		run.Status.Phase, run.Status.Cluster, run.Status.Attempt, run.Status.ContextVersion = v1.PhaseProvisioning, name, 1, 1
		Expect(hub.Status().Update(ctx, run)).To(Succeed())
		busy := op.leaves(name, file)
		Expect(busy.Code).To(Equal(1))
		Expect(busy.Stderr).To(ContainSubstring("default/" + run.Name))
		Expect(stored(ctx, name).Spec.Scheduling).To(Equal(v1.SchedulingCordoned))
		Expect(hub.Delete(ctx, run)).To(Succeed())
		left := op.leaves(name, file)
		Expect(left.Code).To(BeZero(), left.Stderr)
		Expect(left.Stdout).To(ContainSubstring("member: clusterrole/runfleet-member stays: join did not create it\n"))
		Expect(west.Get(ctx, client.ObjectKeyFromObject(mine), mine)).To(Succeed())
	})
})

// kubeconfig is what the hub has of a member.
func (op *operator) kubeconfig(ctx context.Context, member string) *clientcmdapi.Config {
	GinkgoHelper()
	var secret corev1.Secret
	Expect(hub.Get(ctx, client.ObjectKey{Namespace: op.namespace, Name: member}, &secret)).To(Succeed())
	k, err := clientcmd.Load(secret.Data["kubeconfig"])
	Expect(err).NotTo(HaveOccurred())
	return k
}

// names writes the objects of a list as their kind and name.
func names(list client.ObjectList) []string {
	var all []string
	Expect(meta.EachListItem(list, func(o runtime.Object) error {
		named, ok := o.(client.Object)
		Expect(ok).To(BeTrue(), "%T", o)
		all = append(all, membership.Named(named))
		return nil
	})).To(Succeed())
	slices.Sort(all)
	return all
}
