package cli

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("The hub", func() {
	It("without the CRDs is told how to get them, by every verb", func() {
		Expect(bare).To(HaveLen(5))
		Expect(bare).To(HaveEach(Equal(result{1, "", "runfleet: " + plane.Config().Host +
			" has no Runfleet: its CRDs are not installed; run: runfleet install (or only the CRDs: runfleet crds | kubectl apply --server-side -f -)\n"})))
	})

	It("is that of the context, and so is the namespace", func(ctx SpecContext) {
		Expect(hub.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "elsewhere"}})).To(Succeed())
		docs(ctx, "elsewhere", "abroad")
		Expect(callLine("", "get --context elsewhere -o name")).To(Equal(result{0, "docsrun/abroad\n", ""}))
		Expect(callLine("default", "get --context elsewhere -o name").Stdout).NotTo(ContainSubstring("abroad"))
		Expect(callLine("", "get --context nowhere")).To(Equal(result{2, "",
			"runfleet: unknown context \"nowhere\". Contexts: dead, elsewhere, hub, nobody, stranger\nSee 'runfleet get --help'.\n"}))
	})

	It("that is not there, does not know you or forbids it: one line says which", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop")
		host := plane.Config().Host
		for context, want := range map[string]string{
			"dead": "runfleet: listing docsruns: the API server https://127.0.0.1:1 cannot be reached (dial tcp 127.0.0.1:1: connect: connection refused): " +
				"is it up, and is this the right context (--context)?\n",
			"stranger": "runfleet: listing docsruns: the API server " + host + " does not know you: renew the credentials of the kubeconfig\n",
			"nobody": `runfleet: listing docsruns: docsruns.orchestrator.platform is forbidden: User "nobody" cannot list resource "docsruns" ` +
				`in API group "orchestrator.platform" in the namespace "` + ns + "\"\n",
		} {
			Expect(callLine(ns, "get --context "+context)).To(Equal(result{1, "", want}))
			Expect(callLine(ns, "get -w --context "+context).Code).To(Equal(1))
		}
	})

	It("may let somebody read one run and nothing else", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop")
		allow(ctx, ns, "nobody", "docsruns", "shop", "get")
		Expect(callLine(ns, "get dr/shop -o name --context nobody")).To(Equal(result{0, "docsrun/shop\n", ""}))
		Expect(callLine(ns, "cancel dr/shop --context nobody").Stderr).To(HavePrefix("runfleet: cancel of docsrun/shop: docsruns.orchestrator.platform \"shop\" is forbidden: "))
	})
})

var _ = Describe("Completion", func() {
	It("knows runs, members and namespaces of the cluster", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop")
		code(ctx, ns, "shop")
		code(ctx, ns, "auth", v1.PhaseCancelled)
		m := &v1.MemberCluster{ObjectMeta: metav1.ObjectMeta{Name: "eu-9"}, Spec: v1.MemberClusterSpec{Connection: v1.ConnectionHub}}
		Expect(hub.Create(ctx, m)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(hub.Delete(ctx, m)).To(Succeed()) })
		complete := func(args ...string) string {
			return finish(command("", append([]string{"__complete"}, args...)...)).Stdout
		}
		Expect(complete("wait", "-n", ns, "")).To(Equal("docsrun/shop\nauth\ncoderun/shop\n:4\n"))
		Expect(complete("wait", "-n", ns, "auth", "")).To(Equal("docsrun/shop\ncoderun/shop\n:4\n"))
		Expect(complete("cancel", "-n", ns, "cr/")).To(Equal("cr/auth\ncr/shop\n:4\n"))
		Expect(complete("retry", "-n", ns, "auth", "")).To(Equal(":4\n"))
		Expect(complete("get", "-n", ns, "")).To(Equal("docsruns\ncoderuns\nmembers\ndocsrun/shop\nauth\ncoderun/shop\n:4\n"))
		Expect(complete("get", "mc/")).To(Equal("mc/eu-9\n:4\n"))
		Expect(complete("get", "members", "")).To(Equal("eu-9\n:4\n"))
		Expect(complete("create", "docs", "x", "--cluster", "")).To(Equal("eu-9\n:4\n"))
		Expect(complete("get", "--namespace", "")).To(ContainSubstring(ns + "\n"))
		Expect(complete("get", "--context", "")).To(Equal("dead\nelsewhere\nhub\nnobody\nstranger\n:4\n"))
		Expect(complete("wait", "--context", "dead", "")).To(Equal(":4\n"))
	})
})
