package render

import (
	"time"

	"github.com/runfleet/runfleet/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const sampleHub types.UID = "0a5cf14e-8ecf-4d92-9f0e-5b8f3e5c0a01"

// sampleRuns are a DocsRun and a CodeRun on their second attempts, so that every part of a template is used.
func sampleRuns() []v1.Run {
	spec := v1.RunSpec{ContextVersion: 1, PromptModification: "Keep it short.", StallSeconds: new(int32(1800))}
	docs := &v1.DocsRun{Spec: v1.DocsRunSpec{
		RunSpec:       spec,
		RepositoryURL: "https://github.com/example/shop", WorkingDirectory: ".",
		SourceBranch: "main", TargetBranch: "docs", GitHubUser: "example-bot",
	}}
	code := &v1.CodeRun{Spec: v1.CodeRunSpec{
		RunSpec: spec,
		TaskID:  new(int64(7)), Service: "auth-api", RepositoryURL: "https://github.com/example/shop",
		Model: "opus", GitHubUser: "example-bot", LocalTools: "filesystem", RemoteTools: "brave_web_search",
		Env: map[string]v1.EnvValue{"LOG_LEVEL": "info"},
	}}
	runs := []v1.Run{docs, code}
	for _, run := range runs {
		run.SetName("sample")
		run.SetNamespace("default")
		run.SetUID("5d1b7f6e-3f0c-4a52-9a6b-1c2d3e4f5a6b")
		*run.RunStatus() = sampleStatus(run)
	}
	return runs
}

func sampleStatus(run v1.Run) v1.RunStatus {
	committed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	attempt := func(n int32) v1.Attempt {
		name := v1.AttemptName(run.GetName(), run.GetUID(), n)
		return v1.Attempt{
			Number: n, ContextVersion: 1, JobName: name, ConfigMapName: name, TemplateDigest: "0123abcd", DeadlineSeconds: 7200,
			CreatedAt: new(metav1.NewMicroTime(committed)), StartBefore: new(metav1.NewMicroTime(committed.Add(10 * time.Minute))),
		}
	}
	first := attempt(1)
	first.Class, first.Message = v1.ClassAgentError, "The agent ended with exit code 1."
	second := attempt(2)
	second.MaxTurns, second.MaxCostUSD = new(int32(193)), "2.0800"
	return v1.RunStatus{
		Phase: v1.PhaseProvisioning, ContextVersion: 1, Attempt: 2, Attempts: []v1.Attempt{first, second},
		TraceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}
}
