//go:build e2e

package runs

import (
	"time"

	"github.com/runfleet/runfleet/test/e2e/model"
)

const clone = "/workspace/target-repo/"

func write(path, text string) model.Call {
	return model.Call{Tool: "Write", Input: map[string]any{"file_path": clone + path, "content": text}}
}

func bash(command string) model.Call {
	return model.Call{Tool: "Bash", Input: map[string]any{"command": command, "description": "as the play wants it"}}
}

// plays are what agents are told to do.
var plays = map[string]model.Play{
	"accept": accepted,
	"document": {
		{Say: "I describe the second task.", Calls: []model.Call{write(".taskmaster/docs/task-2/task.md", "# Task 2\n\nPay later.\n")}},
		{Say: "And when it is done.", Calls: []model.Call{write(".taskmaster/docs/task-2/acceptance-criteria.md", "- A card is charged once.\n")}},
		{Say: "The documents are written."},
	},
	"implement": {
		{Say: "I write the service.", Calls: []model.Call{write("shop/main.go", "package main\n\nfunc main() {}\n"), write("PR_DESCRIPTION.md", "Pays by card.\n")}},
		{Say: "I remember something.", Calls: []model.Call{bash("printf 'Cards are charged %s.\\n' once >>/workspace/CLAUDE.md")}},
		{Say: "It is implemented.", After: 8 * time.Second}, // the next run is seen to wait
	},
	"add-test": {{Calls: []model.Call{write("shop/main_test.go", "package main\n")}}},
	"go-on": {
		{Say: "I add a test.", Calls: []model.Call{write("shop/main_test.go", "package main\n")}},
		{Say: "It is tested."},
	},
	"falter": {
		{Say: "I do half of it.", Calls: []model.Call{write("shop/half.go", "package main\n")}},
		{Fail: 500},
	},
	"sleep": {
		{Say: "I begin.", Calls: []model.Call{write("shop/half.go", "package main\n")}},
		{Say: "This takes a while.", Calls: []model.Call{bash("tail -f /dev/null")}}, // the agent refuses a mere sleep
	},
	"hang": {
		{Say: "I begin.", Calls: []model.Call{write("shop/half.go", "package main\n")}},
		{After: time.Hour},
	},
	"move": { // the second attempt finds what the first one has pushed
		{Say: "I look who was here.", Calls: []model.Call{
			bash("cd " + clone + "shop; if [ -e half.go ]; then echo begun $((1 + 1)) times; else touch half.go; fi"),
		}},
		{Say: "It is done.", After: time.Hour, Unless: "begun 2 times"},
	},
}
