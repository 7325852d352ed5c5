//go:build e2e

package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/test/e2e/forge"
	"github.com/runfleet/runfleet/test/e2e/model"
	"github.com/runfleet/runfleet/test/integration/bed"
)

const noted = ".taskmaster/docs/task-1/notes.md" // what the agents write, from where they work

// The agents work, show the run's variable, and look for what was executed. What they leave in the workspace must be found there.
var _ = func() bool {
	plays["hostile"] = model.Play{
		{Say: "I write.", Calls: []model.Call{
			bash("mkdir -p " + path.Dir(noted) + " && echo noted >" + noted + `; echo "$X"; touch /workspace/was-here`),
		}},
		{Say: "I look.", Calls: []model.Call{
			bash("find / -path /proc -prune -o -name pwned -print 2>/dev/null >/tmp/found; cat /tmp/found; echo found $(wc -l </tmp/found) such files"),
		}},
		{Say: "It is written."},
	}
	return true
}()

// hostileSetting lets runs have the pod and the Secret that a spec names.
func hostileSetting(s v1.CodeRunSpec) string {
	GinkgoHelper()
	text, err := json.Marshal(map[string]any{
		"priorityClassNames": []any{s.Pod.PriorityClassName}, "runtimeClassNames": []any{s.Pod.RuntimeClassName}, "maxResources": map[string]string{"cpu": "2"},
		"serviceAccountNames": []any{s.Pod.ServiceAccountName}, "imagePullSecrets": s.Pod.ImagePullSecrets,
		"nodeSelectorKeys": []string{"kubernetes.io/os"}, "tolerationKeys": []string{s.Pod.Tolerations[0].Key},
	})
	Expect(err).NotTo(HaveOccurred())
	return fmt.Sprintf("\noverrides: %s\nsecrets: {envAllowed: [%q]}\n", text, s.EnvFromSecrets[0].SecretName)
}

// make creates what the specs name: on the member, in the repository and at the hub.
func (w *scene) make(docs v1.DocsRunSpec, code v1.CodeRunSpec, secret []byte) {
	GinkgoHelper()
	from := code.EnvFromSecrets[0]
	for _, o := range []client.Object{
		&schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: string(code.Pod.PriorityClassName)}, Value: 1},
		&nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: string(code.Pod.RuntimeClassName)}, Handler: "runc"},
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: string(code.Pod.ServiceAccountName), Namespace: w.name}},
		&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: from.SecretName, Namespace: w.name, Labels: map[string]string{v1.LabelAgents: v1.AgentsAllowed}},
			Data:       map[string][]byte{from.SecretKey: secret},
		},
	} {
		Expect(east.Create(w.ctx, o)).To(Succeed())
	}
	for _, branch := range []v1.BranchName{docs.SourceBranch, code.DocsBranch, code.Branch} {
		w.git("branch", "--force", string(branch), "main")
	}
	letLookUp(w.ctx, code.Placement.Selector.MatchLabels)
}

// letLookUp lets the operator see on east which Secrets runs may name, and labels that member, until the spec ends.
func letLookUp(ctx context.Context, labels map[string]v1.LabelValue) {
	GinkgoHelper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "runfleet-lookup"}, Rules: fleet.LookupPermissions}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: role.ObjectMeta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "runfleet"}},
	}
	for _, o := range []client.Object{role, binding} {
		Expect(east.Create(ctx, o)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(east.Delete(ctx, o)).To(Succeed()) })
	}
	m := &v1.MemberCluster{}
	change := func(ctx context.Context, to v1.SecretLookup) {
		GinkgoHelper()
		Expect(hub.Get(ctx, client.ObjectKey{Name: east.Name()}, m)).To(Succeed())
		before := m.DeepCopy()
		m.Labels, m.Spec.SecretLookup = map[string]string{}, to
		for k, v := range labels {
			m.Labels[k] = string(v)
		}
		Expect(hub.Patch(ctx, m, client.MergeFrom(before))).To(Succeed())
		Eventually(func() ([]metav1.Condition, error) {
			return m.Status.Conditions, hub.Get(ctx, client.ObjectKeyFromObject(m), m)
		}).Should(ContainElement(And(HaveField("Type", v1.ConditionMemberReady), HaveField("Status", metav1.ConditionTrue),
			HaveField("ObservedGeneration", m.Generation))))
	}
	change(ctx, v1.SecretLookupEnabled)
	DeferCleanup(func(ctx SpecContext) {
		labels = nil
		change(ctx, v1.SecretLookupDisabled)
	})
}

// named counts the files of a name in all that a member has on this machine: the volumes and containers of its node.
func named(name string, member *bed.Cluster) int {
	GinkgoHelper()
	n := 0
	Expect(filepath.WalkDir(member.Dir(), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Name() == name {
			n++
		}
		if os.IsNotExist(err) { // it is a busy place
			return nil
		}
		return err
	})).To(Succeed())
	return n
}

// secrets are those that every scene has.
func secrets() bed.Canaries {
	return bed.Canaries{
		"the token": []byte(forge.Token), "the SSH key": repos.Key, "a line of the SSH key": []byte(strings.Split(string(repos.Key), "\n")[2]),
		"the API key": []byte(apiKey),
	}
}

// leaked looks for canaries in all that there is to see: objects, logs, metrics, what the model was asked and what was pushed.
func (w *scene) leaked(canaries bed.Canaries, created ...v1.Run) []string {
	GinkgoHelper()
	found := seen(w.ctx, canaries)
	for _, run := range created {
		found = append(found, canaries.In("the log of "+run.GetName(), string(w.log(run)))...)
	}
	return append(found, canaries.In("the repository", w.git("log", "--all", "--patch"))...)
}

// seen looks for them in what no scene has for itself.
func seen(ctx context.Context, canaries bed.Canaries) []string {
	GinkgoHelper()
	found := append(canaries.In("the operator's log", operator.Says()), canaries.In("its metrics", operator.Metrics())...)
	for _, c := range []*bed.Cluster{hub, east, west} {
		all, err := bed.Everything(ctx, c)
		Expect(err).NotTo(HaveOccurred())
		for where, text := range all {
			found = append(found, canaries.In(where, text)...)
		}
	}
	for i, r := range mind.Requests() {
		found = append(found, canaries.In(fmt.Sprintf("request %d to the model", i), string(r.Body))...)
	}
	return found
}

var _ = Describe("A hostile run", func() {
	It("executes nothing and leaks nothing, whatever its texts are", func(ctx SpecContext) {
		var docsSpec v1.DocsRunSpec
		var codeSpec v1.CodeRunSpec
		worst("DocsRun", &docsSpec, repos.URL+"/octo/hostile.git")
		worst("CodeRun", &codeSpec, repos.SSH+"/octo/hostile.git")
		codeSpec.TaskID, docsSpec.Retry.MaxRetries, codeSpec.Retry.MaxRetries = new(int64(1)), new(int32(0)), new(int32(0))
		canaries := secrets()
		canaries["the run's own secret"] = bed.Canary("env")
		files := map[string]string{}
		for name, text := range tasks {
			files[string(docsSpec.WorkingDirectory)+"/"+name], files[string(codeSpec.DocsProjectDirectory)+"/"+name] = text, text
		}
		w := newScene(ctx, "hostile", files)
		w.make(docsSpec, codeSpec, canaries["the run's own secret"])
		configure(ctx, configured+hostileSetting(codeSpec))
		DeferCleanup(func(ctx SpecContext) { configure(ctx, configured) })
		docs := w.docs("docs", "", func(r *v1.DocsRun) { r.Spec = docsSpec })
		code := w.code("code", "", func(r *v1.CodeRun) { r.Spec = codeSpec })
		for _, run := range []v1.Run{docs, code} {
			Eventually(w.status(run)).Should(HaveField("Phase", BeElementOf(v1.PhaseSucceeded, v1.PhaseFailed)))
		}
		w.await(docs, v1.PhaseSucceeded)
		codeBranch := v1.BranchName(w.await(code, v1.PhaseSucceeded).Branch)

		By("what was executed")
		for branch, directory := range map[v1.BranchName]v1.RelativePath{docsSpec.TargetBranch: docsSpec.WorkingDirectory, codeBranch: codeSpec.WorkingDirectory} {
			Expect(w.git("diff", "--name-only", "-z", "main..."+string(branch))).To(ContainSubstring(string(directory) + "/" + noted))
		}
		for name := range strings.SplitSeq(w.git("log", "--all", "--name-only", "--format=", "-z"), "\x00") {
			Expect(path.Base(name)).NotTo(Equal("pwned"), name)
		}
		said := asked("hostile")
		Expect(said).To(HaveLen(6), "three turns of two agents")
		for _, r := range said {
			Expect(string(r.Body)).To(And(ContainSubstring("$(touch /workspace/pwned)"), ContainSubstring("{{guidance}}"), ContainSubstring("${ANTHROPIC_API_KEY}")))
			if r.Turn == 2 {
				Expect(string(r.Body)).To(ContainSubstring("found 0 such files"))
			}
		}
		Expect(named("was-here", east)).To(BeNumerically(">", 0), "what an agent leaves is found")
		Expect(named("pwned", east) + named("pwned", west)).To(BeZero())

		By("what is seen")
		Expect(w.leaked(canaries, docs, code)).To(BeEmpty())
	}, SpecTimeout(8*time.Minute))
})
