package reconcilers

import (
	"fmt"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/render"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// jobFacts is what the machine knows of a Job.
func jobFacts(j *batchv1.Job) lifecycle.JobFacts {
	f := lifecycle.JobFacts{
		Presence: lifecycle.Present, UID: j.UID, ResourceVersion: j.ResourceVersion,
		Suspended: j.Spec.Suspend != nil && *j.Spec.Suspend, Deleting: j.DeletionTimestamp != nil, Active: j.Status.Active,
	}
	if j.Status.Terminating != nil {
		f.Terminating = *j.Status.Terminating
	}
	for _, c := range j.Status.Conditions {
		if c.Status != corev1.ConditionTrue {
			continue
		}
		switch c.Type {
		case batchv1.JobComplete:
			f.Complete = true
		case batchv1.JobFailed:
			f.Failed, f.Reason = true, c.Reason
		case batchv1.JobFailureTarget:
			f.Reason = c.Reason // the cause, while its pods are still ending
		default:
		}
	}
	return f
}

// rendered says that the Job is what was to be rendered for the attempt. Its name and labels alone do not say so: anybody
// on the member can write them. Of a Job that was made by an operator with templates that this one does not have only the
// digest can be compared.
func (p *pass) rendered(j *batchv1.Job, e *v1.Attempt) bool {
	if p.Placed.knows(p.run.GetUID(), j.UID) {
		return true
	}
	if _, known := p.config.RenderOf(e.TemplateDigest); !known {
		return j.Annotations[v1.AnnotationTemplateDigest] == e.TemplateDigest
	}
	o, err := p.objects(e.Number)
	if err != nil {
		return false // said when the Job is ensured
	}
	return j.Annotations[v1.AnnotationSpecHash] == o.Agent.Annotations[v1.AnnotationSpecHash]
}

// objects renders an attempt from the templates and settings that it was committed with, once in a pass.
func (p *pass) objects(n int32) (render.Objects, error) {
	if r := p.rendering; r != nil && r.attempt == n {
		return r.objects, r.err
	}
	e, err := p.attempt(n)
	if err != nil {
		return render.Objects{}, err
	}
	settings, known := p.config.RenderOf(e.TemplateDigest)
	if !known { // unreachable: the machine replaces such an attempt before it asks for its objects
		return render.Objects{}, fmt.Errorf("attempt %d was committed with templates that this operator does not have", n)
	}
	r := &rendering{attempt: n}
	r.objects, r.err = render.Render(p.run, n, p.Hub.UID, settings)
	p.rendering = r
	return r.objects, r.err
}

type rendering struct {
	attempt int32
	objects render.Objects
	err     error
}

func specDiffers(member string, j *batchv1.Job) lifecycle.Refusal {
	return lifecycle.Refusal{Reason: "SpecDiffers", Message: fmt.Sprintf("Job %s/%s on member %s is not what this operator made of "+
		"the run: delete that Job if it is not needed, then raise spec.contextVersion", j.Namespace, j.Name, member)}
}
