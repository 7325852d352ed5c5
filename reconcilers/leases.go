package reconcilers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/render"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// leasesOf are the Leases that a run needs before it may start, as "namespace/name", in the order in which they are taken.
// The workspace's stands beside the runs that share it, the branch's in the operator's namespace: two namespaces may push
// to one branch.
func leasesOf(run v1.Run, system string, b render.Branches) []lifecycle.LeaseFacts {
	var out []lifecycle.LeaseFacts
	if code, ok := run.(*v1.CodeRun); ok {
		name := code.Namespace + "/" + v1.WorkspacePrefix + code.Spec.Service
		out = append(out, lifecycle.LeaseFacts{Name: name, Reason: v1.ReasonWorkspaceBusy})
	}
	if branch := render.Branch(run, b); branch != "" {
		sum := sha256.Sum256([]byte(render.Repository(run) + "\n" + branch))
		name := system + "/branch-" + hex.EncodeToString(sum[:12])
		out = append(out, lifecycle.LeaseFacts{Name: name, Reason: v1.ReasonBranchBusy})
	}
	return out
}

func (p *pass) leases() []lifecycle.LeaseFacts {
	return leasesOf(p.run, p.Hub.Namespace, p.config.Render.Branches)
}

// takeLease takes a Lease, or says who holds it (rule W). That it is held is only ever the API server's own answer of this
// pass: to the write, or to a live read. It is never released; the next one takes it over.
func (p *pass) takeLease(ctx context.Context, name string) (lifecycle.LeaseFacts, error) {
	facts := lifecycle.LeaseFacts{Name: name}
	for _, l := range p.leases() {
		if l.Name == name {
			facts = l
		}
	}
	lease := p.lease(name)
	err := p.Hub.Writer.Create(ctx, lease)
	if apierrors.IsAlreadyExists(err) {
		return p.takeOver(ctx, facts)
	}
	facts.Held = err == nil
	return facts, err
}

// lease is the Lease as this run holds it.
func (p *pass) lease(name string) *coordinationv1.Lease {
	namespace, short, _ := strings.Cut(name, "/")
	l := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: short}}
	p.sign(l)
	return l
}

func (p *pass) sign(l *coordinationv1.Lease) {
	if l.Labels == nil {
		l.Labels = map[string]string{}
	}
	if l.Annotations == nil {
		l.Annotations = map[string]string{}
	}
	l.Labels[v1.LabelManaged] = "true"
	l.Annotations[v1.AnnotationHome] = home(p.Kind, p.run)
	l.Annotations[v1.AnnotationToken] = p.token()
	l.Spec.HolderIdentity = new(string(p.run.GetUID()))
	l.Spec.AcquireTime = &metav1.MicroTime{Time: p.now}
}

// token is the state that asks: a Lease that an earlier one took must be taken anew.
func (p *pass) token() string { return strconv.FormatInt(p.status().Transitions, 10) }

// takeOver takes an existing Lease with the version it had *before* a live look showed that its holder is done.
func (p *pass) takeOver(ctx context.Context, facts lifecycle.LeaseFacts) (lifecycle.LeaseFacts, error) {
	lease := p.lease(facts.Name)
	key := types.NamespacedName{Namespace: lease.Namespace, Name: lease.Name}
	if err := p.Hub.Live.Get(ctx, key, lease); err != nil {
		return facts, err
	}
	mine := lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity == string(p.run.GetUID())
	if mine && lease.Annotations[v1.AnnotationToken] == p.token() {
		facts.Held = true
		return facts, nil
	}
	if !mine {
		kind, holder, err := p.holder(ctx, lease)
		if err != nil || holder != "" {
			facts.HolderKind, facts.Holder = kind, holder
			return facts, err
		}
	}
	p.sign(lease)
	err := p.Hub.Writer.Update(ctx, lease)
	facts.Held = err == nil
	return facts, err
}

// holder is the run that holds a Lease, as namespace/name, "" when it is gone or settled. A Lease that nobody can be asked
// about is free: every one that we wrote says whose it is.
func (p *pass) holder(ctx context.Context, l *coordinationv1.Lease) (lifecycle.Kind, string, error) {
	kind, key, ok := parseHome(l.Annotations[v1.AnnotationHome])
	if !ok || l.Spec.HolderIdentity == nil {
		return "", "", nil
	}
	run := newRun(kind)
	switch err := p.Hub.Live.Get(ctx, key, run); {
	case apierrors.IsNotFound(err):
		return "", "", nil
	case err != nil:
		return "", "", err
	case string(run.GetUID()) != *l.Spec.HolderIdentity || lifecycle.Settled(*run.RunStatus()) || lapsed(l, *run.RunStatus()):
		return "", "", nil
	default:
		return kind, key.String(), nil
	}
}

// lapsed says that the holder has ended since it took the Lease and is asked anew: it takes its Leases anew then, in their
// order, like everybody else. Otherwise it could wait for the first of them and keep the second from the one that it waits for.
func lapsed(l *coordinationv1.Lease, s v1.RunStatus) bool {
	token, err := strconv.ParseInt(l.Annotations[v1.AnnotationToken], 10, 64)
	if err != nil || lifecycle.Open(s) != nil {
		return false
	}
	return slices.ContainsFunc(s.History, func(h v1.Transition) bool {
		return h.Seq > token && (h.To == v1.PhaseSucceeded || h.To == v1.PhaseFailed || h.To == v1.PhaseCancelled)
	})
}

// home says on an object elsewhere which run it belongs to; parseHome reads it back.
func home(kind lifecycle.Kind, run metav1.Object) string {
	return fmt.Sprintf("%s/%s/%s", kind, run.GetNamespace(), run.GetName())
}

func parseHome(s string) (lifecycle.Kind, types.NamespacedName, bool) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 || parts[0] != string(lifecycle.DocsRun) && parts[0] != string(lifecycle.CodeRun) {
		return "", types.NamespacedName{}, false
	}
	return lifecycle.Kind(parts[0]), types.NamespacedName{Namespace: parts[1], Name: parts[2]}, true
}

func newRun(kind lifecycle.Kind) v1.Run {
	if kind == lifecycle.CodeRun {
		return &v1.CodeRun{}
	}
	return &v1.DocsRun{}
}
