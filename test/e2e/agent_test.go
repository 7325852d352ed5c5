//go:build e2e

package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/runfleet/runfleet/test/controlplane"
	"github.com/runfleet/runfleet/test/e2e/model"
)

// serve puts a model where the pods of a cluster reach it.
func serve(t *testing.T, c *controlplane.ControlPlane, m *model.Server) string {
	t.Helper()
	url, stop, err := m.Listen(t.Context(), c.Outside())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop() })
	return url
}

func TestTheRealProgramOfTheImageWorksWithTheScriptedModel(t *testing.T) {
	tar := built(t, "agent")
	c := controlplane.ForTest(t, controlplane.Options{Name: "agent", Containerd: true})
	if err := c.Load(t.Context(), tar); err != nil {
		t.Fatal(err)
	}
	m := model.NewServer(map[string]model.Play{"greet": {
		{Say: "I look who I am.", Calls: []model.Call{{Tool: "Bash", Input: map[string]any{"command": "echo user $(id -u)"}}}},
		{Say: "I am done."},
	}})
	pod := restricted("agent", agentImage, "claude", "-p", "Who are you? [play: greet]",
		"--output-format", "stream-json", "--verbose", "--model", "sonnet", "--allowedTools", "Bash")
	pod.Spec.Containers[0].WorkingDir = "/tmp"
	pod.Spec.Containers[0].Env = []corev1.EnvVar{
		{Name: "ANTHROPIC_BASE_URL", Value: serve(t, c, m)},
		{Name: "ANTHROPIC_API_KEY", Value: "any"},
		{Name: "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", Value: "1"},
	}
	phase, said := ended(t, kubernetes.NewForConfigOrDie(c.Config()), pod)
	if phase != corev1.PodSucceeded || !strings.Contains(said, "user 1000") || !strings.Contains(said, `"result":"I am done."`) {
		t.Errorf("the agent: %s, says:\n%s", phase, said)
	}
	// What the command printed must have come back to the model.
	requests := m.Requests()
	if len(requests) == 0 {
		t.Fatal("nobody asked the model")
	}
	if last := requests[len(requests)-1]; last.Turn != 1 || !strings.Contains(string(last.Body), "user 1000") {
		t.Errorf("the last of %d requests is turn %d: %s", len(requests), last.Turn, last.Body)
	}
}
