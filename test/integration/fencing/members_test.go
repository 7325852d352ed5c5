//go:build faults

package fencing

import (
	"context"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// identity is what a cluster is known by.
func identity(ctx context.Context, c *bed.Cluster) types.UID {
	GinkgoHelper()
	uid, err := c.Identity(ctx)
	Expect(err).NotTo(HaveOccurred())
	return uid
}

// unregister removes a member with its Secret.
func unregister(ctx context.Context, name string) {
	GinkgoHelper()
	Expect(hub.Delete(ctx, &v1.MemberCluster{ObjectMeta: metav1.ObjectMeta{Name: name}})).To(Succeed())
	Expect(hub.Delete(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: v1.SystemNamespace}})).To(Succeed())
}

// write changes a member's kubeconfig.
func write(ctx context.Context, name string, kubeconfig []byte) {
	GinkgoHelper()
	secret := &corev1.Secret{}
	Expect(hub.Get(ctx, client.ObjectKey{Namespace: v1.SystemNamespace, Name: name}, secret)).To(Succeed())
	before := secret.DeepCopy()
	secret.Data["kubeconfig"] = kubeconfig
	Expect(hub.Patch(ctx, secret, client.MergeFrom(before))).To(Succeed())
}

// fencing sets the deadline of runs that name none, so the time to their fences. Those of many runs must be longer: all of
// them have to start before the first one's has passed.
func (w *scene) fencing(seconds int) {
	text := strings.Replace(settings, "docsSeconds: 12", fmt.Sprintf("docsSeconds: %d", seconds), 1)
	w.Expect(hub.Configure(w.ctx, v1.SystemNamespace, text)).To(Succeed())
}

// schedule opens the members that are named for new attempts, and closes the others. West is closed for moments only: the
// stories wait for it.
func (w *scene) schedule(open ...string) {
	for _, name := range []string{"east", "west"} {
		m := &v1.MemberCluster{}
		w.Expect(client.IgnoreNotFound(hub.Get(w.ctx, client.ObjectKey{Name: name}, m))).To(Succeed())
		if m.Name == "" {
			continue
		}
		before := m.DeepCopy()
		m.Spec.Scheduling = v1.SchedulingCordoned
		if slices.Contains(open, name) {
			m.Spec.Scheduling = v1.SchedulingEnabled
		}
		w.Expect(hub.Patch(w.ctx, m, client.MergeFrom(before))).To(Succeed())
	}
}

// member is the Ready condition of a member: status, reason, message. For Eventually.
func (w *scene) member(name string) func() string {
	return func() string {
		m := &v1.MemberCluster{}
		if err := hub.Get(w.ctx, client.ObjectKey{Name: name}, m); err != nil {
			return err.Error()
		}
		c := meta.FindStatusCondition(m.Status.Conditions, v1.ConditionMemberReady)
		if c == nil {
			return ""
		}
		return fmt.Sprintf("%s %s: %s", c.Status, c.Reason, c.Message)
	}
}
