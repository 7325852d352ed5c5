package membership

import (
	"context"
	"fmt"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Side is a cluster as the person reaches it.
type Side struct {
	client.Client
	Config *rest.Config
	asks   *discovery.DiscoveryClient
}

// Reach makes the clients of a side. Nothing is asked yet. config needs a Timeout: a person waits.
func Reach(config *rest.Config) (*Side, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("building the scheme: %w", err)
		}
	}
	c, err := client.New(config, client.Options{Scheme: scheme, Mapper: mapper()})
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	asks, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return &Side{Client: c, Config: config, asks: asks}, nil
}

// mapper knows where the kinds are served, so that a cluster that lacks one says so with a name.
func mapper() meta.RESTMapper {
	m := meta.NewDefaultRESTMapper(nil)
	for kind, gv := range map[string]schema.GroupVersion{
		"Namespace": corev1.SchemeGroupVersion, "ClusterRole": rbacv1.SchemeGroupVersion, "ClusterRoleBinding": rbacv1.SchemeGroupVersion,
		"StorageClass": storagev1.SchemeGroupVersion, "MemberCluster": v1.GroupVersion,
		"SelfSubjectAccessReview": authorizationv1.SchemeGroupVersion,
	} {
		m.Add(gv.WithKind(kind), meta.RESTScopeRoot)
	}
	for kind, gv := range map[string]schema.GroupVersion{
		"ServiceAccount": corev1.SchemeGroupVersion, "Secret": corev1.SchemeGroupVersion, "ConfigMap": corev1.SchemeGroupVersion,
		"PersistentVolumeClaim": corev1.SchemeGroupVersion, "Role": rbacv1.SchemeGroupVersion, "RoleBinding": rbacv1.SchemeGroupVersion,
		"Deployment": appsv1.SchemeGroupVersion, "TokenRequest": authenticationv1.SchemeGroupVersion,
		"DocsRun": v1.GroupVersion, "CodeRun": v1.GroupVersion,
	} {
		m.Add(gv.WithKind(kind), meta.RESTScopeNamespace)
	}
	return m
}

// identity is the UID of the cluster's kube-system namespace.
func (s *Side) identity(ctx context.Context) (types.UID, error) {
	o := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}}
	err := s.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, o)
	return o.UID, err
}

// right is something that a person must be allowed.
type right struct{ verb, group, resource, sub, namespace string }

func (r right) String() string {
	text := r.verb + " " + r.resource
	if r.sub != "" {
		text += "/" + r.sub
	}
	if r.group != "" {
		text += "." + r.group
	}
	if r.namespace != "" {
		text += " in " + r.namespace
	}
	return text
}

// lacksOf asks for rights one by one, all at once, and returns those that are not given.
func (s *Side) lacksOf(ctx context.Context, rights []right) ([]right, error) {
	type answer struct {
		given bool
		err   error
	}
	answers := make([]chan answer, len(rights))
	for i, r := range rights {
		answers[i] = make(chan answer, 1)
		go func() {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
				ResourceAttributes: &authorizationv1.ResourceAttributes{
					Verb: r.verb, Group: r.group, Resource: r.resource, Subresource: r.sub, Namespace: r.namespace,
				},
			}}
			err := s.Create(ctx, review)
			answers[i] <- answer{review.Status.Allowed, err}
		}()
	}
	var lacks []right
	for i, r := range rights {
		a := <-answers[i]
		if a.err != nil {
			return nil, fmt.Errorf("asking whether one may %s: %w", r, a.err)
		}
		if !a.given {
			lacks = append(lacks, r)
		}
	}
	return lacks, nil
}

// listed writes rights with the verbs of one resource together.
func listed(rights []right) string {
	var order []string
	verbs := map[string][]string{}
	for _, r := range rights {
		_, object, _ := strings.Cut(r.String(), " ")
		if verbs[object] == nil {
			order = append(order, object)
		}
		verbs[object] = append(verbs[object], r.verb)
	}
	for i, object := range order {
		order[i] = strings.Join(verbs[object], ", ") + " " + object
	}
	return strings.Join(order, "; ")
}
