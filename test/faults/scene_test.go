//go:build faults

package faults

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// scene is a namespace on hub and members, and what a story does and sees there, as an administrator whom no gate stops.
type scene struct {
	Gomega
	ctx       context.Context //nolint:containedctx // a scene is the life of its context, and every line of a story would name it
	namespace string
	atEnd     []func() // of the story
	lift      func()   // what holds its run up, where it has such a thing
}

const (
	// patience bounds the wait for one phase: the operator is killed again and again meanwhile.
	patience = 4 * time.Minute
	// glance is how often is looked at one object, and survey at all that is left: thirty stories do so at the same time.
	glance = 500 * time.Millisecond
	survey = 2 * time.Second
)

func newScene(ctx context.Context, namespace string, fail types.GomegaFailHandler) *scene {
	w := &scene{Gomega: NewGomega(fail), ctx: ctx, namespace: namespace}
	for _, c := range []*cluster{hub, east, west} {
		w.Expect(c.TeamNamespace(ctx, namespace, nil)).To(Succeed())
	}
	return w
}

// tell tells a story in a goroutine of its own. The channel gets why it failed, "" when it did not.
func tell(ctx context.Context, namespace string, story func(*scene)) <-chan string {
	ended := make(chan string, 1)
	go func() {
		ended <- bed.Tell(namespace, func(fail types.GomegaFailHandler) {
			w := newScene(ctx, namespace, fail)
			defer func() {
				for _, f := range w.atEnd {
					f()
				}
			}()
			story(w)
		})
	}()
	return ended
}

// docs creates a DocsRun on east. Its name chooses what its agent does.
func (w *scene) docs(name string, edits ...func(*v1.RunSpec)) *v1.DocsRun {
	run := &v1.DocsRun{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.namespace},
		Spec: v1.DocsRunSpec{
			RepositoryURL: "https://github.com/example/shop", WorkingDirectory: ".", SourceBranch: "main", GitHubUser: "example-bot",
		},
	}
	w.create(run, edits...)
	return run
}

// code creates a CodeRun on east. Its service chooses what its agent does.
func (w *scene) code(service string, edits ...func(*v1.RunSpec)) *v1.CodeRun {
	run := &v1.CodeRun{
		ObjectMeta: metav1.ObjectMeta{Name: "code", Namespace: w.namespace},
		Spec: v1.CodeRunSpec{
			TaskID: new(int64(7)), Service: service, Model: "sonnet", GitHubUser: "example-bot",
			RepositoryURL: v1.RepositoryURL("https://github.com/" + w.namespace + "/code"),
		},
	}
	w.create(run, edits...)
	return run
}

// create creates a run that leaves nothing on its member, unless edits say so: what follows its end is a part of its story.
func (w *scene) create(run v1.Run, edits ...func(*v1.RunSpec)) {
	spec := run.RunSpec()
	spec.Placement, spec.RetentionSeconds = &v1.Placement{Cluster: eastName}, new(int32(0))
	for _, edit := range edits {
		edit(spec)
	}
	w.Expect(hub.Create(w.ctx, run)).To(Succeed())
}

func on(member string) func(*v1.RunSpec) {
	return func(s *v1.RunSpec) { s.Placement = &v1.Placement{Cluster: member} }
}

func anywhere(s *v1.RunSpec) { s.Placement = nil }

// within a minute, which is the shortest time that a whole run may have.
func within(s *v1.RunSpec) { s.TotalDeadlineSeconds = new(int32(60)) }

func retries(n int32) func(*v1.RunSpec) { return func(s *v1.RunSpec) { s.Retry.MaxRetries = new(n) } }

func kept(s *v1.RunSpec) { s.RetentionSeconds = new(int32(3600)) }

// status is for Eventually. Of a run that is gone it is empty.
func (w *scene) status(run v1.Run) func() (v1.RunStatus, error) {
	return func() (v1.RunStatus, error) {
		switch err := hub.Get(w.ctx, client.ObjectKeyFromObject(run), run); {
		case apierrors.IsNotFound(err):
			return v1.RunStatus{}, nil
		case err != nil:
			return v1.RunStatus{}, err
		}
		return *run.RunStatus(), nil
	}
}

// await returns the status once it is as wanted.
func (w *scene) await(run v1.Run, wanted ...types.GomegaMatcher) v1.RunStatus {
	w.Eventually(w.status(run), patience, glance).Should(And(wanted...), "run %s/%s", w.namespace, run.GetName())
	return *run.RunStatus()
}

// be matches a status by its phase and, where given, its reason.
func be(phase v1.Phase, reason ...any) types.GomegaMatcher {
	all := []types.GomegaMatcher{HaveField("Phase", phase)}
	for _, r := range reason {
		all = append(all, HaveField("Reason", fmt.Sprint(r)))
	}
	return And(all...)
}

func attempts(n int) types.GomegaMatcher { return HaveField("Attempts", HaveLen(n)) }

// ask changes the run as a person would, whatever the operator writes meanwhile.
func (w *scene) ask(run v1.Run, change func(*v1.RunSpec)) {
	w.Eventually(func() error {
		if err := hub.Get(w.ctx, client.ObjectKeyFromObject(run), run); err != nil {
			return err
		}
		before := run.DeepCopyObject().(client.Object)
		change(run.RunSpec())
		return hub.Patch(w.ctx, run, client.MergeFrom(before))
	}, patience, glance).Should(Succeed())
}

func cancel(s *v1.RunSpec)  { s.Cancel = true }
func suspend(s *v1.RunSpec) { s.Suspend = true }
func resume(s *v1.RunSpec)  { s.Suspend = false }
func again(s *v1.RunSpec)   { s.ContextVersion++ }

// gone waits until the run is not there any more.
func (w *scene) gone(run v1.Run) { w.await(run, Equal(v1.RunStatus{})) }

func (w *scene) forget(run v1.Run) {
	w.Expect(client.IgnoreNotFound(hub.Delete(w.ctx, run))).To(Succeed())
	w.gone(run)
}

// job is the one Job of the namespace on a member, and pod its pod.
func (w *scene) job(m *cluster) *batchv1.Job {
	var list batchv1.JobList
	w.Expect(m.List(w.ctx, &list, client.InNamespace(w.namespace))).To(Succeed())
	w.Expect(list.Items).To(HaveLen(1))
	return &list.Items[0]
}

func (w *scene) pod(m *cluster) *corev1.Pod {
	var list corev1.PodList
	w.Expect(m.List(w.ctx, &list, client.InNamespace(w.namespace))).To(Succeed())
	w.Expect(list.Items).To(HaveLen(1))
	return &list.Items[0]
}

// remove deletes an object as a person would, with a propagation policy.
func (w *scene) remove(m *cluster, o client.Object, policy metav1.DeletionPropagation) {
	w.Expect(client.IgnoreNotFound(m.Delete(w.ctx, o, client.PropagationPolicy(policy)))).To(Succeed())
}

// to matches the operator's requests about this scene, by what they do: "POST jobs".
func (w *scene) to(does string) func(*request) bool {
	return func(q *request) bool { return q.namespace == w.namespace && q.method+" "+q.resource == does }
}

// awaitEmpty waits until the members have nothing of a run in this namespace, so nothing either that no run accounts for.
func (w *scene) awaitEmpty() {
	w.Eventually(func() ([]string, error) {
		var all []string
		for _, m := range []*cluster{east, west} {
			found, err := m.left(w.ctx, w.namespace)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
		return all, nil
	}, patience, survey).Should(BeEmpty())
}
