package fleet

import (
	"context"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/multicluster-runtime/pkg/multicluster"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
)

var _ = Describe("A member", func() {
	It("with exactly the permissions of docs/members.md takes runs, and says so", func(ctx SpecContext) {
		o := quick()
		o.ActiveRuns = func(string) int32 { return 7 }
		op := begin(ctx, o)
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		Eventually(op.answers(name)).Should(BeTrue())
		Eventually(condition(ctx, name, "Ready")).Should(Equal("True MemberReady"))
		Expect(condition(ctx, name, "Reachable")()).To(Equal("True Reachable"))

		s := stored(ctx, name).Status
		Expect(s.ClusterUID).To(Equal(identity(ctx, east)))
		Expect(s.KubernetesVersion).To(HavePrefix("v1."))
		Expect(s.ActiveRuns).To(BeEquivalentTo(7))
		Expect(s.ObservedGeneration).To(BeEquivalentTo(1))
		Expect(s.LastSeen.Time).To(BeTemporally("~", time.Now(), 10*time.Second))

		m, ok := op.Member(name)
		Expect(ok).To(BeTrue())
		Expect([]any{m.UID, m.Recorded, m.NotReady, m.SilentSince.IsZero()}).To(Equal([]any{s.ClusterUID, s.ClusterUID, "", true}))
		Eventually(op.sawJob).WithArguments(name, job(ctx, east, ours)).Should(BeTrue())
	})

	It("has a cache of what is ours, slim and indexed by run", func(ctx SpecContext) {
		op := begin(ctx, quick())
		labels := map[string]string{v1.LabelManaged: "true", v1.LabelRunUID: named("run")}
		mine, foreign := job(ctx, east, labels), job(ctx, east, nil)
		inputs := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: named("inputs"), Namespace: "default", Labels: labels},
			Data:       map[string]string{"prompt.md": "secret"},
		}
		Expect(east.Create(ctx, inputs)).To(Succeed())
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		Eventually(op.answers(name)).Should(BeTrue())
		m, _ := op.Member(name)

		var jobs batchv1.JobList
		Expect(m.Cached.List(ctx, &jobs, client.MatchingFields{fleet.IndexRunUID: labels[v1.LabelRunUID]})).To(Succeed())
		Expect(jobs.Items).To(HaveLen(1))
		Expect(jobs.Items[0].Name).To(Equal(mine))
		Expect(jobs.Items[0].ManagedFields).To(BeEmpty())
		Expect(jobs.Items[0].Spec.Template.Spec.Containers).To(BeEmpty())
		key := types.NamespacedName{Namespace: "default", Name: foreign}
		Expect(m.Cached.Get(ctx, key, &batchv1.Job{})).To(MatchError(apierrors.IsNotFound, "NotFound"))
		Expect(m.Live.Get(ctx, key, &batchv1.Job{})).To(Succeed(), "the cache's NotFound proves nothing")

		maps := &metav1.PartialObjectMetadataList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMapList"}}
		Expect(m.Cached.List(ctx, maps, client.MatchingFields{fleet.IndexRunUID: labels[v1.LabelRunUID]})).To(Succeed())
		Expect(maps.Items).To(HaveLen(1))
		Expect(m.Cached.Get(ctx, client.ObjectKeyFromObject(inputs), &corev1.ConfigMap{})).
			To(MatchError(ContainSubstring("not cached")), "nobody begins to watch whole ConfigMaps by reading one")
		Expect(m.HasNamespace(ctx, "default")).To(BeTrue())
		Expect(m.HasNamespace(ctx, "nowhere")).To(BeFalse())
	})

	It("is never asked what it serves: discovery of one that hangs would hang", func(ctx SpecContext) {
		op := begin(ctx, quick())
		f := frontOf(east)
		name := op.register(ctx, "east", kubeconfigOf(f.config()))
		Eventually(op.answers(name)).Should(BeTrue())
		for _, path := range f.paths() {
			Expect(strings.Trim(path, "/")).NotTo(BeElementOf("api", "apis", "api/v1", "apis/batch/v1"))
		}
	})

	It("that is registered later lives longer than the reconciliation that found it", func(ctx SpecContext) {
		op := begin(ctx, quick())
		first := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		Eventually(op.answers(first)).Should(BeTrue())
		later := op.register(ctx, "west", kubeconfigOf(user(ctx, west)))
		Eventually(op.answers(later)).Should(BeTrue())
		Consistently(op.answers(later), 2*managerWide).Should(BeTrue())
		Eventually(op.sawJob).WithArguments(later, job(ctx, west, ours)).Should(BeTrue())
	})

	It("is not forgotten when it is registered before the provider has started, however long that takes", func(ctx SpecContext) {
		op := prepare(ctx, quick())
		slow := &late{Provider: op.Provider, begin: make(chan struct{})}
		op.mgr = op.manager(slow)
		Expect(op.SetupWithManager(op.mgr)).To(Succeed())
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		op.start(op.mgr)
		Consistently(op.ended, 2*managerWide).ShouldNot(Receive()) // a reconciliation waits no longer than managerWide
		close(slow.begin)
		Eventually(op.answers(name)).Should(BeTrue())
	})

	It("that is idle and well costs the hub no writes", func(ctx SpecContext) {
		op := begin(ctx, quick())
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		Eventually(condition(ctx, name, "Ready")).Should(Equal("True MemberReady"))
		version := stored(ctx, name).ResourceVersion
		Consistently(func() string { return stored(ctx, name).ResourceVersion }, 2*time.Second).Should(Equal(version))
	})

	It("wakes the runs when its labels, its scheduling or its bound change", func(ctx SpecContext) {
		op := begin(ctx, quick())
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east)))
		Eventually(op.answers(name)).Should(BeTrue())
		for _, edit := range []func(*v1.MemberCluster){
			func(o *v1.MemberCluster) { o.Labels = map[string]string{"region": "eu"} },
			func(o *v1.MemberCluster) { o.Spec.MaxRuns = new(int32(3)) },
			func(o *v1.MemberCluster) { o.Spec.Scheduling = v1.SchedulingCordoned },
		} {
			before := op.changesOf(name)
			o := stored(ctx, name)
			was := client.MergeFrom(o.DeepCopy())
			edit(o)
			Expect(hub.Patch(ctx, o, was)).To(Succeed())
			Eventually(op.changesOf).WithArguments(name).Should(BeNumerically(">", before))
		}
		m, _ := op.Member(name)
		Expect([]any{m.Labels["region"], *m.MaxRuns, m.Cordoned, m.NotReady, m.Answers}).
			To(Equal([]any{"eu", int32(3), true, v1.ReasonCordoned, true}))
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False Cordoned"))
		Expect(condition(ctx, name, "Reachable")()).To(Equal("True Reachable"))
	})

	It("may be the hub itself, registered once", func(ctx SpecContext) {
		op := begin(ctx, quick())
		Expect(fleet.EnsureLocalMember(ctx, hub)).To(Succeed())
		Expect(fleet.EnsureLocalMember(ctx, hub)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { remove(ctx, fleet.LocalMember) })
		Eventually(op.answers(fleet.LocalMember)).Should(BeTrue())
		Eventually(op.sawJob).WithArguments(fleet.LocalMember, job(ctx, hub, ours)).Should(BeTrue())
	})

	It("that was not looked at yet is silent, not gone, and not since longer than one asks", func(ctx SpecContext) {
		op := prepare(ctx, quick())
		registry := op.manager(nil) // reads the hub, as a process does that does not lead yet
		Expect(op.SetupWithManager(registry)).To(Succeed())
		d := detourTo(east.Admin)
		d.FallSilent()
		name := op.register(ctx, "east", kubeconfigOf(east.Admin, through(d.Address())))
		running, stop := context.WithCancel(ctx)
		ended := make(chan error, 2)
		go func() { ended <- registry.Start(running) }()
		Eventually(op.reason(name)).Should(Equal(v1.ReasonUnobserved))

		leads := time.Now()
		go func() { ended <- op.Start(running, op.mgr) }()
		Eventually(op.reason(name)).Should(Equal(v1.ReasonUnreachable))
		m, _ := op.Member(name)
		Expect(m.Answers).To(BeFalse())
		Expect(m.SilentSince).To(BeTemporally(">=", leads))
		stop()
		Eventually(ended).Should(Receive(BeNil()))
		Eventually(ended).Should(Receive(BeNil()))
	})
})

// late is a provider that starts when it is told to.
type late struct {
	*fleet.Provider
	begin chan struct{}
}

func (l *late) Start(ctx context.Context, aware multicluster.Aware) error {
	select {
	case <-l.begin:
	case <-ctx.Done():
	}
	return l.Provider.Start(ctx, aware)
}
