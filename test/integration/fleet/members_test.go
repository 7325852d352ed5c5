package fleet

import (
	"context"
	"encoding/pem"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// ours are the labels of an object of ours.
var ours = map[string]string{v1.LabelManaged: "true"}

// kubeconfigOf writes a client configuration as a kubeconfig, changed by edits.
func kubeconfigOf(c *rest.Config, edits ...func(*clientcmdapi.Cluster, *clientcmdapi.AuthInfo)) []byte {
	k := clientcmdapi.NewConfig()
	cluster := &clientcmdapi.Cluster{Server: c.Host, CertificateAuthorityData: c.CAData}
	user := &clientcmdapi.AuthInfo{ClientCertificateData: c.CertData, ClientKeyData: c.KeyData, Token: c.BearerToken}
	for _, edit := range edits {
		edit(cluster, user)
	}
	k.Clusters["member"], k.AuthInfos["runfleet"] = cluster, user
	k.Contexts["member"] = &clientcmdapi.Context{Cluster: "member", AuthInfo: "runfleet"}
	k.CurrentContext = "member"
	data, err := clientcmd.Write(*k)
	ExpectWithOffset(1, err).NotTo(HaveOccurred())
	return data
}

// through sends what would go to the API server another way.
func through(address string) func(*clientcmdapi.Cluster, *clientcmdapi.AuthInfo) {
	return func(c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) { c.Server = "https://" + address }
}

// user is a user of a cluster with the permissions of docs/members.md and no others.
func user(ctx context.Context, on *bed.Cluster) *rest.Config {
	name := named("user")
	c, err := on.User(name)
	Expect(err).NotTo(HaveOccurred())
	grant(ctx, on, name, fleet.Permissions)
	return c
}

// grant gives a user permissions in every namespace, and returns the name of role and binding.
func grant(ctx context.Context, on *bed.Cluster, user string, rules []rbacv1.PolicyRule) (role string) {
	r := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: named("role")}, Rules: rules}
	ExpectWithOffset(1, on.Create(ctx, r)).To(Succeed())
	ExpectWithOffset(1, on.Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: r.Name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: r.Name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: user}},
	})).To(Succeed())
	return r.Name
}

// write puts a kubeconfig into the Secret of a member.
func (op *operator) write(ctx context.Context, member string, kubeconfig []byte) {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: member, Namespace: op.namespace}}
	err := hub.Create(ctx, secret)
	ExpectWithOffset(1, client.IgnoreAlreadyExists(err)).To(Succeed())
	change := client.MergeFrom(secret.DeepCopy())
	secret.Data = map[string][]byte{"kubeconfig": kubeconfig}
	ExpectWithOffset(1, hub.Patch(ctx, secret, change)).To(Succeed())
}

// register registers a member with a kubeconfig, until the end of the spec.
func (op *operator) register(ctx context.Context, prefix string, kubeconfig []byte) string {
	name := named(prefix)
	op.write(ctx, name, kubeconfig)
	create(ctx, &v1.MemberCluster{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1.MemberClusterSpec{KubeconfigSecretRef: &v1.KubeconfigSecretRef{Name: name}},
	})
	return name
}

func create(ctx context.Context, o *v1.MemberCluster) {
	ExpectWithOffset(2, hub.Create(ctx, o)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { remove(ctx, o.Name) })
}

func remove(ctx context.Context, member string) {
	o := &v1.MemberCluster{ObjectMeta: metav1.ObjectMeta{Name: member}}
	ExpectWithOffset(1, client.IgnoreNotFound(hub.Delete(ctx, o))).To(Succeed())
}

// stored is the MemberCluster as the hub has it.
func stored(ctx context.Context, member string) *v1.MemberCluster {
	o := &v1.MemberCluster{}
	ExpectWithOffset(1, hub.Get(ctx, client.ObjectKey{Name: member}, o)).To(Succeed())
	return o
}

// condition polls "Status Reason" of a condition of a MemberCluster.
func condition(ctx context.Context, member, kind string) func() string {
	return func() string {
		c := meta.FindStatusCondition(stored(ctx, member).Status.Conditions, kind)
		if c == nil {
			return ""
		}
		return string(c.Status) + " " + c.Reason
	}
}

// message is the message of a condition.
func message(ctx context.Context, member, kind string) string {
	c := meta.FindStatusCondition(stored(ctx, member).Status.Conditions, kind)
	ExpectWithOffset(1, c).NotTo(BeNil())
	return c.Message
}

// identity is the UID of a cluster's kube-system namespace.
func identity(ctx context.Context, of *bed.Cluster) types.UID {
	ns := &corev1.Namespace{}
	ExpectWithOffset(1, of.Get(ctx, client.ObjectKey{Name: "kube-system"}, ns)).To(Succeed())
	return ns.UID
}

// reader is a user of the hub who sees members and nothing else.
func reader(ctx context.Context) *rest.Config {
	c, err := hub.NewUser(ctx, named("reader"), []rbacv1.PolicyRule{
		{APIGroups: []string{v1.GroupVersion.Group}, Resources: []string{"memberclusters"}, Verbs: []string{"list"}},
	})
	ExpectWithOffset(1, err).NotTo(HaveOccurred())
	return c
}

// inPEM writes a certificate as a kubeconfig has it.
func inPEM(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }
