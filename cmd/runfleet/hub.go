package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// answerTime bounds every request but a watch: a person waits for the answer.
const answerTime = 20 * time.Second

// hubFlags are where a verb finds the hub, as kubectl has them.
type hubFlags struct{ kubeconfig, context, namespace string }

// addHubFlags adds them behind the flags that the verb has so far: its own come first in its help.
func addHubFlags(cmd *cobra.Command) *hubFlags {
	f := addReachFlags(cmd)
	cmd.Flags().StringVarP(&f.namespace, "namespace", "n", "", "the `NAMESPACE` of the runs (default the context's)")
	completeFlag(cmd, "namespace", completeNamespaces)
	return f
}

// addReachFlags are those of a verb that is about no namespace of runs.
func addReachFlags(cmd *cobra.Command) *hubFlags {
	var f hubFlags
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "the kubeconfig `FILE` (default $KUBECONFIG, then ~/.kube/config)")
	cmd.Flags().StringVar(&f.context, "context", "", "the `CONTEXT` of the kubeconfig (default its current one)")
	completeFlag(cmd, "context", completeContexts)
	return &f
}

// loader reads the kubeconfig as kubectl does.
func (f *hubFlags) loader() clientcmd.ClientConfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = f.kubeconfig
	rules.WarnIfAllMissing = false
	overrides := &clientcmd.ConfigOverrides{CurrentContext: f.context}
	overrides.Context.Namespace = f.namespace
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
}

// hub is the cluster with the runs, seen from one namespace.
type hub struct {
	client    client.WithWatch
	namespace string // "" is all of them
	server    string // for errors
	config    *rest.Config
}

// connect prepares a client. Nothing is asked yet, not even which kinds there are: every verb starts at once.
func (f *hubFlags) connect(stderr io.Writer) (*hub, error) {
	loader := f.loader()
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, f.explain(err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, f.explain(err)
	}
	config.QPS = -1               // a person's calls are few
	config.UserAgent = "runfleet" // also the manager of the fields that it writes
	config.WarningHandler = &warnings{w: stderr}
	scheme := runtime.NewScheme()
	if err := errors.Join(v1.AddToScheme(scheme), corev1.AddToScheme(scheme), authorizationv1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme, Mapper: staticMapper()})
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return &hub{client: c, namespace: namespace, server: config.Host, config: config}, nil
}

// staticMapper knows our kinds, and those of Kubernetes that are read, without asking: two requests less, and an answer that
// says which is missing.
func staticMapper() meta.RESTMapper {
	m := meta.NewDefaultRESTMapper([]schema.GroupVersion{v1.GroupVersion, corev1.SchemeGroupVersion})
	for _, k := range allKinds {
		scope := meta.RESTScopeNamespace
		if k.global {
			scope = meta.RESTScopeRoot
		}
		m.Add(k.gvk(), scope)
	}
	for _, k := range chartKinds {
		m.Add(k.gvk(), k.scope())
	}
	m.Add(authorizationv1.SchemeGroupVersion.WithKind("SelfSubjectAccessReview"), meta.RESTScopeRoot)
	m.Add(corev1.SchemeGroupVersion.WithKind("Namespace"), meta.RESTScopeRoot)
	m.Add(corev1.SchemeGroupVersion.WithKind("Event"), meta.RESTScopeNamespace)
	m.Add(corev1.SchemeGroupVersion.WithKind("Pod"), meta.RESTScopeNamespace)
	m.Add(corev1.SchemeGroupVersion.WithKind("Secret"), meta.RESTScopeNamespace)
	return m
}

// warnings shows each warning of the API server once, as kubectl does.
type warnings struct {
	mu   sync.Mutex
	w    io.Writer
	seen []string
}

// HandleWarningHeader implements rest.WarningHandler.
func (h *warnings) HandleWarningHeader(_ int, _, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if text != "" && !slices.Contains(h.seen, text) {
		h.seen = append(h.seen, text)
		fmt.Fprintln(h.w, "Warning: "+printable(text))
	}
}

// get reads one object. Raw is what the API server said, with what this program does not know.
func (h *hub) get(ctx context.Context, k *kind, name string, raw bool) (client.Object, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	object := k.object()
	if raw {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(k.gvk())
		object = u
	}
	key := client.ObjectKey{Namespace: h.namespace, Name: name}
	if k.global {
		key.Namespace = ""
	}
	return object, h.client.Get(ctx, key, object)
}

// listed is an empty list of a kind to read into.
func listed(k *kind, raw bool) client.ObjectList {
	if !raw {
		return k.list()
	}
	u := &unstructured.UnstructuredList{}
	u.SetGroupVersionKind(k.gvk().GroupVersion().WithKind(k.title + "List"))
	return u
}

// list reads the objects of some kinds, in the order of namespace, kind and name.
func (h *hub) list(ctx context.Context, kinds []*kind, raw bool, opts ...client.ListOption) ([]item, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var items []item
	for _, k := range kinds {
		list := listed(k, raw)
		if err := h.client.List(ctx, list, opts...); err != nil {
			return nil, h.explain("listing "+k.name+"s", err)
		}
		found, err := itemsOf(k, list)
		if err != nil {
			return nil, err
		}
		items = append(items, found...)
	}
	sortItems(items)
	return items, nil
}

func itemsOf(k *kind, list client.ObjectList) ([]item, error) {
	objects, err := meta.ExtractList(list)
	if err != nil {
		return nil, fmt.Errorf("reading the list of %ss: %w", k.name, err)
	}
	var items []item
	for _, o := range objects {
		if object, ok := o.(client.Object); ok {
			items = append(items, item{kind: k, object: object})
		}
	}
	return items, nil
}

// sortItems gives the order of tables: namespace, DocsRuns before CodeRuns, name.
func sortItems(items []item) {
	slices.SortFunc(items, func(a, b item) int {
		if c := strings.Compare(a.object.GetNamespace(), b.object.GetNamespace()); c != 0 {
			return c
		}
		if c := slices.Index(allKinds, a.kind) - slices.Index(allKinds, b.kind); c != 0 {
			return c
		}
		return strings.Compare(a.object.GetName(), b.object.GetName())
	})
}

// names lists objects as kind/name, reading nothing else of them.
func (h *hub) names(ctx context.Context, kinds []*kind, opts ...client.ListOption) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var names []string
	for _, k := range kinds {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(k.gvk().GroupVersion().WithKind(k.title + "List"))
		if err := h.client.List(ctx, list, append(opts, client.Limit(500))...); err != nil {
			return nil, err
		}
		for _, o := range list.Items {
			names = append(names, k.of(o.Name))
		}
	}
	return names, nil
}
