package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/render"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// roundTime bounds one round.
const roundTime = 10 * time.Minute

// outcome is one round of the operator.
type outcome struct {
	took time.Duration
	*moments
}

// operatorRound applies the runs and waits until all have succeeded.
func (f *testFleet) operatorRound(ctx context.Context, namespace string, n int) (outcome, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, roundTime, errors.New("the round took too long"))
	defer cancel()
	m, err := f.watchRuns(ctx, namespace, n)
	if err != nil {
		return outcome{}, err
	}
	began := time.Now()
	err = inParallel(ctx, n, func(ctx context.Context, i int) error { return f.apply(ctx, m, namespace, i) })
	if err != nil {
		return outcome{}, err
	}
	select {
	case <-m.done:
		return outcome{took: time.Since(began), moments: m}, nil
	case <-ctx.Done():
		return outcome{}, context.Cause(ctx)
	}
}

// oneByOne applies each run when the one before has succeeded.
func (f *testFleet) oneByOne(ctx context.Context, n int) (outcome, error) {
	all := newMoments(n)
	for i := range n {
		one, err := f.operatorRoundOf(ctx, fmt.Sprintf("idle-%d", i), i)
		if err != nil {
			return outcome{}, err
		}
		for key := range one.applied {
			id := fmt.Sprintf("%d/%s", i, key)
			all.applied[id], all.job[id] = one.applied[key], one.job[key]
			all.complete[id], all.succeeded[id] = one.complete[key], one.succeeded[key]
		}
	}
	return outcome{moments: all}, nil
}

func (f *testFleet) operatorRoundOf(ctx context.Context, namespace string, i int) (outcome, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, roundTime, errors.New("the run took too long"))
	defer cancel()
	m, err := f.watchRuns(ctx, namespace, 1)
	if err != nil {
		return outcome{}, err
	}
	if err := f.apply(ctx, m, namespace, i); err != nil {
		return outcome{}, err
	}
	select {
	case <-m.done:
		return outcome{moments: m}, nil
	case <-ctx.Done():
		return outcome{}, context.Cause(ctx)
	}
}

func (f *testFleet) apply(ctx context.Context, m *moments, namespace string, i int) error {
	run := newRun(namespace, i)
	if err := f.clients[0].Create(ctx, run); err != nil {
		return fmt.Errorf("applying %s: %w", run.GetName(), err)
	}
	m.first(m.applied, run.GetName())
	return nil
}

// watchRuns makes a namespace and notes what happens in it, on hub and members.
func (f *testFleet) watchRuns(ctx context.Context, namespace string, n int) (*moments, error) {
	if err := f.makeNamespace(ctx, namespace); err != nil {
		return nil, err
	}
	m := newMoments(n)
	seeRun := func(o client.Object) {
		if run, ok := o.(v1.Run); ok && run.RunStatus().Phase == v1.PhaseSucceeded {
			m.first(m.succeeded, run.GetName())
		}
	}
	seeJob := func(o client.Object) {
		j, ok := o.(*batchv1.Job)
		if !ok {
			return
		}
		run := j.Name[:len("docs-0000")]
		m.first(m.job, run)
		if completed(j) {
			m.first(m.complete, run)
		}
	}
	for _, list := range []client.ObjectList{&v1.DocsRunList{}, &v1.CodeRunList{}} {
		if err := follow(ctx, f.clients[0], list, namespace, seeRun); err != nil {
			return nil, err
		}
	}
	for _, member := range f.clients[1:] {
		if err := follow(ctx, member, &batchv1.JobList{}, namespace, seeJob); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// plainRound creates the same ConfigMaps and Jobs on the same members without any operator, and waits until all are Complete.
func (f *testFleet) plainRound(ctx context.Context, namespace string, n int) (time.Duration, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, roundTime, errors.New("the round took too long"))
	defer cancel()
	if err := f.makeNamespace(ctx, namespace); err != nil {
		return 0, err
	}
	c, _, err := config.Parse([]byte(configuration))
	if err != nil {
		return 0, err
	}
	m := newMoments(n)
	for _, member := range f.clients[1:] {
		err := follow(ctx, member, &batchv1.JobList{}, namespace, func(o client.Object) {
			if j, ok := o.(*batchv1.Job); ok && completed(j) {
				m.first(m.succeeded, j.Name)
			}
		})
		if err != nil {
			return 0, err
		}
	}
	began := time.Now()
	err = inParallel(ctx, n, func(ctx context.Context, i int) error { return f.plain(ctx, namespace, i, c.Render) })
	if err != nil {
		return 0, err
	}
	select {
	case <-m.done:
		return time.Since(began), nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// plain creates the objects of one run as the operator renders them, but for the suspension.
func (f *testFleet) plain(ctx context.Context, namespace string, i int, s render.Settings) error {
	run, ok := newRun(namespace, i).(v1.Run)
	if !ok {
		return errors.New("not a run")
	}
	uid := types.UID(fmt.Sprintf("%08x-0000-0000-0000-%012d", i, i))
	run.SetUID(uid)
	attempt := v1.AttemptName(run.GetName(), uid, 1)
	now := metav1.NowMicro()
	run.RunStatus().Attempt = 1
	run.RunStatus().Attempts = []v1.Attempt{{
		Number: 1, ContextVersion: 1, JobName: attempt, ConfigMapName: attempt, Cluster: memberNames[i%2], DeadlineSeconds: 7200,
		CreatedAt: &now, StartBefore: new(metav1.NewMicroTime(now.Add(10 * time.Minute))),
	}}
	o, err := render.Render(run, 1, "plain", s)
	if err != nil {
		return err
	}
	o.Agent.Spec.Suspend = nil
	member := f.clients[1+i%2]
	var objects []client.Object
	if o.Workspace != nil {
		objects = append(objects, o.Workspace)
	}
	for _, m := range o.Inputs {
		objects = append(objects, m)
	}
	objects = append(objects, o.Agent)
	for _, object := range objects {
		if err := member.Create(ctx, object); err != nil {
			return fmt.Errorf("creating %T %s: %w", object, object.GetName(), err)
		}
	}
	return nil
}

// awaitMembers waits until both members take runs.
func (f *testFleet) awaitMembers(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("the members do not become ready"))
	defer cancel()
	ready := make(chan string, 64)
	err := follow(ctx, f.clients[0], &v1.MemberClusterList{}, "", func(o client.Object) {
		if m, ok := o.(*v1.MemberCluster); ok {
			for _, c := range m.Status.Conditions {
				if c.Type == v1.ConditionMemberReady && c.Status == metav1.ConditionTrue {
					ready <- m.Name
				}
			}
		}
	})
	if err != nil {
		return err
	}
	for seen := map[string]bool{}; len(seen) < len(memberNames); {
		select {
		case name := <-ready:
			seen[name] = true
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// awaitNamespace waits until the members would take pods there: until their service accounts exist.
func (f *testFleet) awaitNamespace(ctx context.Context, namespace string) error {
	for _, c := range f.clients[1:] {
		found := make(chan struct{}, 8)
		watching, stop := context.WithCancel(ctx)
		err := follow(watching, c, &corev1.ServiceAccountList{}, namespace, func(client.Object) { found <- struct{}{} })
		if err != nil {
			stop()
			return err
		}
		select {
		case <-found:
		case <-ctx.Done():
		}
		stop()
	}
	return ctx.Err()
}
