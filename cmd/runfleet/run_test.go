package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/test/golden"
)

// result is what a call leaves behind.
type result struct {
	Code           int
	Stdout, Stderr string
}

func call(args ...string) result {
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), append([]string{"/usr/local/bin/runfleet"}, args...), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

func TestWhatCallsPrint(t *testing.T) {
	for _, c := range []struct {
		name, golden string
		args         []string
	}{
		{"without arguments it helps", "help.txt", nil},
		{"the group helps too", "help-fsm.txt", []string{"fsm"}},
		{"explain has examples", "help-fsm-explain.txt", []string{"fsm", "explain", "--help"}},
		{"check counts and proves", "check.txt", []string{"fsm", "check"}},
		{"a state is explained", "explain-running.txt", []string{"fsm", "explain", "Running"}},
		{"case does not matter", "explain-running.txt", []string{"fsm", "explain", "RUNNING", "--kind", "DocsRun"}},
		{"a cell is explained", "explain-stopping-agentgone.txt", []string{"fsm", "explain", "stopping", "agentgone"}},
		{"a cell without a row is explained", "explain-running-clusterlost.txt", []string{"fsm", "explain", "Running", "ClusterLost"}},
		{"the code run's workspace is explained", "explain-provisioning-coderun.txt", []string{"fsm", "explain", "Provisioning", "--kind=coderun"}},
		{"a text that names a rule says where it is", "explain-retrying.txt", []string{"fsm", "explain", "Retrying"}},
		{"the matrix is printed", "matrix-docsrun.txt", []string{"fsm", "matrix"}},
		{"the default kind can be named", "matrix-docsrun.txt", []string{"fsm", "matrix", "docsrun"}},
		{"or given as a flag", "matrix-docsrun.txt", []string{"fsm", "matrix", "--kind", "docsrun"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := call(c.args...)
			if got.Code != exitOK || got.Stderr != "" {
				t.Errorf("exit code %d, stderr %q", got.Code, got.Stderr)
			}
			golden.Check(t, c.golden, got.Stdout)
		})
	}
}

func TestWrongCallsSayWhatWasMeant(t *testing.T) {
	const (
		states   = "States: Pending, Provisioning, Running, Stopping, Retrying, Succeeded, Failed, Cancelled, Terminating\n"
		verbs    = "Commands: check, docs, dot, explain, json, matrix, mermaid, svg\n"
		roots    = "Commands: cancel, completion, convert, crds, create, diff, explain, fleet, fsm, get, install, logs, manifests, network-policy, operator, orphans, recover, render, replay, resume, retry, secrets, suspend, trace, uninstall, version, wait\n"
		explain  = "See 'runfleet fsm explain --help'.\n"
		triggers = "Triggers: StrayFound, DeleteRequested, LateOutcome, AgentGone, CancelRequested, AgentSucceeded, AgentFailed, " +
			"ContextRaised, SuspendRequested, RunDeadlinePassed, DeadlinePassed, AgentOrphaned, AgentVanished, ClusterLost, " +
			"ProvisioningRefused, AgentCreated, AgentStarted, TemplatesLost, ClusterChosen, AttemptDue\n"
	)
	for _, c := range []struct {
		name   string
		args   []string
		stderr string
	}{
		{"a state with a typing error", []string{"fsm", "explain", "Runnin"},
			`runfleet: unknown state "Runnin": did you mean "Running"? ` + states + explain},
		{"a state that was only begun", []string{"fsm", "explain", "prov"},
			`runfleet: unknown state "prov": did you mean "Provisioning"? ` + states + explain},
		{"a state that is like no other", []string{"fsm", "explain", "Sleeping"},
			`runfleet: unknown state "Sleeping". ` + states + explain},
		{"a trigger with a typing error", []string{"fsm", "explain", "Running", "agentfaild"},
			`runfleet: unknown trigger "agentfaild": did you mean "AgentFailed"? ` + triggers + explain},
		{"a trigger in the place of a state", []string{"fsm", "explain", "agentfailed"},
			`runfleet: AgentFailed is a trigger: name a state before it, as in "explain Pending AgentFailed". ` + states + explain},
		{"an unknown kind", []string{"fsm", "explain", "Running", "--kind", "codrun"},
			"runfleet: unknown kind \"codrun\": did you mean \"coderun\"? Kinds: docsrun, coderun\n" + explain},
		{"a kind named twice", []string{"fsm", "dot", "docsrun", "--kind", "coderun"},
			"runfleet: the kind is named twice: leave out \"docsrun\" or --kind\nSee 'runfleet fsm dot --help'.\n"},
		{"no state", []string{"fsm", "explain"},
			"runfleet: name a state. " + states + explain},
		{"two triggers", []string{"fsm", "explain", "Running", "AgentGone", "AgentFailed"},
			"runfleet: name one state and at most one trigger\n" + explain},
		{"too many arguments", []string{"fsm", "check", "all"},
			"runfleet: unknown command \"all\" for \"runfleet fsm check\"\nSee 'runfleet fsm check --help'.\n"},
		{"an unknown flag", []string{"fsm", "svg", "--size=3"},
			"runfleet: unknown flag: --size\nSee 'runfleet fsm svg --help'.\n"},
		{"a verb with a typing error", []string{"fsm", "mermad"},
			`runfleet: unknown command "mermad": did you mean "mermaid"? ` + verbs + "See 'runfleet fsm --help'.\n"},
		{"a short command that is like no other", []string{"foo"},
			"runfleet: unknown command \"foo\". " + roots + "See 'runfleet --help'.\n"},
		{"a command that is not there", []string{"launch"},
			"runfleet: unknown command \"launch\". " + roots + "See 'runfleet --help'.\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := result{Code: exitUsage, Stderr: c.stderr}
			if diff := cmp.Diff(want, call(c.args...)); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPluginOfKubectlCallsItselfThat(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), []string{"/usr/local/bin/kubectl-runfleet", "fsm", "chek"}, &stdout, &stderr)
	want := result{exitUsage, "", "kubectl runfleet: unknown command \"chek\": did you mean \"check\"? " +
		"Commands: check, docs, dot, explain, json, matrix, mermaid, svg\nSee 'kubectl runfleet fsm --help'.\n"}
	if diff := cmp.Diff(want, result{code, stdout.String(), stderr.String()}); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestAPluginOfKubectlNamesItsCommandsSo(t *testing.T) {
	for _, args := range [][]string{{"trace"}, {"trace", "--help"}, {"fsm", "explain", "--help"}, {"get", "--help"}} {
		var stdout, stderr bytes.Buffer
		run(context.Background(), append([]string{"/usr/local/bin/kubectl-runfleet"}, args...), &stdout, &stderr)
		said := stdout.String() + stderr.String()
		if !strings.Contains(said, "kubectl runfleet "+args[0]) || strings.Contains(strings.ReplaceAll(said, "kubectl runfleet", ""), "runfleet get") ||
			strings.Contains(said, "\n  runfleet ") || strings.Contains(said, strings.Repeat("kubectl ", 2)) {
			t.Errorf("%v:\n%s", args, said)
		}
	}
}

func TestCompletionKnowsStatesThenTriggersThenKinds(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"the first argument is a state", []string{"fsm", "explain", ""}, "Pending\n"},
		{"the second is a trigger", []string{"fsm", "explain", "Running", ""}, "StrayFound\n"},
		{"a print takes a kind", []string{"fsm", "svg", ""}, "docsrun\ncoderun\n"},
		{"so does the flag", []string{"fsm", "explain", "--kind", ""}, "docsrun\ncoderun\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := call(append([]string{"__complete"}, c.args...)...)
			if got.Code != exitOK || !strings.HasPrefix(got.Stdout, c.want) {
				t.Errorf("exit code %d, completions %q, want first %q", got.Code, got.Stdout, c.want)
			}
		})
	}
}
