package reconcilers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/render"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ensure creates one resource of an attempt, which is several objects where its files need several ConfigMaps. It returns
// a refusal when the member will never take one.
func (p *pass) ensure(ctx context.Context, e lifecycle.Effect) (lifecycle.Refusal, error) {
	objects, err := p.objects(e.Attempt)
	if err != nil {
		message := err.Error() + ". Correct it, then raise spec.contextVersion."
		refusal := lifecycle.Refusal{Reason: lifecycle.RefusalRenderFailed, Message: message}
		return refusal, nil //nolint:nilerr // for good: the same inputs give the same bytes
	}
	for _, object := range objectsOf(objects, e.Resource) {
		m, err := p.target(e) // again: each may take its time
		if err != nil {
			return lifecycle.Refusal{}, err
		}
		if refusal, err := p.create(ctx, m, e.Resource, object); err != nil || refusal.Reason != "" {
			return refusal, err
		}
	}
	return lifecycle.Refusal{}, nil
}

// objectsOf are the rendered objects that make a resource.
func objectsOf(o render.Objects, resource fsm.Resource) []client.Object {
	switch resource {
	case lifecycle.Workspace:
		return []client.Object{o.Workspace}
	case lifecycle.Inputs:
		var parts []client.Object
		for _, m := range slices.Backward(o.Inputs) {
			parts = append(parts, m) // the one that the attempt names comes last: once it is seen, all are there
		}
		return parts
	default:
		return []client.Object{o.Agent}
	}
}

func (p *pass) create(ctx context.Context, m fleet.Member, resource fsm.Resource, object client.Object) (lifecycle.Refusal, error) {
	ctx, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	err := m.Writer.Create(ctx, object)
	switch {
	case err == nil && resource == lifecycle.Agent:
		p.Placed.created(p.run.GetUID(), object.GetUID())
		return lifecycle.Refusal{}, nil
	case err == nil:
		return lifecycle.Refusal{}, nil
	case apierrors.IsAlreadyExists(err) && resource == lifecycle.Workspace:
		return lifecycle.Refusal{}, nil // shared by the runs of the service: whoever made it
	case apierrors.IsAlreadyExists(err):
		return p.taken(ctx, m, object)
	default:
		return refusal(err, m.Name, resource, object)
	}
}

// taken looks at who bears the name: AlreadyExists is not success, it means "look".
func (p *pass) taken(ctx context.Context, m fleet.Member, want client.Object) (lifecycle.Refusal, error) {
	have := &metav1.PartialObjectMetadata{}
	have.SetGroupVersionKind(configMapKind)
	if _, ok := want.(*batchv1.Job); ok {
		have.SetGroupVersionKind(jobKind)
	}
	if err := m.Live.Get(ctx, client.ObjectKeyFromObject(want), have); err != nil {
		return lifecycle.Refusal{}, stale(err)
	}
	switch {
	case have.Labels[v1.LabelRunUID] == string(p.run.GetUID()) && have.DeletionTimestamp == nil:
		return lifecycle.Refusal{}, nil // ours, and its event is on its way
	case have.Labels[v1.LabelRunUID] == string(p.run.GetUID()):
		return lifecycle.Refusal{}, errStale
	default:
		return lifecycle.Refusal{Reason: "NameTaken", Message: fmt.Sprintf("%s %s/%s on member %s exists and is not Runfleet's: "+
			"delete or rename it, then raise spec.contextVersion", have.Kind, have.Namespace, have.Name, m.Name)}, nil
	}
}

// refusal sorts the errors that stay from those that pass: quota, rate limits and time-outs are not definitive.
func refusal(err error, member string, resource fsm.Resource, o client.Object) (lifecycle.Refusal, error) {
	what := fmt.Sprintf("%s %s/%s on member %s", strings.ToLower(string(resource)), o.GetNamespace(), o.GetName(), member)
	switch {
	case apierrors.IsNotFound(err):
		return lifecycle.Refusal{Reason: "NamespaceMissing", Message: fmt.Sprintf("namespace %s does not exist on member %s: create it, "+
			"then raise spec.contextVersion", o.GetNamespace(), member)}, nil
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota"):
		return lifecycle.Refusal{}, err
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsRequestEntityTooLargeError(err):
		return lifecycle.Refusal{Reason: string(apierrors.ReasonForError(err)), Message: fmt.Sprintf("creating the %s: %v", what, err)}, nil
	default:
		return lifecycle.Refusal{}, err
	}
}

// release resumes exactly the Job that was decided on: its UID and the version in which it was seen suspended travel with
// the request (rule S).
func (p *pass) release(ctx context.Context, m fleet.Member, e lifecycle.Effect) error {
	entry, err := p.attempt(e.Attempt)
	if err != nil {
		return err
	}
	key := types.NamespacedName{Namespace: p.run.GetNamespace(), Name: entry.JobName}
	// The Job's controller writes that it is suspended while we write its UID down. What the cache shows now is as good as
	// what was decided on: the same Job, still suspended.
	var now batchv1.Job
	if err := m.Cached.Get(ctx, key, &now); err == nil {
		if f := jobFacts(&now); f.UID == e.UID && f.Suspended && !f.Deleting {
			e.ResourceVersion = f.ResourceVersion
		}
	}
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	return changed(m.Writer.Patch(ctx, job, preconditioned(e, `{"suspend":false}`)))
}

// end lowers the pod's own deadline, so that its node ends it with its grace period and pod, message and logs stay.
func (p *pass) end(ctx context.Context, m fleet.Member, e lifecycle.Effect) error {
	name, err := p.podName(ctx, m, e.UID)
	if err != nil || name == "" {
		return err
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: p.run.GetNamespace(), Name: name}}
	return changed(m.Writer.Patch(ctx, pod, preconditioned(e, fmt.Sprintf(`{"activeDeadlineSeconds":%d}`, endingSeconds))))
}

// preconditioned is a merge patch of the spec, in JSON of our own, that the API server applies only to the object that was decided on.
func preconditioned(e lifecycle.Effect, spec string) client.Patch {
	data := fmt.Appendf(nil, `{"metadata":{"uid":%q,"resourceVersion":%q},"spec":%s}`, e.UID, e.ResourceVersion, spec)
	return client.RawPatch(types.MergePatchType, data)
}

// changed is stale for patches, to which another UID is an invalid change.
func changed(err error) error {
	if apierrors.IsInvalid(err) {
		return errStale
	}
	return stale(err)
}

// remove deletes with UID and version as preconditions, a Job in the foreground (rule D): the API's default would leave
// its pod running.
func (p *pass) remove(ctx context.Context, m fleet.Member, e lifecycle.Effect) error {
	meta := metav1.ObjectMeta{Namespace: p.run.GetNamespace()}
	exactly := client.Preconditions{UID: &e.UID, ResourceVersion: &e.ResourceVersion}
	switch e.Resource {
	case lifecycle.Agent:
		meta.Name = v1.AttemptName(p.run.GetName(), p.run.GetUID(), e.Attempt)
		foreground := client.PropagationPolicy(metav1.DeletePropagationForeground)
		return stale(m.Writer.Delete(ctx, &batchv1.Job{ObjectMeta: meta}, exactly, foreground))
	case lifecycle.Pod:
		name, err := p.podName(ctx, m, e.UID)
		if err != nil || name == "" {
			return err
		}
		meta.Name = name
		return stale(m.Writer.Delete(ctx, &corev1.Pod{ObjectMeta: meta}, exactly))
	case lifecycle.Inputs:
		return p.removeInputs(ctx, m, e.Attempt)
	default:
		return fmt.Errorf("no such object")
	}
}

// podName finds the pod of that UID, "" when it is gone. The cache is enough to find a name: the request carries the UID.
func (p *pass) podName(ctx context.Context, m fleet.Member, uid types.UID) (string, error) {
	for _, reader := range []client.Reader{m.Cached, m.Live} {
		var pods corev1.PodList
		of := client.ListOption(client.MatchingFields{fleet.IndexRunUID: string(p.run.GetUID())})
		if reader == m.Live {
			of = client.MatchingLabels{v1.LabelRunUID: string(p.run.GetUID())}
		}
		if err := reader.List(ctx, &pods, of, client.InNamespace(p.run.GetNamespace())); err != nil {
			return "", err
		}
		for i := range pods.Items {
			if pods.Items[i].UID == uid {
				return pods.Items[i].Name, nil
			}
		}
	}
	return "", nil
}

// removeInputs deletes the attempt's ConfigMaps, however many they are.
func (p *pass) removeInputs(ctx context.Context, m fleet.Member, n int32) error {
	parts := metav1.PartialObjectMetadataList{}
	parts.SetGroupVersionKind(listOf(configMapKind))
	of := client.MatchingLabels{v1.LabelRunUID: string(p.run.GetUID()), v1.LabelAttempt: strconv.Itoa(int(n))}
	if err := m.Live.List(ctx, &parts, of, client.InNamespace(p.run.GetNamespace())); err != nil {
		return err
	}
	var errs []error
	for i := range parts.Items {
		exactly := client.Preconditions{UID: &parts.Items[i].UID}
		part := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: parts.Items[i].Namespace, Name: parts.Items[i].Name}}
		errs = append(errs, stale(m.Writer.Delete(ctx, part, exactly)))
	}
	return errors.Join(errs...)
}
