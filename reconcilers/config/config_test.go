package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

func TestBehaviour18DeadlinesAreFourHoursForDocsAndTwoForCodeAndBounded(t *testing.T) {
	defaults := parsed(t, image)
	chart := parsed(t, image+"job: {activeDeadlineSeconds: 3600}") // what the original's chart says
	long := parsed(t, image+"job: {activeDeadlineSeconds: 10000}")
	ours := parsed(t, image+"job: {activeDeadlineSeconds: 10000}\ndeadlines: {codeSeconds: 3600, maxSeconds: 20000}")
	for name, test := range map[string]struct {
		config Config
		kind   lifecycle.Kind
		spec   *int32
		want   time.Duration
	}{
		"docs by default": {defaults, lifecycle.DocsRun, nil, 14400 * time.Second},
		"code by default": {defaults, lifecycle.CodeRun, nil, 7200 * time.Second},
		"the original's key is the default of docs": {chart, lifecycle.DocsRun, nil, 3600 * time.Second},
		"and of code, but not below two hours":      {chart, lifecycle.CodeRun, nil, 7200 * time.Second},
		"above two hours it holds for code":         {long, lifecycle.CodeRun, nil, 10000 * time.Second},
		"our own key wins over the original's":      {ours, lifecycle.CodeRun, nil, 3600 * time.Second},
		"each for itself":                           {ours, lifecycle.DocsRun, nil, 10000 * time.Second},
		"a run may ask for less":                    {defaults, lifecycle.CodeRun, new(int32(60)), 60 * time.Second},
		"but not for less than the least":           {defaults, lifecycle.CodeRun, new(int32(1)), 60 * time.Second},
		"and for more":                              {defaults, lifecycle.DocsRun, new(int32(86400)), 86400 * time.Second},
		"but not for more than the most":            {ours, lifecycle.DocsRun, new(int32(86400)), 20000 * time.Second},
	} {
		if got := test.config.Deadline(test.kind, test.spec); got != test.want {
			t.Errorf("%s: want %v, got %v", name, test.want, got)
		}
	}
}

func TestAnAttemptHasTenMinutesToStartUnlessTheRunSaysOtherwise(t *testing.T) {
	c := parsed(t, image)
	got := []time.Duration{c.ProvisioningDeadline(nil), c.ProvisioningDeadline(new(int32(30)))}
	if diff := cmp.Diff([]time.Duration{10 * time.Minute, 30 * time.Second}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRetentionIsTheRunsOwnOrByItsPhase(t *testing.T) {
	c := parsed(t, image+"cleanup: {completedJobDelayMinutes: 5, failedJobDelayMinutes: 60}")
	off := parsed(t, image+"cleanup: {enabled: false}")
	for name, test := range map[string]struct {
		config Config
		spec   *int32
		phase  v1.Phase
		want   time.Duration
	}{
		"succeeded":                          {c, nil, v1.PhaseSucceeded, 5 * time.Minute},
		"cancelled counts as completed":      {c, nil, v1.PhaseCancelled, 5 * time.Minute},
		"failed":                             {c, nil, v1.PhaseFailed, time.Hour},
		"the run's own":                      {c, new(int32(7)), v1.PhaseFailed, 7 * time.Second},
		"the run's own zero is at once":      {c, new(int32(0)), v1.PhaseFailed, 0},
		"without clean-up everything stays":  {off, nil, v1.PhaseFailed, Forever},
		"except where the run itself says":   {off, new(int32(0)), v1.PhaseFailed, 0},
		"a day by default":                   {parsed(t, image), nil, v1.PhaseSucceeded, 24 * time.Hour},
		"and three for a failure by default": {parsed(t, image), nil, v1.PhaseFailed, 72 * time.Hour},
	} {
		if got := test.config.Retention(test.spec, test.phase); got != test.want {
			t.Errorf("%s: want %v, got %v", name, test.want, got)
		}
	}
}

func TestForeverCanBeAddedToATime(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if end := now.Add(Forever); end.Year() < 2090 || end.Year() > 9999 {
		t.Errorf("want a time that JSON can say, got %v", end)
	}
}

func TestTheOriginalsChartIsAcceptedAsItIs(t *testing.T) {
	c, notes, err := Parse([]byte(`
job:
  activeDeadlineSeconds: 3600
agent:
  image: {repository: registry.example.com/platform/claude-code, tag: "1.0.56"}
  imagePullSecrets: [ghcr-secret]
secrets: {apiKeySecretName: claude-api-key, apiKeySecretKey: api-key}
permissions:
  agentToolsOverride: false
  allow: ["Bash(*)", "Edit(*)", "Read(*)", "Write(*)", "MultiEdit(*)", "Glob(*)", "Grep(*)", "LS(*)"]
  deny: ["npm:install*, docker:*, kubectl:*, rm:-rf*, git:*"]
telemetry:
  enabled: true
  otlpEndpoint: http://localhost:4317
  otlpProtocol: grpc
  logsEndpoint: http://localhost:4318
  logsProtocol: http
storage: {storageClassName: local-path, workspaceSize: 10Gi}
cleanup: {enabled: true, completedJobDelayMinutes: 5, failedJobDelayMinutes: 60, deleteConfigMap: true}
`))
	if err != nil || len(notes) != 2 || !strings.HasPrefix(notes[1], "permissions: allow and deny have no effect") {
		t.Fatalf("want only notes on deleteConfigMap and on rules that are not in force, got %q, %v", notes, err)
	}
	if c.Render.APIKey.Name != "claude-api-key" || *c.Render.Workspace.StorageClass != "local-path" {
		t.Errorf("the chart's values did not arrive: %+v", c.Render)
	}
}

func TestWhatWasInForceIsRememberedUpToABound(t *testing.T) {
	c := parsed(t, image)
	first := c.TemplateDigest
	for i := range keptEarlier + 1 {
		next := c
		next.Render.Model = fmt.Sprint(i)
		next, err := next.With(nil)
		if err != nil {
			t.Fatal(err)
		}
		c = next.After(c)
		if got, known := c.RenderOf(c.TemplateDigest); !known || got.Model != c.Render.Model {
			t.Errorf("what is in force must be known, got %v", got.Model)
		}
		if _, known := c.RenderOf(first); known != (i < keptEarlier) {
			t.Errorf("after %d changes: the first one is known: %v", i+1, known)
		}
	}
	if len(c.EarlierDigests()) != keptEarlier {
		t.Errorf("want %d to be remembered, got %v", keptEarlier, c.EarlierDigests())
	}
	again := c
	if again = again.After(c); len(again.Earlier) != keptEarlier || slices.Contains(again.EarlierDigests(), c.TemplateDigest) {
		t.Errorf("what is in force is not remembered besides: %v", again.EarlierDigests())
	}
}
