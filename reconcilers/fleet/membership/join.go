package membership

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TokenLife is how long the operator's token is valid. An API server may grant less.
const TokenLife = 30 * 24 * time.Hour

// Join makes a cluster a member.
type Join struct {
	Hub, Member *Side
	System      string // the operator's namespace on the hub
	Name        string // of the MemberCluster
	Server      string // where the operator finds the member's API server; "" for where the person does
	Labels      map[string]string
	MaxRuns     *int32   // nil leaves it as it is
	Lookup      *bool    // spec.secretLookup; nil leaves it as it is
	Namespaces  []string // of runs, which the member must have; none for those that the hub knows of

	Say func(string) // a line of progress
}

// Run does it. A second one repairs the rights, renews the token and changes what is given. When it returns Lacks, nothing
// was created anywhere.
func (j *Join) Run(ctx context.Context) error {
	if err := rest.LoadTLSFiles(j.Member.Config); err != nil { // the operator does not have those files
		return fmt.Errorf("reading the files that the kubeconfig names: %w", err)
	}
	l, err := j.look(ctx)
	if err != nil {
		return err
	}
	if len(l.lacks) > 0 {
		return l.lacks
	}
	for _, note := range l.notes {
		j.Say(note)
	}
	return l.create(ctx)
}

// forOperator is how the operator will reach the member, without credentials.
func (j *Join) forOperator() *rest.Config {
	c := rest.CopyConfig(j.Member.Config)
	if j.Server != "" {
		c.Host, c.Proxy = j.Server, nil
	}
	return c
}

func (l *look) create(ctx context.Context) error {
	hub, err := l.Hub.identity(ctx)
	if err != nil {
		return fmt.Errorf("asking the hub for its identity, the namespace kube-system: %w", err)
	}
	for _, o := range grants(l.lookup) {
		if _, ok := o.(*corev1.ServiceAccount); ok {
			o.SetAnnotations(map[string]string{v1.AnnotationJoinedPrefix + string(hub): l.Name})
		}
		if err := l.ensure(ctx, l.Member, o, "member"); err != nil {
			return err
		}
	}
	if !l.lookup {
		if err := l.revokeLookup(ctx, hub); err != nil {
			return err
		}
	}
	token, err := l.token(ctx)
	if err != nil {
		return err
	}
	if err := l.writeSecret(ctx, token); err != nil {
		return err
	}
	return l.register(ctx)
}

func (l *look) ensure(ctx context.Context, on *Side, o client.Object, side string) error {
	result, err := ensure(ctx, on, o)
	if err != nil {
		return fmt.Errorf("creating %s on the %s (the same call goes on from here): %w", Named(o), side, err)
	}
	l.Say(fmt.Sprintf("%s: %s %s", side, Named(o), result))
	return nil
}

// revokeLookup takes back the right to look up Secrets that an earlier join gave. Another hub may look them up by it.
func (l *look) revokeLookup(ctx context.Context, hub types.UID) error {
	sa := account()
	if err := l.Member.Get(ctx, client.ObjectKeyFromObject(sa), sa); err != nil {
		return fmt.Errorf("reading %s on the member: %w", Named(sa), err)
	}
	others := otherHubs(sa, hub)
	for _, o := range everywhere(lookupRole, nil) {
		if len(others) > 0 {
			if err := l.Member.Get(ctx, client.ObjectKeyFromObject(o), o); err == nil {
				l.Say("member: " + Named(o) + " stays: another hub has the member as " + strings.Join(others, ", "))
			}
			continue
		}
		removed, err := removeJoined(ctx, l.Member, o)
		if err != nil {
			return fmt.Errorf("removing %s on the member: %w", Named(o), err)
		}
		if removed == "removed" {
			l.Say("member: " + Named(o) + " removed")
		}
	}
	return nil
}

// token asks for one that ends by itself. There is no Secret with it on the member.
func (l *look) token(ctx context.Context) (authenticationv1.TokenRequestStatus, error) {
	request := &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: new(int64(TokenLife / time.Second))},
	}
	if err := l.Member.SubResource("token").Create(ctx, account(), request); err != nil {
		return request.Status, fmt.Errorf("asking the member for a token (the same call goes on from here): %w", err)
	}
	return request.Status, nil
}

func (l *look) writeSecret(ctx context.Context, token authenticationv1.TokenRequestStatus) error {
	data, err := fleet.Kubeconfig(l.Name, l.forOperator(), token.Token)
	if err != nil {
		return fmt.Errorf("writing the kubeconfig of the operator: %w", err)
	}
	key := "kubeconfig"
	if l.object != nil && l.object.Spec.KubeconfigSecretRef != nil && l.object.Spec.KubeconfigSecretRef.Key != "" {
		key = l.object.Spec.KubeconfigSecretRef.Key
	}
	named := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: l.System, Name: l.secretName()}}
	result, err := put(ctx, l.Hub, named, l.secret != nil, func(secret *corev1.Secret) error {
		if secret.ResourceVersion == "" {
			secret.Labels = map[string]string{v1.LabelRenewal: v1.RenewalEnabled}
		} else if secret.Labels[v1.LabelRenewal] != v1.RenewalEnabled {
			return errors.New("it is not join's any more")
		}
		secret.Data = map[string][]byte{key: data}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing secret/%s on the hub (the same call goes on from here): %w", named.Name, err)
	}
	l.Say(fmt.Sprintf("hub: %s %s, its token is valid for %s",
		Named(named), result, fleet.Left(token.ExpirationTimestamp.Time, time.Now())))
	return nil
}

func (l *look) register(ctx context.Context) error {
	named := &v1.MemberCluster{ObjectMeta: metav1.ObjectMeta{Name: l.Name}}
	result, err := put(ctx, l.Hub, named, l.object != nil, func(o *v1.MemberCluster) error {
		if o.ResourceVersion == "" {
			o.Spec.KubeconfigSecretRef = &v1.KubeconfigSecretRef{Name: l.Name}
		}
		if o.Labels == nil {
			o.Labels = map[string]string{}
		}
		maps.Copy(o.Labels, l.Labels)
		if l.MaxRuns != nil {
			o.Spec.MaxRuns = l.MaxRuns
		}
		if l.Lookup != nil {
			o.Spec.SecretLookup = map[bool]v1.SecretLookup{true: v1.SecretLookupEnabled, false: v1.SecretLookupDisabled}[*l.Lookup]
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing membercluster/%s on the hub (the same call goes on from here): %w", l.Name, err)
	}
	l.Say(fmt.Sprintf("hub: %s %s", Named(named), result))
	return nil
}

// Standing is how the operator sees a member now. ready says that it takes runs, or would but for a person's cordon.
func Standing(ctx context.Context, hub *Side, name string) (ready bool, reason, message string, err error) {
	var o v1.MemberCluster
	if err := hub.Get(ctx, client.ObjectKey{Name: name}, &o); apierrors.IsNotFound(err) {
		return false, "", "it was deleted meanwhile", nil
	} else if err != nil {
		return false, "", "", fmt.Errorf("asking the hub for the member: %w", err)
	}
	c := meta.FindStatusCondition(o.Status.Conditions, v1.ConditionMemberReady)
	if c == nil || c.ObservedGeneration != o.Generation {
		return false, "", "the operator has not looked at it yet: is it running?", nil
	}
	return c.Status == metav1.ConditionTrue || c.Reason == v1.ReasonCordoned, c.Reason, c.Message, nil
}
