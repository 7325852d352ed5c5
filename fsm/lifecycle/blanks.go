package lifecycle

import "github.com/runfleet/runfleet/fsm"

// blanks explain every cell of state × trigger that has no row, so that nothing is undefined by accident.
var blanks = []fsm.Blank{
	{In: in(Terminating), On: DeleteRequested, Mark: fsm.Ignored, Doc: "Already being deleted."},

	{In: in(Pending), On: LateOutcome, Mark: fsm.Never, Doc: "There was no attempt yet."},
	{In: in(Terminating), On: LateOutcome, Mark: fsm.Ignored, Doc: "The outcome goes with the run."},

	{In: in(Pending, Provisioning, Running), On: AgentGone, Mark: fsm.Never, Doc: "Only asked of an attempt that must end; here AgentVanished says it."},
	{In: in(Retrying), On: AgentGone, Mark: fsm.Ignored, Doc: "The end is recorded already."},
	{In: finals, On: AgentGone, Mark: fsm.Ignored, Doc: "The end is recorded already."},
	{In: in(Terminating), On: AgentGone, Mark: fsm.Gate, Doc: "Part of rule T: the finalizer goes when every attempt has ended."},

	{In: in(Retrying), On: CancelRequested, Mark: fsm.Gate, Doc: "Waits until the last attempt has ended."},
	{In: in(Stopping), On: CancelRequested, Mark: fsm.Verdict, Doc: "The verdict reads spec.cancel when the attempt has ended."},
	{In: inFinals(Terminating), On: CancelRequested, Mark: fsm.Ignored, Doc: "Nothing is left to cancel."},

	{In: in(Pending), On: AgentSucceeded, Mark: fsm.Never, Doc: "There was no attempt yet."},
	{In: in(Pending), On: AgentFailed, Mark: fsm.Never, Doc: "There was no attempt yet."},
	{In: in(Stopping), On: AgentSucceeded, Mark: fsm.Verdict, Doc: "A success that our stop did not reach in time is a success."},
	{In: in(Stopping), On: AgentFailed, Mark: fsm.Verdict, Doc: "Proves the end; the verdict decides what follows."},
	{In: inFinals(Retrying), On: AgentSucceeded, Mark: fsm.Gate, Doc: "Recorded by LateOutcome; changes no state."},
	{In: inFinals(Retrying), On: AgentFailed, Mark: fsm.Gate, Doc: "Recorded by LateOutcome; changes no state."},
	{In: in(Terminating), On: AgentSucceeded, Mark: fsm.Ignored, Doc: "The outcome goes with the run."},
	{In: in(Terminating), On: AgentFailed, Mark: fsm.Ignored, Doc: "The outcome goes with the run."},

	{In: in(Pending), On: ContextRaised, Mark: fsm.Gate, Doc: "The first attempt takes the newest version."},
	{In: in(Stopping), On: ContextRaised, Mark: fsm.Verdict, Doc: "The verdict leads to Retrying with a fresh budget."},
	{In: finals, On: ContextRaised, Mark: fsm.Gate, Doc: "Waits until the last attempt has ended."},
	{In: in(Terminating), On: ContextRaised, Mark: fsm.Ignored, Doc: "The run is being deleted."},

	{In: in(Pending, Retrying), On: SuspendRequested, Mark: fsm.Gate, Doc: "No attempt is started while suspended."},
	{In: in(Stopping), On: SuspendRequested, Mark: fsm.Ignored, Doc: "Already ending; a retry then waits for the end of suspend."},
	{In: inFinals(Terminating), On: SuspendRequested, Mark: fsm.Ignored, Doc: "Nothing runs that could be suspended."},

	{In: in(Stopping), On: RunDeadlinePassed, Mark: fsm.Verdict, Doc: "The verdict reads it: no retry follows."},
	{In: in(Retrying), On: RunDeadlinePassed, Mark: fsm.Gate, Doc: "Waits until the last attempt has ended."},
	{In: inFinals(Terminating), On: RunDeadlinePassed, Mark: fsm.Ignored, Doc: "The run has ended already."},

	{In: inFinals(Pending, Retrying), On: DeadlinePassed, Mark: fsm.Never, Doc: "No attempt is out."},
	{In: in(Stopping, Terminating), On: DeadlinePassed, Mark: fsm.Ignored, Doc: "Already ending; the fence bounds it."},

	{In: in(Pending), On: AgentOrphaned, Mark: fsm.Never, Doc: "There was no attempt yet."},
	{In: inFinals(Stopping, Retrying, Terminating), On: AgentOrphaned, Mark: fsm.Act, Doc: "The pod is ended, then deleted."},

	{In: in(Pending), On: AgentVanished, Mark: fsm.Never, Doc: "There was no attempt yet."},
	{In: inFinals(Stopping, Retrying, Terminating), On: AgentVanished, Mark: fsm.Gate, Doc: "One of the proofs of AgentGone."},

	{In: in(Pending), On: ClusterLost, Mark: fsm.Never, Doc: "No member was chosen yet."},
	{In: in(Provisioning), On: ClusterLost, Mark: fsm.Ignored, Doc: "A Job is authorised there (rule L: its fence is the same whether we stop it or not), or the workspace is; StartBefore bounds the wait."},
	{In: in(Running, Stopping), On: ClusterLost, Mark: fsm.Ignored, Doc: "Rule L: an unreachable member changes no state of an authorised attempt; it may still succeed. ClusterReachable says Unknown."},
	{In: in(Retrying), On: ClusterLost, Mark: fsm.Gate, Doc: "Decides which member is a candidate."},
	{In: inFinals(Terminating), On: ClusterLost, Mark: fsm.Ignored, Doc: "What lies there is left to the sweeper."},

	{In: inFinals(Pending, Running, Stopping, Retrying, Terminating), On: ProvisioningRefused, Mark: fsm.Never, Doc: "Nothing is created here."},

	{In: in(Pending, Running), On: AgentCreated, Mark: fsm.Never, Doc: "No Job without a recorded UID belongs to this state."},
	{In: in(Stopping), On: AgentCreated, Mark: fsm.Ignored, Doc: "A late, suspended Job: inert, deleted later with its own UID."},
	{In: inFinals(Retrying, Terminating), On: AgentCreated, Mark: fsm.Act, Doc: "A late, suspended Job: inert, deleted."},

	{In: inFinals(Pending, Retrying), On: AgentStarted, Mark: fsm.Never, Doc: "No attempt is out."},
	{In: in(Running, Stopping, Terminating), On: AgentStarted, Mark: fsm.Ignored, Doc: "Known already, or no longer of interest."},

	{In: in(Pending), On: TemplatesLost, Mark: fsm.Never, Doc: "There was no attempt yet."},
	{In: in(Running), On: TemplatesLost, Mark: fsm.Never, Doc: "Its Job is authorised: it was made of the templates of its attempt."},
	{In: inFinals(Stopping, Retrying, Terminating), On: TemplatesLost, Mark: fsm.Ignored, Doc: "Nothing is created here, so nothing need be rendered."},

	{In: inFinals(Provisioning, Running, Stopping, Retrying, Terminating), On: ClusterChosen, Mark: fsm.Never, Doc: "Asked only in Pending."},
	{In: inFinals(Pending, Provisioning, Running, Stopping, Terminating), On: AttemptDue, Mark: fsm.Never, Doc: "Asked only in Retrying."},
}
