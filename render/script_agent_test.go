package render

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

// These tests are about how the start script watches the agent, and what it lets it spend.

func TestF30ASilentAgentIsEndedAndItsWorkIsPushed(t *testing.T) {
	const speaks, half = `echo '{"type":"system","session_id":"s-1"}'; `, "echo half >main.c; "
	for name, test := range map[string]struct {
		agent  string
		code   int
		result string
	}{
		"F30: one that hangs":                      {speaks + half + "exec sleep 60", 143, "stalled"},
		"F30: one that hangs and is deaf":          {speaks + half + "trap '' TERM; sleep 60", 137, "stalled"},
		"F30: one that tidies up":                  {half + `trap 'exit 5' TERM; while :; do sleep 0.1; done`, 5, "stalled"},
		"F30: one that ends as if all was well":    {half + `trap 'exit 0' TERM; while :; do sleep 0.1; done`, 143, "stalled"},
		"F30: one that is done at that moment":     {half + `trap 'echo "{\"type\":\"result\",\"is_error\":false}"; exit 0' TERM; while :; do sleep 0.1; done`, 0, "succeeded"},
		"F30: one that speaks slowly is let alone": {half + "for i in 1 2 3 4 5 6; do echo '{}'; sleep 0.7; done", 0, "succeeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachShell(t, func(t *testing.T, s stage) {
				s.env["RUNFLEET_STALL_SECONDS"], s.env["RUNFLEET_KILL_AFTER"] = "2", "1"
				s.agent(test.agent)
				code, o := s.run("agent")
				reason := "silent for 2 s"
				if test.result == "succeeded" {
					reason = "done"
				}
				s.wants(code, o, test.code, test.result, reason)
				if s.published(ownBranch, "auth-api/main.c") != "half\n" {
					t.Error("what it has done must be pushed")
				}
				if strings.HasPrefix(test.agent, speaks) && o.SessionID != "s-1" {
					t.Errorf("its session must be known, got %+v", o)
				}
			})
		})
	}
}

func TestTheAgentSpendsWhatTheRunsLimitsLeave(t *testing.T) {
	says := func(subtype string) string {
		return fmt.Sprintf(`printf '%%s\n' "$@" >"$HOME/arguments"; echo half >main.c; `+
			`echo '{"type":"result","subtype":"%s","is_error":true,"num_turns":4,"total_cost_usd":0.63}'; exit 1`, subtype)
	}
	for name, test := range map[string]struct {
		agent     string
		env       map[string]string
		result    string
		reason    string
		arguments string
	}{
		"turns":           {says("error_max_turns"), map[string]string{"RUNFLEET_MAX_TURNS": "3"}, "limitExceeded", "permit (error: error_max_turns)", "--max-turns\n3\n"},
		"dollars":         {says("error_max_budget_usd"), map[string]string{"RUNFLEET_MAX_COST_USD": "0.5000"}, "limitExceeded", "error_max_budget_usd", "--max-budget-usd\n0.5000\n"},
		"another failure": {says("error_during_execution"), map[string]string{"RUNFLEET_MAX_TURNS": "3"}, "failed", "error_during_execution", "--max-turns\n3\n"},
		"no turn is left": {"touch ran", map[string]string{"RUNFLEET_MAX_TURNS": "0"}, "limitExceeded", "was not started", ""},
		"no cent is left": {"touch ran", map[string]string{"RUNFLEET_MAX_COST_USD": "0.0000"}, "limitExceeded", "was not started", ""},
		"nor a whole one": {"touch ran", map[string]string{"RUNFLEET_MAX_COST_USD": "0"}, "limitExceeded", "was not started", ""},
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, func(t *testing.T, s stage) {
				maps.Copy(s.env, test.env)
				s.agent(test.agent)
				code, o := s.run("agent")
				s.wants(code, o, 1, test.result, test.reason)
				if test.arguments == "" {
					if s.exists(work + "ran") {
						t.Error("the agent must not have been started")
					}
					return
				}
				if got := s.read("home/arguments"); !strings.HasSuffix(got, test.arguments) {
					t.Errorf("want %q, got %q", test.arguments, got)
				}
				if o.Turns != 4 || o.CostUSD != 0.63 || s.published(ownBranch, "auth-api/main.c") != "half\n" {
					t.Errorf("what was spent is told, and what was done is pushed: %+v", o)
				}
			})
		})
	}
}

func TestWhatAnEarlierAttemptLeftIsPushedThoughNothingIsLeftToSpend(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		s.agent("exit 0")
		s.run("agent")
		s.write(work+"main.c", "left\n")
		s.env["RUNFLEET_MAX_TURNS"] = "0"
		code, o := s.run("agent")
		s.wants(code, o, 1, "limitExceeded", "")
		if s.published(ownBranch, "auth-api/main.c") != "left\n" || o.Branch != ownBranch {
			t.Errorf("got %+v", o)
		}
	})
}

func TestOfAnAgentThatWasEndedItsStreamTellsWhatItSpent(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		s.agent(`echo '{"type":"system","session_id":"s-1"}'; echo 'not JSON'
echo '{"type":"assistant","session_id":"s-1","message":{"id":"m1"},"parent_tool_use_id":null}'
echo '{"type":"assistant","session_id":"s-1","message":{"id":"m1"},"parent_tool_use_id":null}'
echo '{"type":"assistant","session_id":"s-1","message":{"id":"m2"},"parent_tool_use_id":"tool"}'
echo '{"type":"assistant","session_id":"s-1","message":{"id":"m3"},"parent_tool_use_id":null}'
kill -KILL $$`)
		code, o := s.run("agent")
		s.wants(code, o, 137, "failed", "exit code 137")
		if o.SessionID != "s-1" || o.Turns != 2 {
			t.Errorf("want the session and two turns, got %+v", o)
		}
	})
}
