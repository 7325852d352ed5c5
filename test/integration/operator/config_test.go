package operator

import (
	"fmt"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var _ = Describe("The configuration", func() {
	second := strings.Replace(settings, `tag: "1"`, `tag: "2"`, 1)
	configure := func(w *scene, text string) {
		w.Expect(w.hub.Configure(w.ctx, v1.SystemNamespace, text)).To(Succeed())
	}
	// image is what the next run's Job asks for.
	image := func(w *scene, name string) string {
		run := w.docs(name)
		w.await(run, v1.PhaseSucceeded)
		return w.jobs(run)[0].Spec.Template.Spec.Containers[0].Image
	}
	// told is what the events on the ConfigMap say.
	told := func(w *scene) func() []string {
		return func() []string {
			m := &corev1.ConfigMap{}
			w.Expect(w.hub.Get(w.ctx, client.ObjectKey{Namespace: v1.SystemNamespace, Name: v1.ConfigMapName}, m)).To(Succeed())
			return notes(w.events(w.hub, m))
		}
	}

	Chapter("behaviour 52: changed while runs execute is in force for the next ones at once", func(w *scene) {
		running := w.docs("sim-slow-4s")
		w.await(running, v1.PhaseRunning)
		configure(w, second)
		w.Eventually(told(w)).Should(ContainElement(HavePrefix("Normal ConfigChanged")))
		w.Expect(image(w, "next")).To(Equal("registry.example.com/agent:2"))
		w.Expect(w.await(running, v1.PhaseSucceeded).Attempt).To(Equal(int32(1)))
	})

	Chapter("changed removes at once what is not to be kept any longer", func(w *scene) {
		run := w.docs("ended-before")
		w.await(run, v1.PhaseSucceeded)
		w.Consistently(w.things(run)).Should(Equal([3]int{1, 1, 1}))
		configure(w, second+"\ncleanup: {completedJobDelayMinutes: 0}\n")
		w.Eventually(w.things(run)).Should(Equal([3]int{}))
		configure(w, second)
	})

	Chapter("with another pattern of branches moves no run that has begun, and lets no two runs push to one branch", func(w *scene) {
		begun := w.code("begun", "sim-hang-once")
		w.await(begun, v1.PhaseRunning)
		branch := fmt.Sprintf("feature/task-%d-implementation", *begun.Spec.TaskID)
		changes := func() int { return strings.Count(w.fleet.replica.Says(), "Using a changed configuration") }
		before := changes()
		configure(w, second+"\ngit: {codeBranch: \"work/task-{taskId}\"}\n")
		w.Eventually(changes).Should(BeNumerically(">", before))
		docs := w.docs("docs", func(r *v1.DocsRun) {
			r.Spec.RepositoryURL, r.Spec.TargetBranch = begun.Spec.RepositoryURL, v1.BranchName(branch)
		})
		w.Eventually(w.status(docs)).Should(And(be(v1.PhasePending, v1.ReasonBranchBusy), says(w.namespace+"/begun")))

		w.ask(begun, func() { begun.Spec.ContextVersion = 2 })
		s := w.await(begun, v1.PhaseSucceeded)
		w.Expect(s).To(And(HaveField("Attempt", int32(2)), HaveField("Branch", branch)))
		for _, j := range w.jobs(begun) {
			w.Expect(literals(j.Spec.Template.Spec)).To(HaveKeyWithValue("RUNFLEET_BRANCH", branch))
		}
		w.await(docs, v1.PhaseSucceeded)
		next := w.code("next", "another")
		w.Expect(w.await(next, v1.PhaseSucceeded).Branch).To(Equal(fmt.Sprintf("work/task-%d", *next.Spec.TaskID)))
	})

	Chapter("behaviour 52: changed to nonsense stays what it was, which event, log and metric say", func(w *scene) {
		nonsense := "agent: {image: {repository: registry.example.com/agent}}\ntiming: {settleSeconds: soon}"
		configure(w, nonsense)
		w.Eventually(told(w)).Should(ContainElement(And(HavePrefix("Warning ConfigInvalid"),
			ContainSubstring("agent.image.tag: is not set"), ContainSubstring("timing.settleSeconds"))))
		w.Expect(w.fleet.replica.Metric("runfleet_config_valid")).To(BeZero())
		w.Expect(w.fleet.replica.Says()).To(ContainSubstring("Keeping the last good configuration"))
		w.Expect(image(w, "still")).To(Equal("registry.example.com/agent:2"))
	})

	Chapter("behaviour 52: with keys that nobody knows is in force, and an event names them", func(w *scene) {
		defer configure(w, settings)
		configure(w, settings+"\ntimming: {settleSeconds: 3}\n")
		w.Eventually(told(w)).Should(ContainElement(And(HavePrefix("Warning ConfigUnknownKey"), ContainSubstring("timming"))))
		w.Eventually(w.fleet.replica.Metric).WithArguments("runfleet_config_valid").Should(BeEquivalentTo(1))
		w.Expect(image(w, "next")).To(Equal("registry.example.com/agent:1"))
	})
})

var _ = Describe("An operator that cannot work", first, func() {
	// refusal starts an operator and returns how it ended and what it said.
	refusal := func(on *bed.Cluster, namespace string) (int, string) {
		o, err := program.StartOperator(on, "--system-namespace", namespace, "--leader-elect=false")
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(o.Stop)
		Consistently(o.Ready, "300ms").ShouldNot(Equal(http.StatusOK))
		Eventually(o.Done()).Should(BeClosed())
		return o.ExitCode(), o.Says()
	}

	It("behaviour 33: does not start without an image, and is never ready", func(ctx SpecContext) {
		Expect(wild.hub.Configure(ctx, "no-image", "agent: {command: [claude]}")).To(Succeed())
		code, said := refusal(wild.hub, "no-image")
		Expect(code).To(Equal(1))
		Expect(said).To(And(ContainSubstring("no-image/"+v1.ConfigMapName), ContainSubstring("agent.image.repository: is not set"),
			ContainSubstring("agent.image.tag: is not set")))
	})

	It("does not start with an invalid configuration, and says every mistake at once", func(ctx SpecContext) {
		text := strings.Replace(strings.Replace(settings, "graceSeconds: 1", "graceSeconds: -1", 1), "docsSeconds: 10", "docsSeconds: long", 1)
		Expect(wild.hub.Configure(ctx, "invalid", text)).To(Succeed())
		code, said := refusal(wild.hub, "invalid")
		Expect(code).To(Equal(1))
		Expect(said).To(And(ContainSubstring("timing.graceSeconds"), ContainSubstring("deadlines.docsSeconds")))
	})

	It("does not start without a configuration, and says which to create", func(_ SpecContext) {
		code, said := refusal(wild.hub, "nowhere")
		Expect(code).To(Equal(1))
		Expect(said).To(ContainSubstring(fmt.Sprintf("there is no ConfigMap nowhere/%s: create it", v1.ConfigMapName)))
	})

	It("does not start where the CRDs are missing, and says how to install them", func(_ SpecContext) {
		code, said := refusal(west, v1.SystemNamespace)
		Expect(code).To(Equal(1))
		Expect(said).To(ContainSubstring("the hub does not know Runfleet's kinds: run `runfleet crds | kubectl apply --server-side -f -` first"))
	})
})

var _ = Describe("One cluster alone", func() {
	Story("is hub and member with --local-member, watches --namespace only, and needs no more than an image", func(w *scene) {
		ctx, calmly := w.ctx, *w
		w.Expect(east.InstallCRDs(ctx)).To(Succeed())
		w.Expect(east.Configure(ctx, v1.SystemNamespace, `agent: {image: {repository: registry.example.com/agent, tag: "1"}}`)).To(Succeed())
		start := func() *bed.Replica {
			o, err := program.StartOperator(east, "--local-member", "--namespace", "team-a", "--leader-elect=false")
			calmly.Expect(err).NotTo(HaveOccurred())
			return o
		}
		o := start()
		defer func() { o.Stop() }()
		on := func(namespace string) *scene {
			calmly.Expect(east.TeamNamespace(ctx, namespace, nil)).To(Succeed())
			return &scene{calmly.Gomega, ctx, &stage{hub: east, seen: wild.seen}, east, namespace}
		}
		w, elsewhere := on("team-a"), on("team-b")
		other := elsewhere.docs("not-mine")
		docs := w.docs("local-docs", func(r *v1.DocsRun) { r.Spec.DeadlineSeconds = nil })
		code := w.code("local-code", "local", func(r *v1.CodeRun) { r.Spec.DeadlineSeconds = nil })
		w.Expect(w.await(docs, v1.PhaseSucceeded).Cluster).To(Equal("local"))
		w.Expect(w.await(code, v1.PhaseSucceeded).Cluster).To(Equal("local"))
		w.Expect(w.jobs(docs)[0].Spec.ActiveDeadlineSeconds).To(Equal(new(int64(14400))), "behaviour 18: four hours by default")
		w.Expect(w.jobs(code)[0].Spec.ActiveDeadlineSeconds).To(Equal(new(int64(7200))), "behaviour 18: two hours by default")
		w.Expect(elsewhere.read(other)).To(And(HaveField("Status.Phase", v1.PhasePending), HaveField("Finalizers", BeEmpty())))
		w.forget(docs)
		w.Expect(w.things(docs)()).To(Equal([3]int{}))

		ghost, _ := w.late(code, east, ofOurs)
		o.Stop()
		o = start()
		w.Eventually(w.things(ghost)).Should(Equal([3]int{}), "what came late is swept on the hub itself")
		w.tidy(ctx)
	})
})
