package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// runs are all of all namespaces. A hub without the kinds has none.
func (c *uninstallCall) runs(ctx context.Context) ([]item, error) {
	var all []item
	for _, k := range runKinds {
		list := listed(k, false)
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		err := c.hub.client.List(ctx, list)
		cancel()
		switch {
		case isMissingKind(err):
			continue
		case err != nil:
			return nil, c.hub.explain("listing "+k.name+"s", err)
		}
		found, err := itemsOf(k, list)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	sortItems(all)
	return all, nil
}

// refuse says which runs would be stranded: those that are at work, and those that only the operator can let go. With --crds every run
// counts, since it goes with its kind.
func (c *uninstallCall) refuse(runs []item, so string) error {
	const most = 10
	var held []string
	for _, i := range runs {
		if c.crds || !ended(i.run()) || slices.Contains(i.object.GetFinalizers(), v1.Finalizer) {
			held = append(held, i.String()+" -n "+i.object.GetNamespace()+" "+standing(i))
		}
	}
	if len(held) == 0 {
		return nil
	}
	n := len(held)
	if n > most {
		held = append(held[:most], fmt.Sprintf("… and %d more", n-most))
	}
	return lines(fmt.Sprintf("the operator is still needed. %s Delete the runs, or call it with --delete-runs, "+
		"which stops their agents. Runs: %d", so, n), held)
}

// standing is how a run is, in a word or a sentence.
func standing(i item) string {
	s := i.run().RunStatus()
	switch {
	case i.object.GetDeletionTimestamp() != nil && s.Message != "":
		return "is being deleted: " + oneLine(s.Message)
	case i.object.GetDeletionTimestamp() != nil:
		return "is being deleted"
	}
	return string(s.Phase)
}

// clear deletes all runs and waits until the operator has let them go.
func (c *uninstallCall) clear(ctx context.Context) error {
	late, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	told := newTeller(c.stderr)
	for {
		runs, err := c.runs(late)
		if err == nil {
			for _, i := range runs { // those too that came meanwhile
				if i.object.GetDeletionTimestamp() == nil && err == nil {
					err = client.IgnoreNotFound(c.hub.client.Delete(late, i.object))
				}
			}
		}
		switch {
		case err != nil && late.Err() == nil:
			return c.hub.explain("deleting the runs", err)
		case err == nil && len(runs) == 0:
			if told.last != "" {
				told.end("all runs are gone, and what they left on members")
			}
			return nil
		case err == nil:
			told.tell(fmt.Sprintf("waiting: %d runs are left; %s -n %s %s", len(runs),
				runs[0], runs[0].object.GetNamespace(), standing(runs[0])))
		}
		select {
		case <-ctx.Done():
			return exitError{exitInterrupted, fmt.Errorf("the runs are being deleted; the operator was not touched")}
		case <-late.Done():
			return exitError{exitTimeout, fmt.Errorf("the operator was not touched. After %s still %s", c.timeout, told.last)}
		case <-time.After(rolloutGap):
		}
	}
}

// halt ends the operator's pods while all that they need is there, and looks again: a run that has come meanwhile, and got a finalizer,
// brings the operator back.
func (c *uninstallCall) halt(ctx context.Context) error {
	for _, p := range c.deployments() {
		replicas, err := c.scale(ctx, p, 0)
		if err != nil {
			return c.hub.explain("stopping the operator", err)
		}
		if err = c.stopped(ctx, p); err == nil {
			var runs []item
			if runs, err = c.runs(ctx); err == nil {
				err = c.refuse(runs, "It goes on.")
			}
		}
		if err == nil {
			continue
		}
		back := context.WithoutCancel(ctx) // also when interrupted
		if _, failed := c.scale(back, p, replicas); failed != nil {
			return fmt.Errorf("%w\nThe operator is stopped; runfleet install starts it: %s", err, oneLine(failed.Error()))
		}
		return err
	}
	return nil
}

// scale sets the replicas of a Deployment, and says how many they were.
func (c *uninstallCall) scale(ctx context.Context, p part, to int64) (was int64, err error) {
	was, _, _ = unstructured.NestedInt64(p.object.Object, "spec", "replicas")
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, to)
	err = c.hub.client.Patch(ctx, p.object.DeepCopy(), client.RawPatch(types.MergePatchType, patch), halter)
	return was, client.IgnoreNotFound(err)
}

// stopped waits until no pod of a Deployment is left, so that nobody gives a run a finalizer any more.
func (c *uninstallCall) stopped(ctx context.Context, p part) error {
	late, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	told := newTeller(c.stderr)
	for {
		pods, err := c.hub.operatorPods(late, p.object.GetNamespace())
		switch {
		case apierrors.IsForbidden(err):
			return c.hub.explain("waiting until the operator has ended", err)
		case err == nil && len(pods) == 0:
			return nil
		case err == nil:
			told.tell(fmt.Sprintf("waiting: %d pods of the operator are ending", len(pods)))
		}
		select {
		case <-ctx.Done():
			return exitError{exitInterrupted, fmt.Errorf("the operator goes on")}
		case <-late.Done():
			return exitError{exitTimeout, fmt.Errorf("the operator goes on: after %s %s", c.timeout, told.last)}
		case <-time.After(rolloutGap):
		}
	}
}
