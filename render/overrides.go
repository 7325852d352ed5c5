package render

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Overrides are what runs may change about their pods in spec.pod: what is not listed stays as it is configured, and no
// resource goes above its configured limit.
type Overrides struct {
	MaxResources     corev1.ResourceList
	PriorityClasses  []string
	RuntimeClasses   []string
	ServiceAccounts  []string
	ImagePullSecrets []string
	NodeSelectorKeys []string
	TolerationKeys   []string
}

// overriding applies spec.pod of a run to the settings, and collects what it may not change.
type overriding struct {
	Settings

	refused []error
}

// overriddenBy are the settings as a run changes them. What it may not change is an error that names it.
func (s Settings) overriddenBy(p *v1.PodOverrides) (Settings, error) {
	if p == nil {
		return s, nil
	}
	o := overriding{Settings: s}
	o.choose("priorityClassName", "priorityClassNames", &o.PriorityClass, p.PriorityClassName, s.Overrides.PriorityClasses)
	o.choose("runtimeClassName", "runtimeClassNames", &o.RuntimeClass, p.RuntimeClassName, s.Overrides.RuntimeClasses)
	o.choose("serviceAccountName", "serviceAccountNames", &o.ServiceAccount, p.ServiceAccountName, s.Overrides.ServiceAccounts)
	o.pullWith(p.ImagePullSecrets)
	o.selectNodes(p.NodeSelector)
	o.tolerate(p.Tolerations)
	o.resources(p.Resources)
	return o.Settings, errors.Join(o.refused...)
}

// allow refuses what a list does not have.
func (o *overriding) allow(field, chosen, key string, list []string) {
	if slices.Contains(list, chosen) {
		return
	}
	instead := "leave it out"
	if len(list) > 0 {
		instead = "write " + strings.Join(list, " or ") + ", or leave it out"
	}
	o.refusef("%s: the configuration does not let runs choose %s: %s; an administrator can add it to overrides.%s",
		field, chosen, instead, key)
}

func (o *overriding) refusef(format string, args ...any) {
	o.refused = append(o.refused, fmt.Errorf("spec.pod."+format, args...))
}

// choose takes the run's own name of something, which is never refused where it is the configured one.
func (o *overriding) choose(field, key string, at *string, own v1.ObjectName, list []string) {
	if own != "" && string(own) != *at {
		o.allow(field, string(own), key, list)
		*at = string(own)
	}
}

func (o *overriding) pullWith(names []v1.ObjectName) {
	o.ImagePullSecrets = slices.Clone(o.ImagePullSecrets)
	for _, n := range names {
		if name := string(n); !slices.Contains(o.ImagePullSecrets, name) {
			o.allow("imagePullSecrets", name, "imagePullSecrets", o.Overrides.ImagePullSecrets)
			o.ImagePullSecrets = append(o.ImagePullSecrets, name)
		}
	}
}

func (o *overriding) selectNodes(own map[string]v1.LabelValue) {
	all := map[string]string{}
	maps.Copy(all, o.NodeSelector)
	for _, key := range slices.Sorted(maps.Keys(own)) {
		if value, ok := all[key]; !ok || value != string(own[key]) {
			o.allow("nodeSelector", key, "nodeSelectorKeys", o.Overrides.NodeSelectorKeys)
			all[key] = string(own[key])
		}
	}
	if len(own) > 0 {
		o.NodeSelector = all
	}
}

func (o *overriding) tolerate(own []v1.Toleration) {
	o.Tolerations = slices.Clone(o.Tolerations)
	for _, t := range own {
		wanted := corev1.Toleration{
			Key: t.Key, Operator: corev1.TolerationOperator(t.Operator), Value: string(t.Value), Effect: corev1.TaintEffect(t.Effect),
		}
		if t.TolerationSeconds != nil {
			wanted.TolerationSeconds = new(int64(*t.TolerationSeconds))
		}
		if !slices.ContainsFunc(o.Tolerations, func(have corev1.Toleration) bool { return equality.Semantic.DeepEqual(have, wanted) }) {
			o.allow("tolerations", t.Key, "tolerationKeys", o.Overrides.TolerationKeys)
			o.Tolerations = append(o.Tolerations, wanted)
		}
	}
}

// resources takes the run's limits and then its requests, each up to what is permitted. A request that is only configured
// gives way to a limit below it.
func (o *overriding) resources(own v1.PodResources) {
	configured := o.Resources
	o.Resources.Limits = o.raised("limits", configured, configured.Limits, own.Limits)
	o.Resources.Requests = o.raised("requests", configured, configured.Requests, own.Requests)
	for _, name := range slices.Sorted(maps.Keys(o.Resources.Requests)) {
		limit, limited := o.Resources.Limits[name]
		request := o.Resources.Requests[name]
		if !limited || request.Cmp(limit) <= 0 {
			continue
		}
		if _, chosen := own.Requests[string(name)]; chosen {
			o.refusef("resources.requests.%s: %s is above the limit of %s: lower it, or raise spec.pod.resources.limits.%s with it",
				name, request.String(), limit.String(), name)
		}
		o.Resources.Requests[name] = limit
	}
}

// raised are the quantities of one part with the run's own in place of the configured ones.
func (o *overriding) raised(
	part string, configured corev1.ResourceRequirements, was corev1.ResourceList, own v1.ResourceQuantities,
) corev1.ResourceList {
	all := corev1.ResourceList{}
	maps.Copy(all, was)
	for _, key := range slices.Sorted(maps.Keys(own)) {
		field, name := "resources."+part+"."+key, corev1.ResourceName(key)
		wanted, err := resource.ParseQuantity(string(own[key]))
		if err != nil {
			o.refusef("%s: %s is no quantity: write one such as 4Gi, 500m or 2", field, own[key])
			continue
		}
		most, known := o.most(name, configured)
		switch {
		case !known:
			o.refusef("%s: the configuration does not let runs ask for %s: leave it out; an administrator can add it to "+
				"overrides.maxResources", field, key)
		case wanted.Cmp(most) > 0:
			o.refusef("%s: %s is more than the %s that the configuration lets runs ask for: lower it; an administrator can raise "+
				"overrides.maxResources", field, wanted.String(), most.String())
		}
		all[name] = wanted
	}
	return all
}

// most is the largest quantity that a run may ask for.
func (o *overriding) most(name corev1.ResourceName, configured corev1.ResourceRequirements) (resource.Quantity, bool) {
	for _, list := range []corev1.ResourceList{o.Overrides.MaxResources, configured.Limits, configured.Requests} {
		if q, ok := list[name]; ok {
			return q, true
		}
	}
	return resource.Quantity{}, false
}
