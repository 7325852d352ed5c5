package cli

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("create", func() {
	It("creates a DocsRun and a CodeRun", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		Expect(callLine(ns, "create docs shop --repository example/shop --github-user octo --retries 0")).To(Equal(
			result{0, "docsrun/shop created in namespace " + ns + "\n", ""}))
		run := reread(ctx, &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: ns}})
		Expect(run.Spec.SourceBranch).To(Equal(v1.BranchName("main")))
		Expect(run.Spec.Retry.MaxRetries).To(Equal(new(int32(0))))
		Expect(run.Spec.Model).To(BeEmpty())

		Expect(callLine(ns, "create code auth --task 0 --service auth --repository example/shop --model opus --github-user octo -o name")).To(Equal(
			result{0, "coderun/auth\n", ""}))
		code := reread(ctx, &v1.CodeRun{ObjectMeta: metav1.ObjectMeta{Name: "auth", Namespace: ns}})
		Expect(code.Spec.TaskID).To(Equal(new(int64(0))))
		Expect(code.Spec.Placement).To(BeNil())
	})

	It("prints with --dry-run what it would create", func(ctx SpecContext) {
		line := "create code auth --task 3 --service auth --repository example/shop --model opus --github-user octo " +
			"--cluster eu-1 --selector tier=fast --label a=b --env A=1 --continue-session --deadline 1h"
		one, two := newNamespace(ctx), newNamespace(ctx)
		Expect(callLine(one, line).Code).To(BeZero())
		printed := callLine(two, line+" --dry-run")
		Expect(callLine(two, "get").Stdout).To(BeEmpty())
		var run v1.CodeRun
		Expect(yaml.UnmarshalStrict([]byte(printed.Stdout), &run)).To(Succeed())
		Expect(hub.Create(ctx, &run)).To(Succeed())
		created := reread(ctx, &v1.CodeRun{ObjectMeta: metav1.ObjectMeta{Name: "auth", Namespace: one}})
		Expect(run.Spec).To(Equal(created.Spec))
		Expect(run.Labels).To(Equal(created.Labels))
	})

	It("shows what the API server refuses, a line for each field, without repeating it", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		got := callLine(ns, "create docs Shop --repository https://me:hunter2hunter2@example.com/x --github-user octo --retries 300 --deadline 2h --source-branch a..b")
		Expect(got.Code).To(Equal(1))
		Expect(got.Stderr).NotTo(ContainSubstring("hunter2"))
		lines := strings.Split(strings.TrimSpace(got.Stderr), "\n")
		Expect(lines[0]).To(Equal("runfleet: creating docsrun/Shop: the API server refuses it:"))
		Expect(lines[1:]).To(HaveEach(MatchRegexp(`^  (metadata\.name|spec\.[a-zA-Z.]+): [a-z].*`)))
		Expect(lines[1:]).NotTo(HaveEach(ContainSubstring("nvalid value")))
		Expect(got.Stderr).To(ContainSubstring("\n  spec.retry.maxRetries: must be 0 to 100: write 0 for no retry, or leave it out for 2\n"))
	})

	It("says what to do where the name is taken, or the namespace is not there", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop")
		const line = "create docs shop --repository example/shop --github-user octo"
		Expect(callLine(ns, line)).To(Equal(result{1, "", "runfleet: docsrun/shop exists already in namespace " + ns +
			": choose another name, or ask it again: runfleet retry docsrun/shop\n"}))
		Expect(callLine("absent", line)).To(Equal(result{1, "",
			"runfleet: creating docsrun/shop: there is no namespace absent: name another with -n, or run: kubectl create namespace absent\n"}))
	})
})
