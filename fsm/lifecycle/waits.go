package lifecycle

import (
	"cmp"
	"slices"

	"github.com/runfleet/runfleet/api/v1"
)

// WaitDef is one line of the table of waits.
type WaitDef struct {
	Reason string
	Label  string // in few words, for a picture; what was in the way is added to it
	Doc    string
}

// Waits are all things with a name that a run may wait for: data, like the rows. Nothing else is written down of a wait, since
// words of others stand in status.message, which is not kept.
var Waits = []WaitDef{
	{v1.ReasonSuspended, "suspended", "spec.suspend is true."},
	{v1.ReasonBackOff, "back-off", "The back-off after a failed attempt."},
	{v1.ReasonStopping, "earlier attempt not ended", "An earlier attempt has not ended (rule E)."},
	{v1.ReasonNoCandidate, "no member fits", "No member fits: none matches the placement, or those that do are cordoned or not ready."},
	{v1.ReasonMembersFull, "members full", "A member would fit, and executes as many runs as it may."},
	{v1.ReasonMembersUnreachable, "members silent", "No member is full, and one that may fit does not answer."},
	{v1.ReasonOriginalActive, "the original is at work", "The controller of the system that came before may execute the run, or another one in its workspace."},
	{v1.ReasonWorkspaceBusy, "workspace busy", "Another run has the workspace."},
	{v1.ReasonBranchBusy, "branch busy", "Another run pushes to the branch."},
	{v1.ReasonQuarantined, "hub restored: members are counted", "Members must say first what they execute (rule Q)."},
	{v1.ReasonUnreachable, "member silent", "The member of the attempt does not answer."},
	{v1.ReasonIdentityChanged, "member replaced", "The member's name leads to another cluster than the attempt's."},
	{v1.ReasonUnregistered, "member unregistered", "The attempt's member has no MemberCluster any more."},
	{string(v1.ClassSecretMissing), "Secret missing", "A Secret or ConfigMap that the agent needs is not on the member."},
	{string(v1.ClassImage), "image unavailable", "The agent's image cannot be pulled or started."},
	{string(v1.ClassRefused), "Secret not permitted", "The run names a Secret whose owner does not permit it."},
	{v1.ReasonFailedCreate, "creation refused", "An object of the attempt cannot be created for now: a quota, an admission rule, a fault of the member's API server."},
	{v1.ReasonFailedScheduling, "no node takes the pod", "No node takes the agent's pod."},
	{v1.ReasonFailedMount, "volume not mounted", "A volume of the agent's pod cannot be mounted."},
	{v1.ReasonFailedAttachVolume, "volume not attached", "A volume of the agent's pod cannot be attached to its node."},
}

// Wait finds a reason in the table. Zero: none of this version's.
func Wait(reason string) WaitDef {
	if i := slices.IndexFunc(Waits, func(d WaitDef) bool { return d.Reason == reason }); i >= 0 {
		return Waits[i]
	}
	return WaitDef{}
}

// maxObject is the bound of a wait's object in the API's schema.
const maxObject = 317

// wait notes what the phase waits for. What it no longer waits for stays noted until something else takes its place or the
// phase is left: whoever asks later wants to know what took the time.
func (l Lifecycle) wait(s *v1.RunStatus, f Facts, quarantined bool) {
	reason, object := l.named(*s, f, quarantined)
	known := Wait(reason).Reason != "" // what a member calls it may be any word
	if len(object) > maxObject {
		object = ""
	}
	switch was := s.WaitedFor; {
	case !known && was != nil && was.Until == nil:
		was.Until = micro(f.Now)
	case known && (was == nil || was.Until != nil || was.Reason != reason || was.Object != object):
		s.WaitedFor = &v1.Wait{Reason: reason, Object: object, Since: *micro(f.Now)}
	}
}

// named is what the phase waits for now, where that has a name, and what is in the way.
func (l Lifecycle) named(s v1.RunStatus, f Facts, quarantined bool) (reason, object string) {
	switch {
	case final(s.Phase) || s.Phase == v1.PhaseTerminating:
		return "", "" // it is over, and what is waited for then is in nobody's way
	case quarantined && len(f.Census.Waits) == 1:
		return v1.ReasonQuarantined, f.Census.Waits[0]
	case quarantined:
		return v1.ReasonQuarantined, ""
	}
	switch s.Phase {
	case v1.PhasePending, v1.PhaseRetrying:
		w := l.placeable(s, f)
		if w.Brief || w.Message == "" { // nobody was asked yet
			return "", ""
		}
		return cmp.Or(w.Wait, w.Reason), w.Object
	case v1.PhaseProvisioning:
		return cmp.Or(outOfReach(f), string(f.Agent.Pod.Problem), f.Agent.WarningReason, inTheWay(s)), ""
	case v1.PhaseStopping:
		return outOfReach(f), ""
	default:
		return "", "" // it works
	}
}

// outOfReach says how the member of the attempt is not to be asked, "" if it is.
func outOfReach(f Facts) string {
	switch c := f.Cluster; {
	case c.Link == Foreign:
		return v1.ReasonIdentityChanged
	case c.Link == Unregistered:
		return v1.ReasonUnregistered
	case c.Link == Silent && !c.SilentSince.IsZero():
		return v1.ReasonUnreachable
	default:
		return ""
	}
}

// inTheWay is what kept the Job from being created: only who tries it learns of it, so it is in the way until the Job is there.
func inTheWay(s v1.RunStatus) string {
	if w := s.WaitedFor; jobUID(s) == "" && w != nil && w.Until == nil && w.Reason == v1.ReasonFailedCreate {
		return w.Reason
	}
	return ""
}

// sameWait says that two are equal. A time read back from the API server has another location than one just computed.
func sameWait(a, b *v1.Wait) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Reason == b.Reason && a.Object == b.Object && a.Since.Equal(&b.Since) && a.Until.Equal(b.Until)
}
