package world

import (
	"maps"
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/member"
	"github.com/runfleet/runfleet/test/sim/operator"
	"github.com/runfleet/runfleet/test/sim/timeline"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// someRun is one of the runs that are there, nil when there is none.
func (w *world) someRun() *subject {
	left := slices.DeleteFunc(slices.Clone(w.runs), func(s *subject) bool { return w.run(s) == nil })
	if len(left) == 0 {
		return nil
	}
	return timeline.Pick(w.Time, left...)
}

// edit changes the spec of a run as a person does, unless it is gone.
func (w *world) edit(s *subject, what string, change func(*v1.RunSpec)) {
	if s == nil || w.run(s) == nil {
		return
	}
	w.say("person", what+" "+s.String())
	w.Hub.Change(s.kind, s.key, func(o client.Object) {
		run, _ := o.(v1.Run)
		change(run.RunSpec())
		run.SetGeneration(run.GetGeneration() + 1)
	})
}

// cancel is F32: at any moment, sometimes twice, sometimes taken back.
func (w *world) cancel() {
	s := w.someRun()
	w.hit("F32 cancel")
	w.edit(s, "cancels", func(spec *v1.RunSpec) { spec.Cancel = true })
	if w.Time.Chance(0.3) {
		w.Time.After(w.Time.Between(0, time.Minute), func() {
			w.edit(s, "takes the cancel back of", func(spec *v1.RunSpec) { spec.Cancel = false })
		})
	}
	if w.Time.Chance(0.3) {
		w.Time.After(w.Time.Between(0, 2*time.Minute), func() {
			w.edit(s, "cancels again", func(spec *v1.RunSpec) { spec.Cancel = true })
		})
	}
}

func (w *world) suspend() {
	s := w.someRun()
	w.hit("person suspends")
	w.edit(s, "suspends", func(spec *v1.RunSpec) { spec.Suspend = true })
	w.resumeLater(s)
}

func (w *world) resumeLater(s *subject) {
	w.Time.After(w.Time.Between(time.Second, 5*time.Minute), func() {
		w.edit(s, "resumes", func(spec *v1.RunSpec) {
			spec.Suspend = false
			s.suspensions[spec.ContextVersion]++
		})
	})
}

// raise asks for a new attempt, whatever the last one did or does, now and then with another deadline.
func (w *world) raise() {
	w.hit("person raises contextVersion")
	w.edit(w.someRun(), "raises the contextVersion of", func(spec *v1.RunSpec) {
		spec.ContextVersion++
		spec.Cancel = false
		if w.Time.Chance(0.3) {
			spec.DeadlineSeconds = new(timeline.Pick(w.Time, int32(60), 600))
		}
	})
}

func (w *world) deleteRun() {
	s := w.someRun()
	if s == nil {
		return
	}
	w.hit("person deletes a run")
	w.remove(s)
}

func (w *world) remove(s *subject) {
	w.say("person", "deletes "+s.String())
	_ = w.Hub.Delete(s.kind, s.key, client.DeleteOptions{}) // there: it was just found
}

// label is F19: somebody edits labels and annotations, again and again.
func (w *world) label() {
	s := w.someRun()
	w.hit("F19 labels edited")
	for i := range 5 {
		w.Time.After(w.Time.Between(0, 30*time.Second), func() {
			if s == nil || w.run(s) == nil {
				return
			}
			w.say("person", "annotates "+s.String())
			w.annotate(s.kind, s.key, "example.com/note", string(rune('a'+i)))
		})
	}
}

// annotate is kubectl annotate, on the hub.
func (w *world) annotate(k apiserver.Kind, key types.NamespacedName, note, value string) {
	w.Hub.Change(k, key, func(o client.Object) {
		notes := map[string]string{}
		maps.Copy(notes, o.GetAnnotations())
		notes[note] = value
		o.SetAnnotations(notes)
	})
}

// deleteJob is F16: with any propagation.
func (w *world) deleteJob() {
	if w.Time.Chance(0.4) {
		w.watched.ambush = true // the next one that is made
		return
	}
	m := timeline.Pick(w.Time, w.Members...)
	jobs := m.Jobs()
	if unfinished := slices.DeleteFunc(slices.Clone(jobs), member.Finished); len(unfinished) > 0 && w.Time.Chance(0.8) {
		jobs = unfinished
	}
	if len(jobs) == 0 {
		return
	}
	w.takeJob(m, timeline.Pick(w.Time, jobs...))
}

// takeJob deletes a Job in any of the three ways.
func (w *world) takeJob(m *member.Member, job *batchv1.Job) {
	w.hit("F16 Job deleted")
	w.removeJob(m, job, timeline.Pick(w.Time,
		metav1.DeletePropagationBackground, metav1.DeletePropagationForeground, metav1.DeletePropagationOrphan))
}

// ambush deletes a Job soon after it was made, if somebody waits for that.
func (w *world) ambush(r *operator.Request) {
	if !w.watched.ambush || r.Kind != apiserver.Job {
		return
	}
	w.watched.ambush = false
	m := w.member(r.Server.Name)
	w.Time.After(w.Time.Between(0, 3*time.Second), func() {
		if job, ok := m.FindUID(apiserver.Job, r.Object.GetUID()).(*batchv1.Job); ok {
			w.takeJob(m, job)
		}
	})
}

func (w *world) removeJob(m *member.Member, job *batchv1.Job, policy metav1.DeletionPropagation) {
	w.say("person", "deletes Job "+job.Name+" on "+m.Name+" ("+string(policy)+")")
	how := client.DeleteOptions{PropagationPolicy: &policy}
	_ = m.Delete(apiserver.Job, client.ObjectKeyFromObject(job), how) // there, or gone meanwhile
}

// deletePod is F16.
func (w *world) deletePod() {
	m := timeline.Pick(w.Time, w.Members...)
	pods := m.All(apiserver.Pod)
	if len(pods) == 0 {
		return
	}
	pod := timeline.Pick(w.Time, pods...)
	w.hit("F16 pod deleted")
	w.say("person", "deletes pod "+pod.GetName()+" on "+m.Name)
	_ = m.Delete(apiserver.Pod, client.ObjectKeyFromObject(pod), client.DeleteOptions{}) // there: it was just found
}
