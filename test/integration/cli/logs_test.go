package cli

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// What an agent says, and what is told of it.
const (
	clones = "Cloning into '/workspace/target-repo'..."
	begins = `{"type":"assistant","message":{"id":"m1","content":[{"type":"text","text":"I write it."}]}}`
	writes = `{"type":"assistant","message":{"id":"m1","content":[{"type":"tool_use","id":"t","name":"Write","input":{"file_path":"a.md"}}]}}`
	ends   = `{"type":"result","subtype":"success","num_turns":2,"total_cost_usd":0.25,"duration_ms":3000,"usage":{"input_tokens":1000,"output_tokens":50}}`

	begun    = clones + "\n\nI write it.\n"
	written  = begun + "  Write a.md\n"
	complete = written + "\ndone\n2 turns, $0.25, 1,000 tokens read, 50 written, in 3s\n"
	soFar    = "\n1 turn so far; what they cost the agent says at its end\n"
)

// placed takes a run to an attempt on a member, as the operator would.
func placed(ctx context.Context, run v1.Run, number int32, member string) {
	GinkgoHelper()
	tell(ctx, run, func(s *v1.RunStatus) {
		s.Phase, s.Reason, s.Message, s.Attempt, s.Cluster = v1.PhaseProvisioning, "SecretMissing", "create it", number, member
		s.Attempts = append(s.Attempts, v1.Attempt{Number: number, Cluster: member})
	})
}

// becomes says what has become of the newest attempt.
func becomes(ctx context.Context, run v1.Run, change func(*v1.Attempt)) {
	GinkgoHelper()
	tell(ctx, run, func(s *v1.RunStatus) { change(&s.Attempts[len(s.Attempts)-1]) })
}

// atWork is a run whose first attempt was seen started.
func atWork(ctx context.Context, run v1.Run, member string) {
	GinkgoHelper()
	placed(ctx, run, 1, member)
	becomes(ctx, run, started)
	lead(ctx, run, v1.PhaseRunning)
}

func started(a *v1.Attempt) { a.StartSeenAt = at(5) }

func failed(a *v1.Attempt) {
	a.EndedAt, a.EndedBy, a.Class, a.ExitCode, a.Message = at(0), v1.EndJobFinished, v1.ClassAgentError, new(int32(1)), "attempt on local: it broke"
}

func succeeded(a *v1.Attempt) { a.EndedAt, a.EndedBy = at(0), v1.EndJobFinished }

var moments = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:]+Z \(\w+ ago\)`)

// stampless is a text without the moments in it.
func stampless(text string) string { return moments.ReplaceAllString(text, "MOMENT") }

var _ = Describe("logs", func() {
	BeforeEach(func(ctx SpecContext) {
		system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: v1.SystemNamespace}}
		Expect(client.IgnoreAlreadyExists(hub.Create(ctx, system))).To(Succeed())
		member(ctx, "local", identity(ctx), nil)
	})

	It("shows what an agent at work has said, and raw what its pod has written", func(ctx SpecContext) {
		ns, node := newNamespace(ctx), newKubelet(ctx)
		run := docs(ctx, ns, "shop")
		atWork(ctx, run, "local")
		node.pod(ctx, run, 1, runs)
		node.write(clones, begins, writes)
		Expect(callLine(ns, "logs shop")).To(Equal(result{0, "docsrun/shop, attempt 1 on local\n" + written + soFar, ""}))
		Expect(callLine(ns, "logs docsrun shop --attempt=1").Stdout).To(HaveSuffix(written + soFar))
		huge := strings.Repeat("x", 3<<20) + "\x1b[31m"
		node.write(huge)
		Expect(callLine(ns, "logs shop --raw")).To(Equal(result{0, clones + "\n" + begins + "\n" + writes + "\n" + huge + "\n", "docsrun/shop, attempt 1 on local\n"}))
		shown := callLine(ns, "logs shop").Stdout
		Expect(shown).To(HaveSuffix(strings.Repeat("x", 3<<20) + `\x1b[31m` + "\n" + soFar))
	})

	It("tells the recorded outcome of an attempt that has ended, and since when its pod is gone", func(ctx SpecContext) {
		ns, node := newNamespace(ctx), newKubelet(ctx)
		run := docs(ctx, ns, "shop")
		atWork(ctx, run, "local")
		pod := node.pod(ctx, run, 1, runs)
		becomes(ctx, run, failed)
		node.write(clones, begins, writes, ends)
		node.state(ctx, pod, exited)
		outcome := "attempt 1: AgentError, exit code 1, MOMENT\n  attempt on local: it broke\n"
		Expect(stampless(callLine(ns, "logs shop").Stdout)).To(Equal("docsrun/shop, attempt 1 on local\n" + complete + outcome))
		Expect(callLine(ns, "logs shop --raw").Stdout).To(HaveSuffix(ends + "\n"))

		Expect(hub.Delete(ctx, pod)).To(Succeed())
		got := callLine(ns, "logs shop")
		Expect(stampless(got.Stdout)).To(Equal("docsrun/shop, attempt 1 on local\n" + outcome + "  its pod and its log are gone; they were deleted after it ended, MOMENT\n"))
		Expect(got.Code).To(BeZero())
		Expect(stampless(callLine(ns, "logs shop --raw").Stderr)).To(Equal(
			"runfleet: attempt 1: its pod and its log are gone; they were deleted after it ended, MOMENT (without --raw: how it ended)\n"))

		lead(ctx, run, v1.PhaseRetrying)
		placed(ctx, run, 2, "local")
		becomes(ctx, run, succeeded)
		tell(ctx, run, func(s *v1.RunStatus) {
			s.PullRequestURL, s.Usage = "https://github.com/example/shop/pull/9", &v1.Usage{CostUSD: "1.5", InputTokens: 12345, OutputTokens: 678, Turns: 9}
		})
		lead(ctx, run, v1.PhaseSucceeded)
		Expect(stampless(callLine(ns, "logs shop --attempt 1").Stdout)).To(ContainSubstring("are gone since attempt 2 ended, MOMENT"))
		Expect(stampless(callLine(ns, "logs shop").Stdout)).To(ContainSubstring("attempt 2: Succeeded, MOMENT\n  https://github.com/example/shop/pull/9\n" +
			"  all attempts: 9 turns, 12,345 tokens read, 678 written, $1.50\n"))
		Expect(callLine(ns, "logs shop --attempt 3")).To(Equal(result{2, "",
			"runfleet: docsrun/shop has no attempt 3: there are 1, 2\nSee 'runfleet logs --help'.\n"}))
		Expect(call("", "__complete", "logs", "shop", "-n", ns, "--attempt", "").Stdout).To(HavePrefix("1\n2\n"))
	})

	It("follows the agent, attempt after attempt, and exits as the run ends", func(ctx SpecContext) {
		ns, one, two := newNamespace(ctx), newKubelet(ctx), newKubelet(ctx)
		run := code(ctx, ns, "auth")
		s := begin(ns, "logs", "-f", "auth")
		Eventually(said(s)).Should(Equal("coderun/auth is Pending\n"))
		placed(ctx, run, 1, "local")
		Eventually(said(s)).Should(HaveSuffix("coderun/auth is Provisioning: SecretMissing: create it\n"))
		first := one.pod(ctx, run, 1, waits)
		becomes(ctx, run, started) // and the node is slow to say so
		one.write(clones, begins)
		one.state(ctx, first, runs)
		lead(ctx, run, v1.PhaseRunning)
		told := "coderun/auth, attempt 1 on local\n" + begun
		Eventually(out(s)).Should(Equal(told))
		one.write(writes, ends)
		told = "coderun/auth, attempt 1 on local\n" + complete
		Eventually(out(s)).Should(Equal(told))
		one.state(ctx, first, exited)
		one.close()
		becomes(ctx, run, failed)
		lead(ctx, run, v1.PhaseRetrying)
		told += "attempt 1: AgentError, exit code 1, MOMENT\n  attempt on local: it broke\n"
		Eventually(func() string { return stampless(out(s)()) }).Should(Equal(told))

		two.pod(ctx, run, 2, exited)
		two.write(clones)
		two.close()
		placed(ctx, run, 2, "local")
		becomes(ctx, run, started)
		told += "\ncoderun/auth, attempt 2 on local\n" + clones + "\n"
		Eventually(func() string { return stampless(out(s)()) }).Should(Equal(told))
		becomes(ctx, run, failed)
		lead(ctx, run, v1.PhaseFailed)
		Eventually(s).Should(gexec.Exit(3))
		Expect(stampless(out(s)())).To(Equal(told + "attempt 2: AgentError, exit code 1, MOMENT\n  attempt on local: it broke\n"))
		Expect(said(s)()).To(HaveSuffix("coderun/auth is Failed: it is Failed\n"))

		again := callLine(ns, "logs auth -f --attempt 1") // of a run that has ended it is all there is
		Expect(again.Code).To(Equal(3))
		Expect(stampless(again.Stdout)).To(Equal(stampless(out(s)())))
	})

	It("loses no line and shows none twice when the connection to the member breaks", func(ctx SpecContext) {
		ns, node := newNamespace(ctx), newKubelet(ctx)
		run := docs(ctx, ns, "shop")
		atWork(ctx, run, "local")
		pod := node.pod(ctx, run, 1, runs)
		node.write(clones)
		s := begin(ns, "logs", "-f", "shop", "--raw")
		Eventually(out(s)).Should(Equal(clones + "\n"))
		node.cut()
		Eventually(said(s)).Should(MatchRegexp(`\nlost sight of the log of attempt 1, trying again: .*\n$`))
		node.write(begins)
		Eventually(out(s)).Should(Equal(clones + "\n" + begins + "\n"))
		Expect(node.times()).To(Equal(2))
		node.write(ends)
		node.state(ctx, pod, exited)
		node.close()
		becomes(ctx, run, succeeded)
		lead(ctx, run, v1.PhaseSucceeded)
		Eventually(s).Should(gexec.Exit(0))
		Expect(out(s)()).To(Equal(clones + "\n" + begins + "\n" + ends + "\n"))
	})

	It("does not wait for a log that never ends of an attempt that has ended", func(ctx SpecContext) {
		ns, node := newNamespace(ctx), newKubelet(ctx)
		run := docs(ctx, ns, "shop")
		atWork(ctx, run, "local")
		node.pod(ctx, run, 1, runs)
		node.write(clones)
		s := begin(ns, "logs", "-f", "shop")
		Eventually(out(s)).Should(HaveSuffix(clones + "\n"))
		becomes(ctx, run, func(a *v1.Attempt) { a.EndedAt, a.EndedBy, a.Class = at(0), v1.EndFenced, v1.ClassClusterLost })
		lead(ctx, run, v1.PhaseFailed)
		Eventually(s, 2*patience).Should(gexec.Exit(3))
		Expect(said(s)()).To(ContainSubstring("the log of attempt 1 is not complete: "))
		Expect(stampless(out(s)())).To(HaveSuffix("attempt 1: ClusterLost, MOMENT\n"))
	})

	It("is interrupted without a word, and ends when the run is deleted", func(ctx SpecContext) {
		ns, node := newNamespace(ctx), newKubelet(ctx)
		run := docs(ctx, ns, "shop")
		atWork(ctx, run, "local")
		node.pod(ctx, run, 1, runs)
		node.write(clones)
		one, two := begin(ns, "logs", "-f", "shop"), begin(ns, "logs", "-f", "shop")
		for _, s := range []*gexec.Session{one, two} {
			Eventually(out(s)).Should(HaveSuffix(clones + "\n"))
		}
		Eventually(one.Interrupt()).Should(gexec.Exit(130))
		Expect(said(one)()).To(BeEmpty())
		Expect(hub.Delete(ctx, run)).To(Succeed())
		Eventually(two).Should(gexec.Exit(6))
		Expect(said(two)()).To(Equal("runfleet: docsrun/shop was deleted meanwhile\n"))
	})

	It("says why there is no log yet", func(ctx SpecContext) {
		ns, node := newNamespace(ctx), newKubelet(ctx)
		Expect(callLine(ns, "logs shop").Code).To(Equal(6))
		run := docs(ctx, ns, "shop")
		tell(ctx, run, func(s *v1.RunStatus) { s.Reason, s.Message = "NoCandidate", "no member takes it" })
		Expect(callLine(ns, "logs shp")).To(Equal(result{6, "",
			"runfleet: no run \"shp\" in namespace " + ns + ": did you mean docsrun/shop? There are: docsrun/shop\n"}))
		Expect(callLine(ns, "logs shop")).To(Equal(result{1, "",
			"runfleet: there is no attempt yet, so there is no log: docsrun/shop is Pending: NoCandidate: no member takes it (-f waits for it)\n"}))
		placed(ctx, run, 1, "local")
		unstarted := result{1, "", "runfleet: attempt 1 has no log yet: docsrun/shop is Provisioning: SecretMissing: create it (-f waits for it)\n"}
		Expect(callLine(ns, "logs shop")).To(Equal(unstarted))
		pod := node.pod(ctx, run, 1, waits)
		Expect(callLine(ns, "logs shop")).To(Equal(unstarted))
		becomes(ctx, run, started)
		Expect(hub.Delete(ctx, pod)).To(Succeed())
		Expect(callLine(ns, "logs shop").Stderr).To(HavePrefix("runfleet: the pod of attempt 1 is gone, and how it ended is not known yet: "))
		becomes(ctx, run, func(a *v1.Attempt) {
			a.EndedAt, a.EndedBy, a.Class, a.StartSeenAt = at(0), v1.EndNeverAuthorised, v1.ClassRefused, nil
		})
		Expect(callLine(ns, "logs shop").Stdout).To(HaveSuffix("  it never had a pod, so there is no log\n"))
	})

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

	It("fits a terminal, and has colours there", func(ctx SpecContext) {
		ns, node := newNamespace(ctx), newKubelet(ctx)
		run := docs(ctx, ns, "shop")
		atWork(ctx, run, "local")
		node.pod(ctx, run, 1, runs)
		node.write(clones, begins, strings.Replace(writes, "a.md", strings.Repeat("long/", 20)+"a.md", 1))
		text := newScreen(60, 24).call(ns, "logs shop")
		Expect(text).To(ContainSubstring("\x1b[2m" + clones + "\x1b[0m\n"))
		plain := codes.ReplaceAllString(text, "")
		Expect(plain).To(ContainSubstring("\n  Write long/long/long/long/long/long/long/long/long/long/l…\n"))
		Expect(newScreen(60, 24).call(ns, "logs shop", "NO_COLOR=1")).To(Equal(plain))
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
