package cli

import (
	"context"
	"fmt"
	"iter"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// result is what a call leaves behind.
type result bed.Said

// command is a call that was not started yet. It sees the suite's kubeconfig and nothing of the machine.
func command(namespace string, args ...string) *exec.Cmd {
	if namespace != "" {
		args = append(slices.Clone(args), "--namespace="+namespace)
	}
	return program.Command(kubeconfig, args...)
}

// call runs a verb to its end. The age of everything is 0s in what it prints.
func call(namespace string, args ...string) result {
	GinkgoHelper()
	return finish(command(namespace, args...))
}

// callLine does so for words without spaces in them.
func callLine(namespace, line string) result {
	GinkgoHelper()
	return call(namespace, strings.Fields(line)...)
}

func finish(cmd *exec.Cmd) result {
	GinkgoHelper()
	got := result(bed.Finish(cmd))
	got.Stdout = young(got.Stdout)
	return got
}

var ages = regexp.MustCompile(`\b[0-9]{1,2}s (ago)?`)

// young is a text in which all that is seconds old was made just now, however slow the machine is. Columns stay where they are.
func young(text string) string {
	return ages.ReplaceAllStringFunc(text, func(age string) string {
		if strings.HasSuffix(age, "ago") {
			return "0s ago"
		}
		return fmt.Sprintf("%-*s", len(age), "0s")
	})
}

// begin starts a verb that goes on. It is interrupted at the end of the spec, if it has not ended.
func begin(namespace string, args ...string) *gexec.Session {
	GinkgoHelper()
	s, err := gexec.Start(command(namespace, args...), GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { s.Kill().Wait(patience) })
	return s
}

// out is what a started verb has printed.
func out(s *gexec.Session) func() string {
	return func() string { return young(string(s.Out.Contents())) }
}

func said(s *gexec.Session) func() string {
	return func() string { return string(s.Err.Contents()) }
}

func documents(stream string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for doc := range strings.SplitSeq(stream, "\n---\n") {
			if strings.Contains(doc, "kind:") && !yield(doc) {
				return
			}
		}
	}
}

var count atomic.Int64

// newNamespace makes a namespace for one spec.
// Namespaces sort as they were made: `get -A` sorts by name, and spec-10 would come before spec-9.
func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("spec-%03d", count.Add(1))}}
	Expect(hub.Create(ctx, ns)).To(Succeed())
	return ns.Name
}

func docs(ctx context.Context, namespace, name string, phases ...v1.Phase) *v1.DocsRun {
	GinkgoHelper()
	run := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}, Spec: v1.DocsRunSpec{
		RepositoryURL: "example/shop", WorkingDirectory: ".", SourceBranch: "main", GitHubUser: "octo",
	}}
	Expect(hub.Create(ctx, run)).To(Succeed())
	lead(ctx, run, phases...)
	return run
}

func code(ctx context.Context, namespace, name string, phases ...v1.Phase) *v1.CodeRun {
	GinkgoHelper()
	run := &v1.CodeRun{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}, Spec: v1.CodeRunSpec{
		TaskID: new(int64(7)), Service: "auth", RepositoryURL: "example/shop", Model: "opus", GitHubUser: "octo",
	}}
	Expect(hub.Create(ctx, run)).To(Succeed())
	lead(ctx, run, phases...)
	return run
}

// lead takes a run through phases as the operator would, one write for each.
func lead(ctx context.Context, run v1.Run, phases ...v1.Phase) {
	GinkgoHelper()
	for _, phase := range phases {
		tell(ctx, run, func(s *v1.RunStatus) {
			s.History = append(s.History, v1.Transition{Seq: s.Transitions + 1, Time: *at(0), From: s.Phase, On: "Something", To: phase})
			s.Transitions++
			s.Phase, s.ContextVersion = phase, run.RunSpec().ContextVersion
			s.Reason, s.Message = string(phase), "it is "+string(phase)
			if phase != v1.PhasePending {
				s.Attempt, s.Cluster = max(s.Attempt, 1), "eu-1"
			}
		})
	}
}

// tell writes a status.
func tell(ctx context.Context, run v1.Run, change func(*v1.RunStatus)) {
	GinkgoHelper()
	Expect(hub.Get(ctx, client.ObjectKeyFromObject(run), run)).To(Succeed())
	change(run.RunStatus())
	Expect(hub.Status().Update(ctx, run)).To(Succeed())
}

// reread is the run as it is now.
func reread[R v1.Run](ctx context.Context, run R) R {
	GinkgoHelper()
	Expect(hub.Get(ctx, client.ObjectKeyFromObject(run), run)).To(Succeed())
	return run
}

func merge(patch string) client.Patch { return client.RawPatch(types.MergePatchType, []byte(patch)) }
