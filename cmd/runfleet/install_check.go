package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runfleet/runfleet/reconcilers/fleet"
)

// check asks everything that could refuse the installation, and changes nothing.
func (c *installCall) check(ctx context.Context) error {
	if err := c.checkVersion(); err != nil {
		return err
	}
	needs := append(rightsTo([]part{namespacePart("")}, "get", "create"), rightsTo(c.parts, "get", "create", "patch")...)
	if err := c.hub.require(ctx, "install", append(needs, rightsToFind()...)); err != nil {
		return err
	}
	missing, err := c.missingNamespaces(ctx)
	if err != nil {
		return err
	}
	for _, p := range c.parts {
		there, err := c.hub.read(ctx, p)
		switch {
		case err != nil:
			return err
		case there != nil && !p.kind.kept && ofHelm(there):
			return fmt.Errorf("%s is of a Helm release. Nothing was changed. Go on with helm upgrade, "+
				"or uninstall that release first: docs/install.md",
				p.name(c.system))
		}
		c.before = append(c.before, there)
	}
	if err := c.checkAlone(ctx); err != nil {
		return err
	}
	if c.stale, err = c.leftovers(ctx); err != nil {
		return err
	}
	if err := c.hub.require(ctx, "install", rightsTo(c.stale, "delete")); err != nil {
		return err
	}
	return c.rehearse(ctx, missing)
}

func (c *installCall) checkVersion() error {
	asks, err := discovery.NewDiscoveryClientForConfig(c.hub.config)
	if err != nil {
		return err
	}
	is, err := asks.ServerVersion()
	if err != nil {
		return c.hub.explain("asking for the version", err)
	}
	refused, note := fleet.CheckVersion(is.GitVersion, true)
	if refused != "" {
		return errors.New(refused)
	}
	if note != "" {
		fmt.Fprintln(c.stderr, note)
	}
	return nil
}

// missingNamespaces says whether the operator's own is missing. All others must exist: they are of the people whose runs are in them.
func (c *installCall) missingNamespaces(ctx context.Context) (own bool, err error) {
	names := []string{c.system}
	for _, p := range c.parts {
		if ns := p.object.GetNamespace(); ns != "" && !slices.Contains(names, ns) {
			names = append(names, ns)
		}
	}
	var missing []string
	for i, name := range names {
		there, err := c.hub.read(ctx, namespacePart(name))
		if err != nil {
			return false, err
		}
		switch {
		case there == nil && i == 0:
			own = true
		case there == nil:
			missing = append(missing, name)
		case there.GetDeletionTimestamp() != nil:
			return false, fmt.Errorf("the namespace %s is being deleted: wait until it is gone", name)
		}
	}
	if len(missing) > 0 {
		return own, fmt.Errorf("the value namespaces names what does not exist: %s. Nothing was changed. Create them first",
			strings.Join(missing, ", "))
	}
	return own, nil
}

func ofHelm(o *unstructured.Unstructured) bool {
	return o.GetLabels()[labelManagedBy] == "Helm" || o.GetAnnotations()["meta.helm.sh/release-name"] != ""
}

// checkAlone refuses a second operator: the two would work on the same runs.
func (c *installCall) checkAlone(ctx context.Context) error {
	all, err := c.hub.partsOn(ctx, deploymentKind(), labels.SelectorFromSet(labels.Set{labelName: installer}))
	if err != nil {
		return err
	}
	for _, p := range all {
		if ns := p.object.GetNamespace(); ns != c.system {
			return fmt.Errorf("%s -n %s is there already, and a hub has one operator. Nothing was changed. "+
				"To change it: --system-namespace %s",
				p.kind.of(p.object.GetName()), ns, ns)
		}
	}
	return nil
}

// leftovers are what an earlier installation by this program has and this one has not.
func (c *installCall) leftovers(ctx context.Context) ([]part, error) {
	var all []part
	for _, k := range slices.Backward(chartKinds) {
		if k.kept {
			continue
		}
		on, err := c.hub.partsOn(ctx, k, installed)
		if err != nil {
			return nil, err
		}
		all = append(all, slices.DeleteFunc(on, func(p part) bool { return slices.ContainsFunc(c.parts, p.same) })...)
	}
	return all, nil
}

// partsOn lists the objects of a kind in all namespaces. A kind that the hub lacks has none.
func (h *hub) partsOn(ctx context.Context, k chartKind, which labels.Selector) ([]part, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(k.gvk().GroupVersion().WithKind(k.kind + "List"))
	err := h.client.List(ctx, list, client.MatchingLabelsSelector{Selector: which})
	switch {
	case err != nil && k.foreign && (isMissingKind(err) || apierrors.IsForbidden(err)):
		return nil, nil
	case err != nil:
		return nil, h.explain("listing "+k.resource, err)
	}
	var all []part
	for i := range list.Items {
		all = append(all, part{k, &list.Items[i]})
	}
	return all, nil
}

// rehearse applies everything without effect: what admission, the schema or somebody else's fields refuse is told before anything is
// changed. What needs a namespace that is missing yet is not tried.
func (c *installCall) rehearse(ctx context.Context, missing bool) error {
	var contested []string
	for i, p := range c.parts {
		if missing && p.object.GetNamespace() == c.system {
			continue
		}
		_, err := c.hub.apply(ctx, p, c.before[i], c.force, true)
		switch {
		case apierrors.IsConflict(err):
			for _, cause := range conflicts(err) {
				contested = append(contested, fmt.Sprintf("%s %s: %s", p.name(c.system), cause.Field, oneLine(cause.Message)))
			}
		case apierrors.IsNotFound(err): // a binding to a role that is made first
		case err != nil:
			return fmt.Errorf("%w\nNothing was changed", c.hub.explain("applying "+p.name(c.system), err))
		}
	}
	if len(contested) > 0 {
		return lines("somebody else has set these fields otherwise. Nothing was changed. Put their values into yours, or take them over"+
			" with --force-conflicts:", contested)
	}
	return nil
}
