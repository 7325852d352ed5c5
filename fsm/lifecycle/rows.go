package lifecycle

import (
	"slices"

	"github.com/runfleet/runfleet/fsm"
)

// DocsTable is the whole life of a DocsRun.
func DocsTable() fsm.Table { return table("DocsRun", []fsm.Resource{Inputs, Agent}) }

// CodeTable is the whole life of a CodeRun: the same, with a workspace on the member.
func CodeTable() fsm.Table { return table("CodeRun", []fsm.Resource{Workspace, Inputs, Agent}) }

func table(name string, ensured []fsm.Resource) fsm.Table {
	t := fsm.Table{
		Name:      name,
		Doc:       "One run, from kubectl apply to its end. The rows of one state and trigger have disjoint guards; of several triggers the most important fires.",
		Initial:   Pending,
		Happy:     []fsm.State{Pending, Provisioning, Running, Succeeded},
		States:    states(ensured),
		Triggers:  triggers,
		Guards:    guardDefs,
		Groups:    [][]fsm.Guard{{EndsCancelled, EndsSucceeded, EndsInRetry, EndsFailed}},
		Actions:   actionDefs,
		Resources: resources,
		Timers:    timers,
		Rows:      rows,
		Blanks:    blanks,
	}
	if !slices.Contains(ensured, Workspace) {
		t.Resources = slices.DeleteFunc(slices.Clone(resources), func(r fsm.ResourceDef) bool { return r.Name == Workspace })
	}
	return t
}

// rows are the lines of docs/lifecycle.md, in its order and with its numbers.
var rows = []fsm.Row{
	{ID: "1", From: active, On: StrayFound, To: Provisioning, Do: do(AdoptAttempt), Doc: "The hub was restored and a member runs a later attempt than the status knows: go on with it."},
	{ID: "2", From: inFinals(Terminating), On: StrayFound, To: fsm.Same, Do: do(RaiseAttempt), Doc: "The same after the end: take note of the attempt, so that it is ended and its number is never used again."},
	{ID: "3", From: append(slices.Clone(active), finals...), On: DeleteRequested, To: Terminating, Doc: "Somebody deletes the run."},
	{ID: "4", From: append([]fsm.State{Provisioning, Running, Stopping, Retrying}, finals...), On: LateOutcome, To: fsm.Same, Do: do(RecordLateOutcome), Doc: "An attempt that was given up is seen finished after all; its outcome is written down before its Job is deleted."},
	{ID: "5", From: append([]fsm.State{Retrying}, finals...), On: AgentGone, If: fsm.Not(LastAttemptEnded), To: fsm.Same, Do: do(RecordEnd), Doc: "The attempt that row 2 or a restore left open has ended."},
	{ID: "6", From: in(Pending), On: CancelRequested, To: Cancelled, Do: do(RecordCancel), Doc: "Cancelled before anything was placed."},
	{ID: "7", From: in(Retrying), On: CancelRequested, If: LastAttemptEnded, To: Cancelled, Do: do(RecordCancel), Doc: "Cancelled between two attempts."},
	{ID: "8", From: executing, On: CancelRequested, To: Stopping, Do: do(StopForCancel), Doc: "Cancelled while an attempt is out: end it first."},
	{ID: "9", From: executing, On: AgentSucceeded, To: Succeeded, Do: do(RecordOutcome, RecordEnd), Doc: "Delivered. Outranks the deadlines: finishing at the bell is a success."},
	{ID: "10", From: executing, On: AgentFailed, If: RetryDue, To: Retrying, Do: do(RecordFailure, RecordEnd), Doc: "Failed for a reason that a new attempt may cure, and there is budget."},
	{ID: "11", From: executing, On: AgentFailed, If: fsm.Not(RetryDue), To: Failed, Do: do(RecordFailure, RecordEnd), Doc: "Failed for good."},
	{ID: "12", From: executing, On: ContextRaised, To: Stopping, Do: do(RecordSuperseded), Doc: "The person asks for something else: end the attempt that works on the old request."},
	{ID: "13", From: executing, On: SuspendRequested, To: Stopping, Do: do(StopForSuspend), Doc: "Suspended: the attempt ends now and a later one goes on."},
	{ID: "14", From: executing, On: RunDeadlinePassed, To: Stopping, Do: do(StopForRunDeadline), Doc: "The whole run has had its time."},
	{ID: "15", From: executing, On: DeadlinePassed, To: Stopping, Do: do(StopForDeadline), Doc: "The attempt has had its time and the member did not say how it ended; lost, if the member is silent."},
	{ID: "16", From: executing, On: AgentOrphaned, To: Stopping, Do: do(StopForFailure), Doc: "Somebody deleted the Job, its pod still runs: the absence of a Job is not the death of its agent."},
	{ID: "17", From: executing, On: AgentVanished, If: RetryDue, To: Retrying, Do: do(RecordFailure, RecordEnd), Doc: "Job and pod are gone before their outcome was seen, and the person asked for a retry in that case."},
	{ID: "18", From: executing, On: AgentVanished, If: fsm.Not(RetryDue), To: Failed, Do: do(RecordFailure, RecordEnd), Doc: "Job and pod are gone before their outcome was seen."},
	{ID: "19", From: in(Provisioning), On: ClusterLost, If: MayReplace, To: Retrying, Do: do(RecordLoss, RecordEnd), Doc: "The member is lost before any Job was authorised: no agent can run there, so another member may take over at once."},
	{ID: "20", From: in(Provisioning), On: ProvisioningRefused, To: Failed, Do: do(RecordFailure, RecordEnd), Doc: "The member refused an object for good; the message says which and why."},
	{ID: "21", From: in(Provisioning), On: AgentCreated, To: fsm.Same, Do: do(RecordAgent), Doc: "The suspended Job was seen. Writing its UID down authorises exactly this Job to run."},
	{ID: "22", From: in(Provisioning), On: AgentStarted, To: Running, Do: do(RecordStart), Doc: "The agent's container was seen started."},
	{ID: "23", From: in(Stopping), On: AgentGone, If: EndsCancelled, To: Cancelled, Do: do(RecordEnd), Doc: "Ended, and the person wanted it so."},
	{ID: "24", From: in(Stopping), On: AgentGone, If: EndsSucceeded, To: Succeeded, Do: do(RecordEnd), Doc: "Ended with a success before our stop reached it."},
	{ID: "25", From: in(Stopping), On: AgentGone, If: EndsInRetry, To: Retrying, Do: do(RecordEnd), Doc: "Ended, and a next attempt follows: superseded, suspended, lost and rescheduled, or a failure with budget."},
	{ID: "26", From: in(Stopping), On: AgentGone, If: EndsFailed, To: Failed, Do: do(RecordEnd), Doc: "Ended, and nothing follows."},
	{ID: "27", From: in(Retrying), On: ContextRaised, To: fsm.Same, Do: do(RecordSuperseded), Doc: "Asked anew while waiting: fresh budget, and the back-off is over."},
	{ID: "28a", From: in(Pending), On: RunDeadlinePassed, To: Failed, Do: do(RecordFailure), Doc: "The whole run has had its time before it was placed."},
	{ID: "28b", From: in(Retrying), On: RunDeadlinePassed, If: LastAttemptEnded, To: Failed, Do: do(RecordFailure), Doc: "The whole run has had its time between two attempts."},
	{ID: "29", From: in(Pending), On: ClusterChosen, To: Provisioning, Do: do(RecordPlacement, StartAttempt), Doc: "A member takes the run: its name and the attempt number are committed before anything is created there."},
	{ID: "30", From: in(Retrying), On: AttemptDue, To: Provisioning, Do: do(RecordPlacement, StartAttempt), Doc: "The back-off is over and a member takes the next attempt."},
	{ID: "31", From: finals, On: ContextRaised, If: LastAttemptEnded, To: Retrying, Do: do(RecordSuperseded), Doc: "The person asks for more: a new attempt with the new context."},
	{ID: "32", From: in(Provisioning), On: TemplatesLost, To: Retrying, Do: do(RecordReplaced, RecordEnd), Doc: "The operator was upgraded before it created the Job. Nothing was executed (rule S), and an attempt made half of old templates and half of new ones would be neither: a new attempt takes its place, at nobody's cost."},
}

func do(a ...fsm.Action) []fsm.Action     { return a }
func in(s ...fsm.State) []fsm.State       { return s }
func inFinals(s ...fsm.State) []fsm.State { return append(slices.Clone(finals), s...) }
