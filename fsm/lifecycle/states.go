package lifecycle

import (
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
)

// The states, one for each phase of the API.
const (
	Pending      = fsm.State(v1.PhasePending)
	Provisioning = fsm.State(v1.PhaseProvisioning)
	Running      = fsm.State(v1.PhaseRunning)
	Retrying     = fsm.State(v1.PhaseRetrying)
	Stopping     = fsm.State(v1.PhaseStopping)
	Succeeded    = fsm.State(v1.PhaseSucceeded)
	Failed       = fsm.State(v1.PhaseFailed)
	Cancelled    = fsm.State(v1.PhaseCancelled)
	Terminating  = fsm.State(v1.PhaseTerminating)
)

// The resources of a run.
const (
	Finalizer fsm.Resource = "Finalizer" // on the run itself, with the stamp of rule Q
	Lease     fsm.Resource = "Lease"     // on the hub: workspace or branch
	Workspace fsm.Resource = "Workspace" // PVC workspace-{service}
	Inputs    fsm.Resource = "Inputs"    // the ConfigMap with the rendered files
	Agent     fsm.Resource = "Agent"     // the Job
	Pod       fsm.Resource = "Pod"       // the Job's pod, or one that lost its Job
	Run       fsm.Resource = "Run"       // the run object, when its time to live has passed
)

// The timers.
const (
	StartBefore     fsm.Timer = "StartBefore"
	AttemptDeadline fsm.Timer = "AttemptDeadline"
	Fence           fsm.Timer = "Fence"
)

var (
	active    = []fsm.State{Pending, Provisioning, Running, Stopping, Retrying}
	executing = []fsm.State{Provisioning, Running}
	finals    = []fsm.State{Succeeded, Failed, Cancelled}
)

func final(p v1.Phase) bool {
	return p == v1.PhaseSucceeded || p == v1.PhaseFailed || p == v1.PhaseCancelled
}

// leftovers are what a state that has an attempt clears away of the attempts before.
var leftovers = []fsm.Resource{Agent, Pod, Inputs}

func states(ensured []fsm.Resource) []fsm.StateDef {
	const endedDoc = " Never executes again for this context version, whatever happens to its Job; only a higher " +
		"spec.contextVersion leads out. A Job of the run that is not finished is deleted at once, the rest after retentionSeconds."
	finalDeletes := append([]fsm.Resource{Run}, leftovers...)
	return []fsm.StateDef{
		{
			Name: Pending, Ensure: []fsm.Resource{Finalizer, Lease}, Awaits: []fsm.Trigger{ClusterChosen},
			Waits: "for a member that can take the run, for the Leases, or for the end of suspend; status.message says which. " +
				"spec.totalDeadlineSeconds bounds it where set.",
			Doc: "Accepted; nothing exists on any member. Waits for a candidate member, the Leases, or the end of suspend, and says which.",
		},
		{
			Name: Provisioning, Ensure: ensured, Release: []fsm.Resource{Agent}, Deadline: StartBefore,
			Awaits: []fsm.Trigger{AgentCreated, AgentStarted},
			Doc: "Member and attempt number are committed. While no Job UID is recorded: ensures the inputs and the agent's Job, suspended. " +
				"Once it is recorded: releases exactly that Job, and creates nothing.",
		},
		{
			Name: Running, Deadline: AttemptDeadline, Awaits: []fsm.Trigger{AgentSucceeded, AgentFailed},
			Doc: "The agent's container was seen started. Nothing is created, changed or removed here.",
		},
		{
			Name: Stopping, End: []fsm.Resource{Pod}, Delete: []fsm.Resource{Agent, Pod}, Deadline: Fence,
			Awaits: []fsm.Trigger{AgentGone},
			Doc: "The attempt must end: cancelled, suspended, past a deadline, superseded, or its pod lost its Job. " +
				"Ends the agent and keeps its evidence; left only when the attempt has ended (rule E).",
		},
		{
			Name: Retrying, Ensure: []fsm.Resource{Lease}, Delete: leftovers, Awaits: []fsm.Trigger{AttemptDue},
			Waits: "for the end of the back-off, then as in Pending: for a member, the Leases, or the end of suspend.",
			Doc:   "The attempt has ended and a next one is due after the back-off.",
		},
		{Name: Succeeded, Terminal: true, Delete: finalDeletes, Doc: "The work was delivered." + endedDoc},
		{Name: Failed, Terminal: true, Delete: finalDeletes, Doc: "The work was not delivered; status.reason is the failure class." + endedDoc},
		{Name: Cancelled, Terminal: true, Delete: finalDeletes, Doc: "Cancelled by spec.cancel." + endedDoc},
		{
			Name: Terminating, Last: true, Delete: append([]fsm.Resource{Finalizer}, leftovers...), Deadline: Fence,
			Awaits: []fsm.Trigger{AgentGone},
			Doc:    "The run object is being deleted. Removes everything with the run's UID from every member it touched, then releases the finalizer.",
		},
	}
}

var resources = []fsm.ResourceDef{
	{Name: Finalizer, Doc: "The finalizer orchestrator.platform/cleanup on the run, written with the stamp (the run's own UID and the hub's incarnation) before anything is placed."},
	{Name: Lease, Doc: "The Leases on the hub that serialise the runs of one workspace and of one branch; taken over, never released (rule W)."},
	{Name: Workspace, Doc: "The volume workspace-{service} of a CodeRun on its member; shared by the runs of the service, so no run deletes it."},
	{Name: Inputs, PerAttempt: true, Doc: "The immutable ConfigMap with the files rendered for the attempt."},
	{Name: Agent, PerAttempt: true, Doc: "The attempt's Job, created suspended (rule S)."},
	{Name: Pod, PerAttempt: true, Doc: "The attempt's pod; it outlives its Job when somebody deletes that in the background."},
	{Name: Run, Doc: "The run object itself, once spec.ttlSecondsAfterFinished has passed."},
}

var timers = []fsm.TimerDef{
	{Name: StartBefore, Doc: "attempts[n].startBefore = commit of the attempt + spec.provisioningDeadlineSeconds (rule F)."},
	{Name: AttemptDeadline, Doc: "attempts[n].startSeenAt + the attempt's deadline + slack: later than every limit on the member."},
	{Name: Fence, Doc: "attempts[n].fencedUntil: by then the member itself has ended the attempt (rule F)."},
}
