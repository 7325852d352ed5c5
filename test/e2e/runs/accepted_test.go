//go:build e2e

package runs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/e2e/model"
	"github.com/runfleet/runfleet/test/e2e/settings"
)

// accepted looks a word up, does what it may not, and writes the service.
var accepted = model.Play{
	{Say: "I look a word up.", Calls: []model.Call{{Tool: "mcp__toolman__lookup", Input: map[string]any{"word": "card"}}}},
	{Say: "I do what I may not.", Calls: []model.Call{bash("touch forbidden.txt")}},
	{Say: "I write the service.", Calls: []model.Call{write("shop/main.go", "package main\n")}},
	{Say: "It is implemented."},
}

// tooled is what a user adds for a server of tools that speaks HTTP, and for a command that agents may not use.
const tooled = `
tools: {serverUrl: "%s"}
permissions: {agentToolsOverride: true, allow: [Bash, Read, Edit, Write, mcp__toolman], deny: ["Bash(touch:*)"]}
`

// overHTTP is the user's own list of servers.
const overHTTP = `{"mcpServers": { "toolman": { "type": "http", "url": {{json tools.serverUrl}} } } }`

// log is what the run's only pod has said.
func (w *scene) log(run v1.Run) []byte {
	GinkgoHelper()
	member := byName[run.RunStatus().Cluster]
	clientset, err := kubernetes.NewForConfig(member.Admin)
	Expect(err).NotTo(HaveOccurred())
	pods := w.pods(member, run)
	Expect(pods).To(HaveLen(1))
	text, err := clientset.CoreV1().Pods(w.name).GetLogs(pods[0].Name, &corev1.PodLogOptions{}).DoRaw(w.ctx)
	Expect(err).NotTo(HaveOccurred())
	return text
}

// said is the log of the run's only pod, by lines: those of the agent's stream, and the others.
func (w *scene) said(run v1.Run) (stream []map[string]any, others []string) {
	GinkgoHelper()
	for line := range bytes.Lines(w.log(run)) {
		event := map[string]any{}
		if json.Unmarshal(line, &event) == nil {
			stream = append(stream, event)
		} else {
			others = append(others, strings.TrimSpace(string(line)))
		}
	}
	return stream, others
}

// useTemplates changes the user's own templates beside those of the suite, until the spec ends.
func useTemplates(ctx context.Context, more map[string]string) {
	GinkgoHelper()
	suites := settings.Templates(repos.CA, repos.KnownHosts)
	all := maps.Clone(suites)
	maps.Copy(all, more)
	inForce(func() { Expect(hub.Templates(ctx, v1.SystemNamespace, all)).To(Succeed()) }, "set of templates")
	DeferCleanup(func(ctx SpecContext) {
		inForce(func() { Expect(hub.Templates(ctx, v1.SystemNamespace, suites)).To(Succeed()) }, "set of templates")
	})
}

var _ = Describe("What is rendered for an agent", func() {
	It("is accepted by the real program: servers, permissions and hooks work, and it warns of nothing", func(ctx SpecContext) {
		w, tools := newScene(ctx, "accepted", tasks), startTools()
		useTemplates(ctx, map[string]string{"shared_mcp.json.hbs": overHTTP})
		arguments := strings.Replace(configured, "agent:\n", "agent:\n  args: [-p, --output-format, stream-json, --verbose, --include-hook-events]\n", 1)
		configure(ctx, arguments+fmt.Sprintf(tooled, tools.url))
		DeferCleanup(func(ctx SpecContext) { configure(ctx, configured) })
		run := w.code("accepted", "accept", func(r *v1.CodeRun) { r.Spec.RemoteTools = "lookup" })
		s := w.await(run, v1.PhaseSucceeded)

		By("the server of tools")
		Expect(tools.looked()).To(Equal([]string{"card"}))
		Expect(string(asked("accept")[1].Body)).To(ContainSubstring("the meaning of card"), "what the tool said comes to the model")

		By("the command that is denied")
		Expect(string(asked("accept")[2].Body)).To(And(ContainSubstring(`"is_error":true`), ContainSubstring("denied")))
		Expect(w.changed(s.Branch)).To(Equal([]string{"shop/main.go"}))

		stream, others := w.said(run)
		By("what the program says of itself")
		Expect(stream).To(ContainElement(And(HaveKeyWithValue("subtype", "init"), HaveKeyWithValue("permissionMode", "acceptEdits"),
			HaveKeyWithValue("mcp_servers", ConsistOf(And(HaveKeyWithValue("name", "toolman"), HaveKeyWithValue("status", "connected")))),
			HaveKeyWithValue("tools", ContainElements("mcp__toolman__lookup", "Bash", "Write")))))
		By("the hooks")
		for _, hook := range []string{"Stop", "PostToolUse"} {
			Expect(stream).To(ContainElement(And(HaveKeyWithValue("subtype", "hook_response"), HaveKeyWithValue("hook_event", hook),
				HaveKeyWithValue("exit_code", BeEquivalentTo(0)), HaveKeyWithValue("stderr", BeEmpty()))), "%s: %v", hook, others)
		}
		By("warnings")
		Expect(others).To(HaveEach(HavePrefix("container.sh: ")), "nobody else has anything to say")
	}, SpecTimeout(8*time.Minute))
})
