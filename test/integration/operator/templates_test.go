package operator

import (
	"fmt"
	"maps"
	"strings"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// probes tells apart the runs that look for what is in force.
var probes atomic.Int64

var _ = Describe("Templates of the user's own", func() {
	// told is what the events on the ConfigMap say.
	told := func(w *scene) func() []string {
		return func() []string {
			m := &corev1.ConfigMap{}
			w.Expect(w.hub.Get(w.ctx, client.ObjectKey{Namespace: v1.SystemNamespace, Name: v1.TemplatesName}, m)).To(Succeed())
			return notes(w.events(w.hub, m))
		}
	}
	write := func(w *scene, data map[string]string) {
		w.Expect(w.hub.Templates(w.ctx, v1.SystemNamespace, data)).To(Succeed())
	}
	// inForce writes templates and waits until new runs get them. Each set has a note of its own.
	inForce := func(w *scene, note string, data map[string]string) {
		all := map[string]string{"docs_note.md.hbs": note}
		maps.Copy(all, data)
		write(w, all)
		w.Eventually(func() string {
			run := w.docs(fmt.Sprintf("probe-%s-%d", note, probes.Add(1)))
			w.await(run, v1.PhaseSucceeded)
			return w.inputs(run)[0].Data["note.md"]
		}).Should(Equal(note))
	}

	Chapter("make the next attempts, whose digest status, Job and ConfigMap show", func(w *scene) {
		before := w.docs("before")
		was := w.await(before, v1.PhaseSucceeded).Attempts[0].TemplateDigest
		inForce(w, "one", nil)
		w.Eventually(told(w)).Should(ContainElement(HavePrefix("Normal TemplatesChanged")))
		run := w.docs("after")
		is := w.await(run, v1.PhaseSucceeded).Attempts[0].TemplateDigest
		w.Expect(is).NotTo(Equal(was))
		w.Expect(w.jobs(run)[0].Annotations).To(HaveKeyWithValue(v1.AnnotationTemplateDigest, is))
		w.Expect(w.inputs(run)).To(HaveExactElements(HaveField("Annotations", HaveKeyWithValue(v1.AnnotationTemplateDigest, is))))
	})

	Chapter("are refused as a whole where one is not valid, and the last good ones stay", func(w *scene) {
		write(w, map[string]string{"docs_note.md.hbs": "two", "code_note.md.hbs": "a\n{{nope}}"})
		w.Eventually(told(w)).Should(ContainElement(And(HavePrefix("Warning TemplatesInvalid"),
			ContainSubstring("code_note.md.hbs:2: unknown name nope"))))
		w.Expect(w.fleet.replica.Metric("runfleet_config_valid")).To(BeZero())
		w.Expect(w.fleet.replica.Says()).To(ContainSubstring("Keeping the last good set of templates"))
		run := w.docs("still")
		w.await(run, v1.PhaseSucceeded)
		w.Expect(w.inputs(run)[0].Data).To(HaveKeyWithValue("note.md", "one"))
	})

	Chapter("F20: that make too large a file of one run fail that run alone, before anything is created", func(w *scene) {
		inForce(w, "three", map[string]string{"docs_copies.md.hbs": strings.Repeat("{{guidance}}\n", 100)})
		run := w.docs("large", func(r *v1.DocsRun) { r.Spec.PromptModification = v1.Prompt(strings.Repeat("x", 10_000)) })
		s := w.await(run, v1.PhaseFailed)
		w.Expect(s).To(And(be(v1.PhaseFailed, string(v1.ClassRenderFailed)), HaveField("Attempts", HaveLen(1)), says("copies.md")))
		w.Expect(w.attempts(run, "Job")()).To(BeZero())
		w.Expect(w.attempts(run, "ConfigMap")()).To(BeZero())
		w.await(w.docs("small"), v1.PhaseSucceeded)
	})

	Chapter("F20: that are too much for one ConfigMap are split, and all parts go with the run", func(w *scene) {
		// A ConfigMap of templates has 1 MiB at most, so the run's guidance makes them large.
		inForce(w, "four", map[string]string{
			"docs_a.md.hbs": strings.Repeat("{{guidance}}\n", 60), "docs_b.md.hbs": strings.Repeat("{{guidance}}\n", 60),
			"docs_c.md.hbs": strings.Repeat("{{guidance}}\n", 60),
		})
		// Together they take longer on this line than one request may, each of them does not.
		w.fleet.toEast.Narrow(800 << 10)
		defer w.fleet.toEast.Heal()
		run := w.docs("split", on[*v1.DocsRun]("east"), func(r *v1.DocsRun) { r.Spec.PromptModification = v1.Prompt(strings.Repeat("x", 10_000)) })
		w.await(run, v1.PhaseSucceeded)
		name := v1.AttemptName(run.Name, run.UID, 1)
		w.Expect(w.inputs(run)).To(ConsistOf(HaveField("Name", name), HaveField("Name", name+"-2"), HaveField("Name", name+"-3")))
		w.Expect(w.jobs(run)[0].Spec.Template.Spec.Volumes[0].Projected.Sources).To(HaveLen(3))
		w.forget(run)
		w.Expect(w.things(run)()).To(Equal([3]int{}))
	})

	Chapter("are pinned: an attempt whose Job comes later is made of those that it was committed with", func(w *scene) {
		inForce(w, "five", nil)
		q := w.quota(east, "count/jobs.batch", "0")
		run := w.docs("pinned", on[*v1.DocsRun]("east"))
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseProvisioning), says("exceeded quota")))
		digest := w.status(run)().Attempts[0].TemplateDigest
		changes := func() int { return strings.Count(w.fleet.replica.Says(), "Using a changed set of templates") }
		before := changes()
		write(w, map[string]string{"docs_note.md.hbs": "six"})
		w.Eventually(changes).Should(BeNumerically(">", before))
		w.Expect(east.Delete(w.ctx, q)).To(Succeed())
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(s.Attempts).To(HaveExactElements(HaveField("TemplateDigest", digest)))
		w.Expect(w.inputs(run)[0].Data).To(HaveKeyWithValue("note.md", "five"))
	})

	Chapter("are not mixed by an upgrade: an attempt without a Job, whose templates are gone, is replaced at no cost", func(w *scene) {
		defer func() { // so that the next chapter has the operator's own
			m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: v1.TemplatesName, Namespace: v1.SystemNamespace}}
			w.Expect(w.hub.Delete(w.ctx, m)).To(Succeed())
		}()
		q := w.quota(east, "count/jobs.batch", "0")
		run := w.docs("upgraded", on[*v1.DocsRun]("east"))
		w.Eventually(w.status(run)).Should(And(be(v1.PhaseProvisioning), says("exceeded quota")))
		w.fleet.replica.Stop()
		write(w, map[string]string{"docs_note.md.hbs": "seven"})
		w.start()
		w.Eventually(w.status(run)).Should(HaveField("Attempt", BeEquivalentTo(2)))
		w.Expect(east.Delete(w.ctx, q)).To(Succeed())
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(trail(s)).To(ContainElement("Provisioning TemplatesLost Retrying"))
		w.Expect(s.Attempts).To(HaveExactElements(
			And(HaveField("Class", v1.ClassStopped), HaveField("EndedBy", v1.EndNeverAuthorised), HaveField("JobUID", BeEmpty()),
				HaveField("Message", ContainSubstring("a new attempt takes its place"))),
			HaveField("JobUID", Not(BeEmpty()))))
		w.Expect(s.RetryCount + s.InfraCount).To(BeZero())
		w.Expect(s.Attempts[1].TemplateDigest).NotTo(Equal(s.Attempts[0].TemplateDigest))
		for _, m := range w.inputs(run) {
			w.Expect(m.Data).To(HaveKeyWithValue("note.md", map[string]string{"1": "six", "2": "seven"}[m.Labels[v1.LabelAttempt]]))
		}
	})
})
