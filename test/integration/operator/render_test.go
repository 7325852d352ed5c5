package operator

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// sent is what an attempt has on its member, or what runfleet render says that it has.
type sent struct {
	Job    batchv1.Job
	Inputs []corev1.ConfigMap
	Volume *corev1.PersistentVolumeClaim
}

var _ = Describe("A run that a hub has stored", func() {
	Story("is rendered without a cluster to what the operator sent, attempt by attempt, byte for byte", func(w *scene) {
		const service = "sim-fail-once-4s-render"
		run := w.code("rendered", service, with[*v1.CodeRun](func(s *v1.RunSpec) { s.PromptModification = "Keep `it` short.\n\t$(id) {{x}} \u202e" }))
		w.Eventually(w.things(run)).WithTimeout(patience).Should(Equal([3]int{1, 1, 1}))
		first := w.sent(run, 1, service)
		w.await(run, v1.PhaseSucceeded)
		second := w.sent(run, 2, service)

		directory, err := os.MkdirTemp(program.Dir, "render-")
		w.Expect(err).NotTo(HaveOccurred())
		stored := filepath.Join(directory, "run.yaml")
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(v1.GroupVersion.WithKind("CodeRun"))
		w.Expect(w.hub.Get(w.ctx, client.ObjectKeyFromObject(run), u)).To(Succeed())
		text, err := yaml.Marshal(u.Object)
		w.Expect(err).NotTo(HaveOccurred())
		w.Expect(os.WriteFile(stored, text, 0o600)).To(Succeed())
		w.Expect(os.WriteFile(filepath.Join(directory, "config.yaml"), []byte(settings), 0o600)).To(Succeed())
		for n, want := range map[int]sent{1: first, 2: second} {
			got := w.render(directory, n)
			w.Expect(w.asSent(got, *run.RunStatus())).To(Equal(want), "attempt %d", n)
			w.Expect(got.Job.Annotations[v1.AnnotationSpecHash]).NotTo(BeEmpty())
		}
		w.Expect(second.prompt()).To(ContainSubstring("Attempt 1 ended as AgentError"))
		w.Expect(first.prompt()).To(And(ContainSubstring("$(id) {{x}} [U+202E]"), Not(ContainSubstring("Attempt 1"))))
	})
})

func (s sent) prompt() string {
	for _, m := range s.Inputs {
		if text, ok := m.Data["prompt.md"]; ok {
			return text
		}
	}
	return ""
}

// sent is what the members have of an attempt, without what they wrote into it.
func (w *scene) sent(run v1.Run, n int, service string) sent {
	var s sent
	of := func(o client.Object) bool { return o.GetLabels()[v1.LabelAttempt] == strconv.Itoa(n) }
	for _, j := range w.jobs(run) {
		if of(&j) {
			s.Job = j
		}
	}
	for _, m := range w.inputs(run) {
		if of(&m) {
			s.Inputs = append(s.Inputs, m)
		}
	}
	s.Volume, _ = w.volume(service)
	w.Expect(s.Job.Name).NotTo(BeEmpty())
	w.Expect(s.Inputs).NotTo(BeEmpty())
	return s.plain()
}

// plain leaves what was sent: the member's own fields are those of identity, time and status, and of the Job's controller.
func (s sent) plain() sent {
	strip := func(o client.Object) {
		o.SetUID("")
		o.SetResourceVersion("")
		o.SetGeneration(0)
		o.SetCreationTimestamp(metav1.Time{})
		o.SetManagedFields(nil)
		o.GetObjectKind().SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(""))
	}
	strip(&s.Job)
	s.Job.Status = batchv1.JobStatus{}
	s.Job.Spec.Suspend, s.Job.Spec.Selector = nil, nil
	for label := range s.Job.Spec.Template.Labels {
		if strings.HasSuffix(label, "controller-uid") || strings.HasSuffix(label, "job-name") {
			delete(s.Job.Spec.Template.Labels, label)
		}
	}
	for i := range s.Inputs {
		strip(&s.Inputs[i])
	}
	if s.Volume != nil {
		strip(s.Volume)
		s.Volume.Status, s.Volume.Annotations, s.Volume.Finalizers = corev1.PersistentVolumeClaimStatus{}, nil, nil
		s.Volume.Spec.VolumeName = ""
	}
	return s
}

// render calls runfleet render, which sees no cluster.
func (w *scene) render(directory string, n int) sent {
	cmd := exec.CommandContext(w.ctx, program.Path, "render", "-f", "run.yaml", "--config", "config.yaml",
		"--hub-uid", string(w.identity(w.hub)), "--attempt", strconv.Itoa(n))
	cmd.Dir, cmd.Env = directory, []string{"HOME=" + directory}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	w.Expect(cmd.Run()).To(Succeed(), "%s", &stderr)
	w.Expect(stderr.String()).NotTo(Or(ContainSubstring("Made up"), ContainSubstring("Warning")))
	var s sent
	for document := range strings.SplitSeq(strings.TrimPrefix(stdout.String(), "---\n"), "\n---\n") {
		var kind metav1.TypeMeta
		w.Expect(yaml.Unmarshal([]byte(document), &kind)).To(Succeed())
		switch kind.Kind {
		case "Job":
			w.Expect(yaml.UnmarshalStrict([]byte(document), &s.Job)).To(Succeed())
		case "ConfigMap":
			var m corev1.ConfigMap
			w.Expect(yaml.UnmarshalStrict([]byte(document), &m)).To(Succeed())
			s.Inputs = append(s.Inputs, m)
		case "PersistentVolumeClaim":
			s.Volume = &corev1.PersistentVolumeClaim{}
			w.Expect(yaml.UnmarshalStrict([]byte(document), s.Volume)).To(Succeed())
		}
	}
	return s
}

// asSent is a rendering with the defaults that the member gives to whatever it is sent, found by asking it for them under
// other names.
func (w *scene) asSent(s sent, status v1.RunStatus) sent {
	objects := []client.Object{&s.Job}
	for i := range s.Inputs {
		objects = append(objects, &s.Inputs[i])
	}
	if s.Volume != nil {
		objects = append(objects, s.Volume)
	}
	for _, o := range objects {
		name := o.GetName()
		o.SetName("tried")
		w.Expect(w.member(status).Create(w.ctx, o, client.DryRunAll)).To(Succeed())
		o.SetName(name)
	}
	return s.plain()
}
