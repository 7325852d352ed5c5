package fleet

import (
	"context"
	"fmt"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/event"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
	mcmanager "sigs.k8s.io/multicluster-runtime/pkg/manager"
)

// registration is what a MemberCluster and its Secret say at one moment.
type registration struct {
	object     *v1.MemberCluster
	connection *connection // nil while there is trouble
	trouble    *trouble
	renewable  bool // its Secret permits that a new token is written into it
}

// digest is that of the connection, "" for none.
func (r registration) digest() string {
	if r.connection == nil {
		return ""
	}
	return r.connection.digest
}

// SetupWithManager watches the MemberClusters and the Secrets of the operator's namespace on the hub. The controller only
// hands on what they say; it never waits for a member. The Secrets have a cache of their own, so that no others are
// ever read, whatever the cache of the manager is limited to.
func (p *Provider) SetupWithManager(mgr mcmanager.Manager) error {
	local := mgr.GetLocalManager()
	secrets, err := secretsOf(local, p.Namespace)
	if err != nil {
		return fmt.Errorf("making a cache of the Secrets in %s: %w", p.Namespace, err)
	}
	p.hub, p.secrets, p.events = local.GetClient(), secrets, event.Of(local)
	if p.HubConfig == nil {
		p.HubConfig = local.GetConfig()
	}
	return ctrl.NewControllerManagedBy(local).Named("fleet").
		For(&v1.MemberCluster{}).
		WatchesRawSource(source.Kind(secrets, &corev1.Secret{}, handler.TypedEnqueueRequestsFromMapFunc(p.membersBehind))).
		Complete(reconcile.Func(p.reconcile))
}

func secretsOf(local manager.Manager, namespace string) (cache.Cache, error) {
	secrets, err := cache.New(local.GetConfig(), cache.Options{
		HTTPClient: local.GetHTTPClient(), Scheme: local.GetScheme(), Mapper: local.GetRESTMapper(),
		DefaultNamespaces: map[string]cache.Config{namespace: {}},
		DefaultTransform:  cache.TransformStripManagedFields(),
	})
	if err != nil {
		return nil, err
	}
	return secrets, local.Add(secrets)
}

// membersBehind are the members whose kubeconfig is in a Secret.
func (p *Provider) membersBehind(ctx context.Context, secret *corev1.Secret) []reconcile.Request {
	var list v1.MemberClusterList
	if err := p.hub.List(ctx, &list); err != nil {
		return nil // the cache has no other errors than that it is ending
	}
	var requests []reconcile.Request
	for i := range list.Items {
		if ref := list.Items[i].Spec.KubeconfigSecretRef; ref != nil && ref.Name == secret.Name {
			requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Name: list.Items[i].Name}})
		}
	}
	return requests
}

func (p *Provider) reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	select {
	case <-p.started:
	case <-ctx.Done(): // the time of one reconciliation is over, or the manager ends; a hub may be slow, and this event comes once
		return reconcile.Result{RequeueAfter: p.ProbeInterval / 10}, nil
	}
	o := &v1.MemberCluster{}
	if err := p.hub.Get(ctx, req.NamespacedName, o); apierrors.IsNotFound(err) {
		p.remove(req.Name)
		return reconcile.Result{}, nil
	} else if err != nil {
		return reconcile.Result{}, fmt.Errorf("reading the MemberCluster %s: %w", req.Name, err)
	}
	r, err := p.read(ctx, o)
	if err != nil {
		return reconcile.Result{}, err
	}
	if k := p.keeper(o); k != nil { //nolint:contextcheck // ctx ends with this call, and a keeper does not
		k.hand(r)
	}
	return reconcile.Result{}, nil
}

// read finds the connection that a MemberCluster asks for.
func (p *Provider) read(ctx context.Context, o *v1.MemberCluster) (registration, error) {
	return register(ctx, p.secrets, p.HubConfig, p.Namespace, o)
}

// register finds the connection that a MemberCluster asks for, with the Secrets of a namespace.
func register(ctx context.Context, secrets client.Reader, hub *rest.Config, namespace string, o *v1.MemberCluster) (registration, error) {
	r := registration{object: o}
	ref := o.Spec.KubeconfigSecretRef
	switch {
	case o.Spec.Connection == v1.ConnectionHub:
		r.connection = connectToHub(hub)
		return r, nil
	case ref == nil: // the API refuses it too; a forgotten kubeconfig must never mean the hub
		r.trouble = troubled(v1.ReasonKubeconfigMissing, "spec.kubeconfigSecretRef is missing: name the Secret with the kubeconfig")
		return r, nil
	}
	var secret corev1.Secret
	err := secrets.Get(ctx, client.ObjectKey{Namespace: namespace, Name: ref.Name}, &secret)
	switch data := secret.Data[keyOf(ref)]; {
	case apierrors.IsNotFound(err):
		r.trouble = troubled(v1.ReasonKubeconfigMissing, "Secret %s/%s does not exist: create it with a kubeconfig under the key %s",
			namespace, ref.Name, keyOf(ref))
	case err != nil:
		return r, fmt.Errorf("reading the Secret %s/%s: %w", namespace, ref.Name, err)
	case len(data) == 0:
		r.trouble = troubled(v1.ReasonKubeconfigMissing, "Secret %s/%s has no key %s: write a kubeconfig there",
			namespace, ref.Name, keyOf(ref))
	default:
		r.renewable = secret.Labels[v1.LabelRenewal] == v1.RenewalEnabled
		r.connection, r.trouble = connectByKubeconfig(data, secretKey(namespace, ref))
	}
	return r, nil
}

// older says that a is an earlier version of the object than b.
func older(a, b *v1.MemberCluster) bool {
	order, err := resourceversion.CompareResourceVersion(a.ResourceVersion, b.ResourceVersion)
	return err == nil && order < 0
}
