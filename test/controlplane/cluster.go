package controlplane

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// awaitNamespace returns when objects can be created in the namespace default
// and, where service accounts are insisted on, Pods too.
func (c *ControlPlane) awaitNamespace(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(c.config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	return c.until(ctx, "the namespace default", func(ctx context.Context) bool {
		if _, err := client.CoreV1().Namespaces().Get(ctx, "default", metav1.GetOptions{}); err != nil {
			return false
		}
		if !c.opts.works() {
			return true
		}
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err == nil
	})
}

// until asks again and again until the answer is yes, a component crashes or
// the time is over.
func (c *ControlPlane) until(ctx context.Context, what string, ready func(context.Context) bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, errors.New("waiting for "+what+": too long"))
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !ready(ctx) {
		select {
		case crash := <-c.crashes:
			return crash
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
		case <-tick.C:
		}
	}
	return nil
}
