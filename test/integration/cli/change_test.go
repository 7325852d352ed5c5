package cli

import (
	"os"
	"path/filepath"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("cancel, suspend and resume", func() {
	It("set what they say, once", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop", working...)
		Expect(callLine(ns, "suspend shop")).To(Equal(result{0, "docsrun/shop is suspended: attempt 1 on eu-1 is stopped\n", ""}))
		Expect(reread(ctx, run).Spec.Suspend).To(BeTrue())
		generation := run.Generation
		Expect(callLine(ns, "suspend shop")).To(Equal(result{0, "docsrun/shop is suspended already\n", ""}))
		Expect(reread(ctx, run).Generation).To(Equal(generation))

		Expect(callLine(ns, "resume shop")).To(Equal(result{0, "docsrun/shop goes on\n", ""}))
		Expect(reread(ctx, run).Spec.Suspend).To(BeFalse())
		Expect(callLine(ns, "resume shop")).To(Equal(result{0, "docsrun/shop is not suspended\n", ""}))

		Expect(callLine(ns, "cancel shop")).To(Equal(result{0, "docsrun/shop will be cancelled: attempt 1 on eu-1 is stopped\n", ""}))
		Expect(reread(ctx, run).Spec.Cancel).To(BeTrue())
		Expect(callLine(ns, "cancel shop")).To(Equal(result{0, "docsrun/shop is being cancelled already\n", ""}))
	})

	It("take several runs, and change none if one is not there", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		one, two := docs(ctx, ns, "one"), code(ctx, ns, "two")
		Expect(callLine(ns, "cancel one two three").Code).To(Equal(1))
		Expect(reread(ctx, one).Spec.Cancel).To(BeFalse())
		Expect(callLine(ns, "cancel one two")).To(Equal(result{0,
			"docsrun/one will be cancelled: no agent is at work\ncoderun/two will be cancelled: no agent is at work\n", ""}))
		Expect(reread(ctx, one).Spec.Cancel && reread(ctx, two).Spec.Cancel).To(BeTrue())
	})

	It("leave an ended run alone, for its next version would suffer", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop", v1.PhaseProvisioning, v1.PhaseSucceeded)
		Expect(callLine(ns, "cancel shop").Stdout).To(Equal("docsrun/shop has ended as Succeeded: there is nothing to cancel\n"))
		Expect(callLine(ns, "suspend shop").Stdout).To(Equal("docsrun/shop has ended as Succeeded: there is nothing to suspend\n"))
		Expect(reread(ctx, run).Generation).To(Equal(int64(1)))
		Expect(callLine(ns, "retry shop").Code).To(BeZero())
		Expect(callLine(ns, "cancel shop").Stdout).To(Equal("docsrun/shop will be cancelled: no agent is at work\n"), "the new version can be")
		Expect(reread(ctx, run).Spec.Cancel).To(BeTrue())
	})

	It("ask which of two runs is meant", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop")
		code(ctx, ns, "shop")
		for _, verb := range []string{"cancel", "suspend", "resume", "retry", "wait"} {
			Expect(callLine(ns, verb+" shop")).To(Equal(result{2, "",
				"runfleet: two runs are named \"shop\": write docsrun/shop or coderun/shop\nSee 'runfleet " + verb + " --help'.\n"}))
		}
	})

	It("do what the kubectl line in their help does", func(ctx SpecContext) {
		for _, verb := range []string{"cancel", "suspend", "resume"} {
			help := callLine("", verb+" --help").Stdout
			_, line, _ := strings.Cut(help, "kubectl patch docsrun NAME --type=merge -p '")
			patch, _, _ := strings.Cut(line, "'")
			ns := newNamespace(ctx)
			one, two := docs(ctx, ns, "one"), docs(ctx, ns, "two")
			if verb == "resume" {
				callLine(ns, "suspend one two")
			}
			Expect(hub.Patch(ctx, one, merge(patch))).To(Succeed())
			Expect(callLine(ns, verb+" two").Code).To(BeZero())
			Expect(reread(ctx, two).Spec).To(Equal(reread(ctx, one).Spec))
		}
	})
})

var _ = Describe("retry", func() {
	It("raises the version together with what is asked, in one write", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop", v1.PhaseProvisioning, v1.PhaseFailed)
		Expect(call(ns, "retry", "shop", "--prompt", "Use the \"new\" style", "--deadline", "3h", "--model", "opus")).To(
			Equal(result{0, "docsrun/shop is asked again: context version 2\n", ""}))
		reread(ctx, run)
		Expect(run.Generation).To(Equal(int64(2)))
		Expect(run.Spec.ContextVersion).To(Equal(int32(2)))
		Expect(run.Spec.PromptModification).To(Equal(v1.Prompt("Use the \"new\" style")))
		Expect(run.Spec.DeadlineSeconds).To(Equal(new(int32(10800))))
		Expect(run.Spec.Model).To(Equal(v1.ModelName("opus")))

		Expect(callLine(ns, "retry shop").Code).To(BeZero())
		reread(ctx, run)
		Expect(run.Spec.ContextVersion).To(Equal(int32(3)))
		Expect(run.Spec.PromptModification).To(Equal(v1.Prompt("Use the \"new\" style")), "what is not said stays")
	})

	It("reads guidance from a file or standard input, for a CodeRun too", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := code(ctx, ns, "auth")
		file := filepath.Join(GinkgoT().TempDir(), "review.md")
		Expect(os.WriteFile(file, []byte("from a file\n"), 0o600)).To(Succeed())
		Expect(call(ns, "retry", "auth", "--prompt-file", file).Code).To(BeZero())
		Expect(reread(ctx, run).Spec.PromptModification).To(Equal(v1.Prompt("from a file\n")))
		cmd := command(ns, "retry", "auth", "--prompt-file", "-", "--model=haiku")
		cmd.Stdin = strings.NewReader("from a pipe")
		Expect(finish(cmd).Code).To(BeZero())
		Expect(reread(ctx, run).Spec.PromptModification).To(Equal(v1.Prompt("from a pipe")))
		Expect(run.Spec.Model).To(Equal(v1.ModelName("haiku")))
		Expect(call(ns, "retry", "auth", "--prompt-file", "/nonexistent/file")).To(Equal(result{1, "",
			"runfleet: reading --prompt-file: open /nonexistent/file: no such file or directory\n"}))
	})

	It("takes a cancellation back, and says so", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop")
		callLine(ns, "cancel shop")
		lead(ctx, run, v1.PhaseCancelled)
		Expect(callLine(ns, "retry shop").Stdout).To(Equal("docsrun/shop is asked again: context version 2; its cancellation is taken back\n"))
		Expect(reread(ctx, run).Spec.Cancel).To(BeFalse())
	})

	It("says what happens to the agent at work, and that a suspended run waits", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop", working...)
		callLine(ns, "suspend shop")
		Expect(callLine(ns, "retry shop").Stdout).To(Equal("docsrun/shop is asked again: context version 2; attempt 1 on eu-1 is stopped first; " +
			"it is suspended, so nothing starts before: runfleet resume\n"))
	})

	It("loses no version when two people ask at once", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop")
		for range 5 {
			before := reread(ctx, run).Spec.ContextVersion
			var results [2]result
			var both sync.WaitGroup
			for i := range results {
				both.Go(func() { defer GinkgoRecover(); results[i] = callLine(ns, "retry shop") })
			}
			both.Wait()
			Expect(results[0].Code+results[1].Code).To(BeZero(), "%v", results)
			Expect(reread(ctx, run).Spec.ContextVersion).To(Equal(before + 2))
		}
	})

	It("shows what the API server refuses", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop")
		run.Spec.TotalDeadlineSeconds = new(int32(600))
		run.Spec.ContextVersion++
		Expect(hub.Update(ctx, run)).To(Succeed())
		Expect(callLine(ns, "retry shop --deadline=1h --model=-x")).To(Equal(result{1, "", `runfleet: asking docsrun/shop again: the API server refuses it:
  spec.model: must be a model's name of letters, digits and . _ : / @ + -, such as sonnet or claude-sonnet-4-20250514
  spec.totalDeadlineSeconds: totalDeadlineSeconds (600) is shorter than one attempt's deadlineSeconds (3600): raise it or leave it out
`}))
	})

	It("asks nothing of a run that is being deleted", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop")
		run.Finalizers = []string{v1.Finalizer}
		Expect(hub.Update(ctx, run)).To(Succeed())
		Expect(hub.Delete(ctx, run)).To(Succeed())
		Expect(callLine(ns, "retry shop")).To(Equal(result{1, "", "runfleet: asking docsrun/shop again: it is being deleted: create another run\n"}))
		Expect(callLine(ns, "cancel shop").Stdout).To(Equal("docsrun/shop is being deleted\n"))
		reread(ctx, run).Finalizers = nil
		Expect(hub.Update(ctx, run)).To(Succeed())
	})
})
