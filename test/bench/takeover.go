package main

import (
	"context"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	active       = 200              // runs with an agent at work when the leader is killed
	takeoverTime = 15 * time.Second // the Lease's, which is the operator's default
	takeoverBar  = takeoverTime + 3*time.Second
)

// takeOver kills the leader of two operators while many runs are active, and measures until the other one acts: until it has
// created the Job of a run that was applied in the moment of the kill.
func (f *testFleet) takeOver(ctx context.Context, out io.Writer, say func(string, ...any)) error {
	end(f.operator, syscall.SIGTERM) // it leads by other times
	f.operator = nil
	first, err := f.replica(ctx, "first", "--metrics-address", "0")
	if err != nil {
		return err
	}
	defer func() { end(first, syscall.SIGKILL) }()
	const namespace = "takeover"
	if err := f.makeNamespace(ctx, namespace); err != nil {
		return err
	}
	say("%d runs ...", active)
	for i := range active {
		if err := f.clients[0].Create(ctx, waitingRun(namespace, fmt.Sprintf("sim-hang-%04d", i))); err != nil {
			return fmt.Errorf("applying a run: %w", err)
		}
	}
	if err := f.awaitRunning(ctx, namespace); err != nil {
		return fmt.Errorf("waiting for the agents: %w", err)
	}
	second, err := f.replica(ctx, "second", "--metrics-address", "0")
	if err != nil {
		return err
	}
	defer func() { end(second, syscall.SIGTERM) }()
	say("killing the leader ...")
	time.Sleep(takeoverTime / 3) // the standby campaigns by its own clock and says nothing until it leads
	end(first, syscall.SIGKILL)
	killed := time.Now()
	probe := waitingRun(namespace, "sim-hang-probe")
	if err := f.clients[0].Create(ctx, probe); err != nil {
		return fmt.Errorf("applying a run: %w", err)
	}
	took, err := f.awaitJob(ctx, probe, killed)
	if err != nil {
		return fmt.Errorf("waiting for the second operator: %w", err)
	}
	jobs, twice, err := f.countJobs(ctx, namespace)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "takeover_s            %6.1f  <= %.0f (lease %.0f s + 3 s)\n",
		took.Seconds(), takeoverBar.Seconds(), takeoverTime.Seconds())
	fmt.Fprintf(out, "active_runs           %6d\njobs                  %6d\nduplicate_jobs        %6d\n", active, jobs, twice)
	if took > takeoverBar || twice > 0 {
		return fmt.Errorf("a bar was missed")
	}
	return nil
}

func waitingRun(namespace, name string) *v1.DocsRun {
	return &v1.DocsRun{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v1.DocsRunSpec{
			RepositoryURL: v1.RepositoryURL("https://github.com/example/" + name), WorkingDirectory: ".", SourceBranch: "main",
			GitHubUser: "bot",
		},
	}
}

const poll = 100 * time.Millisecond

func (f *testFleet) awaitRunning(ctx context.Context, namespace string) error {
	return wait.PollUntilContextTimeout(ctx, time.Second, 5*time.Minute, false, func(ctx context.Context) (bool, error) {
		var runs v1.DocsRunList
		if err := f.clients[0].List(ctx, &runs, client.InNamespace(namespace)); err != nil {
			return false, err
		}
		running := 0
		for i := range runs.Items {
			if runs.Items[i].Status.Phase == v1.PhaseRunning {
				running++
			}
		}
		return running == active, nil
	})
}

// awaitJob returns how long after a moment the Job of a run was there.
func (f *testFleet) awaitJob(ctx context.Context, run v1.Run, since time.Time) (took time.Duration, err error) {
	err = wait.PollUntilContextTimeout(ctx, poll, 2*time.Minute, true, func(ctx context.Context) (bool, error) {
		for _, c := range f.clients[1:] {
			var jobs batchv1.JobList
			of := client.MatchingLabels{v1.LabelRunUID: string(run.GetUID())}
			if err := c.List(ctx, &jobs, client.InNamespace(run.GetNamespace()), of); err != nil {
				return false, err
			}
			if len(jobs.Items) > 0 {
				took = time.Since(since)
				return true, nil
			}
		}
		return false, nil
	})
	return took, err
}

// countJobs counts all Jobs, and those beyond the first of a run.
func (f *testFleet) countJobs(ctx context.Context, namespace string) (all, twice int, err error) {
	seen := map[string]bool{}
	for _, c := range f.clients[1:] {
		var jobs batchv1.JobList
		if err := c.List(ctx, &jobs, client.InNamespace(namespace)); err != nil {
			return 0, 0, fmt.Errorf("counting the Jobs: %w", err)
		}
		for i := range jobs.Items {
			run := jobs.Items[i].Labels[v1.LabelRunUID]
			all++
			if seen[run] {
				twice++
			}
			seen[run] = true
		}
	}
	return all, twice, nil
}
