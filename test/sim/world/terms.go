package world

import (
	"fmt"
	"strings"
	"time"

	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/render"
	"github.com/runfleet/runfleet/test/sim/operator"
	"github.com/runfleet/runfleet/test/sim/timeline"
)

// pool is the label by which some runs choose their members.
const pool = "example.com/pool"

// haggle lets a person change which runs a member takes: none at all, more or fewer of them, or others. Who waits must hear
// of it when that ends.
func (w *world) haggle() {
	r := timeline.Pick(w.Time, w.Registry...)
	if w.watched.haggled[r] {
		return
	}
	w.watched.haggled[r] = true
	what, begin := "is cordoned", func() { r.Cordoned = true }
	switch w.Time.Dice.IntN(3) {
	case 0:
		most := timeline.Pick(w.Time, 0, 1, 2)
		what, begin = fmt.Sprintf("takes %d runs", most), func() { r.MaxRuns = new(int32(most)) }
	case 1:
		what, begin = "has other labels", func() { r.Labels = map[string]string{pool: "small"} }
	}
	w.during("person changes a member", r.Name+" "+what, time.Second, 20*time.Minute,
		func() { begin(); w.notice(0, hears) },
		func() { delete(w.watched.haggled, r); r.Terms = w.terms; w.notice(0, hears) })
}

// healTerms is what a person does who finds undone that a member takes runs again.
func (w *world) healTerms(r *operator.Registration) {
	w.Time.After(w.Time.Between(time.Minute, 30*time.Minute), func() {
		if !w.watched.haggled[r] {
			w.say("person", "lets "+r.Name+" take runs as before")
			r.Terms = w.terms
			w.notice(0, hears)
		}
	})
}

// configure lets a person change the configuration while runs wait, execute and lie there, and change it back.
func (w *world) configure() {
	c := w.Config
	l := &c.Lifecycle
	switch w.Time.Dice.IntN(4) {
	case 0:
		c.Cleanup.Enabled = false
	case 1:
		c.Cleanup.Completed, c.Cleanup.Failed = timeline.Pick(w.Time, 0, time.Hour), timeline.Pick(w.Time, 0, time.Hour)
	case 2:
		c.Deadlines.Docs, c.Deadlines.Code = timeline.Pick(w.Time, time.Minute, time.Hour), timeline.Pick(w.Time, time.Minute, time.Hour)
		c.Deadlines.Provisioning = timeline.Pick(w.Time, 30*time.Second, 10*time.Minute)
	default:
		l.Settle = timeline.Pick(w.Time, l.Settle, 2*l.Settle)
		l.Slack = timeline.Pick(w.Time, l.Slack/2, l.Slack, 2*l.Slack)
		l.Grace = timeline.Pick(w.Time, l.Grace/2, l.Grace, 2*l.Grace)
		l.EscalateAfter = timeline.Pick(w.Time, l.EscalateAfter, 2*l.EscalateAfter)
		l.MaxSkew = timeline.Pick(w.Time, l.MaxSkew, 2*l.MaxSkew)
		l.ClusterLostGrace = timeline.Pick(w.Time, l.ClusterLostGrace/5, 3*l.ClusterLostGrace)
		l.BackoffBase = timeline.Pick(w.Time, l.BackoffBase, 2*l.BackoffBase)
		l.BackoffMax = timeline.Pick(w.Time, l.BackoffMax, l.BackoffMax/2)
	}
	if w.Time.Chance(0.5) {
		c.Render.Model = fmt.Sprintf("model-of-a-person-%d", w.watched.settings)
	}
	w.during("person configures", "the configuration is another one", time.Second, 20*time.Minute, func() { w.reconfigure(c) }, func() {
		back := settings
		back.Render.Model = w.Config.Render.Model
		if w.Time.Chance(0.5) {
			back.Render.Model = settings.Render.Model
		}
		w.reconfigure(back)
	})
}

func (w *world) reconfigure(c config.Config) {
	c.Render.Grace, c.Render.MaxSkew = c.Lifecycle.Grace, c.Lifecycle.MaxSkew
	c.TemplateDigest = render.Digest(c.Render)
	w.watched.settings++
	w.Config = c
	for _, o := range w.ops {
		w.Time.After(w.Time.Between(0, hears), o.Configure)
	}
}

// configured is the action of a script that changes the configuration.
func configured(w *world, args []string) error {
	c := w.Config
	for _, pair := range args {
		key, value, _ := strings.Cut(pair, "=")
		d, err := time.ParseDuration(value)
		field := map[string]*time.Duration{
			"completed": &c.Cleanup.Completed, "failed": &c.Cleanup.Failed, // the delays of cleanup
			"docs": &c.Deadlines.Docs, "grace": &c.Lifecycle.Grace,
		}[key]
		if err != nil || field == nil {
			return fmt.Errorf("the configuration has no duration %q", pair)
		}
		*field = d
	}
	w.reconfigure(c)
	return nil
}
