package fleet

import (
	"context"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/multicluster-runtime/pkg/multicluster"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("A kubeconfig", func() {
	It("is rotated without a lost event and without a moment in which the member is not found, again and again", func(ctx SpecContext) {
		o := quick()
		o.ProbeTimeout = 20 * time.Second // a busy machine is no silent member
		op := begin(ctx, o)
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		Eventually(op.answers(name)).Should(BeTrue())
		first, err := op.mgr.GetCluster(ctx, multicluster.ClusterName(name))
		Expect(err).NotTo(HaveOccurred())

		var jobs []string
		var lost int
		under(ctx, func() {
			jobs = append(jobs, job(ctx, east, ours))
			if !op.found(ctx, name) || !op.answers(name)() {
				lost++
			}
		}, func() {
			for range 5 {
				before, _ := op.mgr.GetCluster(ctx, multicluster.ClusterName(name))
				woken := op.changesOf(name)
				op.write(ctx, name, kubeconfigOf(user(ctx, east)))
				Eventually(func() bool {
					now, err := op.mgr.GetCluster(ctx, multicluster.ClusterName(name))
					return err == nil && now != before
				}).Should(BeTrue())
				Eventually(op.changesOf).WithArguments(name).Should(BeNumerically(">", woken),
					"what was deleted between two caches has no event: the runs look again")
			}
		})
		Expect(lost).To(BeZero())
		for _, j := range jobs {
			Eventually(op.sawJob).WithArguments(name, j).Should(BeTrue(), j)
		}
		Expect(first.GetCache().WaitForCacheSync(ctx)).To(BeTrue())
		late := job(ctx, east, ours)
		Eventually(op.sawJob).WithArguments(name, late).Should(BeTrue())
	})

	It("that does not work leaves the one of before in service, and says so, until it works", func(ctx SpecContext) {
		op := begin(ctx, quick())
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		Eventually(condition(ctx, name, "Ready")).Should(Equal("True MemberReady"))
		stranger, err := east.User(named("user"))
		Expect(err).NotTo(HaveOccurred())
		for bad, reason := range map[string]string{
			string(kubeconfigOf(stranger)): "False PreflightFailed",
			"not a kubeconfig":             "False KubeconfigRefused",
		} {
			op.write(ctx, name, []byte(bad))
			Eventually(condition(ctx, name, "Ready")).Should(Equal(reason))
			Expect(message(ctx, name, "Ready")).To(HaveSuffix("what executes there is still reached with the kubeconfig of before"))
			Expect(condition(ctx, name, "Reachable")()).To(Equal("True Reachable"))
			Consistently(op.answers(name), time.Second).Should(BeTrue())
			Eventually(op.sawJob).WithArguments(name, job(ctx, east, ours)).Should(BeTrue())
		}
		op.write(ctx, name, kubeconfigOf(user(ctx, east)))
		Eventually(condition(ctx, name, "Ready")).Should(Equal("True MemberReady"))
		Eventually(op.sawJob).WithArguments(name, job(ctx, east, ours)).Should(BeTrue())
	})

	It("that is withdrawn ends the connection, and wakes the runs there", func(ctx SpecContext) {
		op := begin(ctx, quick())
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		Eventually(op.answers(name)).Should(BeTrue())
		before := op.changesOf(name)
		Expect(hub.Delete(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: op.namespace}})).To(Succeed())
		Eventually(op.reason(name)).Should(Equal(v1.ReasonKubeconfigMissing))
		Expect(op.changesOf(name)).To(BeNumerically(">", before))
		Expect(op.found(ctx, name)).To(BeFalse())
		m, _ := op.Member(name)
		Expect(m.Answers).To(BeFalse())
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False KubeconfigMissing"))
	})
})

var _ = Describe("A member that is no longer registered", func() {
	It("is disengaged, and the runs there are woken", func(ctx SpecContext) {
		op := begin(ctx, quick())
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		Eventually(op.answers(name)).Should(BeTrue())
		before := op.changesOf(name)
		remove(ctx, name)
		Eventually(op.reason(name)).Should(Equal("unregistered"))
		Expect(op.found(ctx, name)).To(BeFalse())
		Eventually(op.changesOf).WithArguments(name).Should(BeNumerically(">", before))
		j := job(ctx, east, ours)
		Consistently(op.sawJob, time.Second).WithArguments(name, j).Should(BeFalse())
	})

	It("is registered anew under its name and engaged anew", func(ctx SpecContext) {
		op := begin(ctx, quick())
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		Eventually(op.answers(name)).Should(BeTrue())
		o := stored(ctx, name)
		remove(ctx, name)
		op.write(ctx, name, kubeconfigOf(user(ctx, west)))
		create(ctx, &v1.MemberCluster{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: o.Spec})
		Eventually(op.sawJob).WithArguments(name, job(ctx, west, ours)).Should(BeTrue())
		m, _ := op.Member(name)
		Expect(m.UID).To(Equal(identity(ctx, west)), "it is another MemberCluster, which may be another cluster")
	})

	It("before the controllers begin does not end the manager", func(ctx SpecContext) {
		op := prepare(ctx, quick())
		registry := op.manager(nil) // runs what watches the hub; the controllers of op.mgr do not run yet
		Expect(op.SetupWithManager(registry)).To(Succeed())
		running, stop := context.WithCancel(ctx)
		ended := make(chan error, 2)
		go func() { ended <- registry.Start(running) }()
		go func() {
			registry.GetLocalManager().GetCache().WaitForCacheSync(running)
			ended <- op.Start(running, op.mgr)
		}()
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		Eventually(op.answers(name)).Should(BeTrue())
		remove(ctx, name)
		Eventually(op.reason(name)).Should(Equal("unregistered"))

		controllers, halt := context.WithCancel(ctx)
		over := make(chan error, 1)
		local := op.mgr.GetLocalManager() // without the provider, which runs already
		go func() { over <- local.Start(controllers) }()
		other := op.register(ctx, "west", kubeconfigOf(user(ctx, west)))
		Eventually(op.sawJob).WithArguments(other, job(ctx, west, ours)).Should(BeTrue())
		Expect(over).NotTo(Receive())
		halt()
		Eventually(over).Should(Receive(BeNil()))
		stop()
		Eventually(ended).Should(Receive(BeNil()))
		Eventually(ended).Should(Receive(BeNil()))
	})
})

// under does something again and again while something else goes on.
func under(ctx context.Context, again, meanwhile func()) {
	ctx, cancel := context.WithCancel(ctx)
	var going sync.WaitGroup
	going.Go(func() {
		defer GinkgoRecover()
		for ctx.Err() == nil {
			again()
		}
	})
	meanwhile()
	cancel()
	going.Wait()
}
