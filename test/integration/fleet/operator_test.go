package fleet

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	controllerconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	mcbuilder "sigs.k8s.io/multicluster-runtime/pkg/builder"
	mchandler "sigs.k8s.io/multicluster-runtime/pkg/handler"
	mcmanager "sigs.k8s.io/multicluster-runtime/pkg/manager"
	"sigs.k8s.io/multicluster-runtime/pkg/multicluster"
	mcreconcile "sigs.k8s.io/multicluster-runtime/pkg/reconcile"

	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// operator is a manager with our provider and one controller of Jobs on members, as the real one has.
type operator struct {
	*fleet.Provider
	namespace string
	mgr       mcmanager.Manager
	stop      context.CancelFunc
	ended     chan error

	mu      sync.Mutex
	jobs    []string // MEMBER/NAME of every Job that the controller was told of
	changes []string // what OnChange was called with
}

// quick are options with times for tests.
func quick() fleet.Options {
	return fleet.Options{
		SyncTimeout: 5 * time.Second, ProbeInterval: 200 * time.Millisecond, ProbeTimeout: 2 * time.Second, RequestTimeout: 5 * time.Second,
	}
}

// begin starts an operator that ends with the spec; a spec in which its manager ends by itself fails.
func begin(ctx context.Context, o fleet.Options) *operator {
	op := prepare(ctx, o)
	Expect(op.SetupWithManager(op.mgr)).To(Succeed())
	op.start(op.mgr)
	return op
}

// prepare makes an operator, its namespace on the hub included, and starts nothing.
func prepare(ctx context.Context, o fleet.Options) *operator {
	op := &operator{namespace: named("runfleet"), ended: make(chan error, 1)}
	Expect(hub.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: op.namespace}})).To(Succeed())
	o.Namespace, o.OnChange = op.namespace, op.changed
	if o.HubConfig == nil {
		o.HubConfig = hub.Admin
	}
	op.Provider = fleet.New(o)
	op.mgr = op.manager(op.Provider)
	return op
}

// managerWide bounds every reconciliation of the manager. A provider whose members live in the context of one would lose
// them silently.
const managerWide = 300 * time.Millisecond

// manager makes a manager with a controller of Jobs.
func (op *operator) manager(p multicluster.Provider) mcmanager.Manager {
	mgr, err := mcmanager.New(hub.Admin, p, ctrl.Options{
		Scheme: bed.Kinds, Metrics: metricsserver.Options{BindAddress: "0"}, GracefulShutdownTimeout: new(30 * time.Second),
		Controller: controllerconfig.Controller{SkipNameValidation: new(true), ReconciliationTimeout: managerWide},
	})
	Expect(err).NotTo(HaveOccurred())
	err = mcbuilder.ControllerManagedBy(mgr).Named("jobs").
		Watches(&batchv1.Job{}, mchandler.EnqueueRequestForObject,
			mcbuilder.WithEngageWithLocalCluster(false), mcbuilder.WithEngageWithProviderClusters(true)).
		WithOptions(controller.TypedOptions[mcreconcile.Request]{
			SkipNameValidation: new(true), CacheSyncTimeout: 5 * time.Second,
		}).
		Complete(mcreconcile.Func(op.saw))
	Expect(err).NotTo(HaveOccurred())
	return mgr
}

func (op *operator) start(mgr mcmanager.Manager) {
	ctx, cancel := context.WithCancel(context.Background())
	op.stop = cancel
	go func() { op.ended <- mgr.Start(ctx) }()
	DeferCleanup(op.end)
}

// end stops the operator and expects that it had not ended before, and ends now, whatever its members do.
func (op *operator) end() {
	select {
	case err := <-op.ended:
		op.ended <- err
		Fail("the manager ended by itself: " + errors.Join(errors.New("it returned"), err).Error())
	default:
	}
	op.stop()
	var err error
	Eventually(op.ended).Should(Receive(&err), "the manager does not end")
	op.ended <- errors.New("stopped")
	Expect(err).NotTo(HaveOccurred())
}

func (op *operator) saw(_ context.Context, req mcreconcile.Request) (ctrl.Result, error) {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.jobs = append(op.jobs, req.ClusterName.String()+"/"+req.Name)
	return ctrl.Result{}, nil
}

func (op *operator) changed(member string) {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.changes = append(op.changes, member)
}

// sawJob says whether the controller was told of a Job on a member.
func (op *operator) sawJob(member, job string) bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	return slices.Contains(op.jobs, member+"/"+job)
}

// changesOf counts the calls of OnChange for a member.
func (op *operator) changesOf(member string) int {
	op.mu.Lock()
	defer op.mu.Unlock()
	n := 0
	for _, c := range op.changes {
		if c == member {
			n++
		}
	}
	return n
}

// answers polls whether a member answers.
func (op *operator) answers(member string) func() bool {
	return func() bool {
		m, ok := op.Member(member)
		return ok && m.Answers
	}
}

// reason polls why a member takes no runs; "unregistered" when there is none.
func (op *operator) reason(member string) func() string {
	return func() string {
		m, ok := op.Member(member)
		if !ok {
			return "unregistered"
		}
		return m.NotReady
	}
}

// found says whether controllers get the member's cluster.
func (op *operator) found(ctx context.Context, member string) bool {
	_, err := op.mgr.GetCluster(ctx, multicluster.ClusterName(member))
	return err == nil
}

// job creates a Job of ours and returns its name.
func job(ctx context.Context, on *bed.Cluster, labels map[string]string) string {
	j := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: named("job"), Namespace: "default", Labels: labels},
		Spec: batchv1.JobSpec{Suspend: new(true), Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			Containers:    []corev1.Container{{Name: "agent", Image: "registry.example.com/agent"}},
		}}},
	}
	ExpectWithOffset(1, on.Create(ctx, j)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		Expect(client.IgnoreNotFound(on.Delete(ctx, j, client.PropagationPolicy(metav1.DeletePropagationBackground)))).To(Succeed())
	})
	return j.Name
}
