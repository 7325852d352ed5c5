package operator

import (
	"context"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apitypes "k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// scene is a namespace on a hub and its members, and what a spec does and sees there.
type scene struct {
	Gomega
	ctx       context.Context //nolint:containedctx // a scene is the life of its context, and every line of a spec would name it
	fleet     *stage
	hub       *bed.Cluster
	namespace string
}

func newScene(ctx context.Context, on *stage, namespace string, fail types.GomegaFailHandler) *scene {
	return &scene{Gomega: NewGomega(fail), ctx: ctx, fleet: on, hub: on.hub, namespace: namespace}
}

// makeNamespace makes the namespace everywhere.
func (w *scene) makeNamespace() {
	for _, c := range []*bed.Cluster{w.hub, east, west} {
		w.Expect(c.TeamNamespace(w.ctx, w.namespace, nil)).To(Succeed())
	}
}

// enough is a deadline that no agent of these tests meets; the configuration's defaults are short on purpose.
const enough = 600

// docs creates a DocsRun. Its name chooses what its agent does.
func (w *scene) docs(name string, edits ...func(*v1.DocsRun)) *v1.DocsRun {
	run := &v1.DocsRun{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.namespace},
		Spec: v1.DocsRunSpec{
			RunSpec:       v1.RunSpec{DeadlineSeconds: new(int32(enough))},
			RepositoryURL: "https://github.com/example/shop", WorkingDirectory: ".", SourceBranch: "main", GitHubUser: "example-bot",
		},
	}
	for _, edit := range edits {
		edit(run)
	}
	w.Expect(w.hub.Create(w.ctx, run)).To(Succeed())
	return run
}

// code creates a CodeRun. Its service chooses what its agent does; its repository is its own, so that no other run has its branch.
func (w *scene) code(name, service string, edits ...func(*v1.CodeRun)) *v1.CodeRun {
	run := &v1.CodeRun{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.namespace},
		Spec: v1.CodeRunSpec{
			RunSpec: v1.RunSpec{DeadlineSeconds: new(int32(enough))},
			TaskID:  new(int64(7)), Service: service, Model: "sonnet", GitHubUser: "example-bot",
			RepositoryURL: v1.RepositoryURL("https://github.com/" + w.namespace + "/" + name),
		},
	}
	for _, edit := range edits {
		edit(run)
	}
	w.Expect(w.hub.Create(w.ctx, run)).To(Succeed())
	return run
}

// with edits the part of the spec that both kinds share.
func with[R v1.Run](edit func(*v1.RunSpec)) func(R) {
	return func(run R) { edit(run.RunSpec()) }
}

// on places a run on one member.
func on[R v1.Run](member string) func(R) {
	return with[R](func(s *v1.RunSpec) { s.Placement = &v1.Placement{Cluster: member} })
}

// retries sets how many there may be.
func retries[R v1.Run](n int32) func(R) {
	return with[R](func(s *v1.RunSpec) { s.Retry.MaxRetries = new(n) })
}

// read gets the run as the hub has it now.
func (w *scene) read(run v1.Run) v1.Run {
	w.Expect(w.hub.Get(w.ctx, client.ObjectKeyFromObject(run), run)).To(Succeed())
	return run
}

// status is for Eventually. Of a run that is gone it is empty.
func (w *scene) status(run v1.Run) func() v1.RunStatus {
	return func() v1.RunStatus {
		if err := w.hub.Get(w.ctx, client.ObjectKeyFromObject(run), run); apierrors.IsNotFound(err) {
			return v1.RunStatus{}
		} else if err != nil {
			w.Expect(err).NotTo(HaveOccurred())
		}
		return *run.RunStatus()
	}
}

// await returns the status once the run is in a phase.
func (w *scene) await(run v1.Run, phase v1.Phase) v1.RunStatus {
	w.Eventually(w.status(run)).WithTimeout(patience).Should(be(phase))
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

// says matches a status by parts of its message.
func says(parts ...string) types.GomegaMatcher {
	var all []types.GomegaMatcher
	for _, p := range parts {
		all = append(all, HaveField("Message", ContainSubstring(p)))
	}
	return And(all...)
}

// ask changes the run as a person would, whatever the operator writes meanwhile.
func (w *scene) ask(run v1.Run, change func()) {
	w.Expect(w.try(run, change)).To(Succeed())
}

// try is ask, and returns what the hub says.
func (w *scene) try(run v1.Run, change func()) error {
	w.read(run)
	before, ok := run.DeepCopyObject().(client.Object)
	w.Expect(ok).To(BeTrue())
	change()
	return w.hub.Patch(w.ctx, run, client.MergeFrom(before))
}

// forget deletes the run, and returns when it is gone.
func (w *scene) forget(run v1.Run) {
	w.Expect(w.hub.Delete(w.ctx, run)).To(Succeed())
	w.gone(run)
}

func (w *scene) gone(run v1.Run) {
	uid := run.GetUID()
	w.Eventually(func(g Gomega) {
		err := w.hub.Get(w.ctx, client.ObjectKeyFromObject(run), run)
		g.Expect(apierrors.IsNotFound(err) || err == nil && run.GetUID() != uid).To(BeTrue(), "%v: %+v", err, run.RunStatus())
	}).WithTimeout(patience).Should(Succeed())
}

// jobs, pods and inputs are what the members have of a run, east first.
func (w *scene) jobs(run v1.Run) []batchv1.Job {
	var all []batchv1.Job
	for _, m := range []*bed.Cluster{east, west} {
		var list batchv1.JobList
		w.list(m, run, &list)
		all = append(all, list.Items...)
	}
	return all
}

func (w *scene) pods(run v1.Run) []corev1.Pod {
	var all []corev1.Pod
	for _, m := range []*bed.Cluster{east, west} {
		var list corev1.PodList
		w.list(m, run, &list)
		all = append(all, list.Items...)
	}
	return all
}

func (w *scene) inputs(run v1.Run) []corev1.ConfigMap {
	var all []corev1.ConfigMap
	for _, m := range []*bed.Cluster{east, west} {
		var list corev1.ConfigMapList
		w.list(m, run, &list)
		all = append(all, list.Items...)
	}
	return all
}

func (w *scene) list(m *bed.Cluster, run v1.Run, list client.ObjectList) {
	w.Expect(m.List(w.ctx, list, client.InNamespace(w.namespace), client.MatchingLabels{v1.LabelRunUID: string(run.GetUID())})).To(Succeed())
}

// things is how many Jobs, pods and ConfigMaps of a run the members have. For Eventually.
func (w *scene) things(run v1.Run) func() [3]int {
	return func() [3]int { return [3]int{len(w.jobs(run)), len(w.pods(run)), len(w.inputs(run))} }
}

// volume is the workspace of a service, on whichever member it is.
func (w *scene) volume(service string) (*corev1.PersistentVolumeClaim, string) {
	for _, m := range []*bed.Cluster{east, west} {
		claim := &corev1.PersistentVolumeClaim{}
		if err := m.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: v1.WorkspacePrefix + service}, claim); err == nil {
			return claim, m.Name()
		}
	}
	return nil, ""
}

// member is the cluster that a status names.
func (w *scene) member(s v1.RunStatus) *bed.Cluster { return members[s.Cluster] }

// trail is the history of a run in one line per transition.
func trail(s v1.RunStatus) []string {
	var lines []string
	for _, h := range s.History {
		lines = append(lines, string(h.From)+" "+h.On+" "+string(h.To))
	}
	return lines
}

func condition(s v1.RunStatus, kind string) metav1.Condition {
	if c := meta.FindStatusCondition(s.Conditions, kind); c != nil {
		return *c
	}
	return metav1.Condition{}
}

// events are those about an object, in the order in which they were written.
func (w *scene) events(on *bed.Cluster, about client.Object) []eventsv1.Event {
	var list, found eventsv1.EventList
	w.Expect(on.List(w.ctx, &list, client.InNamespace(about.GetNamespace()))).To(Succeed())
	for _, e := range list.Items {
		if e.Regarding.UID == about.GetUID() {
			found.Items = append(found.Items, e)
		}
	}
	return found.Items
}

const (
	// patience bounds the wait for what takes an agent's time; everything else is awaited for a minute.
	patience = 2 * time.Minute
	// silence is how long something must not happen.
	silence = 2 * time.Second
)

// identity is what a cluster is known by.
func (w *scene) identity(c *bed.Cluster) apitypes.UID {
	uid, err := c.Identity(w.ctx)
	w.Expect(err).NotTo(HaveOccurred())
	return uid
}

// attempts is how many objects of a kind ever were of a run, on all members. What is there now counts, though the watches may
// be behind.
func (w *scene) attempts(run v1.Run, kind string) func() int {
	return func() int {
		for _, m := range []*bed.Cluster{east, west} {
			list := map[string]client.ObjectList{"Job": &batchv1.JobList{}, "Pod": &corev1.PodList{}, "ConfigMap": &corev1.ConfigMapList{}}[kind]
			w.list(m, run, list)
			w.Expect(meta.EachListItem(list, func(o runtime.Object) error {
				w.fleet.seen.note(kind, m.Name(), o.(client.Object), false)
				return nil
			})).To(Succeed())
		}
		return len(w.fleet.seen.all(kind, func(s sighting) bool { return s.Run == run.GetUID() }))
	}
}
