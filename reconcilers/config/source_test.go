package config

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/runfleet/runfleet/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/runfleet/runfleet/reconcilers/event"
	"github.com/runfleet/runfleet/render"
	"github.com/runfleet/runfleet/test/controlplane"
)

// hub is one API server with the operator's namespace, for every test about a Source.
type hub struct {
	client.Client
	*WithT

	plane *controlplane.ControlPlane
}

func newHub(t *testing.T) hub {
	t.Helper()
	h := hub{WithT: NewWithT(t), plane: controlplane.ForTest(t, controlplane.Options{})}
	c, err := client.New(h.plane.Config(), client.Options{})
	h.Expect(err).NotTo(HaveOccurred())
	h.Client = c
	h.SetDefaultEventuallyTimeout(20 * time.Second)
	h.Expect(c.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: v1.SystemNamespace}})).To(Succeed())
	return h
}

// write creates or replaces the configuration.
func (h hub) write(ctx context.Context, data map[string]string) {
	h.writeTo(ctx, v1.ConfigMapName, data)
}

func (h hub) writeTo(ctx context.Context, name string, data map[string]string) {
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: v1.SystemNamespace}, Data: data}
	if err := h.Create(ctx, m); err != nil {
		h.Expect(h.Update(ctx, m)).To(Succeed())
	}
}

// events are the reasons and notes of what was said about the configuration.
func (h hub) events(ctx context.Context) []string { return h.eventsOf(ctx, v1.ConfigMapName) }

func (h hub) eventsOf(ctx context.Context, name string) []string {
	var list corev1.EventList
	h.Expect(h.List(ctx, &list, client.InNamespace(v1.SystemNamespace))).To(Succeed())
	var said []string
	for _, e := range list.Items {
		if e.InvolvedObject.Name == name {
			said = append(said, e.Type+" "+e.Reason+": "+e.Message)
		}
	}
	slices.Sort(said)
	return said
}

// watch runs a manager that is limited to a namespace which is not the operator's. It returns how often something else came into
// force.
func (h hub) watch(t *testing.T, s *Source) (changes func() int32) {
	t.Helper()
	var count atomic.Int32
	mgr, err := ctrl.NewManager(h.plane.Config(), ctrl.Options{
		Cache:   cache.Options{DefaultNamespaces: map[string]cache.Config{"default": {}}},
		Metrics: server.Options{BindAddress: "0"},
	})
	h.Expect(err).NotTo(HaveOccurred())
	for _, watch := range s.Watches(mgr.GetConfig(), event.Of(mgr), func() { count.Add(1) }) {
		h.Expect(mgr.Add(watch)).To(Succeed())
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the manager ended with %v", err)
		}
	})
	return count.Load
}

func docsSeconds(n string) map[string]string {
	return map[string]string{v1.ConfigMapKey: image + "deadlines: {docsSeconds: " + n + "}\n"}
}

func TestBehaviour33And52TheConfigurationIsReadAtStartAndFollowedAfterwards(t *testing.T) {
	h, ctx := newHub(t), t.Context()
	deadline := func(s *Source) time.Duration { return s.Current().Deadlines.Docs }

	t.Log("Missing or not valid at start: an error that says what to do.")
	_, err := Load(ctx, h, v1.SystemNamespace)
	h.Expect(err).To(MatchError("there is no ConfigMap runfleet-system/task-controller-config: create it, docs/examples/config.yaml is an annotated example"))
	h.write(ctx, map[string]string{"other": ""})
	_, err = Load(ctx, h, v1.SystemNamespace)
	h.Expect(err).To(MatchError(ContainSubstring("has no key config.yaml: add it")))
	h.write(ctx, map[string]string{v1.ConfigMapKey: "{}"})
	_, err = Load(ctx, h, v1.SystemNamespace)
	h.Expect(err).To(MatchError(ContainSubstring("agent.image.repository: is not set")))

	t.Log("Valid, with a key that nobody knows: in force, and the key is named.")
	h.write(ctx, map[string]string{v1.ConfigMapKey: image + "deadlines: {docsSeconds: 1000}\nnonsense: 1\n"})
	s, err := Load(ctx, h, v1.SystemNamespace)
	h.Expect(err).NotTo(HaveOccurred())
	h.Expect(deadline(s)).To(Equal(1000 * time.Second))
	changes := h.watch(t, s)
	h.Eventually(func() []string { return h.events(ctx) }).Should(Equal([]string{
		"Warning ConfigUnknownKey: Ignored: nonsense: unknown key",
	}))

	t.Log("A valid change: in force.")
	h.write(ctx, docsSeconds("2000"))
	h.Eventually(changes).Should(Equal(int32(1)))
	h.Expect(deadline(s)).To(Equal(2000 * time.Second))
	h.Expect(s.Healthy()).To(Succeed())

	t.Log("One that is not valid: the last good one stays, and it is reported everywhere.")
	h.write(ctx, docsSeconds(`"3000"`))
	h.Eventually(s.Healthy).Should(MatchError(ContainSubstring(`deadlines.docsSeconds: is "3000"`)))
	h.Expect(deadline(s)).To(Equal(2000 * time.Second))
	h.Eventually(func() string { return strings.Join(h.events(ctx), "\n") }).Should(And(
		ContainSubstring("Normal ConfigChanged: The changed configuration is in force."),
		ContainSubstring("Warning ConfigInvalid: The last good configuration stays in force: the ConfigMap runfleet-system/task-controller-config"),
	))

	t.Log("Corrected: in force, and nothing is reported any more.")
	h.write(ctx, docsSeconds("3000"))
	h.Eventually(changes).Should(Equal(int32(2)), "once for each that is valid")
	h.Expect(s.Healthy()).To(Succeed())
	h.Expect(deadline(s)).To(Equal(3000 * time.Second))

	t.Log("Deleted, and created again as it was.")
	h.Expect(h.Delete(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: v1.ConfigMapName, Namespace: v1.SystemNamespace}})).To(Succeed())
	h.Eventually(s.Healthy).Should(MatchError(errDeleted))
	h.Expect(deadline(s)).To(Equal(3000 * time.Second))
	h.write(ctx, docsSeconds("3000"))
	h.Eventually(s.Healthy).Should(Succeed())
}

func TestTemplatesAreReadAtStartAndFollowedAfterwards(t *testing.T) {
	h, ctx := newHub(t), t.Context()
	own := func(text string) map[string]string { return map[string]string{"docs_note.md.hbs": text} }
	digest := func(s *Source) string { return s.Current().TemplateDigest }
	said := func() string { return strings.Join(h.eventsOf(ctx, v1.TemplatesName), "\n") }

	t.Log("Not valid at start: an error with every mistake of both ConfigMaps on a line of its own.")
	h.write(ctx, map[string]string{v1.ConfigMapKey: "{}"})
	h.writeTo(ctx, v1.TemplatesName, map[string]string{"docs_note.md.hbs": "a\n{{nope}}", "docs_run.sh.hbs": "{{name}}"})
	_, err := Load(ctx, h, v1.SystemNamespace)
	h.Expect(err).To(MatchError(And(
		ContainSubstring("\n  agent.image.tag: is not set"),
		ContainSubstring("the ConfigMap runfleet-system/runfleet-templates is not valid:\n"),
		ContainSubstring("\n  docs_note.md.hbs:2: unknown name nope"), ContainSubstring("\n  docs_run.sh.hbs:1: "))))

	t.Log("None at start: the built-in set.")
	h.write(ctx, map[string]string{v1.ConfigMapKey: image})
	h.Expect(h.Delete(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: v1.TemplatesName, Namespace: v1.SystemNamespace}})).To(Succeed())
	s, err := Load(ctx, h, v1.SystemNamespace)
	h.Expect(err).NotTo(HaveOccurred())
	builtIn := digest(s)
	changes := h.watch(t, s)

	t.Log("Created: in force, under another digest, and what was before is remembered.")
	h.writeTo(ctx, v1.TemplatesName, own("one"))
	h.Eventually(said).Should(ContainSubstring("Normal TemplatesChanged: The changed set of templates is in force."))
	one := digest(s)
	h.Expect(one).NotTo(Equal(builtIn))
	before, known := s.Current().RenderOf(builtIn)
	h.Expect(known).To(BeTrue())
	h.Expect(render.Digest(before)).To(Equal(builtIn))

	t.Log("Not valid: refused as a whole, reported everywhere, and the last good set stays.")
	h.writeTo(ctx, v1.TemplatesName, map[string]string{"docs_note.md.hbs": "two", "code_note.md.hbs": "{{nope}}"})
	h.Eventually(s.Healthy).Should(MatchError(ContainSubstring("code_note.md.hbs:1: unknown name nope")))
	h.Expect(digest(s)).To(Equal(one))
	h.Eventually(said).Should(ContainSubstring("Warning TemplatesInvalid: The last good set of templates stays in force: "+
		"the ConfigMap runfleet-system/runfleet-templates is not valid: code_note.md.hbs:1: unknown name nope"), "in one line")

	t.Log("A valid change of the configuration meanwhile: in force, with the last good set.")
	h.write(ctx, docsSeconds("2000"))
	h.Eventually(func() time.Duration { return s.Current().Deadlines.Docs }).Should(Equal(2000 * time.Second))
	h.Expect(digest(s)).To(Equal(one))
	h.Expect(s.Healthy()).NotTo(Succeed(), "the templates are still not those of their ConfigMap")

	t.Log("Corrected, changed back, deleted.")
	h.writeTo(ctx, v1.TemplatesName, own("two"))
	h.Eventually(s.Healthy).Should(Succeed())
	h.Expect(digest(s)).NotTo(Equal(one))
	h.writeTo(ctx, v1.TemplatesName, own("one"))
	h.Eventually(func() string { return digest(s) }).Should(Equal(one))
	earlier := changes()
	h.Expect(h.Delete(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: v1.TemplatesName, Namespace: v1.SystemNamespace}})).To(Succeed())
	h.Eventually(changes).Should(Equal(earlier + 1))
	h.Expect(digest(s)).To(Equal(builtIn))
	h.Expect(s.Healthy()).To(Succeed())
}
