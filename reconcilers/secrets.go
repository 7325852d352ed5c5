package reconcilers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/render"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// lookup is what a member says of the Secrets that an attempt needs. Only their metadata is asked for: no byte of what is in
// them ever reaches this program. While it holds the agent's Job back, nothing is created or released.
type lookup struct {
	attempt int32
	missing []string          // what to create, one sentence each
	refusal lifecycle.Refusal // a Secret that the run may not name
	doubt   string            // why it is not known whether the run may name one
	told    bool              // it is among the facts of this pass
}

func (l *lookup) clear() bool { return len(l.missing) == 0 && l.refusal.Reason == "" && l.doubt == "" }

// addTo puts it among the facts. A Job that is authorised already cannot be refused: its agent does not start, then.
func (l *lookup) addTo(a *lifecycle.AgentFacts) {
	l.told = true
	switch {
	case l.refusal.Reason != "" && a.Refusal.Reason == "":
		a.Refusal = l.refusal
		a.Pod.Problem, a.Pod.Message = v1.ClassRefused, l.refusal.Message
	case len(l.missing) > 0:
		a.Pod.Problem, a.Pod.Message = v1.ClassSecretMissing, strings.Join(l.missing, "; ")
	case l.doubt != "":
		a.Warning = l.doubt
	}
}

// looksUp says that Secrets matter now: before the attempt's Job is created, and before it is released.
func (p *pass) looksUp(e *v1.Attempt, job *batchv1.Job) bool {
	s := p.status()
	next := job == nil && e.JobUID == "" || job != nil && jobFacts(job).Suspended
	return s.Phase == v1.PhaseProvisioning && e.Number == s.Attempt && e.EndedAt == nil && next
}

// held says that the agent's Job must wait. What was just learnt is told in the next pass.
func (p *pass) held(ctx context.Context, m fleet.Member, e lifecycle.Effect, found *findings) (bool, error) {
	entry, err := p.attempt(e.Attempt)
	if err != nil {
		return false, err
	}
	l := p.lookUp(ctx, m, entry)
	if l.clear() {
		return false, nil
	}
	found.soon = found.soon || !l.told
	return true, nil
}

// lookUp looks once in a pass. While something is not as it must be it is looked again soon: no event tells of Secrets.
func (p *pass) lookUp(ctx context.Context, m fleet.Member, e *v1.Attempt) *lookup {
	if p.lookup == nil || p.lookup.attempt != e.Number {
		p.lookup = p.inspect(ctx, m, e)
	}
	p.unanswered = p.unanswered || !p.lookup.clear()
	return p.lookup
}

func (p *pass) inspect(ctx context.Context, m fleet.Member, e *v1.Attempt) *lookup {
	l := &lookup{attempt: e.Number}
	settings, known := p.config.RenderOf(e.TemplateDigest)
	if _, err := p.objects(e.Number); !known || err != nil {
		return l // said when the objects are made
	}
	ctx, cancel := context.WithTimeout(ctx, p.RequestTimeout)
	defer cancel()
	for _, need := range render.Secrets(p.run, settings) {
		switch {
		case m.SecretLookup:
			p.find(ctx, m, need, l)
		case need.Named:
			l.refusal = lifecycle.Refusal{Reason: "SecretLookupDisabled", Message: fmt.Sprintf("spec.envFromSecrets names the Secret %s, "+
				"and member %s cannot be asked whether its label permits that: set spec.secretLookup of that MemberCluster to Enabled "+
				"(docs/members.md says what it needs) or place the run on a member that has it, then raise spec.contextVersion",
				need, m.Name)}
		}
	}
	return l
}

// find asks the member for one Secret. Unknown is not absent: where the member does not say, the pod will find out, except
// that nobody gets a Secret of which it is not known whether they may.
func (p *pass) find(ctx context.Context, m fleet.Member, need render.Secret, l *lookup) {
	var failed error
	for _, name := range need.Names {
		have := &metav1.PartialObjectMetadata{}
		have.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
		err := m.Live.Get(ctx, types.NamespacedName{Namespace: p.run.GetNamespace(), Name: name}, have)
		switch {
		case err == nil && need.Named && have.Labels[v1.LabelAgents] != v1.AgentsAllowed:
			l.refusal = lifecycle.Refusal{Reason: "SecretNotPermitted", Message: fmt.Sprintf("spec.envFromSecrets names the Secret %s/%s "+
				"on member %s, which does not permit it: its owner labels it %s=%s, then raise spec.contextVersion; "+
				"or leave it out of the run",
				have.Namespace, name, m.Name, v1.LabelAgents, v1.AgentsAllowed)}
			return
		case err == nil:
			return
		case !apierrors.IsNotFound(err):
			failed = err
		}
	}
	switch {
	case failed == nil:
		where := fmt.Sprintf("in namespace %s on member %s", p.run.GetNamespace(), m.Name)
		l.missing = append(l.missing, fmt.Sprintf("Secret %s is not %s: %s", need, where, p.remedy(m, need)))
	case need.Named:
		l.doubt = fmt.Sprintf("asking member %s whether the run may name the Secret %s: %s", m.Name, need, answer(failed))
	default:
		log.FromContext(ctx).Info("Asking for a Secret without an answer",
			"cluster", m.Name, "Secret", need.String(), "error", failed.Error())
	}
}

// answer is what a member said. What differs from one try to the next is left out: it stands in the status.
func answer(err error) string {
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		return err.Error()
	}
	return "it does not answer"
}

// advise adds to what a member says of a Secret that its pod waits for where that is, and how it is made.
func (p *pass) advise(m fleet.Member, e *v1.Attempt, a *lifecycle.AgentFacts) {
	settings, known := p.config.RenderOf(e.TemplateDigest)
	if a.Pod.Problem != v1.ClassSecretMissing || !known {
		return
	}
	what := "create it there"
	for _, need := range render.Secrets(p.run, settings) {
		for _, name := range need.Names {
			if strings.Contains(a.Pod.Message, name) {
				what = p.remedy(m, need)
			}
		}
	}
	a.Pod.Message = fmt.Sprintf("%s (namespace %s on member %s): %s", a.Pod.Message, p.run.GetNamespace(), m.Name, what)
}

// remedy is what a person does about a Secret that is missing.
func (p *pass) remedy(m fleet.Member, need render.Secret) string {
	if need.Flags == "" {
		return fmt.Sprintf("create it there, labelled %s=%s", v1.LabelAgents, v1.AgentsAllowed)
	}
	return fmt.Sprintf("runfleet secrets create --member %s -n %s %s", m.Name, p.run.GetNamespace(), need.Flags)
}
