//go:build faults

package fencing

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// scene is a namespace on hub and members, and what a test does and sees there, as an administrator whom no line stops.
type scene struct {
	Gomega
	ctx       context.Context //nolint:containedctx // a scene is the life of its context, and every line of a spec would name it
	namespace string
	home      string // the member that its runs are placed on; "" for any
}

const (
	// silence is how long something must not happen.
	silence = 1500 * time.Millisecond
	// long is a deadline that no agent of these tests meets; short is the configuration's, after which they are fenced.
	long, short = 600, 0
)

func newScene(ctx context.Context, namespace string, fail types.GomegaFailHandler) *scene {
	w := &scene{Gomega: NewGomega(fail), ctx: ctx, namespace: namespace}
	for _, c := range []*bed.Cluster{hub, east, west} {
		w.Expect(c.TeamNamespace(ctx, namespace, nil)).To(Succeed())
	}
	return w
}

// docs creates a DocsRun. Its name chooses what its agent does.
func (w *scene) docs(name string, deadline int32, edits ...func(*v1.RunSpec)) *v1.DocsRun {
	run := &v1.DocsRun{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.namespace},
		Spec: v1.DocsRunSpec{
			RunSpec:       v1.RunSpec{Placement: &v1.Placement{}},
			RepositoryURL: "https://github.com/example/shop", WorkingDirectory: ".", SourceBranch: "main", GitHubUser: "example-bot",
		},
	}
	w.edit(run, deadline, edits)
	w.Expect(hub.Create(w.ctx, run)).To(Succeed())
	return run
}

// code creates a CodeRun. Its service chooses what its agent does.
func (w *scene) code(name, service string, deadline int32, edits ...func(*v1.RunSpec)) *v1.CodeRun {
	run := &v1.CodeRun{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.namespace},
		Spec: v1.CodeRunSpec{
			RunSpec: v1.RunSpec{Placement: &v1.Placement{}},
			TaskID:  new(int64(7)), Service: service, Model: "sonnet", GitHubUser: "example-bot",
			RepositoryURL: v1.RepositoryURL("https://github.com/" + w.namespace + "/" + name),
		},
	}
	w.edit(run, deadline, edits)
	w.Expect(hub.Create(w.ctx, run)).To(Succeed())
	return run
}

func (w *scene) edit(run v1.Run, deadline int32, edits []func(*v1.RunSpec)) {
	run.RunSpec().Placement.Cluster = w.home
	if deadline != short {
		run.RunSpec().DeadlineSeconds = &deadline
	}
	for _, edit := range edits {
		edit(run.RunSpec())
	}
}

func lost(policy v1.OnClusterLost) func(*v1.RunSpec) {
	return func(s *v1.RunSpec) { s.Placement.OnClusterLost = policy }
}

func retained(seconds int32) func(*v1.RunSpec) {
	return func(s *v1.RunSpec) { s.RetentionSeconds = &seconds }
}

// status is for Eventually. Of a run that is gone it is empty.
func (w *scene) status(run v1.Run) func() v1.RunStatus {
	return func() v1.RunStatus {
		err := hub.Get(w.ctx, client.ObjectKeyFromObject(run), run)
		if apierrors.IsNotFound(err) {
			return v1.RunStatus{}
		}
		w.Expect(err).NotTo(HaveOccurred())
		return *run.RunStatus()
	}
}

// await returns the status once the run is in a phase, with a reason where one is given.
func (w *scene) await(run v1.Run, phase v1.Phase, reason ...string) v1.RunStatus {
	w.Eventually(w.status(run)).Should(be(phase, reason...), "%s/%s", run.GetNamespace(), run.GetName())
	return *run.RunStatus()
}

// be matches a status by its phase and, where given, its reason.
func be(phase v1.Phase, reason ...string) types.GomegaMatcher {
	all := []types.GomegaMatcher{HaveField("Phase", phase)}
	for _, r := range reason {
		all = append(all, HaveField("Reason", r))
	}
	return And(all...)
}

// gone returns when the run object is.
func (w *scene) gone(run v1.Run) {
	w.Eventually(func() bool {
		return apierrors.IsNotFound(hub.Get(w.ctx, client.ObjectKeyFromObject(run), run))
	}).Should(BeTrue(), "%s/%s", run.GetNamespace(), run.GetName())
}

// ask changes the run as a person would, whatever the operator writes meanwhile.
func (w *scene) ask(run v1.Run, change func()) {
	w.status(run)()
	before, ok := run.DeepCopyObject().(client.Object)
	w.Expect(ok).To(BeTrue())
	change()
	w.Expect(hub.Patch(w.ctx, run, client.MergeFrom(before))).To(Succeed())
}

func (w *scene) cancel(run v1.Run) { w.ask(run, func() { run.RunSpec().Cancel = true }) }

// abandon writes the annotation, "" removes it.
func (w *scene) abandon(run v1.Run, attempt string) {
	w.ask(run, func() {
		notes := run.GetAnnotations()
		delete(notes, v1.AnnotationAbandonRemote)
		if attempt != "" {
			notes[v1.AnnotationAbandonRemote] = attempt
		}
		run.SetAnnotations(notes)
	})
}

// reachable is the condition about a run's member: status, reason and message. For Eventually.
func (w *scene) reachable(run v1.Run) func() string {
	return func() string {
		c := meta.FindStatusCondition(w.status(run)().Conditions, v1.ConditionClusterReachable)
		if c == nil {
			return ""
		}
		return fmt.Sprintf("%s %s: %s", c.Status, c.Reason, c.Message)
	}
}

// jobs are those of a run on a member.
func (w *scene) jobs(member *bed.Cluster, run v1.Run) []batchv1.Job {
	var list batchv1.JobList
	w.list(member, run, &list)
	return list.Items
}

func (w *scene) pods(member *bed.Cluster, run v1.Run) []corev1.Pod {
	var list corev1.PodList
	w.list(member, run, &list)
	return list.Items
}

// things is how many Jobs, pods and ConfigMaps of a run a member has. For Eventually.
func (w *scene) things(member *bed.Cluster, run v1.Run) func() [3]int {
	return func() [3]int {
		var inputs corev1.ConfigMapList
		w.list(member, run, &inputs)
		return [3]int{len(w.jobs(member, run)), len(w.pods(member, run)), len(inputs.Items)}
	}
}

func (w *scene) list(member *bed.Cluster, run v1.Run, list client.ObjectList) {
	of := client.MatchingLabels{v1.LabelRunUID: string(run.GetUID())}
	w.Expect(member.List(w.ctx, list, client.InNamespace(run.GetNamespace()), of)).To(Succeed())
}

// noJobs keeps a member from taking Jobs in the namespace, until more is called. A Job that is asked for meanwhile has its inputs.
func (w *scene) noJobs(member *bed.Cluster) (more func()) {
	return w.none(member, "count/jobs.batch", &batchv1.Job{ObjectMeta: w.trial(), Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: trialPod}}})
}

// noPods keeps a member's Jobs from starting pods in the namespace, until more is called and their controller tries again.
func (w *scene) noPods(member *bed.Cluster) (more func()) {
	return w.none(member, "pods", &corev1.Pod{ObjectMeta: w.trial(), Spec: trialPod})
}

func (w *scene) trial() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: "trial", Namespace: w.namespace}
}

var trialPod = corev1.PodSpec{
	RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "trial", Image: "trial"}},
}

// none lets a quota refuse what the trial is one of, until more is called.
func (w *scene) none(member *bed.Cluster, what corev1.ResourceName, trial client.Object) (more func()) {
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "none", Namespace: w.namespace},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{what: resource.MustParse("0")}},
	}
	w.Expect(member.Create(w.ctx, quota)).To(Succeed())
	try := func() error {
		again, ok := trial.DeepCopyObject().(client.Object)
		w.Expect(ok).To(BeTrue())
		return member.Create(w.ctx, again, client.DryRunAll)
	}
	w.Eventually(try).Should(MatchError(ContainSubstring("exceeded quota")))
	return func() {
		w.Expect(member.Delete(w.ctx, quota)).To(Succeed())
		w.Eventually(try, "30s", "10ms").Should(Succeed())
	}
}

// warnings are the notes of the Warning events about a run with a reason. For Eventually.
func (w *scene) warnings(run v1.Run, reason string) func() []string {
	return func() []string {
		var list eventsv1.EventList
		w.Expect(hub.List(w.ctx, &list, client.InNamespace(w.namespace))).To(Succeed())
		notes := []string{}
		for _, e := range list.Items {
			if e.Regarding.UID == run.GetUID() && e.Type == corev1.EventTypeWarning && e.Reason == reason {
				notes = append(notes, e.Note)
			}
		}
		return notes
	}
}

// trail is the history of a run, one entry for each transition.
func trail(s v1.RunStatus) []string {
	var lines []string
	for _, h := range s.History {
		lines = append(lines, string(h.From)+" "+h.On+" "+string(h.To))
	}
	return lines
}

// fenced asserts that an attempt ended by its fence, not a moment earlier, and that the fence was what docs/fencing.md says.
func (w *scene) fenced(e v1.Attempt) {
	w.Expect(e.EndedBy).To(Equal(v1.EndFenced))
	deadline := time.Duration(e.DeadlineSeconds) * time.Second
	fence := e.StartBefore.Add(2*maxSkew + deadline + grace + slack)
	if e.StartSeenAt != nil {
		fence = e.StartSeenAt.Add(deadline + grace + slack)
	}
	w.Expect(e.FencedUntil.Time).To(BeTemporally("==", fence))
	w.Expect(e.EndedAt.Time).To(BeTemporally(">=", fence))
}
