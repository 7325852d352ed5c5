package fleet

import (
	"context"
	"maps"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// seenEvery is how often lastSeen is written while nothing else changes.
const seenEvery = time.Minute

// standing is why the member takes no new attempt, most serious first; "" when it takes some.
func (k *keeper) standing() (reason, message string) {
	switch {
	case k.failed != nil && k.serving != nil:
		return k.failed.reason, k.failed.message + "; what executes there is still reached with the kubeconfig of before"
	case k.failed != nil:
		return k.failed.reason, k.failed.message
	case k.silent != nil:
		return k.silent.reason, k.silent.message
	case !k.answers:
		return v1.ReasonUnobserved, "it is being connected to"
	case k.lacks != nil:
		return k.lacks.reason, k.lacks.message
	case k.outdated != "":
		return v1.ReasonVersionRefused, k.outdated + "; what executes there goes on"
	case k.object.Spec.Scheduling == v1.SchedulingCordoned:
		return v1.ReasonCordoned, "spec.scheduling is Cordoned: what executes there goes on, nothing new comes"
	default:
		return "", ""
	}
}

// member is what the registry says of the member now.
func (k *keeper) member() Member {
	m := stranger(k.object, k.since)
	m.UID = k.answering
	m.NotReady, m.Message = k.standing()
	if !k.heard.IsZero() {
		m.SilentSince = k.heard
	}
	if l := k.serving; l != nil {
		m.Cluster = Cluster{Cached: l.cluster.Cluster.GetCache(), Live: l.cluster.GetAPIReader(), Writer: l.cluster.GetClient()}
		if k.answers && l.uid == m.Recorded {
			m.Answers, m.SilentSince = true, time.Time{}
		}
	}
	return m
}

// publish puts the member into the snapshot, and says so where it may matter to a run.
func (k *keeper) publish() {
	m := k.member()
	k.mu.Lock()
	if k.keepers[k.name] != k {
		k.mu.Unlock()
		return // removed meanwhile: the name may mean another object now
	}
	was := k.published
	k.published = m
	k.mu.Unlock()
	matters := k.renewed || Matters(was, m)
	k.renewed = false
	if matters || was.Message != m.Message || !was.SilentSince.Equal(m.SilentSince) {
		k.refresh()
	}
	if was.Answers != m.Answers || was.NotReady != m.NotReady {
		k.log.Info("Member changed", "answers", m.Answers, "reason", m.NotReady, "message", m.Message)
	}
	if matters {
		k.OnChange(k.name)
	}
}

// Matters says whether a run may decide differently.
func Matters(was, is Member) bool {
	return was.Answers != is.Answers || was.UID != is.UID || was.Recorded != is.Recorded || was.NotReady != is.NotReady ||
		was.Cordoned != is.Cordoned || was.SecretLookup != is.SecretLookup ||
		!equality.Semantic.DeepEqual(was.MaxRuns, is.MaxRuns) || !maps.Equal(was.Labels, is.Labels)
}

// report writes the status, if it changed and there is anything to say yet. After a restart of the operator the old one
// stands until then.
func (k *keeper) report(ctx context.Context) {
	if !k.handed || k.serving == nil && k.failed == nil || k.serving != nil && !k.answers && k.silent == nil {
		return
	}
	if now := time.Now(); !now.Before(k.countAt) { // not whenever the own write comes back: it would find another number
		k.active, k.countAt = k.ActiveRuns(k.name), now.Add(k.ProbeInterval)
	}
	next := k.object.DeepCopy()
	k.describe(&next.Status)
	if equality.Semantic.DeepEqual(k.object.Status, next.Status) {
		return
	}
	// A conflict means that a newer object is on its way here; it is looked at then.
	if err := k.write(ctx, next); err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
		k.log.Error(err, "Writing the status failed")
	}
}

// write writes the status of the member's object, unless somebody changed the object meanwhile.
func (k *keeper) write(ctx context.Context, next *v1.MemberCluster) error {
	ctx, cancel := context.WithTimeout(ctx, k.RequestTimeout)
	defer cancel()
	if err := k.hub.Status().Update(ctx, next); err != nil {
		return err
	}
	k.object = next
	return nil
}

// describe fills in the whole status.
func (k *keeper) describe(s *v1.MemberClusterStatus) {
	s.ObservedGeneration = k.object.Generation
	s.ActiveRuns = k.active
	if k.version != "" {
		s.KubernetesVersion = k.version
	}
	k.describeCredentials(s)
	k.describeRenewal(s)
	if !k.seen.IsZero() && (s.LastSeen == nil || k.seen.Sub(s.LastSeen.Time) >= seenEvery) {
		s.LastSeen = &metav1.Time{Time: k.seen.Truncate(time.Second)}
	}
	for _, c := range []metav1.Condition{k.ready(), k.reachable()} {
		c.ObservedGeneration = k.object.Generation
		c.LastTransitionTime = metav1.NewTime(k.Clock.Now())
		meta.SetStatusCondition(&s.Conditions, c)
	}
}

// describeCredentials says how long the credentials in use are valid; of a member that is not connected, what was known last.
func (k *keeper) describeCredentials(s *v1.MemberClusterStatus) {
	if k.serving != nil {
		s.CredentialsExpireAt = nil
		if until := lifetimeOf(k.serving.config).until; !until.IsZero() {
			s.CredentialsExpireAt = &metav1.Time{Time: until}
		}
	}
	s.CredentialsLeft = ""
	if s.CredentialsExpireAt != nil {
		s.CredentialsLeft = Left(s.CredentialsExpireAt.Time, k.Clock.Now())
	}
}

// ready is the condition Ready.
func (k *keeper) ready() metav1.Condition {
	c := metav1.Condition{Type: v1.ConditionMemberReady, Status: metav1.ConditionFalse}
	if c.Reason, c.Message = k.standing(); c.Reason == "" {
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1.ReasonMemberReady, "it takes runs"
	}
	return c
}

// reachable is the condition Reachable: about who answers, not about what one may do there.
func (k *keeper) reachable() metav1.Condition {
	c := metav1.Condition{Type: v1.ConditionMemberReachable}
	t := k.failed
	if k.serving != nil {
		t = k.silent
	}
	switch {
	case t == nil, k.knows && (t.reason == v1.ReasonPreflightFailed || t.reason == v1.ReasonDuplicateIdentity):
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1.ReasonReachable, "it answers as cluster "+string(k.answering)
	case t.reason == v1.ReasonUnreachable, t.reason == v1.ReasonCredentialsRefused, t.reason == v1.ReasonIdentityChanged:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, t.reason, t.message
	default:
		c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1.ReasonUnobserved, "it cannot be asked who it is, see Ready"
	}
	return c
}
