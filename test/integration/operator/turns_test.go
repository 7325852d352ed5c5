package operator

import (
	"os/exec"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gstruct"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("Runs that must not work at the same time", func() {
	Story("behaviour 49: runs of one service take turns in its workspace, and the waiting one names the other", func(w *scene) {
		first := w.code("first", "sim-hang")
		w.await(first, v1.PhaseRunning)
		second := w.code("second", "sim-hang")
		w.Eventually(w.status(second)).Should(And(be(v1.PhasePending, v1.ReasonWorkspaceBusy),
			says(w.namespace+"/workspace-sim-hang", w.namespace+"/first")))
		w.Consistently(w.things(second)).Should(Equal([3]int{}))
		w.ask(first, func() { first.Spec.Cancel = true })
		s := w.await(second, v1.PhaseRunning)
		w.Expect(s.Cluster).To(Equal(first.Status.Cluster), "the workspace is there")

		w.Expect(s.WaitedFor).To(BeNil(), "of what it does now")
		left := s.History[0]
		w.Expect(left.From).To(Equal(v1.PhasePending))
		w.Expect(left.WaitedFor).To(gstruct.PointTo(gstruct.MatchFields(gstruct.IgnoreExtras, gstruct.Fields{
			"Reason": Equal(v1.ReasonWorkspaceBusy), "Object": Equal(w.namespace + "/first"), "Until": BeNil(),
		})))
		w.Expect(left.WaitedFor.Since.Time).To(And(BeTemporally(">=", second.CreationTimestamp.Time), BeTemporally("<", left.Time.Add(-silence))))
		drawn, err := exec.CommandContext(w.ctx, program.Path, "trace", "coderun/second", "-n", w.namespace,
			"--kubeconfig", w.hub.KubeconfigPath()).Output()
		w.Expect(err).NotTo(HaveOccurred())
		w.Expect(string(drawn)).To(MatchRegexp(`(?m)^Pending .*workspace busy: ` + w.namespace + `/first`))
		w.forget(second)
	})

	Story("behaviour 51: runs for one branch of one repository take turns, however they spell it", func(w *scene) {
		branch := func(url string) func(*v1.CodeRun) {
			return func(r *v1.CodeRun) { r.Spec.RepositoryURL, r.Spec.TaskID = v1.RepositoryURL(url), new(int64(42)) }
		}
		first := w.code("first", "sim-hang", branch("https://github.com/"+w.namespace+"/shop.git"))
		w.await(first, v1.PhaseRunning)
		second := w.code("second", "fast", branch("git@github.com:"+w.namespace+"/Shop"))
		w.Eventually(w.status(second)).Should(And(be(v1.PhasePending, v1.ReasonBranchBusy), says(w.namespace+"/first")))
		third := w.code("third", "fast-too", branch("https://github.com/"+w.namespace+"/other"))
		w.await(third, v1.PhaseSucceeded)
		w.forget(first)
		w.await(second, v1.PhaseSucceeded)
	})

	Story("behaviour 51: a run that exists already is AlreadyExists", func(w *scene) {
		w.docs("same")
		again := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: "same", Namespace: w.namespace}}
		again.Spec = w.docs("another").Spec
		w.Expect(apierrors.IsAlreadyExists(w.hub.Create(w.ctx, again))).To(BeTrue())
	})

	Story("many of one service all have their turn, one after the other", func(w *scene) {
		var runs []*v1.CodeRun
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			runs = append(runs, w.code(name, "shared"))
		}
		var spans [][2]int64
		for _, run := range runs {
			s := w.await(run, v1.PhaseSucceeded)
			spans = append(spans, [2]int64{s.Attempts[0].CreatedAt.UnixMicro(), s.Attempts[0].EndedAt.UnixMicro()})
			w.Expect(s.Attempts).To(HaveLen(1))
		}
		for i, a := range spans {
			for _, b := range spans[i+1:] {
				w.Expect(a[1] <= b[0] || b[1] <= a[0]).To(BeTrue(), "two in one workspace: %v", spans)
			}
		}
	})

	Story("behaviour 1: a volume that exists already is used, and runs go where it is", func(w *scene) {
		claim := &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{
				Name: v1.WorkspacePrefix + "old", Namespace: w.namespace, Labels: map[string]string{v1.LabelManaged: "true"},
			},
			Spec: corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources: corev1.VolumeResourceRequirements{
					Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
				},
			},
		}
		w.Expect(west.Create(w.ctx, claim)).To(Succeed())
		run := w.code("reuses", "old")
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(s.Cluster).To(Equal("west"))
		found, _ := w.volume("old")
		w.Expect(found.UID).To(Equal(claim.UID))
	})
})
