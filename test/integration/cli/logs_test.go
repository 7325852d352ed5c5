package cli

import (
	"context"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

// beLocalMember makes the hub a member of itself.
func beLocalMember(ctx SpecContext) {
	system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: v1.SystemNamespace}}
	Expect(client.IgnoreAlreadyExists(hub.Create(ctx, system))).To(Succeed())
	member(ctx, "local", identity(ctx), nil)
}

var _ = Describe("logs", func() {
	BeforeEach(beLocalMember)

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
