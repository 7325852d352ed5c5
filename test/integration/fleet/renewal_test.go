package fleet

import (
	"context"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/multicluster-runtime/pkg/multicluster"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// ahead is a clock that can be put ahead.
type ahead struct{ by atomic.Int64 }

func (a *ahead) jump(by time.Duration) { a.by.Store(int64(by)) }

// Now implements clock.PassiveClock.
func (a *ahead) Now() time.Time { return time.Now().Add(time.Duration(a.by.Load())) }

// Since implements clock.PassiveClock.
func (a *ahead) Since(t time.Time) time.Duration { return a.Now().Sub(t) }

const day = 24 * time.Hour

var _ = Describe("A token", func() {
	It("is renewed at half of its life, while nothing on the member is missed", func(ctx SpecContext) {
		clock := &ahead{}
		o := quick()
		o.Clock, o.ProbeTimeout = clock, 20*time.Second
		op := begin(ctx, o)
		classOn(ctx, east)
		name, file := named("east"), admin(east, nil)
		Expect(op.joins(name, file).Code).To(BeZero())
		Eventually(condition(ctx, name, v1.ConditionCredentialsRenewed)).Should(Equal("True Renewing"))
		first := op.kubeconfig(ctx, name)
		clock.jump(14 * day)
		Eventually(func() string { return stored(ctx, name).Status.CredentialsLeft }).Should(Equal("15d"))
		Consistently(func() any { return op.kubeconfig(ctx, name) }, "1s").Should(Equal(first), "half of its life is not over")

		before, err := op.mgr.GetCluster(ctx, multicluster.ClusterName(name))
		Expect(err).NotTo(HaveOccurred())
		var jobs []string
		lost := 0
		under(ctx, func() {
			jobs = append(jobs, job(ctx, east, ours))
			if !op.found(ctx, name) || !op.answers(name)() {
				lost++
			}
		}, func() {
			clock.jump(15*day + time.Hour)
			Eventually(func() any { return op.kubeconfig(ctx, name) }).ShouldNot(Equal(first))
			Eventually(func() bool {
				now, err := op.mgr.GetCluster(ctx, multicluster.ClusterName(name))
				return err == nil && now != before
			}).Should(BeTrue(), "the new one is in use")
		})
		Expect(lost).To(BeZero())
		for _, j := range jobs {
			Eventually(op.sawJob).WithArguments(name, j).Should(BeTrue(), j)
		}
		clock.jump(0)
		Eventually(func() string { return stored(ctx, name).Status.CredentialsLeft }).Should(Equal("29d"))
		Expect(op.kubeconfig(ctx, name).Clusters).To(Equal(first.Clusters))
	})

	It("that cannot be renewed says why and until when, and one of somebody else's Secret is left alone", func(ctx SpecContext) {
		clock := &ahead{}
		o := quick()
		o.Clock = clock
		op := begin(ctx, o)
		classOn(ctx, west)
		name, file := named("west"), admin(west, nil)
		Expect(op.joins(name, file).Code).To(BeZero())
		first := op.kubeconfig(ctx, name)
		binding := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "runfleet-renewal", Namespace: v1.SystemNamespace}}
		Expect(west.Delete(ctx, binding)).To(Succeed())
		clock.jump(16 * day)
		Eventually(condition(ctx, name, v1.ConditionCredentialsRenewed)).Should(Equal("False RenewalFailed"))
		Expect(message(ctx, name, v1.ConditionCredentialsRenewed)).To(And(
			ContainSubstring("the token is valid until 20"), ContainSubstring("call runfleet fleet join again")))
		Expect(condition(ctx, name, "Ready")()).To(Equal("True MemberReady"), "it is valid still")
		Eventually(warnings(ctx, name)).Should(ConsistOf(HavePrefix("RenewalFailed its user may not ask for a token of its own")))
		clock.jump(17 * day) // it is tried again
		Consistently(warnings(ctx, name), "1s").Should(HaveLen(1), "an Event is for the reason, not for each time")

		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: op.namespace}}
		Expect(hub.Get(ctx, client.ObjectKeyFromObject(secret), secret)).To(Succeed())
		secret.Labels = nil
		Expect(hub.Update(ctx, secret)).To(Succeed())
		Eventually(condition(ctx, name, v1.ConditionCredentialsRenewed)).Should(BeEmpty())
		Expect(op.joins(name, file).Stderr).To(ContainSubstring("was not written by join"))
		clock.jump(20 * day)
		Consistently(func() any { return op.kubeconfig(ctx, name) }, "1s").Should(Equal(first))

		secret.Labels = map[string]string{v1.LabelRenewal: v1.RenewalEnabled}
		Expect(hub.Update(ctx, secret)).To(Succeed())
		Expect(op.joins(name, file).Code).To(BeZero(), "it repairs the right and renews the token")
		Eventually(condition(ctx, name, v1.ConditionCredentialsRenewed)).Should(Equal("True Renewing"))
	})
})

// warnings are those of the Events about a member, each with its reason.
func warnings(ctx context.Context, member string) func() []string {
	return func() []string {
		var list eventsv1.EventList
		Expect(hub.List(ctx, &list)).To(Succeed())
		var all []string
		for _, e := range list.Items {
			if e.Regarding.Kind == "MemberCluster" && e.Regarding.Name == member && e.Type == corev1.EventTypeWarning {
				all = append(all, e.Reason+" "+e.Note)
			}
		}
		return all
	}
}
