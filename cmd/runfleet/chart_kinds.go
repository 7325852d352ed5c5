package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/runfleet/runfleet/cmd/runfleet/chart"
)

// chartKind is a kind of which the chart has objects.
type chartKind struct {
	group, version, kind string
	resource             string
	short                string // as it is shown; kubectl knows it too
	global               bool   // whether it has no namespace
	kept                 bool   // whether it is never removed without being asked for by name
	foreign              bool   // whether a hub may lack the kind
}

// chartKinds are all of them in the order in which they are applied: a Deployment starts what needs everything before it. They are
// removed the other way round.
var chartKinds = []chartKind{
	{group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition", resource: "customresourcedefinitions", short: "crd",
		global: true, kept: true},
	{version: "v1", kind: "ConfigMap", resource: "configmaps"},
	{version: "v1", kind: "ServiceAccount", resource: "serviceaccounts"},
	{group: rbacGroup, version: "v1", kind: "ClusterRole", resource: "clusterroles", global: true},
	{group: rbacGroup, version: "v1", kind: "ClusterRoleBinding", resource: "clusterrolebindings", global: true},
	{group: rbacGroup, version: "v1", kind: "Role", resource: "roles"},
	{group: rbacGroup, version: "v1", kind: "RoleBinding", resource: "rolebindings"},
	{version: "v1", kind: "Service", resource: "services"},
	{group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy", resource: "networkpolicies"},
	{group: "monitoring.coreos.com", version: "v1", kind: "ServiceMonitor", resource: "servicemonitors", foreign: true},
	{group: "monitoring.coreos.com", version: "v1", kind: "PrometheusRule", resource: "prometheusrules", foreign: true},
	{group: "policy", version: "v1", kind: "PodDisruptionBudget", resource: "poddisruptionbudgets"},
	{group: "apps", version: "v1", kind: "Deployment", resource: "deployments"},
}

const rbacGroup = "rbac.authorization.k8s.io"

func (k chartKind) gvk() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: k.group, Version: k.version, Kind: k.kind}
}

func (k chartKind) scope() meta.RESTScope {
	if k.global {
		return meta.RESTScopeRoot
	}
	return meta.RESTScopeNamespace
}

// of names an object so that kubectl knows it.
func (k chartKind) of(name string) string {
	return cmp.Or(k.short, strings.ToLower(k.kind)) + "/" + name
}

// resourceName is the resource with its group, as an error of the API server has it.
func (k chartKind) resourceName() string {
	if k.group == "" {
		return k.resource
	}
	return k.resource + "." + k.group
}

// part is one object of an installation.
type part struct {
	kind   chartKind
	object *unstructured.Unstructured
}

// name is the part for people: with its namespace where that is not the operator's.
func (p part) name(system string) string {
	name := p.kind.of(p.object.GetName())
	if ns := p.object.GetNamespace(); ns != "" && ns != system {
		name += " -n " + ns
	}
	return name
}

// same says whether two parts are one object.
func (p part) same(o part) bool {
	return p.kind.kind == o.kind.kind && p.object.GetNamespace() == o.object.GetNamespace() && p.object.GetName() == o.object.GetName()
}

// partsOf brings what the chart makes into the order of chartKinds.
func partsOf(objects []chart.Object) ([]part, error) {
	var parts []part
	for _, o := range objects {
		data, err := json.Marshal(o)
		if err != nil {
			return nil, fmt.Errorf("reading the chart's objects: %w", err)
		}
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(data); err != nil {
			return nil, fmt.Errorf("reading the chart's objects: %w", err)
		}
		i := slices.IndexFunc(chartKinds, func(k chartKind) bool { return k.gvk() == u.GroupVersionKind() })
		if i < 0 {
			return nil, fmt.Errorf("reading the chart's objects: %s is not among chartKinds", u.GroupVersionKind())
		}
		parts = append(parts, part{chartKinds[i], u})
	}
	slices.SortStableFunc(parts, func(a, b part) int { return slices.Index(chartKinds, a.kind) - slices.Index(chartKinds, b.kind) })
	return parts, nil
}

// deploymentKind is the last to be applied, and the first to go.
func deploymentKind() chartKind { return chartKinds[len(chartKinds)-1] }

func bare(k chartKind, namespace, name string) part {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(k.gvk())
	o.SetNamespace(namespace)
	o.SetName(name)
	return part{k, o}
}

func namespacePart(name string) part { return bare(namespaceKind, "", name) }

// The labels that the chart sets. Only what bears all three is ours to remove.
const (
	labelName      = "app.kubernetes.io/name"
	labelInstance  = "app.kubernetes.io/instance"
	labelManagedBy = "app.kubernetes.io/managed-by"
)

// installed selects what an installation by this program has left.
var installed = labels.SelectorFromSet(labels.Set{labelName: installer, labelInstance: installer, labelManagedBy: installer})
