package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/runfleet/runfleet/api/v1"
)

const example = `apiVersion: orchestrator.platform/v1
kind: CodeRun
metadata: {name: cart-1}
spec: {service: cart}
`

func TestExamplesSayHowTheyEnd(t *testing.T) {
	for words, want := range map[string]promise{
		"ends Succeeded after 1 attempt":                                          {phase: v1.PhaseSucceeded, attempts: 1},
		"ends Succeeded after 12 attempts on member-2":                            {phase: v1.PhaseSucceeded, attempts: 12, cluster: "member-2"},
		"takes its turn and ends Failed with PrerequisiteMissing after 1 attempt": {turn: true, phase: v1.PhaseFailed, reason: "PrerequisiteMissing", attempts: 1},
	} {
		want.run, want.service = "coderun/cart-1", "cart"
		got, isRun, err := parsePromise("# Some words.\n#\n" + promiseMark + words + "\n" + example)
		if err != nil || !isRun {
			t.Errorf("%s: a run %v, %v", words, isRun, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(promise{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", words, diff)
		}
	}
}

func TestAnExampleThatDoesNotSayHowItEndsIsAMistake(t *testing.T) {
	for document, want := range map[string]string{
		example:                               "coderun/cart-1 does not say how it ends",
		promiseMark + "ends well\n" + example: `"ends well" is not of the form`,
		strings.Replace(example, "kind", "\tx", 1): "yaml",
	} {
		if _, _, err := parsePromise(document); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v:\n%s", want, err, document)
		}
	}
	if p, isRun, err := parsePromise("kind: ConfigMap\n"); isRun || err != nil {
		t.Errorf("a ConfigMap promises nothing, got %v, %v, %v", p, isRun, err)
	}
}

func TestTheExamplesShowWhatTheDemoIsFor(t *testing.T) {
	all, err := readPromises(os.DirFS("../../docs/examples"))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, p := range all {
		kind, _, _ := strings.Cut(p.run, "/")
		count[kind]++
		if p.turn {
			count["turn"]++
		}
		if p.phase == v1.PhaseFailed {
			count["failed"]++
		}
		if p.phase == v1.PhaseSucceeded && p.attempts == 2 {
			count["retried"]++
		}
	}
	for what, least := range map[string]int{"docsrun": 2, "coderun": 3, "turn": 2, "failed": 1, "retried": 1} {
		if count[what] < least {
			t.Errorf("%s: want at least %d, got %d", what, least, count[what])
		}
	}
}

func TestAPromiseIsBrokenInWhateverItSays(t *testing.T) {
	p := promise{phase: v1.PhaseFailed, reason: "AgentError", attempts: 2, cluster: "member-1"}
	kept := v1.RunStatus{Phase: v1.PhaseFailed, Reason: "AgentError", Attempt: 2, Cluster: "member-1"}
	if got := p.broken(&kept); got != "" {
		t.Errorf("it was kept, got %q", got)
	}
	want := "it is Succeeded, not Failed, with reason Succeeded, not AgentError, after attempt 1, not 2, on member-2, not member-1"
	if got := p.broken(&v1.RunStatus{Phase: v1.PhaseSucceeded, Reason: "Succeeded", Attempt: 1, Cluster: "member-2"}); got != want {
		t.Errorf("want %q, got %q", want, got)
	}
	anywhere := promise{phase: v1.PhaseFailed, attempts: 2}
	if got := anywhere.broken(&kept); got != "" {
		t.Errorf("any reason and any member will do, got %q", got)
	}
}
