package prometheus

import (
	"log/slog"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

const rulesFile = root + "/cmd/runfleet/chart/files/rules.yaml"

func read(t *testing.T) []rulefmt.Rule {
	t.Helper()
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, language, slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	if t.Failed() {
		t.FailNow()
	}
	var all []rulefmt.Rule
	for _, g := range groups.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

func TestAlertsSpeakOfWhatTheOperatorTells(t *testing.T) {
	all, _ := samples(t)
	for _, rule := range read(t) {
		for _, problem := range unknown(rule.Expr, all) {
			t.Errorf("%s: %s", rule.Alert, problem)
		}
	}
}

// A case changes what the operator tells: minutes of series, in the words of promtool's tests, by the series that they replace. The
// series "" is all of them.
type change map[string]string

// cases are what lets each alert fire, and no other.
var cases = map[string]change{
	"RunfleetTwoAgents":          {`runfleet_surplus_agents`: "1x90"},
	"RunfleetAttemptsOverBudget": {`runfleet_attempts_over_budget_total{kind="CodeRun"}`: "0x60 1x30"},
	"RunfleetRunsOverdue":        {`runfleet_runs_overdue{kind="DocsRun", phase="Stopping"}`: "1x90"},
	"RunfleetOperatorDown":       {"": ""},
	"RunfleetNobodyLeads":        {`leader_election_master_status{name="runfleet"}`: "0x90"},
	"RunfleetConfigInvalid":      {`runfleet_config_valid`: "0x90"},
	"RunfleetReconcileErrors":    {`controller_runtime_reconcile_errors_total{controller="DocsRun"}`: "0+12x90"},
	"RunfleetReconcilePanics":    {`controller_runtime_reconcile_panics_total{controller="CodeRun"}`: "0x60 1x30"},
	"RunfleetQueueLong":          {`workqueue_depth{controller="DocsRun", name="DocsRun", priority="0"}`: "200x90"},
	"RunfleetPassStuck":          {`workqueue_longest_running_processor_seconds{controller="DocsRun", name="DocsRun"}`: "200x90"},
	"RunfleetSpansDropped":       {`runfleet_spans_dropped_total{reason="queue"}`: "0+5x90"},
	"RunfleetMemberUnreachable": {
		`runfleet_member_ready{cluster="member-1"}`: "0x90", `runfleet_member_reachable{cluster="member-1"}`: "0x90",
	},
	"RunfleetMemberNotReady":          {`runfleet_member_ready{cluster="member-1"}`: "0x90"},
	"RunfleetMemberCredentialsExpire": {`runfleet_member_credentials_expiration_timestamp_seconds{cluster="member-1"}`: "600000x90"},
	"RunfleetMemberRequestsFail": {
		`runfleet_effects_total{cluster="member-1", outcome="failed", resource="Inputs", verb="Ensure"}`: "0+6x90",
	},
	"RunfleetAttemptsFail": {`runfleet_attempts_total{class="AgentError", cluster="member-1", kind="CodeRun"}`: "0x30 0+1x60"},
	"RunfleetAgentsVanish": {
		`runfleet_transitions_total{from="Running", kind="CodeRun", on="AgentVanished", to="Failed"}`: "0x60 1x30",
	},
	"RunfleetNothingPlaced": {`runfleet_runs_waiting{kind="CodeRun", reason="NoCandidate"}`: "2x90"},
	"RunfleetQuarantined":   {`runfleet_runs_waiting{kind="CodeRun", reason="Quarantined"}`: "2x90"},
	"RunfleetSweeps":        {`runfleet_swept_total{kind="Job"}`: "0+1x90"},
}

// quiet are what lets none fire.
var quiet = map[string]change{
	"nothing: all is as after the demo, with a member that a person has cordoned": {},
	"a token that is renewed ends soon": {
		`runfleet_member_credentials_expiration_timestamp_seconds{cluster="member-2"}`: "6000x90",
	},
	"a few attempts fail, and most do not": {
		`runfleet_attempts_total{class="AgentError", cluster="member-1", kind="CodeRun"}`: "0+0.2x90",
		`runfleet_attempts_total{class="Succeeded", cluster="member-1", kind="CodeRun"}`:  "0+1x90",
		`runfleet_attempts_total{class="Stopped", cluster="member-1", kind="CodeRun"}`:    "0+9x90",
	},
	"runs wait, and others are placed": {
		`runfleet_runs_waiting{kind="CodeRun", reason="NoCandidate"}`:                                       "2x90",
		`runfleet_transitions_total{from="Pending", kind="CodeRun", on="ClusterChosen", to="Provisioning"}`: "0+1x90",
	},
	"a person keeps runs suspended":    {`runfleet_runs_waiting{kind="CodeRun", reason="Suspended"}`: "2x90"},
	"an operator takes over":           {`leader_election_master_status{name="runfleet"}`: "1x30 0x1 1x59"},
	"a member is away for two minutes": {`runfleet_member_reachable{cluster="member-1"}`: "1x60 0x2 1x28"},
}

func TestEachAlertFiresWhenItShallAndNoOtherThen(t *testing.T) {
	for _, rule := range read(t) {
		if _, ok := cases[rule.Alert]; !ok {
			t.Errorf("%s has no case in which it fires", rule.Alert)
		}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := firing(t, c); !slices.Equal(got, []string{name}) {
				t.Errorf("%v fire", got)
			}
		})
	}
}

func TestNoAlertFiresWhileAllIsWell(t *testing.T) {
	for name, c := range quiet {
		t.Run(name, func(t *testing.T) {
			if got := firing(t, c); len(got) > 0 {
				t.Errorf("%v fire", got)
			}
		})
	}
}

// firing are the alerts that fire at any time of an hour and a half in which the operator tells what it told after the demo, but for
// a change. Prometheus' own engine evaluates them each minute.
func firing(t *testing.T, c change) (found []string) {
	t.Helper()
	world := worldOf(t, c)
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 100000, Timeout: time.Minute, Parser: language})
	defer func() { _ = engine.Close() }()
	for _, r := range read(t) {
		if times := world.firing(t, engine, r); len(times) > 0 {
			found = append(found, r.Alert)
			t.Logf("%s, after %d minutes: %s %s", r.Alert, times[0], spoken[r.Alert+" summary"], spoken[r.Alert+" description"])
		}
	}
	return found
}

// worldOf is what the operator told, for ever, but for the change. What it changes must have been told.
func worldOf(t *testing.T, c change) series {
	t.Helper()
	told, _ := samples(t)
	replaced := map[uint64][]parser.SequenceValue{}
	_, gone := c[""]
	for name, values := range c {
		if name == "" {
			continue
		}
		l, sequence, err := language.ParseSeriesDesc(name + " " + values)
		if err != nil {
			t.Fatalf("%s %s: %v", name, values, err)
		}
		replaced[l.Hash()] = sequence
	}
	world := series{}
	for name, all := range told {
		for _, s := range all {
			sequence, changed := replaced[s.labels.Hash()]
			delete(replaced, s.labels.Hash())
			if gone || math.IsNaN(s.value) {
				continue
			}
			var points []chunks.Sample
			for minute := range minutes {
				p := point{at: int64(minute) * 60_000, value: s.value}
				if changed && minute >= len(sequence) {
					break
				} else if changed {
					p.value = sequence[minute].Value
				}
				points = append(points, p)
			}
			world[name] = append(world[name], storage.NewListSeries(s.labels, points))
		}
	}
	if len(replaced) > 0 {
		t.Errorf("%d of the series in %v nobody tells", len(replaced), c)
	}
	return world
}
