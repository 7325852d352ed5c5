package cli

import (
	"encoding/json"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("get", func() {
	It("shows both kinds in one table", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop", v1.PhaseProvisioning, v1.PhaseRunning)
		code(ctx, ns, "auth-7")
		Expect(callLine(ns, "get")).To(Equal(result{0, `NAME            PHASE    CLUSTER  ATTEMPT  AGE  REASON
docsrun/shop    Running  eu-1     1        0s   it is Running
coderun/auth-7  Pending  -        -        0s   -
`, ""}))
		Expect(callLine(ns, "get docsruns").Stdout).NotTo(ContainSubstring("coderun"))
		Expect(callLine(ns, "get cr -o name").Stdout).To(Equal("coderun/auth-7\n"))
	})

	It("shows more on demand", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop", v1.PhaseProvisioning, v1.PhaseRunning, v1.PhaseSucceeded)
		tell(ctx, run, func(s *v1.RunStatus) {
			s.StartedAt, s.FinishedAt, s.Usage = at(30), at(10), &v1.Usage{CostUSD: "1.5"}
			s.PullRequestURL = "https://github.com/example/shop/pull/9"
		})
		Expect(callLine(ns, "get -o wide").Stdout).To(Equal(
			`NAME          PHASE      CLUSTER  ATTEMPT  AGE  STARTED  DURATION  COST   PULL REQUEST                            REASON
docsrun/shop  Succeeded  eu-1     1        0s   30m      20m       $1.50  https://github.com/example/shop/pull/9  it is Succeeded
`))
	})

	It("finds a run by every name that people write, and kubectl writes", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop")
		code(ctx, ns, "shop")
		code(ctx, ns, "auth")
		for _, line := range []string{
			"docsrun/shop", "dr/shop", "DocsRun/shop", "docsruns shop", "docsrun.orchestrator.platform/shop", "dr/shop docsruns/shop",
		} {
			Expect(callLine(ns, "get -o name "+line)).To(Equal(result{0, "docsrun/shop\n", ""}), line)
		}
		Expect(callLine(ns, "get -o name auth dr/shop")).To(Equal(result{0, "coderun/auth\ndocsrun/shop\n", ""}))
	})

	It("asks which of two runs is meant", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop")
		code(ctx, ns, "shop")
		Expect(callLine(ns, "get shop")).To(Equal(result{2, "",
			"runfleet: two runs are named \"shop\": write docsrun/shop or coderun/shop\nSee 'runfleet get --help'.\n"}))
	})

	It("says what there is instead of what is not", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		Expect(callLine(ns, "get")).To(Equal(result{0, "", "No runs in namespace " + ns + ". Another one: -n NAME, all: -A, a new run: runfleet create\n"}))
		Expect(callLine(ns, "get shop")).To(Equal(result{1, "",
			"runfleet: no run \"shop\" in namespace " + ns + ", which has no runs: name another with -n, or see all with: runfleet get -A\n"}))
		docs(ctx, ns, "shop")
		Expect(callLine(ns, "get shp").Stderr).To(Equal("runfleet: no run \"shp\" in namespace " + ns + ": did you mean docsrun/shop? There are: docsrun/shop\n"))
		Expect(callLine(ns, "get cr/shop").Stderr).To(Equal("runfleet: no coderun/shop in namespace " + ns + ": did you mean docsrun/shop? There are: docsrun/shop\n"))
		for name := range strings.SplitSeq("abcdefghi", "") {
			code(ctx, ns, "run-"+name)
		}
		Expect(callLine(ns, "get something").Stderr).To(HaveSuffix(". There are: docsrun/shop, coderun/run-a, coderun/run-b, " +
			"coderun/run-c, coderun/run-d, coderun/run-e, coderun/run-f, coderun/run-g, and 2 more\n"))
		Expect(callLine(ns, "get -l a=b").Stderr).To(Equal("No runs match a=b in namespace " + ns + ".\n"))
	})

	It("shows all namespaces, and selects by labels", func(ctx SpecContext) {
		one, two := newNamespace(ctx), newNamespace(ctx)
		for _, ns := range []string{one, two} {
			run := docs(ctx, ns, "everywhere")
			run.Labels = map[string]string{"spec": one, "in": ns}
			Expect(hub.Update(ctx, run)).To(Succeed())
		}
		all := callLine("", "get -A -l spec="+one).Stdout
		Expect(all).To(MatchRegexp(`^NAMESPACE +NAME +PHASE[^\n]*\n` + one + ` +docsrun/everywhere[^\n]*\n` + two + ` +docsrun/everywhere[^\n]*\n$`))
		Expect(callLine("", "get -A -o name -l in="+two)).To(Equal(result{0, "docsrun/everywhere\n", ""}))
	})

	It("prints what the API server has for programs", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop")
		code(ctx, ns, "auth")
		var one unstructured.Unstructured
		Expect(json.Unmarshal([]byte(callLine(ns, "get shop -o json").Stdout), &one.Object)).To(Succeed())
		Expect(one.GetKind()).To(Equal("DocsRun"))
		Expect(one.Object).To(HaveKeyWithValue("spec", HaveKeyWithValue("suspend", false)), "a default that the types would leave out")
		Expect(one.GetManagedFields()).To(BeEmpty())

		var list unstructured.UnstructuredList
		Expect(yaml.Unmarshal([]byte(callLine(ns, "get -o yaml").Stdout), &list.Object)).To(Succeed())
		Expect(list.GetKind()).To(Equal("List"))
		Expect(list.Object["items"]).To(HaveLen(2))
		Expect(callLine(newNamespace(ctx), "get -o json").Stdout).To(ContainSubstring(`"items": []`))
	})

	It("lets no message command the terminal", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop", v1.PhaseProvisioning)
		tell(ctx, run, func(s *v1.RunStatus) { s.Message = "first\nsecond \x1b]0;title\x07 \x1b[2J third" })
		Expect(callLine(ns, "get").Stdout).To(HaveSuffix("first second ]0;title [2J third\n"))
	})

	It("shows the members", func(ctx SpecContext) {
		Expect(callLine("", "get members").Stderr).To(Equal("No members: a MemberCluster object registers one.\n"))
		m := &v1.MemberCluster{ObjectMeta: metav1.ObjectMeta{Name: "eu-1"}, Spec: v1.MemberClusterSpec{
			KubeconfigSecretRef: &v1.KubeconfigSecretRef{Name: "eu-1"}, MaxRuns: new(int32(4)),
		}}
		Expect(hub.Create(ctx, m)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(hub.Delete(ctx, m)).To(Succeed()) })
		m.Status.ActiveRuns, m.Status.KubernetesVersion = 2, "v1.36.3"
		m.Status.Conditions = []metav1.Condition{{
			Type: v1.ConditionMemberReady, Status: metav1.ConditionFalse, Reason: v1.ReasonKubeconfigMissing,
			Message: "Secret runfleet-system/eu-1 does not exist", LastTransitionTime: metav1.Now(),
		}}
		Expect(hub.Status().Update(ctx, m)).To(Succeed())
		want := `NAME  READY  VERSION  RUNS  AGE  REASON
eu-1  False  v1.36.3  2/4   0s   KubeconfigMissing: Secret runfleet-system/eu-1 does not exist
`
		for _, line := range []string{"get mc", "get members", "get mc/eu-1", "get memberclusters eu-1"} {
			Expect(callLine("", line)).To(Equal(result{0, want, ""}), line)
		}
		Expect(callLine("", "get mc/eu-2").Stderr).To(Equal("runfleet: no member \"eu-2\": did you mean membercluster/eu-1? There are: membercluster/eu-1\n"))
	})
})

var _ = Describe("get --watch", func() {
	It("prints a line for every change where nobody draws", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop")
		s := begin(ns, "get", "-w")
		table := "NAME          PHASE    CLUSTER  ATTEMPT  AGE  REASON\ndocsrun/shop  Pending  -        -        0s   -\n"
		Eventually(out(s)).Should(Equal(table))
		lead(ctx, run, v1.PhaseProvisioning)
		table += "docsrun/shop  Provisioning  eu-1     1        0s   it is Provisioning\n"
		Eventually(out(s)).Should(Equal(table))
		run.Labels = map[string]string{"seen": "no"} // shows nowhere
		Expect(hub.Update(ctx, run)).To(Succeed())
		other := code(ctx, ns, "auth")
		table += "coderun/auth  Pending       -        -        0s   -\n"
		Eventually(out(s)).Should(Equal(table))
		Expect(hub.Delete(ctx, other)).To(Succeed())
		table += "coderun/auth  Deleted       -        -        0s   -\n"
		Eventually(out(s)).Should(Equal(table))
		Eventually(s.Interrupt()).Should(gexec.Exit(0))
		Expect(said(s)()).To(BeEmpty())
	})

	It("watches only what is named", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop")
		other := docs(ctx, ns, "other")
		s := begin(ns, "get", "shop", "-w")
		Eventually(out(s)).Should(ContainSubstring("docsrun/shop"))
		lead(ctx, other, v1.PhaseCancelled)
		lead(ctx, &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: ns}}, v1.PhaseCancelled)
		Eventually(out(s)).Should(ContainSubstring("Cancelled"))
		Expect(out(s)()).NotTo(ContainSubstring("other"))
	})
})
