package world

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/incarnation"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/operator"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// renewal is how long a leader goes on that cannot renew its Lease.
const renewal = 10 * time.Second

// restartHub is F10: the hub's API server and etcd are restarted. Nobody answers for a while, who waits for an answer is cut
// off, whether it was carried out or not, and watches end; what was written is there afterwards. A leader that cannot renew
// its Lease in time ends.
func (w *world) restartHub() {
	if !w.Weather.Links["hub"].Gone {
		w.during("F10 hub restarted", "the hub restarts", time.Second, 40*time.Second, w.stopHub, w.startHub)
	}
}

func (w *world) stopHub() {
	l := w.Weather.Links["hub"]
	l.Gone = true
	l.Ends++
	w.breakWatch("hub")
	if o := w.leader; o != nil {
		life := o.Life()
		w.Time.After(w.Time.Between(renewal/2, renewal), func() {
			if l.Gone && o.Life() == life && w.leader == o {
				w.say("fault", o.Name+" cannot renew its Lease, and ends")
				w.succeed(o)
			}
		})
	}
}

func (w *world) startHub() {
	w.Weather.Links["hub"].Gone = false
	w.relist("hub")
}

// restoreHub is F11: the hub is restored from a backup, while agents live of which it knows nothing. It takes longer than a
// leader's Lease lasts.
func (w *world) restoreHub() {
	backup := w.backup()
	w.say("fault", "a backup of the hub is made")
	w.Time.After(w.Time.Between(40*time.Second, 12*time.Minute), func() {
		if w.Weather.Links["hub"].Gone || !w.remembered(backup.store) {
			return // nobody would know
		}
		w.during("F11 hub restored", "the hub is restored", 2*renewal, 2*time.Minute, w.stopHub,
			func() { w.setBack(backup); w.Time.After(time.Hour, w.goOnWithout) })
	})
}

// backup is what the hub's etcd held at some moment. Which cluster answers at a member's address is not of the hub.
type backup struct {
	store   apiserver.Backup
	members []operator.Registration // as w.Registry
}

func (w *world) backup() backup {
	b := backup{store: w.Hub.Backup()}
	for _, r := range w.Registry {
		b.members = append(b.members, *r)
	}
	return b
}

// setBack lets the hub go on from a backup.
func (w *world) setBack(b backup) {
	w.watched.restores, w.watched.unnoticed, w.watched.restoring = w.watched.restores+1, true, true
	w.Hub.Restore(b.store)
	w.watched.restoring = false
	for i, r := range w.Registry {
		was := b.members[i]
		if was.Removed != r.Removed || was.Recorded != r.Recorded {
			w.say("fault", "the MemberCluster "+r.Name+" is as it was")
			if r.Removed {
				delete(w.watched.meddled, r) // its removal, perhaps for good, is undone
			}
			r.Removed, r.Recorded = was.Removed, was.Recorded
			w.registerLater(r)
		}
		if !equality.Semantic.DeepEqual(r.Terms, was.Terms) {
			r.Terms = was.Terms
			w.healTerms(r)
		}
	}
	w.startHub()
	for _, s := range w.runs {
		if run := w.run(s); run != nil && run.RunSpec().Suspend {
			w.resumeLater(s) // a person did so, and finds it undone
		}
	}
}

// registerLater is what a person does who finds undone what they did with a member: they do it again, unless somebody is at it.
func (w *world) registerLater(r *operator.Registration) {
	w.Time.After(w.Time.Between(time.Minute, 30*time.Minute), func() {
		switch {
		case w.watched.meddled[r]:
			w.registerLater(r)
		case r.Removed:
			w.say("person", "registers "+r.Name+" again")
			r.Removed = false
			w.notice(0, hears)
		case r.Recorded != "" && r.Recorded != r.Leads.UID:
			w.confirm(r)
		}
	})
}

// remembered says that a member that can be asked keeps a beat that is younger than the backup.
func (w *world) remembered(b apiserver.Backup) bool {
	var then incarnation.Record
	for _, o := range b[apiserver.ConfigMap] {
		if o.GetName() == incarnation.RecordName {
			_ = json.Unmarshal([]byte(o.(*corev1.ConfigMap).Data["record.json"]), &then) // written by production
		}
	}
	last := int64(0)
	if n := len(then.Terms); n > 0 {
		last = then.Terms[n-1].Last
	}
	return slices.ContainsFunc(w.Registry, func(r *operator.Registration) bool {
		key := types.NamespacedName{Namespace: metav1.NamespaceDefault, Name: incarnation.CopyName(w.Hub.UID)}
		o, ok := r.Leads.Find(apiserver.ConfigMap, key).(*corev1.ConfigMap)
		var c incarnation.Copy
		return ok && !r.Removed && json.Unmarshal([]byte(o.Data["copy.json"]), &c) == nil && c.Beat.Number > last
	})
}

// goOnWithout is what a person does when runs wait for members that are registered no more.
func (w *world) goOnWithout() {
	var missing string
	for _, r := range w.Registry {
		if r.Removed {
			missing = r.Name
		}
	}
	key := types.NamespacedName{Namespace: operator.System, Name: incarnation.RecordName}
	if missing == "" || w.Hub.Find(apiserver.ConfigMap, key) == nil {
		return
	}
	w.say("person", "lets the hub go on without "+missing)
	w.annotate(apiserver.ConfigMap, key, v1.AnnotationRecoverWithout, missing)
}

// unsure says that nobody knows yet what became of a run: the hub was restored, and the run is in quarantine (rule Q).
func (w *world) unsure(s v1.RunStatus) bool {
	return w.watched.restores > 0 && (w.watched.unnoticed || s.Incarnation < w.incarnation())
}

func (w *world) incarnation() int64 {
	key := types.NamespacedName{Namespace: operator.System, Name: incarnation.RecordName}
	o, ok := w.Hub.Find(apiserver.ConfigMap, key).(*corev1.ConfigMap)
	var r incarnation.Record
	if !ok || json.Unmarshal([]byte(o.Data["record.json"]), &r) != nil {
		return 1
	}
	return r.Incarnation
}

// recognised is told when the hub's record changes.
func (w *world) recognised() {
	if w.watched.unnoticed && w.incarnation() > int64(w.watched.restores) {
		w.hit("F11 recognised")
		w.watched.unnoticed = false
	}
}
