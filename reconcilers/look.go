package reconcilers

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// sight is what is seen of one attempt on one member. Lists are never shared with a cache's.
type sight struct {
	attempt int32
	jobs    []*batchv1.Job
	pods    []*corev1.Pod
	inputs  []string // names of ConfigMaps
	// jobAsked and podsAsked say that the member itself was asked, so that what is not here is absent.
	jobAsked, podsAsked bool
}

// lookAt is everything of this run that is seen on a member: the caches first, and the member itself where an absence
// matters.
func (p *pass) lookAt(ctx context.Context, m fleet.Member) ([]lifecycle.AgentFacts, error) {
	sights, err := p.cached(ctx, m)
	if err != nil {
		return nil, err
	}
	s := p.status()
	if e := lifecycle.Open(*s); e != nil && e.Cluster == m.Name && sights[e.Number] == nil {
		sights[e.Number] = &sight{attempt: e.Number}
	}
	var out []lifecycle.AgentFacts
	for _, n := range sortedKeys(sights) {
		g, e := sights[n], entry(*s, n, m.Name)
		if e != nil && link(m, e.ClusterUID) == lifecycle.Foreign {
			continue // objects of a stranger that bears the name: they say nothing about this attempt
		}
		p.ask(ctx, m, e, g)
		out = append(out, p.facts(ctx, m, e, g)...)
	}
	return out, nil
}

func sortedKeys(m map[int32]*sight) []int32 {
	var keys []int32
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// entry is the recorded attempt of that number on that member, nil if there is none.
func entry(s v1.RunStatus, n int32, cluster string) *v1.Attempt {
	for i := range s.Attempts {
		if e := &s.Attempts[i]; e.Number == n && e.Cluster == cluster {
			return e
		}
	}
	return nil
}

// cached reads the member's informers.
func (p *pass) cached(ctx context.Context, m fleet.Member) (map[int32]*sight, error) {
	of := client.MatchingFields{fleet.IndexRunUID: string(p.run.GetUID())}
	in := client.InNamespace(p.run.GetNamespace())
	var jobs batchv1.JobList
	var pods corev1.PodList
	inputs := metav1.PartialObjectMetadataList{}
	inputs.SetGroupVersionKind(listOf(configMapKind))
	for _, list := range []client.ObjectList{&jobs, &pods, &inputs} {
		if err := m.Cached.List(ctx, list, of, in, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("listing %T of %s on %s: %w", list, p.name(), m.Name, err)
		}
	}
	sights := map[int32]*sight{}
	at := func(o client.Object) *sight {
		n, err := strconv.ParseInt(o.GetLabels()[v1.LabelAttempt], 10, 32)
		if err != nil || n < 1 {
			return nil // not ours, whatever its labels say
		}
		if sights[int32(n)] == nil {
			sights[int32(n)] = &sight{attempt: int32(n)}
		}
		return sights[int32(n)]
	}
	for i := range jobs.Items {
		if g := at(&jobs.Items[i]); g != nil {
			g.jobs = append(g.jobs, &jobs.Items[i])
		}
	}
	for i := range pods.Items {
		if g := at(&pods.Items[i]); g != nil {
			g.pods = append(g.pods, &pods.Items[i])
		}
	}
	for i := range inputs.Items {
		if g := at(&inputs.Items[i]); g != nil {
			g.inputs = append(g.inputs, inputs.Items[i].Name)
		}
	}
	return sights, nil
}

func (p *pass) name() string {
	return fmt.Sprintf("%s %s/%s", p.Kind, p.run.GetNamespace(), p.run.GetName())
}

// ask asks the member itself about what the caches do not show, where that matters. On the happy path it never does.
func (p *pass) ask(ctx context.Context, m fleet.Member, e *v1.Attempt, g *sight) {
	job := g.job(e)
	if job == nil && p.jobMatters(e) {
		g.jobAsked = p.askJob(ctx, m, e, g)
		job = g.job(e)
	}
	if podsMatter(e, job, g) {
		g.podsAsked = p.askPods(ctx, m, g)
	}
}

// jobMatters says that it counts whether a Job that the cache does not show is there. While one is to be created it does
// not: whoever creates it learns that.
func (p *pass) jobMatters(e *v1.Attempt) bool {
	return e == nil || e.JobUID != "" || e.EndedAt != nil || p.run.GetDeletionTimestamp() != nil
}

// podsMatter says that what the cache shows of the pods is not enough.
func podsMatter(e *v1.Attempt, job *batchv1.Job, g *sight) bool {
	switch {
	case job == nil:
		return g.jobAsked // a Job's absence says nothing about its pod (A14)
	case e == nil || e.OutcomeRecorded != nil && *e.OutcomeRecorded:
		return false
	case e.EndedAt != nil || jobFacts(job).Finished():
		return !slices.ContainsFunc(g.pods, podFinished) // the outcome was not seen
	default:
		return e.StopRequestedAt != nil && !g.unfinishedPod()
	}
}

// askJob gets the Job by its name. It reports whether the member answered.
func (p *pass) askJob(ctx context.Context, m fleet.Member, e *v1.Attempt, g *sight) bool {
	name := v1.AttemptName(p.run.GetName(), p.run.GetUID(), g.attempt)
	if e != nil {
		name = e.JobName
	}
	ctx, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	var job batchv1.Job
	err := m.Live.Get(ctx, types.NamespacedName{Namespace: p.run.GetNamespace(), Name: name}, &job)
	switch {
	case apierrors.IsNotFound(err):
		return true
	case err != nil:
		p.unanswered = true
		log.FromContext(ctx).Info("Asking for a Job without an answer", "cluster", m.Name, "Job", name, "error", err.Error())
		return false
	case job.Labels[v1.LabelRunUID] == string(p.run.GetUID()):
		g.jobs = append(g.jobs, &job)
		p.unanswered = true // the cache is behind, and may never tell: a broken watch forgets what came and went
	}
	return true
}

// askPods lists the pods of the attempt. It reports whether the member answered.
func (p *pass) askPods(ctx context.Context, m fleet.Member, g *sight) bool {
	ctx, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	var pods corev1.PodList
	err := m.Live.List(ctx, &pods, client.InNamespace(p.run.GetNamespace()), client.MatchingLabels{
		v1.LabelRunUID: string(p.run.GetUID()), v1.LabelAttempt: strconv.Itoa(int(g.attempt)),
	})
	if err != nil {
		p.unanswered = true
		log.FromContext(ctx).Info("Asking for pods without an answer", "cluster", m.Name, "attempt", g.attempt, "error", err.Error())
		return false
	}
	p.unanswered = p.unanswered || len(pods.Items) > len(g.pods) // as above
	g.pods = nil
	for i := range pods.Items {
		g.pods = append(g.pods, &pods.Items[i])
	}
	return true
}

// job is the Job that counts for the entry: the authorised one, or any while none is authorised.
func (g *sight) job(e *v1.Attempt) *batchv1.Job {
	for _, j := range g.jobs {
		if e == nil || e.JobUID == "" || j.UID == e.JobUID {
			return j
		}
	}
	return nil
}

func (g *sight) unfinishedPod() bool {
	return slices.ContainsFunc(g.pods, func(p *corev1.Pod) bool { return !podFinished(p) })
}

// facts makes values of one sight. A Job of the attempt's name that is not the authorised one is told apart.
func (p *pass) facts(ctx context.Context, m fleet.Member, e *v1.Attempt, g *sight) []lifecycle.AgentFacts {
	a := lifecycle.AgentFacts{Attempt: g.attempt, Cluster: m.Name}
	job := g.job(e)
	switch {
	case job != nil:
		a.Job = jobFacts(job)
	case g.jobAsked:
		a.Job.Presence = lifecycle.Absent
	}
	a.Pod, a.Ended = podFacts(g.pods, g.podsAsked)
	a.Inputs = presence(p.hasInputs(e, g))
	if e != nil && e.JobUID == "" && job != nil && !p.rendered(job, e) {
		// Somebody made a Job with our name and labels: it is not ours to start.
		a.Job = lifecycle.JobFacts{}
		if _, known := p.config.RenderOf(e.TemplateDigest); known { // else the attempt is replaced, under another name
			a.Refusal = specDiffers(m.Name, job)
		}
	}
	if e != nil && e.StartSeenAt == nil && e.EndedAt == nil && e.JobUID != "" && !a.Pod.Started {
		p.addWarning(ctx, m, e, g, &a)
		p.advise(m, e, &a)
	}
	if e != nil && p.looksUp(e, job) {
		p.lookUp(ctx, m, e).addTo(&a)
	}
	out := []lifecycle.AgentFacts{a}
	for _, j := range g.jobs {
		if j != job {
			out = append(out, lifecycle.AgentFacts{Attempt: g.attempt, Cluster: m.Name, Job: jobFacts(j), Inputs: lifecycle.Unknown})
		}
	}
	return out
}

// hasInputs says that ConfigMaps of the attempt are there: any of them where they are to be removed; all of them, of which
// the one that the attempt names is created last, where they are to be created.
func (p *pass) hasInputs(e *v1.Attempt, g *sight) bool {
	if e != nil && e.JobUID == "" && p.status().Phase == v1.PhaseProvisioning {
		return slices.Contains(g.inputs, e.ConfigMapName)
	}
	return len(g.inputs) > 0
}

func presence(seen bool) lifecycle.Presence {
	if seen {
		return lifecycle.Present
	}
	return lifecycle.Unknown
}
