package fsm_test

import "github.com/runfleet/runfleet/fsm"

// errand is a small table with every feature that tables have: lone guards, a guard and its negation, a group, rows of
// several states, rows that stay, all marks, attempts, something raised, origins of triggers,
// something awaited, a bound and a reason to wait, and both ends.
// Each call returns a fresh copy, so that a test can break it.
func errand() fsm.Table {
	return fsm.Table{
		Name:    "Errand",
		Doc:     "Somebody sends a tool out to work.",
		Initial: "Waiting",
		Happy:   states("Waiting", "Working", "Done"),
		States: []fsm.StateDef{
			{Name: "Waiting", Waits: "for a worker that has time.", Awaits: triggers("WorkerFound"), Doc: "Nobody works on it."},
			{Name: "Working", Ensure: resources("Desk", "Tool"), Release: resources("Tool"), Deadline: "Shift", Doc: "A worker is out."},
			{Name: "Halting", End: resources("Tool"), Deadline: "Curfew", Doc: "The worker is called back."},
			{Name: "Done", Terminal: true, Delete: resources("Tool"), Doc: "Delivered."},
			{Name: "Broken", Terminal: true, Delete: resources("Tool"), Doc: "Not delivered."},
			{Name: "Gone", Last: true, Delete: resources("Desk", "Tool"), Deadline: "Curfew", Doc: "The errand itself is struck off."},
		},
		Triggers: []fsm.TriggerDef{
			{Name: "StrikeRequested", By: fsm.Person, How: "strike {name}", Doc: "Somebody strikes the errand off."},
			{Name: "WorkerFound", By: fsm.World, Doc: "A worker has time."},
			{Name: "WorkFinished", Doc: "The worker says so."},
			{Name: "WorkFailed", Doc: "The worker says so."},
			{Name: "ShiftEnded", By: fsm.Clock, Doc: "The bell rang."},
			{Name: "WorkerReturned", Doc: "The worker is back."},
			{Name: "ReportArrived", Doc: "A letter from an earlier worker."},
			{Name: "AskedAgain", Doc: "Somebody wants more."},
		},
		Guards: []fsm.GuardDef{
			{Name: "RetryDue", Doc: "Is there another try?"},
			{Name: "Settled", Doc: "Are the books closed?"},
			{Name: "CameWell", Doc: "Did the worker bring it?"},
			{Name: "CameEmpty", Doc: "Did the worker bring nothing?"},
			{Name: "CameLate", Doc: "Is it worth another try?"},
		},
		Groups: [][]fsm.Guard{{"CameWell", "CameEmpty", "CameLate"}},
		Actions: []fsm.ActionDef{
			{Name: "StartAttempt", NewAttempt: true, Doc: "Counts the attempt."},
			{Name: "RecordResult", Doc: "Writes the result down."},
			{Name: "RecordReport", Doc: "Files the letter."},
			{Name: "RecordWish", Raises: "version", Doc: "Writes the new wish down."},
		},
		Resources: []fsm.ResourceDef{
			{Name: "Desk", Doc: "The desk; it serves all attempts."},
			{Name: "Tool", PerAttempt: true, Doc: "The tool of one attempt."},
		},
		Timers: []fsm.TimerDef{
			{Name: "Shift", Doc: "Eight hours."},
			{Name: "Curfew", Doc: "Everybody is home by then."},
		},
		Rows:   errandRows(),
		Blanks: errandBlanks(),
	}
}

func errandRows() []fsm.Row {
	return []fsm.Row{
		{ID: "1", From: states("Waiting", "Working", "Halting", "Done", "Broken"), On: "StrikeRequested", To: "Gone", Doc: "No longer wanted."},
		{ID: "2", From: states("Waiting"), On: "WorkerFound", To: "Working", Do: actions("StartAttempt"), Doc: "Off it goes."},
		{ID: "3", From: states("Working"), On: "WorkFinished", To: "Done", Do: actions("RecordResult"), Doc: "Well done."},
		{ID: "4", From: states("Working"), On: "WorkFailed", If: "RetryDue", To: "Waiting", Do: actions("RecordResult"), Doc: "Once more."},
		{ID: "5", From: states("Working"), On: "WorkFailed", If: "!RetryDue", To: "Broken", Do: actions("RecordResult"), Doc: "Enough."},
		{ID: "6", From: states("Working"), On: "ShiftEnded", To: "Halting", Doc: "Time is up."},
		{ID: "7a", From: states("Halting"), On: "WorkerReturned", If: "CameWell", To: "Done", Do: actions("RecordResult"), Doc: "At the bell."},
		{ID: "7b", From: states("Halting"), On: "WorkerReturned", If: "CameEmpty", To: "Broken", Do: actions("RecordResult"), Doc: "Nothing."},
		{ID: "7c", From: states("Halting"), On: "WorkerReturned", If: "CameLate", To: "Waiting", Doc: "Try again."},
		{ID: "8", From: states("Working", "Halting", "Done", "Broken"), On: "ReportArrived", To: fsm.Same, Do: actions("RecordReport"), Doc: "Good to know."},
		{ID: "9", From: states("Done", "Broken"), On: "AskedAgain", If: "Settled", To: "Waiting", Do: actions("RecordWish"), Doc: "More of it."},
	}
}

func errandBlanks() []fsm.Blank {
	return []fsm.Blank{
		{In: states("Gone"), On: "StrikeRequested", Mark: fsm.Ignored, Doc: "Struck off already."},
		{In: states("Working", "Halting", "Done", "Broken", "Gone"), On: "WorkerFound", Mark: fsm.Never, Doc: "Nobody looks for one."},
		{In: states("Waiting", "Done", "Broken", "Gone"), On: "WorkFinished", Mark: fsm.Never, Doc: "Nobody is out."},
		{In: states("Halting"), On: "WorkFinished", Mark: fsm.Verdict, Doc: "Read when the worker is back."},
		{In: states("Waiting", "Done", "Broken", "Gone"), On: "WorkFailed", Mark: fsm.Never, Doc: "Nobody is out."},
		{In: states("Halting"), On: "WorkFailed", Mark: fsm.Verdict, Doc: "Read when the worker is back."},
		{In: states("Waiting", "Halting", "Done", "Broken", "Gone"), On: "ShiftEnded", Mark: fsm.Ignored, Doc: "Nobody is at work."},
		{In: states("Waiting", "Working", "Done", "Broken"), On: "WorkerReturned", Mark: fsm.Never, Doc: "Nobody was called back."},
		{In: states("Gone"), On: "WorkerReturned", Mark: fsm.Act, Doc: "The tool is taken away."},
		{In: states("Waiting", "Gone"), On: "ReportArrived", Mark: fsm.Ignored, Doc: "Nobody reads it."},
		{In: states("Waiting"), On: "AskedAgain", Mark: fsm.Gate, Doc: "The next worker hears of it."},
		{In: states("Working", "Halting", "Gone"), On: "AskedAgain", Mark: fsm.Ignored, Doc: "One wish at a time."},
		{In: states("Done", "Broken"), On: "AskedAgain", Mark: fsm.Gate, Doc: "Waits until the books are closed."},
	}
}

func states(s ...fsm.State) []fsm.State          { return s }
func triggers(t ...fsm.Trigger) []fsm.Trigger    { return t }
func actions(a ...fsm.Action) []fsm.Action       { return a }
func resources(r ...fsm.Resource) []fsm.Resource { return r }
