package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	authorizationv1 "k8s.io/api/authorization/v1"
)

// right is something that the caller must be allowed to do.
type right struct {
	verb      string
	kind      chartKind
	namespace string
}

func (r right) String() string {
	if r.namespace != "" {
		return r.verb + " " + r.kind.resourceName() + " in " + r.namespace
	}
	return r.verb + " " + r.kind.resourceName()
}

var (
	namespaceKind = chartKind{version: "v1", kind: "Namespace", resource: "namespaces", global: true}
	podKind       = chartKind{version: "v1", kind: "Pod", resource: "pods"}
)

// rightsTo are the verbs on parts, each where it is.
func rightsTo(parts []part, verbs ...string) []right {
	var all []right
	for _, p := range parts {
		for _, verb := range verbs {
			if r := (right{verb, p.kind, p.object.GetNamespace()}); !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	return all
}

// rightsToFind are those to find what an installation has left, wherever it is.
func rightsToFind() []right {
	var all []right
	for _, k := range chartKinds {
		if !k.kept && !k.foreign {
			all = append(all, right{"list", k, ""})
		}
	}
	return all
}

// require refuses a caller who lacks a right, with the names of all that lack. Who may do everything is asked once.
func (h *hub) require(ctx context.Context, doing string, rights []right) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	all, err := h.may(ctx, right{verb: "*", kind: chartKind{group: "*", resource: "*"}})
	if err != nil {
		return h.explain("asking what you may do", err)
	}
	if all {
		return nil
	}
	var mu sync.Mutex
	var asks sync.WaitGroup
	lacking := make([]bool, len(rights))
	var failed error
	for i, r := range rights {
		asks.Go(func() {
			yes, err := h.may(ctx, r)
			mu.Lock()
			defer mu.Unlock()
			if lacking[i] = !yes; err != nil {
				failed = err
			}
		})
	}
	asks.Wait()
	if failed != nil {
		return h.explain("asking what you may do", failed)
	}
	if said := byResource(rights, lacking); len(said) > 0 {
		return fmt.Errorf("%s needs rights that you do not have on %s. Nothing was changed. Ask an administrator for:\n  %s",
			doing, h.server, strings.Join(said, "\n  "))
	}
	return nil
}

// byResource puts the verbs that lack on one resource into one line.
func byResource(rights []right, lacking []bool) []string {
	var order []right
	verbs := map[right][]string{}
	for i, r := range rights {
		if !lacking[i] {
			continue
		}
		verb := r.verb
		r.verb = ""
		if verbs[r] == nil {
			order = append(order, r)
		}
		verbs[r] = append(verbs[r], verb)
	}
	var out []string
	for _, r := range order {
		all := verbs[r]
		r.verb = strings.Join(all, ", ")
		out = append(out, r.String())
	}
	return out
}

func (h *hub) may(ctx context.Context, r right) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: r.verb, Group: r.kind.group, Resource: r.kind.resource, Namespace: r.namespace,
		},
	}}
	err := h.client.Create(ctx, review)
	return review.Status.Allowed, err
}
