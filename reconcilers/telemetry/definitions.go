package telemetry

import (
	"slices"
	"strings"
)

// The types of metrics.
const (
	Counter   = "counter"
	Gauge     = "gauge"
	Histogram = "histogram"
)

// Definition is what there is to say of a metric: data, so that what is registered, documented and alerted on cannot differ.
type Definition struct {
	Name   string // its unit is in it, in base units
	Type   string
	Labels []string // none takes what a user or an agent wrote, so that each has few values
	Help   string
}

// What is counted as it happens, after the commit and only then: what was not committed is not counted, and what was is counted
// once, by the operator that committed it. The operator that leads tells what is the case now.
var (
	transitionsTotal = Definition{"runfleet_transitions_total", Counter, []string{"kind", "from", "on", "to"},
		"Transitions that were committed, by kind, phase before, trigger and phase after."}
	stateSeconds = Definition{"runfleet_state_seconds", Histogram, []string{"kind", "state"},
		"How long runs stayed in a phase that they left."}
	placementSeconds = Definition{"runfleet_placement_seconds", Histogram, []string{"kind"},
		"From when an attempt was due (its run was created, its back-off ended) until its member was chosen. Runs that were suspended " +
			"meanwhile are left out."}
	attemptsTotal = Definition{"runfleet_attempts_total", Counter, []string{"kind", "class", "cluster"},
		"Attempts that ended, by failure class (Succeeded where there is none) and member."}
	overBudgetTotal = Definition{"runfleet_attempts_over_budget_total", Counter, []string{"kind"},
		"Attempts that were begun though their context version had used up its budget and its allowance (invariant I5). Always 0."}
	effectsTotal = Definition{"runfleet_effects_total", Counter, []string{"verb", "resource", "outcome", "cluster"},
		"What was tried on members, by outcome: done, stale (a newer view decides), refused (for good) or failed (tried again)."}
	tokensTotal = Definition{"runfleet_tokens_total", Counter, []string{"kind", "type"},
		"Tokens that agents report to have used, by type: input (caches included) or output."}
	turnsTotal = Definition{"runfleet_turns_total", Counter, []string{"kind"},
		"Turns that agents report to have taken."}
	costTotal = Definition{"runfleet_cost_usd_total", Counter, []string{"kind"},
		"What agents report to have cost, in US dollars."}
	sweptTotal = Definition{"runfleet_swept_total", Counter, []string{"kind"},
		"Objects on members that were deleted because their run is gone from the hub, by kind."}
	spansDroppedTotal = Definition{"runfleet_spans_dropped_total", Counter, []string{"reason"},
		"Spans that no collector got, by reason: queue, it was full; export, the collector refused or did not answer."}
	configValid = Definition{"runfleet_config_valid", Gauge, nil,
		"1 while configuration and templates in force are those in their ConfigMaps, 0 while one of them is not valid and an older one " +
			"is in force. Every replica tells it."}

	runsNow = Definition{"runfleet_runs", Gauge, []string{"kind", "phase", "cluster"},
		"Runs on the hub, by phase and the member of their newest attempt (empty before the first)."}
	runsWaiting = Definition{"runfleet_runs_waiting", Gauge, []string{"kind", "reason"},
		"Runs that wait, by what for: a reason of the condition Succeeded."}
	runsOverdue = Definition{"runfleet_runs_overdue", Gauge, []string{"kind", "phase"},
		"Runs that are still in a phase ten minutes after they had to leave it, whatever their members do (invariant I12). Always 0."}
	surplusAgents = Definition{"runfleet_surplus_agents", Gauge, nil,
		"Pods of agents that have not ended beside another one of the same run, on members that answer; those that were fenced or " +
			"vouched for are left out (invariant I1). Always 0."}
	liveAgents = Definition{"runfleet_live_agents", Gauge, []string{"cluster"},
		"Pods of agents that have not ended, on members that answer."}
	memberReady = Definition{"runfleet_member_ready", Gauge, []string{"cluster"},
		"1 while runs may be placed on the member."}
	memberReachable = Definition{"runfleet_member_reachable", Gauge, []string{"cluster"},
		"1 while the member's API server answers as itself."}
	memberReason = Definition{"runfleet_member_reason", Gauge, []string{"cluster", "reason"},
		"1, with the reason of the member's condition Ready: MemberReady, or why no run may be placed on it."}
	memberRenewed = Definition{"runfleet_member_credentials_renewed", Gauge, []string{"cluster"},
		"1 while nothing is in the way of the next renewal of the member's token, 0 while it fails; absent where the operator renews none."}
	memberExpiry = Definition{"runfleet_member_credentials_expiration_timestamp_seconds", Gauge, []string{"cluster"},
		"When the credentials in use for the member end, as Unix time; absent where they say nothing."}
)

// Definitions are all metrics of Runfleet's own, sorted by name. The libraries' come on top.
func Definitions() []Definition {
	all := []Definition{
		transitionsTotal, stateSeconds, placementSeconds, attemptsTotal, overBudgetTotal, effectsTotal, tokensTotal, turnsTotal, costTotal,
		sweptTotal, spansDroppedTotal, configValid, runsNow, runsWaiting, runsOverdue, surplusAgents, liveAgents, memberReady,
		memberReachable, memberReason, memberRenewed, memberExpiry,
	}
	slices.SortFunc(all, func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
	return all
}
