package operator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/reconcilers/garbage"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// orphans are the objects in the scene's namespace, "" for all, that no run of its hub accounts for, as `runfleet orphans` finds them.
func (w *scene) orphans(ctx context.Context) []string {
	s := garbage.Surveyor{
		Hub: w.hub, HubUID: w.identity(w.hub), Namespace: w.namespace, Timeout: 20 * time.Second, Now: time.Now,
	}
	entries, silent, err := s.Survey(ctx, map[string]client.Reader{"east": east, "west": west})
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(silent).To(BeEmpty())
	found := []string{}
	for _, e := range entries {
		if e.Orphan {
			found = append(found, fmt.Sprintf("%s %s/%s on %s: %s", e.Kind, e.Namespace, e.Name, e.Member, e.Why))
		}
	}
	return found
}

// tidy asserts that nothing is left that no run accounts for. It holds at every moment, whatever the scene's runs do.
func (w *scene) tidy(ctx context.Context) {
	w.Expect(w.orphans(ctx)).To(BeEmpty())
}

// force deletes a run that cannot be cleaned up, and takes its finalizer away, as people do who are in a hurry.
func (w *scene) force(run v1.Run) {
	w.Expect(w.hub.Delete(w.ctx, run)).To(Succeed())
	noFinalizer := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
	w.Expect(client.IgnoreNotFound(w.hub.Patch(w.ctx, run, noFinalizer))).To(Succeed())
	w.gone(run)
}

// late are create requests that arrive on a member when their run is gone: Job and inputs as they were made for a run that
// ended well, of one that the hub never knew.
func (w *scene) late(like v1.Run, member *bed.Cluster, edit func(client.Object)) (v1.Run, []client.Object) {
	ghost := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: like.GetName(), Namespace: w.namespace, UID: uuid.NewUUID()}}
	job, inputs := w.jobs(like)[0].DeepCopy(), w.inputs(like)[0].DeepCopy()
	job.Spec.Selector, job.Spec.Suspend, job.Status = nil, new(true), batchv1.JobStatus{}
	for _, label := range []string{"controller-uid", "job-name"} {
		delete(job.Spec.Template.Labels, label)
		delete(job.Spec.Template.Labels, "batch.kubernetes.io/"+label)
	}
	job.Spec.Template.Labels[v1.LabelRunUID] = string(ghost.UID)
	objects := []client.Object{job, inputs}
	for _, o := range objects {
		labels := maps.Clone(o.GetLabels())
		labels[v1.LabelRunUID] = string(ghost.UID)
		meta := metav1.ObjectMeta{
			Name: v1.AttemptName(ghost.Name, ghost.UID, 1), Namespace: w.namespace, Labels: labels,
			Annotations: map[string]string{v1.AnnotationHome: o.GetAnnotations()[v1.AnnotationHome]},
		}
		if o == client.Object(job) {
			job.ObjectMeta = meta
		} else {
			inputs.ObjectMeta = meta
		}
		edit(o)
		w.Expect(member.Create(w.ctx, o)).To(Succeed())
	}
	return ghost, objects
}

func ofOurs(client.Object) {}

// anotherHub is one that no operator belongs to, so that only the spec sweeps for it.
const anotherHub = "another-hub"

func ofAnotherHub(o client.Object) { o.GetLabels()[v1.LabelHub] = anotherHub }

// there is whether a cluster has an object, and nobody has deleted it. For Eventually.
func (w *scene) there(on *bed.Cluster, o client.Object) func() error {
	return func() error {
		found, _ := o.DeepCopyObject().(client.Object)
		if err := on.Get(w.ctx, client.ObjectKeyFromObject(o), found); err != nil {
			return err
		}
		if found.GetDeletionTimestamp() != nil {
			return errors.New("it is being deleted")
		}
		return nil
	}
}

// away cuts east off and returns when the operator knows; back lets it come back.
func (w *scene) away() {
	toEast.CutOff()
	DeferCleanup(toEast.Heal)
	w.Eventually(w.row).WithArguments("east").Should(HaveKeyWithValue("Ready", "False"))
}

func (w *scene) back() {
	toEast.Heal()
	w.Eventually(w.row).WithArguments("east").Should(HaveKeyWithValue("Ready", "True"))
}

// command runs a verb of the binary against the hub.
func (w *scene) command(args ...string) (code int, stdout, stderr string) {
	cmd := exec.CommandContext(w.ctx, program.Path, append(args, "--kubeconfig", w.hub.KubeconfigPath())...)
	var said, warned bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &warned
	_ = cmd.Run()
	return cmd.ProcessState.ExitCode(), said.String(), warned.String()
}

var _ = Describe("What no run accounts for", first, func() {
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
		code, stdout, stderr := w.command("orphans")
		w.Expect(code).To(Equal(1))
		w.Expect(stderr).To(And(MatchRegexp(`member east was not asked: https://\S+ does not answer`), HaveSuffix("runfleet: incomplete: 1 of 2 members could not be asked\n")))
		w.Expect(stdout).NotTo(ContainSubstring(job.Name))
		w.back()
		w.Eventually(w.events).WithArguments(w.hub, run).Should(ContainElement(And(
			HaveField("Reason", "AgentWithoutRun"), HaveField("Type", corev1.EventTypeWarning),
			HaveField("Note", And(ContainSubstring("on member east"), ContainSubstring("kubectl -n "+w.namespace+" delete job "+job.Name))))))
		w.away()
		w.back()
		w.Consistently(w.things(run)).Should(Equal([3]int{1, 1, 1}))
		w.Expect(w.pods(run)).To(HaveExactElements(HaveField("Status.Phase", corev1.PodRunning)))
		code, stdout, stderr = w.command("orphans", "-n", w.namespace)
		w.Expect(code).To(BeZero(), stderr)
		w.Expect(stdout).To(MatchRegexp(`(?m)^east +`+w.namespace+` +job/`+job.Name+` +docsrun/sim-hang +1 +running +\d+s +its run is gone, and its agent lives: `+
			`it ends by itself at \S+ at the latest. To end it now, on member east: kubectl -n `+w.namespace+` delete job `+job.Name+`$`), stderr)

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

var _ = Describe("What goes while somebody looks", first, func() {
	It("is not taken for an orphan", func(ctx SpecContext) {
		w := onWild(ctx)
		before := w.docs("before", on[*v1.DocsRun]("west"))
		w.await(before, v1.PhaseSucceeded)
		going, objects := w.late(before, west, ofAnotherHub)
		staying, _ := w.late(before, west, ofAnotherHub)
		late := &meddler{Client: w.hub, meddle: func() { // the members were asked before the hub
			for _, o := range objects {
				w.Expect(west.Delete(ctx, o, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
			}
			w.Eventually(w.things(going)).Should(Equal([3]int{}))
		}}
		s := garbage.Surveyor{Hub: late, HubUID: anotherHub, Namespace: w.namespace, Timeout: 20 * time.Second, Now: time.Now}
		entries, silent, err := s.Survey(ctx, map[string]client.Reader{"west": west})
		w.Expect(err).NotTo(HaveOccurred())
		w.Expect(silent).To(BeEmpty())
		of := func(hub types.UID, orphan bool) []types.UID {
			var runs []types.UID
			for _, e := range entries {
				if e.Hub == hub && e.Orphan == orphan {
					runs = append(runs, e.Run)
				}
			}
			return runs
		}
		w.Expect(of(anotherHub, true)).To(Equal([]types.UID{staying.GetUID(), staying.GetUID()}))
		w.Expect(of(w.identity(w.hub), false)).To(HaveLen(3), "for that hub these are another's")
		w.Expect(west.DeleteAllOf(ctx, &batchv1.Job{}, client.InNamespace(w.namespace), client.MatchingLabels{v1.LabelHub: anotherHub},
			client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
	})
})

var _ = Describe("The sweeper", first, func() {
	It("waits for no member that hangs, tries again when a quarantine is over, and ends when it is told to", func(ctx SpecContext) {
		w := onWild(ctx)
		before := w.docs("before", on[*v1.DocsRun]("west"))
		w.await(before, v1.PhaseSucceeded)
		ghost, _ := w.late(before, west, ofAnotherHub)
		silence := bed.NewDetour(nil)
		DeferCleanup(silence.Close)
		config := rest.CopyConfig(east.Admin)
		config.Host = "https://" + silence.Address()
		hanging, err := client.New(config, client.Options{Scheme: east.Scheme(), Mapper: east.RESTMapper()})
		w.Expect(err).NotTo(HaveOccurred())
		both := []fleet.Member{
			{Name: "east", Answers: true, Cluster: fleet.Cluster{Live: hanging, Writer: hanging}},
			{Name: "west", Answers: true, Cluster: fleet.Cluster{Live: west, Writer: west}},
		}
		var over atomic.Bool
		s := garbage.New(garbage.Options{
			Members: func() []fleet.Member { return both }, HubUID: anotherHub, Cached: w.hub, Live: w.hub,
			Quarantined: func() bool { return !over.Load() }, Observer: nobody{}, RequestTimeout: time.Hour,
		})
		running, stop := context.WithCancel(ctx)
		defer stop()
		ended := make(chan error, 1)
		go func() { ended <- s.Start(running) }()
		w.Consistently(w.things(ghost)).Should(Equal([3]int{1, 0, 1}))
		over.Store(true)
		w.Eventually(w.things(ghost)).Should(Equal([3]int{}))
		again, _ := w.late(before, west, ofAnotherHub)
		w.Consistently(w.things(again)).Should(Equal([3]int{1, 0, 1}), "nothing says that there is something to do")
		s.MemberChanged("west")
		w.Eventually(w.things(again)).Should(Equal([3]int{}))
		stop()
		w.Eventually(ended).Should(Receive(BeNil()))
	})
})

// nobody hears what was swept.
type nobody struct{}

func (nobody) Swept(garbage.Object)    {}
func (nobody) Orphaned(garbage.Object) {}

// meddler does something once, just before the first object is deleted by way of it, or the first list read.
type meddler struct {
	client.Client
	meddle func()
	once   sync.Once
}

func (m *meddler) Delete(ctx context.Context, o client.Object, opts ...client.DeleteOption) error {
	m.once.Do(m.meddle)
	return m.Client.Delete(ctx, o, opts...)
}

func (m *meddler) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	m.once.Do(m.meddle)
	return m.Client.List(ctx, list, opts...)
}
