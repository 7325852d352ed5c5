package cli

import (
	"context"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("logs of a member that does not answer, or not to everybody", func() {
	BeforeEach(beLocalMember)

	It("says which member does not answer, and tells what is recorded all the same", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		k := contexts()
		k.CurrentContext = "dead"
		dead, err := clientcmd.Write(*k)
		Expect(err).NotTo(HaveOccurred())
		member(ctx, "eu-1", "d", dead)
		run := docs(ctx, ns, "shop")
		atWork(ctx, run, "eu-1")
		const unreachable = "runfleet: member eu-1 cannot be asked: https://127.0.0.1:1 does not answer while reading its identity"
		for _, call := range []string{"logs shop", "logs -f shop"} {
			got := callLine(ns, call)
			Expect(got).To(And(HaveField("Code", 1), HaveField("Stdout", ""), HaveField("Stderr", HavePrefix(unreachable))), call)
		}
		becomes(ctx, run, failed)
		got := callLine(ns, "logs shop")
		Expect(got.Code).To(Equal(1))
		Expect(got.Stderr).To(HavePrefix(unreachable))
		Expect(stampless(got.Stdout)).To(Equal("docsrun/shop, attempt 1 on eu-1\nattempt 1: AgentError, exit code 1, MOMENT\n  attempt on local: it broke\n"))
		becomes(ctx, run, func(a *v1.Attempt) { a.Cluster = "us-1" })
		Expect(callLine(ns, "logs shop").Stderr).To(Equal("runfleet: member us-1, which had attempt 1, is not registered any more\n"))
	})

	It("needs a right that the operator's user lacks, and goes by contexts of one's own", func(ctx SpecContext) {
		ns, node, uid := newNamespace(ctx), newKubelet(ctx), identity(ctx)
		member(ctx, "eu-1", uid, kubeconfigOf("operator-user"))
		grant(ctx, "operator-user", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods", "namespaces"}, Verbs: []string{"get", "list"}})
		run := docs(ctx, ns, "shop")
		atWork(ctx, run, "eu-1")
		node.pod(ctx, run, 1, runs)
		node.write(clones)
		Expect(callLine(ns, "logs shop")).To(Equal(result{1, "", "runfleet: the operator's user may not read logs on member eu-1 (get pods/log in namespace " + ns +
			"): --own-contexts goes by the context eu-1 of your own kubeconfig, or grant that user the ClusterRole runfleet-logs of docs/members.md\n"}))

		// A developer may read runs and logs here, and neither members nor Secrets.
		allow(ctx, ns, "developer", "docsruns", "", "get", "list", "watch")
		grant(ctx, "developer", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}})
		k, err := clientcmd.Load(kubeconfigOf("developer"))
		Expect(err).NotTo(HaveOccurred())
		own := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
		call := func(args string) result {
			Expect(clientcmd.WriteToFile(*k, own)).To(Succeed())
			return callLine(ns, "logs dr/shop --kubeconfig="+own+args)
		}
		Expect(call("").Stderr).To(ContainSubstring(`cannot get resource "memberclusters"`))
		Expect(call(" --own-contexts").Stderr).To(ContainSubstring(`member eu-1 cannot be asked: unknown context "eu-1". Contexts: developer`))
		k.Contexts["eu-1"] = k.Contexts["developer"]
		Expect(call(" --own-contexts").Stderr).To(Equal("runfleet: you may not read logs on member eu-1: ask for list on pods and get on pods/log in its namespace " + ns + "\n"))
		grant(ctx, "developer", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods", "pods/log"}, Verbs: []string{"get", "list"}})
		Expect(call(" --own-contexts")).To(Equal(result{0, "docsrun/shop, attempt 1 on eu-1\n" + clones + "\n", ""}))
		tell(ctx, run, func(s *v1.RunStatus) { s.Attempts[0].ClusterUID = "another" })
		Expect(call(" --own-contexts").Stderr).To(ContainSubstring("your context eu-1 leads to the cluster " + string(uid) + ", and the member is another"))
	})
})

// kubeconfigOf is a way to the API server as a user of its own.
func kubeconfigOf(user string) []byte {
	GinkgoHelper()
	config, err := plane.User(user)
	Expect(err).NotTo(HaveOccurred())
	k := contexts()
	k.Contexts = map[string]*clientcmdapi.Context{user: {Cluster: "hub", AuthInfo: user}}
	k.AuthInfos = map[string]*clientcmdapi.AuthInfo{user: {ClientCertificateData: config.CertData, ClientKeyData: config.KeyData, Token: config.BearerToken}}
	k.CurrentContext = user
	data, err := clientcmd.Write(*k)
	Expect(err).NotTo(HaveOccurred())
	return data
}

// grant lets a user do something in every namespace until the spec ends.
func grant(ctx context.Context, user string, rule rbacv1.PolicyRule) {
	GinkgoHelper()
	meta := metav1.ObjectMeta{GenerateName: user + "-"}
	role := &rbacv1.ClusterRole{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{rule}}
	Expect(hub.Create(ctx, role)).To(Succeed())
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}
	Expect(hub.Create(ctx, binding)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		Expect(hub.Delete(ctx, binding)).To(Succeed())
		Expect(hub.Delete(ctx, role)).To(Succeed())
	})
}
