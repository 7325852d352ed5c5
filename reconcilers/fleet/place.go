package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Query is what a run asks of the member for its next attempt.
type Query struct {
	Placement *v1.Placement // of the run; nil when any member will do
	Namespace string        // of the run, which is used on the member too

	// HasNamespace says whether a member has Namespace, see [Member.HasNamespace]. Nil when it does not matter.
	HasNamespace func(Member) bool

	// Pin is the only member that will do, since the work of earlier attempts lies there; "" for none.
	Pin string
	// Prefer are members that are taken before all others, such as those that hold the workspace.
	Prefer []string
	// Lookup says that the run executes only where Secrets are looked up: such members come before others.
	Lookup bool
}

// Choice is the member for the next attempt, or why there is none.
type Choice struct {
	Cluster    string // the name of its MemberCluster; "" for none
	ClusterUID types.UID
	Why        string    // one sentence: why this one, or why none. At most 1024 bytes.
	Wait       string    // of none: a reason of v1.Wait that says more than NoCandidate; "" where nothing does
	Asked      string    // the only member that would do; "" where there are several, or none
	Refusals   []Refusal // why not, for each member that does not fit, by name
}

// Refusal is why a member does not fit.
type Refusal struct {
	Member  string
	Reason  string // one of the reasons below, or Member.NotReady
	Message string // completes "MEMBER ...": "is cordoned"
}

// The reasons of a refusal that are none of a MemberCluster's conditions.
const (
	RefusedSelector  = "SelectorMismatch" // its labels do not match spec.placement.selector
	RefusedNamespace = "NamespaceMissing" // it has no namespace of the run's name
	RefusedFull      = "Full"             // spec.maxRuns of it execute already
)

const (
	maxWhy     = 1024 // bytes of a choice's sentence
	maxMessage = 200  // bytes of one member's part of it
)

// Place chooses among the members, which are sorted by name: one that is preferred before all others, then one that looks up
// Secrets where the run needs it, then the one with the fewest active runs, then the first by name. The same input gives the same choice.
func Place(members []Member, active map[string]int, q Query) Choice {
	asked, none := q.asks(members)
	if none != "" {
		return Choice{Why: shorten(none, maxWhy), Asked: q.only()}
	}
	selector, err := metav1.LabelSelectorAsSelector(q.placement().Selector.LabelSelector())
	if err != nil {
		return Choice{Why: shorten("spec.placement.selector is not a selector: "+err.Error(), maxWhy)}
	}
	var fitting []Member
	c := Choice{Asked: q.only()}
	for _, m := range asked {
		if r, refused := q.refuse(m, selector, active[m.Name]); refused {
			c.Refusals = append(c.Refusals, r)
		} else {
			fitting = append(fitting, m)
		}
	}
	if len(fitting) == 0 {
		c.Why, c.Wait = whyNone(c.Refusals), waitOf(c.Refusals)
		return c
	}
	best := slices.MinFunc(fitting, func(a, b Member) int {
		return cmp.Or(q.distance(a)-q.distance(b), q.blindness(a)-q.blindness(b), active[a.Name]-active[b.Name],
			cmp.Compare(a.Name, b.Name))
	})
	c.Cluster, c.ClusterUID = best.Name, best.UID
	c.Why = q.whyThis(best, active[best.Name], len(fitting))
	return c
}

func (q Query) placement() v1.Placement {
	if q.Placement == nil {
		return v1.Placement{}
	}
	return *q.Placement
}

// only is the one member that will do, "" where it need not be a certain one.
func (q Query) only() string { return cmp.Or(q.Pin, q.placement().Cluster) }

// waitOf is what of these will pass by itself, in a word: a member that is full sooner than one that does not answer.
func waitOf(refusals []Refusal) string {
	for _, w := range [][2]string{{RefusedFull, v1.ReasonMembersFull}, {v1.ReasonUnreachable, v1.ReasonMembersUnreachable}} {
		if slices.ContainsFunc(refusals, func(r Refusal) bool { return r.Reason == w[0] }) {
			return w[1]
		}
	}
	return ""
}

// asks narrows the members to those that the query can mean; none says why there is not even one.
func (q Query) asks(members []Member) (asked []Member, none string) {
	named := q.placement().Cluster
	switch {
	case len(members) == 0:
		return nil, "there is no MemberCluster: register one, see docs/members.md"
	case q.Pin != "" && named != "" && named != q.Pin:
		return nil, fmt.Sprintf("the workspace is on %s, but spec.placement.cluster names %s", q.Pin, named)
	case q.only() == "":
		return members, ""
	}
	only := q.only()
	if i := slices.IndexFunc(members, func(m Member) bool { return m.Name == only }); i >= 0 {
		return members[i : i+1], ""
	}
	if q.Pin != "" {
		return nil, fmt.Sprintf("there is no MemberCluster %s, which holds the workspace: register it again, "+
			"or give the workspace up with spec.placement.onClusterLost: Reschedule", only)
	}
	return nil, fmt.Sprintf("there is no MemberCluster %s, which spec.placement.cluster names: register it or name another", only)
}

// refuse says why a member does not fit: first what the run asks for, then how the member fares.
func (q Query) refuse(m Member, selector labels.Selector, active int) (Refusal, bool) {
	no := func(reason, message string) (Refusal, bool) {
		return Refusal{Member: m.Name, Reason: reason, Message: shorten(message, maxMessage)}, true
	}
	switch {
	case !selector.Matches(labels.Set(m.Labels)):
		return no(RefusedSelector, "does not match "+selector.String())
	case m.NotReady == v1.ReasonCordoned:
		return no(m.NotReady, "is cordoned")
	case m.NotReady != "":
		return no(m.NotReady, fmt.Sprintf("is not ready (%s: %s)", m.NotReady, m.Message))
	case !m.Answers:
		return no(v1.ReasonUnreachable, "does not answer")
	case q.HasNamespace != nil && !q.HasNamespace(m):
		return no(RefusedNamespace, "has no namespace "+q.Namespace)
	case m.MaxRuns != nil && active >= int(*m.MaxRuns):
		return no(RefusedFull, fmt.Sprintf("is full (%d of %d runs)", active, *m.MaxRuns))
	default:
		return Refusal{}, false
	}
}

// distance is 0 for a member that is preferred, and 1 for every other.
func (q Query) distance(m Member) int {
	if m.Name == q.Pin || slices.Contains(q.Prefer, m.Name) {
		return 0
	}
	return 1
}

// blindness is 1 for a member that would refuse the run, since Secrets are not looked up there.
func (q Query) blindness(m Member) int {
	if q.Lookup && !m.SecretLookup {
		return 1
	}
	return 0
}

func (q Query) whyThis(m Member, active, fitting int) string {
	switch {
	case q.distance(m) == 0:
		return m.Name + " holds the workspace"
	case q.placement().Cluster != "":
		return "spec.placement.cluster names " + m.Name
	case q.Lookup && m.SecretLookup:
		return m.Name + " looks up Secrets, which the run's envFromSecrets needs"
	case fitting == 1:
		return m.Name + " is the only member that fits"
	default:
		return fmt.Sprintf("%s has the fewest active runs (%d) of %d members that fit", m.Name, active, fitting)
	}
}

// whyNone names as many members as fit into one sentence, and counts the rest.
func whyNone(refusals []Refusal) string {
	const room = len("; and 1000000 more")
	why := "no member takes it: "
	for i, r := range refusals {
		part := r.Member + " " + r.Message
		if i > 0 {
			part = "; " + part
		}
		if len(why)+len(part)+room > maxWhy {
			return fmt.Sprintf("%s; and %d more", why, len(refusals)-i)
		}
		why += part
	}
	return why
}

// shorten cuts a text to a length in bytes, between two characters.
func shorten(s string, length int) string {
	if len(s) <= length {
		return s
	}
	const dots = "..."
	return strings.ToValidUTF8(s[:length-len(dots)], "") + dots
}

// HasNamespace says whether the member's cache holds a namespace in which something can be made: none that is being deleted.
func (m Member) HasNamespace(ctx context.Context, name string) bool {
	is := metadataOf("Namespace")
	return m.Cached != nil && m.Cached.Get(ctx, client.ObjectKey{Name: name}, is) == nil && is.DeletionTimestamp == nil
}
