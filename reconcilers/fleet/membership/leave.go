package membership

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Leave ends that a cluster is a member. The member is cordoned first, so that no run comes while runs are counted.
type Leave struct {
	Hub    *Side
	Member *Side // nil where what join made there shall stay
	System string
	Name   string

	Say func(string)
}

// Busy are the runs that execute on a member.
type Busy []string

func (b Busy) Error() string { return strings.Join(b, ", ") }

// Run does it. Workspaces and Secrets on the member stay.
func (l *Leave) Run(ctx context.Context) error {
	var o v1.MemberCluster
	if err := l.Hub.Get(ctx, client.ObjectKey{Name: l.Name}, &o); err != nil {
		return fmt.Errorf("reading membercluster/%s: %w", l.Name, err)
	}
	if err := l.same(ctx, &o); err != nil {
		return err
	}
	if _, err := Cordon(ctx, l.Hub, &o, v1.SchedulingCordoned); err != nil {
		return err
	}
	if err := l.idle(ctx); err != nil {
		return err
	}
	if err := l.Hub.Delete(ctx, &o, client.Preconditions{UID: &o.UID}); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting membercluster/%s: %w", l.Name, err)
	}
	l.Say("hub: " + Named(&o) + " removed")
	if err := l.removeSecret(ctx, o.Spec.KubeconfigSecretRef); err != nil {
		return err
	}
	if l.Member == nil {
		l.stays()
		return nil
	}
	if err := l.removeGrants(ctx); err != nil {
		l.stays() // and nobody can ask leave for it again: the hub has no such member any more
		return err
	}
	return nil
}

// stays says how to remove later what join created on the member.
func (l *Leave) stays() {
	l.Say("member: what join created there stays; where no other hub has it too, this removes it:")
	l.Say("kubectl --kubeconfig FILE -n " + v1.SystemNamespace +
		" delete clusterrolebindings,clusterroles,rolebindings,roles,serviceaccounts,namespaces -l " + v1.LabelJoined + "=true")
}

// same refuses a kubeconfig of another cluster than the member.
func (l *Leave) same(ctx context.Context, o *v1.MemberCluster) error {
	if l.Member == nil {
		return nil
	}
	uid, err := l.Member.identity(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("nothing was removed (without a kubeconfig of the member only the hub is left): "+
			"asking the member %s for its identity, the namespace kube-system: %w", l.Member.Config.Host, err)
	case o.Status.ClusterUID != "" && uid != o.Status.ClusterUID:
		return fmt.Errorf("the kubeconfig leads to the cluster %s, and %s is %s: name that of the member", uid, o.Name, o.Status.ClusterUID)
	}
	return nil
}

func (l *Leave) idle(ctx context.Context) error {
	all, err := runs(ctx, l.Hub)
	if err != nil {
		return fmt.Errorf("listing the runs: %w", err)
	}
	var busy Busy
	kept := 0
	for _, r := range all {
		at := slices.ContainsFunc(r.RunStatus().Attempts, func(a v1.Attempt) bool { return a.Cluster == l.Name })
		switch {
		case !ended(r) && (r.RunStatus().Cluster == l.Name || at):
			busy = append(busy, r.GetNamespace()+"/"+r.GetName())
		case at:
			kept++
		}
	}
	if len(busy) > 0 {
		slices.Sort(busy)
		return busy
	}
	if kept > 0 {
		l.Say(fmt.Sprintf("hub: %d runs that have ended may have objects there; they stay, and go when it joins again", kept))
	}
	return nil
}

// removeSecret removes the kubeconfig that join wrote, and no other.
func (l *Leave) removeSecret(ctx context.Context, ref *v1.KubeconfigSecretRef) error {
	if ref == nil {
		return nil
	}
	secret := &corev1.Secret{}
	err := l.Hub.Get(ctx, client.ObjectKey{Namespace: l.System, Name: ref.Name}, secret)
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("reading secret/%s: %w", ref.Name, err)
	case secret.Labels[v1.LabelRenewal] != v1.RenewalEnabled:
		l.Say("hub: secret/" + ref.Name + " stays: join did not write it")
		return nil
	}
	if err := l.Hub.Delete(ctx, secret); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting secret/%s: %w", ref.Name, err)
	}
	l.Say("hub: " + Named(secret) + " removed")
	return nil
}

// removeGrants removes what join created on the member, in the opposite order, unless another hub uses it too.
func (l *Leave) removeGrants(ctx context.Context) error {
	hub, err := l.Hub.identity(ctx)
	if err != nil {
		return fmt.Errorf("asking the hub for its identity, the namespace kube-system: %w", err)
	}
	others, err := l.withdraw(ctx, hub)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		l.Say("member: its rights stay, another hub has it as " + strings.Join(others, ", "))
		return nil
	}
	all := grants(true)
	slices.Reverse(all)
	for _, o := range all {
		result, err := removeJoined(ctx, l.Member, o)
		if err != nil {
			return fmt.Errorf("removing %s on the member: %w", Named(o), err)
		}
		if result != "" {
			l.Say("member: " + Named(o) + " " + result)
		}
	}
	l.left(ctx)
	return nil
}

// withdraw takes this hub's name from the operator's user, and says how other hubs call the member.
func (l *Leave) withdraw(ctx context.Context, hub types.UID) (others []string, err error) {
	sa := account()
	if err := l.Member.Get(ctx, client.ObjectKeyFromObject(sa), sa); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading %s on the member: %w", Named(sa), err)
	}
	mine, others := v1.AnnotationJoinedPrefix+string(hub), otherHubs(sa, hub)
	if _, ok := sa.Annotations[mine]; !ok {
		return others, nil
	}
	delete(sa.Annotations, mine)
	if err := l.Member.Update(ctx, sa); err != nil {
		return nil, fmt.Errorf("writing %s on the member: %w", Named(sa), err)
	}
	return others, nil
}

// otherHubs is how hubs but this one call the member whose user it is.
func otherHubs(sa *corev1.ServiceAccount, hub types.UID) (names []string) {
	for key, name := range sa.Annotations {
		if strings.HasPrefix(key, v1.AnnotationJoinedPrefix) && key != v1.AnnotationJoinedPrefix+string(hub) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// removeJoined removes an object that join created. Another one stays; where there is none, nothing is said.
func removeJoined(ctx context.Context, c client.Client, o client.Object) (string, error) {
	if err := c.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
		return "", client.IgnoreNotFound(err)
	}
	if o.GetLabels()[v1.LabelJoined] != "true" {
		return "stays: join did not create it", nil
	}
	uid := o.GetUID()
	return "removed", client.IgnoreNotFound(c.Delete(ctx, o, client.Preconditions{UID: &uid}))
}

// left tells of the workspaces that stay. Who may not list them is told nothing.
func (l *Leave) left(ctx context.Context) {
	var claims corev1.PersistentVolumeClaimList
	if l.Member.List(ctx, &claims, client.MatchingLabels{v1.LabelManaged: "true"}) != nil {
		return
	}
	for _, c := range claims.Items {
		l.Say(fmt.Sprintf("member: workspace %s/%s stays", c.Namespace, c.Name))
	}
	l.Say("member: the Secrets of runs stay, if there are some")
}

// Cordon sets whether new attempts are placed on a member, and says whether that changed anything.
func Cordon(ctx context.Context, hub client.Client, o *v1.MemberCluster, to v1.MemberScheduling) (changed bool, err error) {
	if o.Spec.Scheduling == to {
		return false, nil
	}
	patch := fmt.Sprintf(`{"spec":{"scheduling":%q}}`, to)
	if err := hub.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		return false, fmt.Errorf("writing spec.scheduling of membercluster/%s: %w", o.Name, err)
	}
	return true, nil
}
