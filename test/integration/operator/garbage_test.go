//go:build faults

package operator

import (
	"regexp"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/reconcilers/garbage"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var _ = Describe("What no run accounts for", first, Label(left), func() {
	It("is swept when its member comes back: left by a run that was forced away, or created after it was gone", func(ctx SpecContext) {
		w := onWild(ctx)
		forced, before := w.docs("forced", on[*v1.DocsRun]("east")), w.docs("before", on[*v1.DocsRun]("east"))
		w.await(forced, v1.PhaseSucceeded)
		w.await(before, v1.PhaseSucceeded)
		swept := wild.replica.Metric("runfleet_swept_total")
		w.away()
		w.force(forced)
		ghost, created := w.late(before, east, ofOurs)
		_, foreign := w.late(before, east, ofAnotherHub)
		w.Expect(w.orphans(ctx)).To(HaveLen(5), "a Job, its pod and inputs of the one, a Job and inputs of the other")
		w.back()
		for _, o := range created {
			w.Eventually(w.there(east, o)).Should(MatchError(ContainSubstring("not found")))
		}
		w.Eventually(w.things(forced)).Should(Equal([3]int{}))
		w.Expect(w.attempts(ghost, "Pod")()).To(BeZero(), "what came late never ran")
		w.Expect(w.things(before)()).To(Equal([3]int{1, 1, 1}), "its run is there")
		w.Expect(wild.replica.Metric("runfleet_swept_total")-swept).To(BeEquivalentTo(4), "a pod goes with its Job")
		w.Eventually(w.events).WithArguments(w.hub, forced).Should(ContainElement(And(
			HaveField("Reason", "Swept"), HaveField("Note", ContainSubstring("of attempt 1 on member east was deleted")))))
		for _, o := range foreign {
			w.Consistently(w.there(east, o)).Should(Succeed(), "it is another hub's")
			w.Expect(east.Delete(ctx, o, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
		}
	})

	It("is listed and left alone while it is a live agent, and its inputs with it", func(ctx SpecContext) {
		w := onWild(ctx)
		run := w.docs("sim-hang", on[*v1.DocsRun]("east"))
		w.await(run, v1.PhaseRunning)
		job := w.jobs(run)[0]
		w.away()
		w.force(run)
		said := w.command("orphans")
		w.Expect(said.Code).To(Equal(1))
		w.Expect(said.Stderr).To(And(MatchRegexp(`member east was not asked: https://\S+ does not answer`), HaveSuffix("runfleet: incomplete: 1 of 2 members could not be asked\n")))
		w.Expect(said.Stdout).NotTo(ContainSubstring(job.Name))
		w.back()
		w.Eventually(w.events).WithArguments(w.hub, run).Should(ContainElement(And(
			HaveField("Reason", "AgentWithoutRun"), HaveField("Type", corev1.EventTypeWarning),
			HaveField("Note", And(ContainSubstring("on member east"), ContainSubstring("kubectl -n "+w.namespace+" delete job "+job.Name))))))
		w.away()
		w.back()
		w.Consistently(w.things(run)).Should(Equal([3]int{1, 1, 1}))
		w.Expect(w.pods(run)).To(HaveExactElements(HaveField("Status.Phase", corev1.PodRunning)))
		said = w.command("orphans", "-n", w.namespace)
		w.Expect(said.Code).To(BeZero(), said.Stderr)
		w.Expect(said.Stdout).To(MatchRegexp(`(?m)^east +`+w.namespace+` +job/`+job.Name+` +docsrun/sim-hang +1 +running +\d+s +its run is gone, and its agent lives: `+
			`it ends by itself at \S+ at the latest. To end it now, on member east: kubectl -n `+w.namespace+` delete job `+job.Name+`$`), said.Stderr)

		w.Expect(east.Delete(ctx, &job, client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
		w.Eventually(w.things(run)).Should(Equal([3]int{0, 0, 1}))
		w.away()
		w.back()
		w.Eventually(w.things(run)).Should(Equal([3]int{}))
		told := regexp.MustCompile(`Leaving a live agent alone.*`+w.namespace).FindAllString(wild.replica.Says(), -1)
		w.Expect(told).To(HaveLen(1), "once for Job and pod together, however often the member is swept")
	})

	It("is only what the hub itself has just said not to have", func(ctx SpecContext) {
		w := onWild(ctx)
		before := w.docs("before", on[*v1.DocsRun]("west"))
		w.await(before, v1.PhaseSucceeded)
		_, created := w.late(before, west, ofAnotherHub)
		member := fleet.Member{Name: "west", Answers: true, Cluster: fleet.Cluster{Cached: west, Live: west, Writer: west}}
		sweeper := func(hub client.Reader, edit func(*garbage.Options)) *garbage.Sweeper {
			o := garbage.Options{
				HubUID: anotherHub, Cached: w.hub, Live: hub, Quarantined: func() bool { return false },
				Observer: nobody{}, RequestTimeout: 2 * time.Second,
			}
			edit(&o)
			return garbage.New(o)
		}
		stays := func(s *garbage.Sweeper, m fleet.Member, why OmegaMatcher) {
			GinkgoHelper()
			w.Expect(s.Sweep(ctx, m)).To(why)
			for _, o := range created {
				w.Expect(w.there(west, o)()).To(Succeed())
			}
		}
		as := func(config *rest.Config, address string) client.Client {
			config = rest.CopyConfig(config)
			if address != "" {
				config.Host = "https://" + address
			}
			c, err := client.New(config, client.Options{Scheme: w.hub.Scheme(), Mapper: w.hub.RESTMapper()})
			w.Expect(err).NotTo(HaveOccurred())
			return c
		}
		dead, hanging := bed.NewDetour(wild.hub.Admin), bed.NewDetour(nil)
		dead.Close()
		DeferCleanup(hanging.Close)
		stranger, err := w.hub.NewUser(ctx, "sweeper", nil)
		w.Expect(err).NotTo(HaveOccurred())
		is := func(*garbage.Options) {}
		asking := ContainSubstring("asking the hub for the DocsRuns")
		stays(sweeper(as(wild.hub.Admin, dead.Address()), is), member, MatchError(asking))
		stays(sweeper(as(wild.hub.Admin, hanging.Address()), is), member, MatchError(And(asking, ContainSubstring("deadline exceeded"))))
		stays(sweeper(as(stranger, ""), is), member, MatchError(And(asking, ContainSubstring("forbidden"))))
		stays(sweeper(w.hub, func(o *garbage.Options) { o.Quarantined = func() bool { return true } }), member, MatchError(garbage.ErrQuarantined))
		stays(sweeper(w.hub, func(o *garbage.Options) { o.HubUID = w.identity(w.hub) }), member, Succeed())
		stays(sweeper(w.hub, func(o *garbage.Options) { o.Namespaces = []string{"another"} }), member, Succeed())
		silent := member
		silent.Answers = false
		stays(sweeper(w.hub, is), silent, Succeed())
		w.Expect(sweeper(w.hub, func(o *garbage.Options) { o.Namespaces = []string{w.namespace} }).Sweep(ctx, member)).To(Succeed())
		for _, o := range created {
			w.Eventually(w.there(west, o)).Should(MatchError(ContainSubstring("not found")))
		}
	})

	It("is not what changed since it was seen", func(ctx SpecContext) {
		w := onWild(ctx)
		before := w.docs("sim-slow-2s", on[*v1.DocsRun]("west"))
		w.await(before, v1.PhaseSucceeded)
		ghost, created := w.late(before, west, ofAnotherHub)
		released := &meddler{Client: west, meddle: func() { // somebody resumes the Job behind the sweeper's back
			w.Expect(west.Patch(ctx, created[0], client.RawPatch(types.MergePatchType, []byte(`{"spec":{"suspend":false}}`)))).To(Succeed())
		}}
		s := garbage.New(garbage.Options{
			HubUID: anotherHub, Cached: w.hub, Live: w.hub, Quarantined: func() bool { return false }, Observer: nobody{}, RequestTimeout: 20 * time.Second,
		})
		member := fleet.Member{Name: "west", Answers: true, Cluster: fleet.Cluster{Cached: west, Live: west, Writer: released}}
		w.Expect(s.Sweep(ctx, member)).To(Succeed())
		for _, o := range created {
			w.Expect(w.there(west, o)()).To(Succeed(), "the Job executes now, and needs its inputs")
		}
		w.Eventually(w.jobs).WithArguments(ghost).Should(HaveExactElements(HaveField("Status.Succeeded", int32(1))))
		w.Expect(s.Sweep(ctx, member)).To(Succeed())
		w.Eventually(w.things(ghost)).Should(Equal([3]int{}))
	})
})
