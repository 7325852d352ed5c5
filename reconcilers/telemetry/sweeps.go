package telemetry

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/event"
	"github.com/runfleet/runfleet/reconcilers/garbage"
	corev1 "k8s.io/api/core/v1"
)

// Sweeps counts what was swept, and writes an Event on the run that is gone: where it lay is where people look for it, and
// an Event does not need its object.
type Sweeps struct {
	recorder event.Recorder
	swept    *prometheus.CounterVec
}

// NewSweeps registers runfleet_swept_total{kind}.
func NewSweeps(registry prometheus.Registerer, recorder event.Recorder) (Sweeps, error) {
	swept, err := counter(registry, sweptTotal)
	if err != nil {
		return Sweeps{}, err
	}
	for _, kind := range []string{garbage.Job, garbage.Pod, garbage.ConfigMap} {
		swept.WithLabelValues(kind) // a rate over a counter that appears with its first event misses that event
	}
	return Sweeps{recorder: recorder, swept: swept}, nil
}

// Swept implements the sweeper's observer.
func (s Sweeps) Swept(o garbage.Object) {
	s.swept.WithLabelValues(o.Kind).Inc()
	s.say(o, event.Swept, "Delete", fmt.Sprintf("%s was deleted: the run is gone", place(o)))
}

// Orphaned implements the sweeper's observer.
func (s Sweeps) Orphaned(o garbage.Object) {
	s.say(o, event.AgentWithoutRun, "Leave", fmt.Sprintf("%s is a live agent, and the run is gone: %s. "+
		"runfleet orphans lists it; to end it now: %s", place(o), o.EndsText(), o.EndCommand()))
}

// place is the object with everything that one needs to find it.
func place(o garbage.Object) string {
	return fmt.Sprintf("%s %s/%s of attempt %d on member %s", o.Kind, o.Namespace, o.Name, o.Attempt, o.Member)
}

func (s Sweeps) say(o garbage.Object, why event.Reason, action, note string) {
	run := &corev1.ObjectReference{
		APIVersion: v1.GroupVersion.String(), Kind: o.Home.Kind, Namespace: o.Home.Namespace, Name: o.Home.Name, UID: o.Run,
	}
	version := "v1"
	if o.Kind == garbage.Job {
		version = "batch/v1"
	}
	about := &corev1.ObjectReference{APIVersion: version, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, UID: o.UID}
	s.recorder.Say(run, about, why, action, note)
}
