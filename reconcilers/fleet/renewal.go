package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/event"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The waits after a renewal that failed: a token has half of its life left then.
const (
	firstRenewalPause   = time.Minute
	longestRenewalPause = time.Hour // also after one that worked: a clock that is wrong must not ask at each probe
)

// renewal is what the keeper knows of the renewals of its member's token.
type renewal struct {
	failed  string       // why the last one did not work
	backoff wait.Backoff // after failures
	next    time.Time    // not before
	asked   bool         // one is under way
	done    chan error
}

func newRenewal() renewal {
	return renewal{done: make(chan error, 1), backoff: renewalPause()}
}

func renewalPause() wait.Backoff {
	return wait.Backoff{Duration: firstRenewalPause, Cap: longestRenewalPause, Factor: 2, Jitter: 0.1, Steps: 32}
}

// renewalDue says that a token that may be renewed has half of its life behind it, and that nothing else is going on.
func (k *keeper) renewalDue(now time.Time) bool {
	if !k.renewable || k.renewal.asked || k.serving == nil || !k.answers || k.serving.digest != k.digest() || now.Before(k.renewal.next) {
		return false
	}
	life := lifetimeOf(k.serving.config)
	_, _, bound := life.serviceAccount()
	return bound && !now.Before(life.half())
}

// renew asks for a new token by the present one, beside the keeper's other work: it takes three requests.
func (k *keeper) renew(ctx context.Context) {
	k.renewal.asked = true
	present, object, known := k.serving, k.object.DeepCopy(), k.answering
	k.running.Go(func() { k.renewal.done <- k.replaceToken(ctx, present, object, known) })
}

// renewedToken takes note of how a renewal ended. The new kubeconfig comes back as every other one does: by the watch on Secrets.
func (k *keeper) renewedToken(err error) {
	now := k.Clock.Now()
	k.renewal.asked = false
	switch {
	case err == nil:
		k.renewal.failed, k.renewal.backoff, k.renewal.next = "", renewalPause(), now.Add(longestRenewalPause)
		k.log.Info("Token was renewed")
	case apierrors.IsConflict(err), apierrors.IsNotFound(err): // somebody writes the Secret: what they write is on its way here
		k.renewal.next = now.Add(firstRenewalPause)
	default:
		if k.renewal.failed != err.Error() { // once for each reason, not at every attempt
			k.events.Say(k.object, nil, event.RenewalFailed, "Renew", err.Error())
		}
		k.renewal.failed, k.renewal.next = err.Error(), now.Add(k.renewal.backoff.Step())
		k.log.Error(err, "Renewing the token failed")
	}
}

// replaceToken asks the member for a token, tries it, and only then writes it into the Secret, unless that was changed.
func (k *keeper) replaceToken(ctx context.Context, present *link, o *v1.MemberCluster, known types.UID) error {
	ref := o.Spec.KubeconfigSecretRef
	cached := &corev1.Secret{}
	if err := k.secrets.Get(ctx, client.ObjectKey{Namespace: k.Namespace, Name: ref.Name}, cached); err != nil {
		return fmt.Errorf("reading the Secret %s/%s: %w", k.Namespace, ref.Name, err)
	}
	if cached.Labels[v1.LabelRenewal] != v1.RenewalEnabled {
		return nil
	}
	token, err := present.requestToken(ctx, k.RequestTimeout)
	if err != nil {
		return err
	}
	data, err := withToken(cached.Data[keyOf(ref)], token)
	if err != nil {
		return fmt.Errorf("writing the new kubeconfig: %w", err)
	}
	if err := k.tryOut(ctx, data, ref, known); err != nil {
		return err
	}
	secret := cached.DeepCopy() // with the resourceVersion that was read: whoever wrote it since goes first
	secret.Data[keyOf(ref)] = data
	ctx, cancel := context.WithTimeout(ctx, k.RequestTimeout)
	defer cancel()
	if err := k.hub.Update(ctx, secret); apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return err
	} else if err != nil {
		return fmt.Errorf("writing the new token into Secret %s/%s: the operator needs the right to update it "+
			"(docs/examples/operator.yaml): %s",
			k.Namespace, ref.Name, apierrors.ReasonForError(err)) // the whole error might repeat what was written
	}
	return nil
}

// requestToken asks for a token of the same user that lives as long as the present one.
func (l *link) requestToken(ctx context.Context, timeout time.Duration) (string, error) {
	life := lifetimeOf(l.config)
	namespace, name, _ := life.serviceAccount()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		ExpirationSeconds: new(int64(life.until.Sub(life.from) / time.Second)),
	}}
	err := l.cluster.GetClient().SubResource("token").Create(ctx, account, request)
	if apierrors.IsForbidden(err) {
		return "", fmt.Errorf("its user may not ask for a token of its own: call runfleet fleet join again, or grant it the Role " +
			"runfleet-renewal of docs/members.md")
	}
	if err != nil {
		return "", fmt.Errorf("asking for a token: %s", why(err))
	}
	return request.Status.Token, nil
}

// tryOut connects by a new kubeconfig: one that does not lead to the same member must not replace one that does.
func (k *keeper) tryOut(ctx context.Context, data []byte, ref *v1.KubeconfigSecretRef, known types.UID) error {
	c, t := connectByKubeconfig(data, secretKey(k.Namespace, ref))
	if t != nil {
		return t
	}
	l, t := open(ctx, c, nil)
	if t != nil {
		return t
	}
	defer l.close()
	uid, t := l.identify(ctx, k.ProbeTimeout)
	if t != nil {
		return fmt.Errorf("trying the new token: %w", t)
	}
	if uid != known {
		return fmt.Errorf("the new token leads to the cluster %s instead of %s", uid, known)
	}
	return nil
}

// describeRenewal writes the condition CredentialsRenewed, where there is something to renew.
func (k *keeper) describeRenewal(s *v1.MemberClusterStatus) {
	if !k.renewable || s.CredentialsExpireAt == nil {
		meta.RemoveStatusCondition(&s.Conditions, v1.ConditionCredentialsRenewed)
		return
	}
	until := s.CredentialsExpireAt.UTC().Format("2006-01-02 15:04 UTC")
	c := metav1.Condition{
		Type: v1.ConditionCredentialsRenewed, Status: metav1.ConditionTrue, Reason: v1.ReasonRenewing,
		Message:            "the token is valid until " + until + ", and is renewed at half of its life",
		ObservedGeneration: k.object.Generation, LastTransitionTime: metav1.NewTime(k.Clock.Now()),
	}
	if k.renewal.failed != "" {
		c.Status, c.Reason = metav1.ConditionFalse, v1.ReasonRenewalFailed
		c.Message = "the token is valid until " + until + " and was not renewed: " + k.renewal.failed + "; it is tried again"
	}
	meta.SetStatusCondition(&s.Conditions, c)
}
