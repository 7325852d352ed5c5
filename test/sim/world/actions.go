package world

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/sim/member"
	"github.com/runfleet/runfleet/test/sim/operator"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// actions are what a script may let happen, by their first word. The other words are arguments.
var actions = map[string]func(w *world, args []string) error{
	// docs NAME BRANCH [KEY=NUMBER]... and code NAME SERVICE TASK [KEY=NUMBER]... apply a run.
	"docs":   func(w *world, args []string) error { return w.applyWith(w.docs(args[0], args[1]), args[2:]) },
	"code":   code,
	"cancel": edit("cancels", func(s *v1.RunSpec) { s.Cancel = true }),
	"raise":  edit("raises the contextVersion of", func(s *v1.RunSpec) { s.ContextVersion++; s.Cancel = false }),
	"delete": func(w *world, args []string) error { return w.with(args[0], w.remove) },
	// delete-job RUN takes the run's Jobs away in the background.
	"delete-job": func(w *world, args []string) error { return w.with(args[0], w.removeJobs) },
	"kill":       func(w *world, _ []string) error { w.kill(w.leader); return nil },
	"break":      each(func(o *operator.Operator, cluster string) { o.Break(cluster) }),
	"relist":     each(func(o *operator.Operator, cluster string) { o.Relist(cluster) }),
	"probe":      each(func(o *operator.Operator, member string) { o.Review(member) }),
	// backup makes a backup of the hub, restore stops the hub and goes on from it half a minute later.
	"backup": func(w *world, _ []string) error { w.saved = w.backup(); return nil },
	"restore": func(w *world, _ []string) error {
		w.stopHub()
		w.Time.After(30*time.Second, func() { w.setBack(w.saved) })
		return nil
	},
	// open MEMBER makes the runs' namespace there, close MEMBER deletes it, which is done two minutes later.
	"open":  name(func(_ *world, r *operator.Registration) { r.Leads.Open(namespace) }),
	"close": name(func(_ *world, r *operator.Registration) { r.Leads.Close(namespace, 2*time.Minute) }),
	// recreate MEMBER lets another cluster answer there, confirm MEMBER makes that one the member.
	"recreate": name((*world).replace),
	"confirm":  name((*world).confirm),
	// configure KEY=DURATION... changes the configuration, see terms.go.
	"configure": configured,
	"down":      link(func(l *operator.Link) { l.Down = true }),
	"up":        link(func(l *operator.Link) { l.Down = false }),
	"errors":    link(func(l *operator.Link) { l.Errors = 1 }),
	"calm":      link(func(l *operator.Link) { *l = operator.Link{} }),
	"refuse":    link(func(l *operator.Link) { l.Refuses = true }),
	"lag":       link(func(l *operator.Link) { l.Lag = 20 * time.Second }),
	"quota":     trouble(member.Troubles{PodsRefused: true}),
	"heal":      trouble(member.Troubles{}),
}

func parseAction(text string) (func(*world) error, error) {
	words := strings.Fields(text)
	if len(words) == 0 || actions[words[0]] == nil {
		return nil, fmt.Errorf("there is no action %q", text)
	}
	return func(w *world) error {
		w.say("script", text)
		return actions[words[0]](w, words[1:])
	}, nil
}

func code(w *world, args []string) error {
	task, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	return w.applyWith(w.code(args[0], args[1], task), args[3:])
}

// applyWith applies a run with some numbers of its spec; the rest are the defaults.
func (w *world) applyWith(run v1.Run, numbers []string) error {
	spec := run.RunSpec()
	*spec = v1.RunSpec{ContextVersion: 1}
	for _, pair := range numbers {
		key, value, _ := strings.Cut(pair, "=")
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return err
		}
		field := map[string]**int32{
			"deadline": &spec.DeadlineSeconds, "provisioning": &spec.ProvisioningDeadlineSeconds,
			"retention": &spec.RetentionSeconds, "retries": &spec.Retry.MaxRetries,
		}[key]
		if field == nil {
			return fmt.Errorf("a run has no number %q", key)
		}
		*field = new(int32(n))
	}
	w.apply(run)
	return nil
}

func (w *world) with(name string, do func(*subject)) error {
	for _, s := range w.runs {
		if s.key.Name == name {
			do(s)
			return nil
		}
	}
	return fmt.Errorf("there is no run %s", name)
}

func edit(what string, change func(*v1.RunSpec)) func(*world, []string) error {
	return func(w *world, args []string) error {
		return w.with(args[0], func(s *subject) { w.edit(s, what, change) })
	}
}

func each(do func(*operator.Operator, string)) func(*world, []string) error {
	return func(w *world, args []string) error {
		for _, o := range w.ops {
			do(o, args[0])
		}
		return nil
	}
}

func link(do func(*operator.Link)) func(*world, []string) error {
	return func(w *world, args []string) error {
		l := w.Weather.Links[args[0]]
		if l == nil {
			return fmt.Errorf("there is no cluster %s", args[0])
		}
		do(l)
		return nil
	}
}

func name(do func(*world, *operator.Registration)) func(*world, []string) error {
	return func(w *world, args []string) error {
		for _, r := range w.Registry {
			if r.Name == args[0] {
				do(w, r)
				return nil
			}
		}
		return fmt.Errorf("there is no member %s", args[0])
	}
}

func trouble(is member.Troubles) func(*world, []string) error {
	return func(w *world, args []string) error {
		w.member(args[0]).Troubles = is
		return nil
	}
}

func (w *world) removeJobs(s *subject) {
	for _, m := range w.Members {
		for _, job := range m.Jobs() {
			if job.Labels[v1.LabelRunUID] == string(s.uid) {
				w.removeJob(m, job, metav1.DeletePropagationBackground)
			}
		}
	}
}
