package bed

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runfleet/runfleet/reconcilers/garbage"
)

// Orphans are the objects on members that no run of this hub accounts for, as `runfleet orphans` finds them, each with the
// reason why it is still there. namespace is the only one to look at, "" for all. A member that does not answer is an error.
//
// It is empty at every moment, whatever runs do, but for what a test leaves behind on purpose.
func (c *Cluster) Orphans(ctx context.Context, namespace string, members ...*Cluster) ([]string, error) {
	uid, err := c.Identity(ctx)
	if err != nil {
		return nil, err
	}
	readers := map[string]client.Reader{}
	for _, m := range members {
		readers[m.Name()] = m
	}
	s := garbage.Surveyor{Hub: c, HubUID: uid, Namespace: namespace, Timeout: 20 * time.Second, Now: time.Now}
	entries, silent, err := s.Survey(ctx, readers)
	for name, why := range silent {
		err = errors.Join(err, fmt.Errorf("looking at %s: %w", name, why))
	}
	found := []string{}
	for _, e := range entries {
		if e.Orphan {
			found = append(found, fmt.Sprintf("%s %s/%s on %s: %s", e.Kind, e.Namespace, e.Name, e.Member, e.Why))
		}
	}
	return found, err
}

// Identity is what a cluster is known by.
func (c *Cluster) Identity(ctx context.Context) (types.UID, error) {
	var system corev1.Namespace
	if err := c.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, &system); err != nil {
		return "", fmt.Errorf("asking %s who it is: %w", c.Name(), err)
	}
	return system.UID, nil
}
