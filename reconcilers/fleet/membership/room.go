package membership

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/reconcilers/config"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// namespaces says which namespaces of runs the member lacks: those that the person names, else those that the operator is
// limited to, else those that have runs.
func (l *look) namespaces(ctx context.Context) error {
	wanted, why := l.Namespaces, "create it there"
	if len(wanted) == 0 {
		wanted, why = l.limits(ctx), "create it there, or say with --namespace which ones this member is for"
	}
	if len(wanted) == 0 {
		wanted = l.withRuns(ctx)
	}
	for _, name := range wanted {
		err := l.Member.Get(ctx, client.ObjectKey{Name: name}, &corev1.Namespace{})
		switch {
		case apierrors.IsNotFound(err):
			l.lackf("the member has no namespace %s, where runs execute: %s", name, why)
		case err != nil && !apierrors.IsForbidden(err):
			return fmt.Errorf("asking the member for the namespace %s: %w", name, err)
		}
	}
	return nil
}

// limits are the namespaces that the operator's Deployment names. Who may not see it, or has none, learns nothing.
func (l *look) limits(ctx context.Context) []string {
	deployment := &appsv1.Deployment{}
	if l.Hub.Get(ctx, client.ObjectKey{Namespace: l.System, Name: "runfleet"}, deployment) != nil {
		return nil
	}
	var names []string
	for _, c := range deployment.Spec.Template.Spec.Containers {
		for i, arg := range c.Args {
			if value, ok := strings.CutPrefix(arg, "--namespace="); ok {
				names = append(names, strings.Split(value, ",")...)
			} else if arg == "--namespace" && i+1 < len(c.Args) {
				names = append(names, strings.Split(c.Args[i+1], ",")...)
			}
		}
	}
	return names
}

// withRuns are the namespaces with runs that have not ended.
func (l *look) withRuns(ctx context.Context) []string {
	all, err := runs(ctx, l.Hub)
	if err != nil {
		return nil
	}
	var names []string
	for _, r := range all {
		if !ended(r) && !slices.Contains(names, r.GetNamespace()) {
			names = append(names, r.GetNamespace())
		}
	}
	slices.Sort(names)
	return names
}

// storage says whether a workspace would find its storage class.
func (l *look) storage(ctx context.Context) error {
	var name string
	if source, err := config.Load(ctx, l.Hub, l.System); err == nil {
		if class := source.Current().Render.Workspace.StorageClass; class != nil {
			name = *class
		}
	}
	var classes storagev1.StorageClassList
	err := l.Member.List(ctx, &classes)
	if apierrors.IsForbidden(err) {
		l.lackf("on the member you may not list storageclasses.storage.k8s.io: the workspaces of CodeRuns need one")
		return nil
	}
	if err != nil {
		return fmt.Errorf("asking the member for its storage classes: %w", err)
	}
	fits := func(c storagev1.StorageClass) bool {
		return c.Name == name || name == "" && c.Annotations["storageclass.kubernetes.io/is-default-class"] == "true"
	}
	switch {
	case slices.ContainsFunc(classes.Items, fits):
	case name != "":
		l.lackf("the member has no storage class %s, which storage.storageClassName of the configuration names for workspaces", name)
	default:
		l.lackf("the member has no default storage class for workspaces: make one the default, " +
			"or name one by storage.storageClassName of the configuration")
	}
	return nil
}
