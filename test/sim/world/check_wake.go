package world

import (
	"errors"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/operator"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// soon is how long a run may wait for a look that would do something: as long as an attempt that does not start is not asked
// after. What only time brings is announced to the moment.
const soon = 35 * time.Second

// calm is the share of requests that go wrong on a good day.
const calm = 0.003

// glance asks now and then, when the leader has nothing to do: would it do something if it looked? Then somebody forgot to
// wake it (no lost wake-up).
func (w *world) glance() {
	if w.leader != nil && w.Time.Steps%64 == 0 && w.leader.Idle() && w.clear() {
		w.probeAll("while idle")
	}
}

// errProbe is the answer to a write that nobody asked for.
var errProbe = errors.New("this is only a question")

// probeAll looks at every run with the leader's eyes and writes nothing.
func (w *world) probeAll(when string) {
	if w.leader == nil {
		return
	}
	for _, s := range w.runs {
		run := w.run(s)
		if run == nil || w.leader.LooksWithin(s.kind, s.key, soon) {
			continue
		}
		would := ""
		w.leader.Probe = func(r *operator.Request) error {
			if status, ok := r.Object.(v1.Run); ok && r.Verb == "commit" && status.RunStatus().Transitions == run.RunStatus().Transitions {
				return nil // it would only say something else
			}
			if r.Verb == "create" && r.Exists() {
				return r.AlreadyExists()
			}
			if r.Verb == "delete" && (r.Deleting() || w.cameLate(r)) {
				return nil // once more does no harm, and brings nothing
			}
			would = fmt.Sprintf("%s %s %s", r.Verb, r.Kind, r.Object.GetName())
			return errProbe
		}
		w.leader.Ask(s.kind, s.key)
		w.leader.Probe = nil
		if would != "" {
			w.failf("LOST: nobody wakes %s (%s), and a look %s would %s", s, run.RunStatus().Phase, when, would)
		}
	}
}

// cameLate says that a ConfigMap came late: a late request made it, or caches were far behind when its run ended. No event
// tells of it, and it harms nobody until the run is deleted.
func (w *world) cameLate(r *operator.Request) bool {
	o := r.Server.Find(r.Kind, client.ObjectKeyFromObject(r.Object))
	return r.Kind == apiserver.ConfigMap && o != nil && (w.watched.foggy || w.watched.late[o.GetUID()])
}
