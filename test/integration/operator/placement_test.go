package operator

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// region places a run on the members with a label.
func region(value string) func(*v1.DocsRun) {
	return with[*v1.DocsRun](func(s *v1.RunSpec) {
		s.Placement = &v1.Placement{Selector: &v1.ClusterSelector{MatchLabels: map[string]v1.LabelValue{"region": v1.LabelValue(value)}}}
	})
}

var _ = Describe("The choice of a member", func() {
	Story("follows the selector and the name, each alone and both", func(w *scene) {
		w.Expect(w.await(w.docs("by-label", region("west")), v1.PhaseSucceeded).Cluster).To(Equal("west"))
		w.Expect(w.await(w.docs("by-name", on[*v1.DocsRun]("east")), v1.PhaseSucceeded).Cluster).To(Equal("east"))
		both := w.docs("neither", region("west"), func(r *v1.DocsRun) { r.Spec.Placement.Cluster = "east" })
		w.Eventually(w.status(both)).Should(And(be(v1.PhasePending, v1.ReasonNoCandidate), says("east does not match region=west")))
	})

	Story("says for each member why it does not take a run, and changes with placement while Pending", func(w *scene) {
		run := w.docs("nowhere", region("moon"))
		w.Eventually(w.status(run)).Should(And(be(v1.PhasePending, v1.ReasonNoCandidate), says(
			"dead does not match", "east does not match", "forbidden does not match", "half does not match", "hanging does not match",
			"west does not match region=moon")))
		w.Expect(condition(run.Status, v1.ConditionSucceeded).Reason).To(Equal(v1.ReasonNoCandidate))
		for member, why := range map[string]string{
			"dead": "is not ready (Unreachable: https://127.0.0.1", "hanging": "is not ready (Unreachable: https://127.0.0.1",
			"forbidden": "is not ready (PreflightFailed: https://127.0.0.1", "half": "jobs.batch",
		} {
			w.ask(run, func() { run.Spec.Placement = &v1.Placement{Cluster: member} })
			w.Eventually(w.status(run)).Should(And(be(v1.PhasePending, v1.ReasonNoCandidate), says("no member takes it: "+member, why)))
		}
		w.ask(run, func() { run.Spec.Placement = nil })
		w.await(run, v1.PhaseSucceeded)
	})
})

var _ = Describe("A member that does not work", func() {
	Story("shows in kubectl get mc within 30 s, and whichever kind it is", func(w *scene) {
		w.Expect(w.hub.Register(w.ctx, "garbage", []byte("certificates: [none]"), nil)).To(Succeed())
		w.Eventually(w.row).WithArguments("east").Should(HaveKeyWithValue("Ready", "True"))
		// slow is how long the operator took to start and to connect the first member: before that it shows nothing.
		works := &v1.MemberCluster{}
		w.Expect(w.hub.Get(w.ctx, client.ObjectKey{Name: "east"}, works)).To(Succeed())
		slow := meta.FindStatusCondition(works.Status.Conditions, v1.ConditionMemberReady).LastTransitionTime.Sub(works.CreationTimestamp.Time)
		for member, reason := range map[string]string{
			"garbage": v1.ReasonKubeconfigRefused, "dead": v1.ReasonUnreachable, "hanging": v1.ReasonUnreachable,
			"forbidden": v1.ReasonPreflightFailed, "half": v1.ReasonPreflightFailed,
		} {
			w.Eventually(w.row).WithArguments(member).Should(And(
				HaveKeyWithValue("Ready", "False"), HaveKeyWithValue("Reason", reason)))
			m := &v1.MemberCluster{}
			w.Expect(w.hub.Get(w.ctx, client.ObjectKey{Name: member}, m)).To(Succeed())
			since := meta.FindStatusCondition(m.Status.Conditions, v1.ConditionMemberReady).LastTransitionTime
			w.Expect(since.Sub(m.CreationTimestamp.Time)).To(BeNumerically("<=", 30*time.Second+slow), member)
		}
	})

	Story("delays nobody: beside a dead, a hanging, a forbidden and a half-installed one a run starts at once", func(w *scene) {
		var waited []time.Duration
		for range 3 {
			run := w.docs("prompt")
			s := w.await(run, v1.PhaseSucceeded)
			waited = append(waited, s.Attempts[0].CreatedAt.Sub(run.CreationTimestamp.Time))
			w.forget(run)
		}
		w.Expect(slices.Min(waited)).To(BeNumerically("<", 15*time.Second), "a member that is waited for would cost each of them more")
	})
})

// row is what kubectl get mc shows of a member: kubectl asks the API server for exactly this table.
func (w *scene) row(member string) map[string]any {
	transport, err := rest.HTTPClientFor(w.hub.Admin)
	w.Expect(err).NotTo(HaveOccurred())
	url := w.hub.Admin.Host + "/apis/orchestrator.platform/v1/memberclusters/" + member
	req, err := http.NewRequestWithContext(w.ctx, http.MethodGet, url, nil)
	w.Expect(err).NotTo(HaveOccurred())
	req.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	resp, err := transport.Do(req)
	w.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = resp.Body.Close() }()
	var table metav1.Table
	w.Expect(json.NewDecoder(resp.Body).Decode(&table)).To(Succeed())
	cells := map[string]any{}
	for i, c := range table.ColumnDefinitions {
		cells[c.Name] = table.Rows[0].Cells[i]
	}
	return cells
}
