package reconcilers

import (
	"context"
	"errors"
	"fmt"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// findings are what acting taught: facts of this pass, to decide with again if it has not written yet.
type findings struct {
	leases  map[string]lifecycle.LeaseFacts // by name; only those that were asked for
	refusal lifecycle.Refusal
	warning string // why an object of the attempt was not created yet: its creation is tried again
	soon    bool   // something was not as it was seen: look again at once
}

func (f *findings) nothing() bool { return len(f.leases) == 0 && f.refusal.Reason == "" }

// addTo returns the facts with what was found.
func (f *findings) addTo(facts lifecycle.Facts) lifecycle.Facts {
	leases := append([]lifecycle.LeaseFacts(nil), facts.Leases...)
	for i, l := range leases {
		if found, ok := f.leases[l.Name]; ok {
			leases[i] = found
		}
	}
	facts.Leases = leases
	if f.refusal.Reason != "" {
		facts.Agent.Refusal = f.refusal
	}
	if f.warning != "" {
		facts.Agent.Warning, facts.Agent.WarningReason = f.warning, v1.ReasonFailedCreate
	}
	return facts
}

// errStale says that the object is not in the version that was decided on: a newer view will decide anew.
var errStale = errors.New("seen in an older version")

// execute does what the committed status asks for. Every effect names what it means, and losing or repeating one is
// harmless. A member's definitive no ends the list. After any other failure nothing more is created: a Job whose inputs were
// not made would start without them, and once it is authorised nobody makes them any more. What is to go still goes, since a
// quota may have no room before.
func (p *pass) execute(ctx context.Context, effects []lifecycle.Effect) (findings, error) {
	found := findings{leases: map[string]lifecycle.LeaseFacts{}}
	var errs []error
	incomplete := false
	for _, e := range effects {
		if incomplete && e.Verb == lifecycle.VerbEnsure {
			continue
		}
		began := p.Now()
		err := p.perform(ctx, e, &found)
		p.tellEffect(e, began, found.refusal.Reason, err)
		incomplete = incomplete || err != nil && e.Verb == lifecycle.VerbEnsure
		switch {
		case err == nil:
		case errors.Is(err, errStale):
			found.soon = true
		default:
			if status := apierrors.APIStatus(nil); e.Verb == lifecycle.VerbEnsure && e.Cluster != "" && errors.As(err, &status) {
				found.warning = err.Error() // the member's own words; those of a broken line differ each time
			}
			errs = append(errs, fmt.Errorf("%s %s%s: %w", e.Verb, e.Resource, on(e), err))
		}
		if found.refusal.Reason != "" {
			break
		}
	}
	return found, errors.Join(errs...)
}

func on(e lifecycle.Effect) string {
	if e.Cluster == "" {
		return ""
	}
	return fmt.Sprintf(" of attempt %d on member %s", e.Attempt, e.Cluster)
}

// perform does one effect. Each is one request but Ensure, which may need several and bounds each by itself.
func (p *pass) perform(ctx context.Context, e lifecycle.Effect, found *findings) error {
	log.FromContext(ctx).V(2).Info("Executing an effect", "verb", e.Verb, "resource", e.Resource, "cluster", e.Cluster,
		"attempt", e.Attempt)
	bounded, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	if e.Cluster == "" {
		return p.onHub(bounded, e, found)
	}
	m, err := p.target(e)
	if err != nil {
		return err
	}
	if e.Resource == lifecycle.Agent && (e.Verb == lifecycle.VerbEnsure || e.Verb == lifecycle.VerbRelease) {
		if held, err := p.held(bounded, m, e, found); held || err != nil {
			return err
		}
	}
	if e.Verb == lifecycle.VerbEnsure {
		found.refusal, err = p.ensure(ctx, e)
		return err
	}
	return p.onMember(bounded, m, e, found)
}

func (p *pass) onHub(ctx context.Context, e lifecycle.Effect, found *findings) error {
	switch {
	case e.Resource == lifecycle.Finalizer && e.Verb == lifecycle.VerbEnsure:
		return stale(p.addFinalizer(ctx))
	case e.Resource == lifecycle.Finalizer && e.Verb == lifecycle.VerbDelete:
		return stale(p.removeFinalizer(ctx))
	case e.Resource == lifecycle.Lease && e.Verb == lifecycle.VerbEnsure:
		facts, err := p.takeLease(ctx, e.Name)
		if err == nil {
			found.leases[e.Name] = facts
		}
		return stale(err)
	case e.Resource == lifecycle.Run && e.Verb == lifecycle.VerbDelete:
		return stale(p.deleteRun(ctx, e.UID))
	default:
		return fmt.Errorf("no such effect on the hub")
	}
}

// target is the member that the committed status names, if it is the cluster that it was and answers.
func (p *pass) target(e lifecycle.Effect) (fleet.Member, error) {
	m, ok := p.Fleet.Member(e.Cluster) // now, not when the pass began: clients are never kept
	identity := m.UID
	if entry, err := p.attempt(e.Attempt); err == nil && entry.Cluster == m.Name {
		identity = entry.ClusterUID
	}
	if !ok || link(m, identity) != lifecycle.Answers {
		return m, errStale
	}
	return m, nil
}

// onMember sends one request to a member.
func (p *pass) onMember(ctx context.Context, m fleet.Member, e lifecycle.Effect, found *findings) error {
	switch {
	case e.Verb == lifecycle.VerbRelease && e.Resource == lifecycle.Agent:
		return p.release(ctx, m, e)
	case e.Verb == lifecycle.VerbEnd && e.Resource == lifecycle.Pod:
		return p.end(ctx, m, e)
	case e.Verb == lifecycle.VerbDelete:
		// Jobs and pods tell when they are gone; of ConfigMaps nobody is told, and deletion waits for the last of them.
		found.soon = found.soon || e.Resource == lifecycle.Inputs && p.status().Phase == v1.PhaseTerminating
		return p.remove(ctx, m, e)
	default:
		return fmt.Errorf("no such effect on a member")
	}
}

// stale turns the answers "not that version" and "gone" into errStale and nothing: both mean that a newer view decides.
func stale(err error) error {
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case apierrors.IsConflict(err):
		return errStale
	default:
		return err
	}
}

// attempt is the committed entry that an effect is about.
func (p *pass) attempt(n int32) (*v1.Attempt, error) {
	s := p.status()
	for i := range s.Attempts {
		if s.Attempts[i].Number == n {
			return &s.Attempts[i], nil
		}
	}
	return nil, fmt.Errorf("attempt %d is not in the status", n)
}
