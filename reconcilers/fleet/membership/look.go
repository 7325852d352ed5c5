package membership

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Lacks are all that is in the way of a member, each a sentence.
type Lacks []string

func (l Lacks) Error() string { return strings.Join(l, "\n") }

// look is what a join finds out before it creates anything.
type look struct {
	*Join
	uid    types.UID // of the member
	object *v1.MemberCluster
	secret *corev1.Secret // nil where there is none yet
	lookup bool
	notes  []string
	lacks  Lacks
}

func (l *look) lackf(format string, args ...any) {
	l.lacks = append(l.lacks, fmt.Sprintf(format, args...))
}

// look asks both clusters. What lacks is collected; an error is for a cluster that does not answer.
func (j *Join) look(ctx context.Context) (*look, error) {
	l := &look{Join: j}
	for _, why := range fleet.Usable(j.forOperator()) {
		l.lackf("%s", why)
	}
	steps := []func(context.Context) error{l.version, l.identify, l.onHub, l.rightsOnHub, l.served, l.rights, l.namespaces, l.storage}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *look) version(context.Context) error {
	v, err := l.Member.asks.ServerVersion()
	if err != nil {
		return fmt.Errorf("asking the member %s for its version: %w", l.Member.Config.Host, err)
	}
	refused, note := fleet.CheckVersion(v.GitVersion, false)
	if refused != "" {
		l.lackf("the member: %s", refused)
	}
	l.notes = append(l.notes, "Kubernetes "+v.GitVersion)
	if note != "" {
		l.notes = append(l.notes, note)
	}
	if v, err := l.Hub.asks.ServerVersion(); err == nil {
		if refused, _ := fleet.CheckVersion(v.GitVersion, true); refused != "" {
			l.lackf("the hub: %s", refused)
		}
	}
	return nil
}

func (l *look) identify(ctx context.Context) (err error) {
	l.uid, err = l.Member.identity(ctx)
	if apierrors.IsForbidden(err) {
		l.lackf("on the member you may not get namespaces: its identity is the UID of kube-system")
		return nil
	}
	if err != nil {
		return fmt.Errorf("asking the member %s for its identity, the namespace kube-system: %w", l.Member.Config.Host, err)
	}
	return nil
}

// onHub finds out whether the name, and the cluster, are free or this member's own.
func (l *look) onHub(ctx context.Context) error {
	var list v1.MemberClusterList
	if err := l.Hub.List(ctx, &list); err != nil {
		return fmt.Errorf("listing the members of the hub: %w", err)
	}
	l.lookup = l.Lookup != nil && *l.Lookup
	for i := range list.Items {
		m := &list.Items[i]
		switch {
		case m.Name != l.Name && l.uid != "" && m.Status.ClusterUID == l.uid:
			l.lackf("this cluster (%s) is the member %s already: join it by that name, or leave first", l.uid, m.Name)
		case m.Name != l.Name:
		case m.Spec.Connection == v1.ConnectionHub:
			l.lackf("%s is the hub itself, which is reached without a kubeconfig: choose another name", m.Name)
		case m.Status.ClusterUID != "" && l.uid != "" && m.Status.ClusterUID != l.uid:
			l.lackf("%s is another cluster (%s, and this one is %s): choose another name, or leave first",
				m.Name, m.Status.ClusterUID, l.uid)
		default:
			l.object = m
			if l.Lookup == nil {
				l.lookup = m.Spec.SecretLookup == v1.SecretLookupEnabled
			}
		}
	}
	return l.onSecret(ctx)
}

// onSecret refuses to write a Secret that is somebody else's.
func (l *look) onSecret(ctx context.Context) error {
	secret := &corev1.Secret{}
	err := l.Hub.Get(ctx, client.ObjectKey{Namespace: l.System, Name: l.secretName()}, secret)
	switch {
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err): // the latter is told with the other rights
		return nil
	case err != nil:
		return fmt.Errorf("reading the Secret %s/%s of the hub: %w", l.System, l.secretName(), err)
	case secret.Labels[v1.LabelRenewal] != v1.RenewalEnabled:
		l.lackf("Secret %s/%s of the hub is there and was not written by join: delete it, or hand it over with "+
			"kubectl -n %s label secret %s %s=%s",
			l.System, secret.Name, l.System, secret.Name, v1.LabelRenewal, v1.RenewalEnabled)
	}
	l.secret = secret
	return nil
}

func (l *look) secretName() string {
	if l.object != nil && l.object.Spec.KubeconfigSecretRef != nil {
		return l.object.Spec.KubeconfigSecretRef.Name
	}
	return l.Name
}

func (l *look) rightsOnHub(ctx context.Context) error {
	if err := l.Hub.Get(ctx, client.ObjectKey{Name: l.System}, &corev1.Namespace{}); apierrors.IsNotFound(err) {
		l.lackf("the hub has no namespace %s: install Runfleet there first (docs/install.md), "+
			"or name its namespace with --system-namespace", l.System)
	}
	var rights []right
	for _, verb := range []string{"get", "create", "update"} {
		rights = append(rights,
			right{verb: verb, resource: "secrets", namespace: l.System},
			right{verb: verb, group: v1.GroupVersion.Group, resource: "memberclusters"})
	}
	lacks, err := l.Hub.lacksOf(ctx, rights)
	if len(lacks) > 0 {
		l.lackf("on the hub you may not %s", listed(lacks))
	}
	return err
}

// served says which of the verbs that are granted the member's API server does not know.
func (l *look) served(context.Context) error {
	for _, rule := range fleet.Permissions {
		gv := map[string]string{"": "v1", "batch": "batch/v1"}[rule.APIGroups[0]]
		list, err := l.Member.asks.ServerResourcesForGroupVersion(gv)
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("asking the member %s for its API %s: %w", l.Member.Config.Host, gv, err)
		}
		var known metav1.APIResource
		if err == nil {
			for _, r := range list.APIResources {
				if r.Name == rule.Resources[0] {
					known = r
				}
			}
		}
		unknown := slices.DeleteFunc(slices.Clone(rule.Verbs), func(verb string) bool { return slices.Contains(known.Verbs, verb) })
		if len(unknown) > 0 {
			l.lackf("the member's API %s does not serve %s %s", gv, strings.Join(unknown, ", "), rule.Resources[0])
		}
	}
	return nil
}
