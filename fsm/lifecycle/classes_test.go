package lifecycle

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
)

func TestTheClassSaysWhyAnAttemptIsNoSuccess(t *testing.T) {
	good := &Outcome{Result: ResultSucceeded, PullRequestURL: "https://github.com/example/shop/pull/1"}
	ended := func(code int32, reason string, o *Outcome) AgentFacts {
		return AgentFacts{
			Job:   JobFacts{Presence: Present, Complete: code == 0, Failed: code != 0, Reason: "BackoffLimitExceeded"},
			Ended: Evidence{Pod: Present, ExitCode: &code, Reason: reason, Outcome: o},
		}
	}
	vanished := AgentFacts{Job: JobFacts{Presence: Absent}, Ended: Evidence{Pod: Absent}}
	tests := []struct {
		name    string
		kind    Kind
		agent   AgentFacts
		stopped bool
		want    v1.FailureClass
	}{
		{"a delivered pull request is a success", CodeRun, ended(0, "", good), false, ""},
		{"a code run without a pull request is none", CodeRun, ended(0, "", &Outcome{Result: ResultSucceeded}), false, v1.ClassNoPullRequest},
		{"a docs run without changes is a success", DocsRun, ended(0, "", &Outcome{Result: ResultNoChanges}), false, ""},
		{"a code run without changes delivered nothing", CodeRun, ended(0, "", &Outcome{Result: ResultNoChanges}), false, v1.ClassNoPullRequest},
		{"exit code 0 without an outcome is not trusted", DocsRun, ended(0, "", nil), false, v1.ClassOutcomeMissing},
		{"an unknown result is not a success", DocsRun, ended(0, "", &Outcome{Result: "great"}), false, v1.ClassOutcomeMissing},
		{"nor is one that was killed before it could leave one", CodeRun, ended(137, "Error", nil), false, v1.ClassOutcomeMissing},
		{"a failure is the agent's error", DocsRun, ended(1, "", &Outcome{Result: ResultFailed}), false, v1.ClassAgentError},
		{"a success that exits non-zero is none", DocsRun, ended(1, "", good), false, v1.ClassAgentError},
		{"exit code 78 is a missing prerequisite", DocsRun, ended(78, "", nil), false, v1.ClassPrerequisiteMissing},
		{"a Secret that the start script misses", CodeRun, ended(78, "", &Outcome{Result: ResultSecretMissing}), false, v1.ClassSecretMissing},
		{"a repository that does not answer is tried again", CodeRun, ended(1, "", &Outcome{Result: ResultUnreachable}), false, v1.ClassRepositoryUnreachable},
		{"F30: an agent that was ended for its silence", CodeRun, ended(143, "", &Outcome{Result: ResultStalled}), false, v1.ClassStalled},
		{"one that spent what the run may", CodeRun, ended(1, "", &Outcome{Result: ResultLimitExceeded}), false, v1.ClassLimitExceeded},
		{"OOMKilled outranks what the agent wrote before", DocsRun, ended(137, "OOMKilled", good), false, v1.ClassOutOfMemory},
		{"an eviction is the infrastructure's", DocsRun, ended(137, "Evicted", nil), false, v1.ClassNodeLost},
		{"an eviction for what the pod wrote itself is not", DocsRun, ended(137, ReasonOverDiskLimit, &Outcome{Result: ResultInterrupted}), false, v1.ClassOutOfDisk},
		{"the pod's own limit is a deadline", DocsRun, ended(143, "DeadlineExceeded", nil), false, v1.ClassDeadlineExceeded},
		{"the pod's limit that we lowered is not", DocsRun, ended(143, "DeadlineExceeded", &Outcome{Result: ResultFailed}), true, v1.ClassAgentError},
		{"the script's own timeout is a deadline", DocsRun, ended(124, "", &Outcome{Result: ResultTimeout}), false, v1.ClassDeadlineExceeded},
		{"an agent that was ended from outside lost its node", DocsRun, ended(143, "", &Outcome{Result: ResultInterrupted}), false, v1.ClassNodeLost},
		{"unless its deadline ended it", DocsRun, ended(143, "DeadlineExceeded", &Outcome{Result: ResultInterrupted}), false, v1.ClassDeadlineExceeded},
		{"or we did", DocsRun, ended(143, "DeadlineExceeded", &Outcome{Result: ResultInterrupted}), true, v1.ClassAgentError},
		{"a late start costs no budget", DocsRun, ended(75, "", &Outcome{Result: ResultStartedTooLate}), false, v1.ClassStartedTooLate},
		{"the Job's own deadline is one", DocsRun, AgentFacts{Job: JobFacts{Failed: true, Reason: "DeadlineExceeded"}, Ended: Evidence{Pod: Absent}}, false, v1.ClassDeadlineExceeded},
		{"BackoffLimitExceeded alone decides nothing", DocsRun, AgentFacts{Job: JobFacts{Failed: true, Reason: "BackoffLimitExceeded"}, Ended: Evidence{Pod: Absent}}, false, v1.ClassOutcomeUnknown},
		{"what vanished is unknown", DocsRun, vanished, false, v1.ClassOutcomeUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := New(tt.kind, DefaultSettings())
			if err != nil {
				t.Fatal(err)
			}
			if got := l.classify(tt.agent, tt.stopped); got != tt.want {
				t.Errorf("class %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEveryClassHasItsLine(t *testing.T) {
	for _, c := range []v1.FailureClass{
		v1.ClassAgentError, v1.ClassOutOfMemory, v1.ClassOutOfDisk, v1.ClassNodeLost, v1.ClassImage, v1.ClassSecretMissing, v1.ClassPrerequisiteMissing,
		v1.ClassDeadlineExceeded, v1.ClassRunDeadlineExceeded, v1.ClassProvisioningDeadlineExceeded, v1.ClassStartedTooLate,
		v1.ClassOutcomeMissing, v1.ClassNoPullRequest, v1.ClassOutcomeUnknown, v1.ClassClusterLost, v1.ClassRefused,
		v1.ClassRenderFailed, v1.ClassRepositoryUnreachable, v1.ClassStopped, v1.ClassStalled, v1.ClassLimitExceeded,
	} {
		if d := classDef(c); d.Doc == "" || d.Advice == "" {
			t.Errorf("class %s has no line in the class table", c)
		}
	}
	if len(Classes) != 21 {
		t.Errorf("%d lines, want 21: add the new class above", len(Classes))
	}
}

func TestBackoffGrowsFromTenSecondsToFiveMinutes(t *testing.T) {
	l := Lifecycle{Settings: DefaultSettings()}
	for k := int32(1); k <= 40; k++ {
		for n := int32(1); n < 50; n++ {
			d := l.Backoff("1a2b3c4d", n, k)
			low := min(l.BackoffBase<<min(k-1, 5), l.BackoffMax) * 3 / 4
			if d < low || d > l.BackoffMax || d > low*5/3+time.Second {
				t.Fatalf("retry %d of attempt %d waits %s, want about %s", k, n, d, low*4/3)
			}
		}
	}
	if a, b := l.Backoff("1a2b3c4d", 1, 1), l.Backoff("1a2b3c4d", 1, 1); a != b {
		t.Errorf("the same retry waits %s, then %s", a, b)
	}
	if a, b := l.Backoff("1a2b3c4d", 1, 3), l.Backoff("5e6f7a8b", 1, 3); a == b {
		t.Errorf("two runs wait the same %s: they come back together", a)
	}
}

func TestAnOutcomeThatDoesNotFitTheAPIIsLeftOut(t *testing.T) {
	long := string(make([]byte, 5000))
	c := change{s: &v1.RunStatus{Usage: &v1.Usage{CostUSD: "1.5"}}}
	e := &v1.Attempt{}
	c.keep(e, AgentFacts{Ended: Evidence{Pod: Present, ExitCode: new(int32(0)), Outcome: &Outcome{
		PullRequestURL: long, SessionID: long, CostUSD: "1e999999999", InputTokens: -5, OutputTokens: 7, Turns: -1,
	}}}, true)
	want := v1.RunStatus{Usage: &v1.Usage{CostUSD: "1.5", OutputTokens: 7}}
	if diff := cmp.Diff(want, *c.s); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if !recorded(e) {
		t.Error("the outcome is not recorded: its Job could never be deleted")
	}
}

func TestCostsAddUpExactly(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"", "0.1", "0.1000"}, {"0.1", "0.2", "0.3000"}, {"2.05", "", "2.05"}, {"2", "-1", "2"}, {"x", "1", "1.0000"},
		{"", "0.10549800000000001", "0.1055"}, {"1", "0.00012345678901234567", "1.0001"}, // as a program writes what it has added in binary
	} {
		if got := addDecimals(tt.a, tt.b); got != tt.want {
			t.Errorf("%q + %q = %q, want %q", tt.a, tt.b, got, tt.want)
		}
	}
}
