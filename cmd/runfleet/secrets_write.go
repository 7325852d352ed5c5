package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
)

// written is what became of the Secrets on one member.
type written struct {
	member  string
	results []string // created, updated or unchanged, one for each Secret as far as it went
	err     error
}

// write writes to all members at once, so that one that hangs takes no more time than its own. One that cannot be written to
// keeps no other.
func (c *secretsCall) write(ctx context.Context, secrets []secret) error {
	targets, err := c.targets(ctx)
	if err != nil {
		return err
	}
	all := make([]written, len(targets))
	var writing sync.WaitGroup
	for i, m := range targets {
		writing.Go(func() { all[i] = c.writeTo(ctx, m, secrets) })
	}
	writing.Wait()
	return c.report(all, secrets)
}

// targets are the members to write to.
func (c *secretsCall) targets(ctx context.Context) ([]*v1.MemberCluster, error) {
	listed, err := c.hub.list(ctx, []*kind{members}, false)
	if err != nil {
		return nil, err
	}
	var all []*v1.MemberCluster
	var names []string
	for _, i := range listed {
		if m, ok := i.object.(*v1.MemberCluster); ok {
			all, names = append(all, m), append(names, m.Name)
		}
	}
	for _, name := range c.members {
		if !slices.Contains(names, name) {
			return nil, unknown("member", name, names)
		}
	}
	if !c.everywhere {
		all = slices.DeleteFunc(all, func(m *v1.MemberCluster) bool { return !slices.Contains(c.members, m.Name) })
	}
	if len(all) == 0 {
		return nil, errors.New("there is no MemberCluster: register one, see docs/members.md")
	}
	return all, nil
}

func (c *secretsCall) writeTo(ctx context.Context, m *v1.MemberCluster, secrets []secret) written {
	w := written{member: m.Name}
	reached, err := c.to(ctx, m)
	if err != nil {
		w.err = err
		return w
	}
	for _, s := range secrets {
		result, err := c.apply(ctx, reached, s)
		if err != nil {
			w.err = c.explain(err, m, s)
			return w
		}
		w.results = append(w.results, result)
	}
	return w
}

// apply writes one Secret, and says what that changed. Of what is there only the metadata is asked for.
func (c *secretsCall) apply(ctx context.Context, to fleet.Reached, s secret) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	meta := metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}
	key := types.NamespacedName{Namespace: c.hub.namespace, Name: s.name}
	before := &metav1.PartialObjectMetadata{TypeMeta: meta}
	looked := to.Live.Get(ctx, key, before)
	named := metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}
	data, err := json.Marshal(corev1.Secret{TypeMeta: meta, ObjectMeta: named, Data: s.data})
	if err != nil {
		return "", errors.New("writing it as JSON") // whatever the error says of the value
	}
	after := &metav1.PartialObjectMetadata{TypeMeta: meta, ObjectMeta: named}
	apply := client.RawPatch(types.ApplyPatchType, data)
	if err := to.Writer.Patch(ctx, after, apply, client.FieldOwner("runfleet"), client.ForceOwnership); err != nil {
		return "", err
	}
	switch {
	case apierrors.IsNotFound(looked):
		return "created", nil
	case looked != nil:
		return "written", nil // who may not read it is not told what was there
	case before.ResourceVersion == after.ResourceVersion:
		return "unchanged", nil
	default:
		return "updated", nil
	}
}

// explain says what to do about a Secret that could not be written.
func (c *secretsCall) explain(err error, m *v1.MemberCluster, s secret) error {
	switch {
	case apierrors.IsNotFound(err):
		return fmt.Errorf("it has no namespace %s: create it there, or name another with -n", c.hub.namespace)
	case apierrors.IsForbidden(err) && !c.ownContexts && m.Spec.Connection != v1.ConnectionHub:
		return fmt.Errorf("the operator's user may not write Secrets in namespace %s: --own-contexts goes by the context %s of your own "+
			"kubeconfig", c.hub.namespace, m.Name)
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("it does not answer")
	}
	return fmt.Errorf("writing Secret %s: %w", s.name, err)
}

func (c *secretsCall) report(all []written, secrets []secret) error {
	var rows [][]cell
	failed := 0
	for _, w := range all {
		for i, result := range w.results {
			rows = append(rows, []cell{{text: w.member}, {text: secrets[i].name}, {result, colourOfResult(result)}})
		}
		if w.err != nil {
			failed++
			var rest []string
			for _, s := range secrets[len(w.results):] {
				rest = append(rest, s.name)
			}
			why := cell{"failed: " + printable(hide(w.err.Error(), secrets)), red}
			rows = append(rows, []cell{{text: w.member}, {text: strings.Join(rest, ",")}, why})
		}
	}
	for _, line := range newGrid(pageFor(c.stdout), []string{"MEMBER", "SECRET", "RESULT"}).lines(rows) {
		fmt.Fprintln(c.stdout, line)
	}
	if failed > 0 {
		return exitError{exitFail, fmt.Errorf("incomplete: %d of %d members lack a Secret; the same call goes on where it ended",
			failed, len(all))}
	}
	return nil
}

func colourOfResult(result string) string {
	if result == "unchanged" {
		return quiet
	}
	return green
}
