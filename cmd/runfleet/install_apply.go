package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What became of a part.
const (
	partCreated   = "created"
	partChanged   = "changed"
	partUnchanged = "unchanged"
	partRemoved   = "removed"
)

// owner is the manager of the fields that are applied, halter that of the one that uninstall changes before it removes anything.
const (
	owner  = client.FieldOwner(installer)
	halter = client.FieldOwner(installer + "-uninstall")
)

// read gets a part as it is on the hub; nil where it is not there.
func (h *hub) read(ctx context.Context, p part) (*unstructured.Unstructured, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(p.kind.gvk())
	err := h.client.Get(ctx, client.ObjectKeyFromObject(p.object), u)
	switch {
	case isMissingKind(err):
		return nil, fmt.Errorf("%s has no kind %s (%s): what brings it must be installed first, or the values must not ask for it",
			h.server, p.kind.kind, p.kind.group)
	case apierrors.IsNotFound(err):
		return nil, nil //nolint:nilnil // absence is what was asked for
	case err != nil:
		return nil, h.explain("reading "+p.kind.of(p.object.GetName()), err)
	}
	return u, nil
}

// apply applies a part and says what that changed. Only what somebody else has a say in is refused, unless force.
func (h *hub) apply(ctx context.Context, p part, before *unstructured.Unstructured, force, dry bool) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	opts := []client.ApplyOption{owner}
	if dry {
		opts = append(opts, client.DryRunAll)
	}
	if force {
		opts = append(opts, client.ForceOwnership)
	}
	after := p.object.DeepCopy()
	err := h.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(after), opts...)
	switch {
	case apierrors.IsConflict(err) && !force && onlyOurs(err):
		return h.apply(ctx, p, before, true, dry)
	case err != nil:
		return "", err
	case before == nil:
		return partCreated, nil
	case equality.Semantic.DeepEqual(wanted(before), wanted(after)):
		return partUnchanged, nil
	}
	return partChanged, nil
}

// conflicts are the fields that others manage, one line for each.
func conflicts(err error) []metav1.StatusCause {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(status.Status().Details.Causes), func(c metav1.StatusCause) bool {
		return c.Type != metav1.CauseTypeFieldManagerConflict
	})
}

// onlyOurs says that the fields in the way are those that an interrupted uninstall left.
func onlyOurs(err error) bool {
	causes := conflicts(err)
	return len(causes) > 0 && !slices.ContainsFunc(causes, func(c metav1.StatusCause) bool {
		return !strings.Contains(c.Message, fmt.Sprintf("%q", string(halter)))
	})
}

// wanted is what of an object was asked for by somebody.
func wanted(u *unstructured.Unstructured) map[string]any {
	c := u.DeepCopy()
	for _, field := range []string{"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"} {
		unstructured.RemoveNestedField(c.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(c.Object, "metadata", "annotations", "deployment.kubernetes.io/revision")
	unstructured.RemoveNestedField(c.Object, "status")
	return c.Object
}
