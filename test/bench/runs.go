package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// workers is how many requests each side has under way at a time.
const workers = 16

// name is the i-th run's: every second is a CodeRun. Each has a service of its own, so that none waits for another.
func name(i int) string {
	if i%2 == 0 {
		return fmt.Sprintf("docs-%04d", i)
	}
	return fmt.Sprintf("code-%04d", i)
}

func newRun(namespace string, i int) client.Object {
	meta := metav1.ObjectMeta{Namespace: namespace, Name: name(i)}
	repository := v1.RepositoryURL("https://github.com/example/" + namespace) // a branch of its own: none waits for another round's
	if i%2 == 0 {
		return &v1.DocsRun{ObjectMeta: meta, Spec: v1.DocsRunSpec{
			RepositoryURL: repository, WorkingDirectory: ".", SourceBranch: "main", GitHubUser: "bot", Model: "sonnet",
		}}
	}
	return &v1.CodeRun{ObjectMeta: meta, Spec: v1.CodeRunSpec{
		TaskID: new(int64(i)), Service: fmt.Sprintf("service-%s-%04d", namespace, i), RepositoryURL: repository,
		GitHubUser: "bot", Model: "opus",
	}}
}

// moments are when things were seen to happen, by the bench's own clock.
type moments struct {
	mu                                sync.Mutex
	applied, job, complete, succeeded map[string]time.Time
	done                              chan struct{}
	want                              int
}

func newMoments(want int) *moments {
	m := &moments{done: make(chan struct{}), want: want}
	m.applied, m.job = map[string]time.Time{}, map[string]time.Time{}
	m.complete, m.succeeded = map[string]time.Time{}, map[string]time.Time{}
	return m
}

// first notes a moment, and ends the round when the last of what is waited for has come.
func (m *moments) first(of map[string]time.Time, key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, seen := of[key]; !seen {
		of[key] = time.Now()
		if len(m.succeeded) == m.want {
			select {
			case <-m.done:
			default:
				close(m.done)
			}
		}
	}
}

func (f *testFleet) makeNamespace(ctx context.Context, namespace string) error {
	for _, c := range f.clients {
		if err := c.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
			return fmt.Errorf("creating namespace %s: %w", namespace, err)
		}
	}
	return f.awaitNamespace(ctx, namespace)
}

// follow watches one kind in a namespace and reports every object that is there, added or changed, until ctx ends. A watch
// that ends is taken up again from the beginning: a busy server closes those that it thinks are slow.
func follow(ctx context.Context, c client.WithWatch, list client.ObjectList, namespace string, see func(client.Object)) error {
	w, err := c.Watch(ctx, list, client.InNamespace(namespace))
	if err != nil {
		return fmt.Errorf("watching %T: %w", list, err)
	}
	go func() {
		for ctx.Err() == nil {
			for e := range w.ResultChan() {
				if o, is := e.Object.(client.Object); is && (e.Type == watch.Added || e.Type == watch.Modified) {
					see(o)
				}
			}
			w.Stop()
			if w, err = c.Watch(ctx, list, client.InNamespace(namespace)); err != nil {
				return
			}
		}
	}()
	return nil
}

// inParallel does n things with the workers, and returns the first error.
func inParallel(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	next, errs := make(chan int), make(chan error, workers)
	for range workers {
		go func() {
			for i := range next {
				if err := do(ctx, i); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	var first error
	for i := range n {
		select {
		case next <- i:
			continue
		case first = <-errs:
		case <-ctx.Done():
			first = ctx.Err()
		}
		break
	}
	close(next)
	if first != nil {
		return first
	}
	for range workers {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

func completed(j *batchv1.Job) bool {
	for _, c := range j.Status.Conditions {
		if c.Type == batchv1.JobComplete && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}
