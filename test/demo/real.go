package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/e2e/forge"
	"github.com/runfleet/runfleet/test/e2e/model"
	"github.com/runfleet/runfleet/test/e2e/settings"
	"github.com/runfleet/runfleet/test/otlp"
)

// repository is what the agents work on, and files are what it holds.
const repository = "octo/shop"

var files = map[string]string{
	".taskmaster/tasks/tasks.json":    `{"tasks": [{"id": 1, "title": "Pay by card"}, {"id": 2, "title": "Pay later"}]}` + "\n",
	".taskmaster/docs/task-1/task.md": "# Task 1\n\nPay by card.\n",
	"go.mod":                          "module example.com/shop\n\ngo 1.26\n",
	"README.md":                       "# Shop\n",
}

// plays are what the model tells the agents to do.
var plays = map[string]model.Play{
	"describe": {
		{Say: "I read the tasks.", Calls: []model.Call{call("Read", "file_path", clone+".taskmaster/tasks/tasks.json")}},
		{Say: "The second one has no description yet.", Calls: []model.Call{
			call("Write", "file_path", clone+".taskmaster/docs/task-2/task.md", "content", "# Task 2\n\nPay within thirty days.\n"),
			call("Write", "file_path", clone+".taskmaster/docs/task-2/acceptance-criteria.md", "content",
				"- A customer pays later once.\n- A reminder is sent.\n"),
		}},
		{Say: "Both tasks are described."},
	},
	"implement": {
		{Say: "I look at the service.", Calls: []model.Call{call("Bash", "command", "ls -a "+clone)}},
		{Say: "Then I write it.", Calls: []model.Call{
			call("Write", "file_path", clone+"shop/card.go", "content",
				"// Package shop takes money.\npackage shop\n\n// Card is what somebody pays with.\ntype Card struct{ Number string }\n\n"+
					"// Charge takes an amount once.\nfunc (c Card) Charge(cents int) bool { return cents > 0 && c.Number != \"\" }\n"),
			call("Write", "file_path", clone+"PR_DESCRIPTION.md", "content", "Cards can be charged.\n"),
		}},
		{Say: "Does it hold?", Calls: []model.Call{call("Bash", "command", "grep -c Charge "+clone+"shop/card.go && git -C "+clone+" status --short")}},
		{Say: "Cards can be charged."},
	},
}

const clone = "/workspace/target-repo/"

func call(tool string, inputs ...string) model.Call {
	c := model.Call{Tool: tool, Input: map[string]any{}}
	for i := 0; i < len(inputs); i += 2 {
		c.Input[inputs[i]] = inputs[i+1]
	}
	return c
}

// realPromises are the runs of real agents.
var realPromises = []promise{
	{run: "docsrun/describe-tasks", phase: v1.PhaseSucceeded, attempts: 1},
	{run: "coderun/pay-by-card", service: "shop", phase: v1.PhaseSucceeded, attempts: 1},
}

// create are the commands that ask for them.
func (w *world) create() [][]string {
	return [][]string{
		{"create", "docs", "describe-tasks", "--repository", w.forge.URL + "/" + repository + ".git", "--github-user", "octo", "--prompt", "[play: describe]"},
		{"create", "code", "pay-by-card", "--task", "1", "--service", "shop", "--repository", w.forge.SSH + "/" + repository + ".git",
			"--model", "sonnet", "--github-user", "octo", "--prompt", "[play: implement]"},
	}
}

// configure opens the world, and tells the hub where it is.
func (d *demo) configure(ctx context.Context) error {
	address, err := addressFor(ctx, d.fleet.Members[0].Kubeconfig)
	if err != nil {
		return err
	}
	if err := d.real.open(ctx, d.temp, address); err != nil {
		return err
	}
	if d.collector, err = otlp.ListenOn(ctx, address); err != nil { // of the agents' spans, too
		return err
	}
	configs := map[string]map[string]string{
		v1.ConfigMapName: {v1.ConfigMapKey: settings.Agent(d.real.url, d.real.forge.URL) + settings.Telemetry(d.collector.Endpoint())},
		v1.TemplatesName: settings.Templates(d.real.forge.CA, d.real.forge.KnownHosts),
	}
	for _, name := range []string{v1.ConfigMapName, v1.TemplatesName} {
		file, err := d.keep(name+".yaml", configMap(name, configs[name]))
		if err != nil {
			return err
		}
		if err := d.kubectl(ctx, "apply", "-f", file); err != nil {
			return err
		}
	}
	return d.kubectl(ctx, "apply", "-f", "docs/examples/members.yaml")
}

func configMap(name string, data map[string]string) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name, "namespace": v1.SystemNamespace}, "data": data,
	}
}

// keep writes a value as YAML, or a text as it is, into a file that goes with the demo.
func (d *demo) keep(name string, value any) (string, error) {
	data, ok := value.([]byte)
	if !ok {
		var err error
		if data, err = yaml.Marshal(value); err != nil {
			return "", fmt.Errorf("writing %s: %w", name, err)
		}
	}
	file := filepath.Join(d.temp, name)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return "", fmt.Errorf("writing %s: %w", name, err)
	}
	return file, nil
}

// handOut gives the members the Secrets of the agents.
func (d *demo) handOut(ctx context.Context) error {
	d.chapter("Agents get a key for the model and those of a user for the forge, on every member.")
	written := map[string]string{}
	for name, text := range map[string][]byte{"api-key": []byte("sk-demo"), "token": []byte(forge.Token), "ssh-key": d.real.forge.Key} {
		file, err := d.keep(name, text)
		if err != nil {
			return err
		}
		written[name] = file
	}
	return d.runfleet(ctx, "secrets", "create", "--all-members", "-n", "default", "--user", "octo",
		"--ssh-key", written["ssh-key"], "--token-file", written["token"], "--api-key-file", written["api-key"])
}

// deliveries shows what an agent said, and what reached the forge.
func (d *demo) deliveries(ctx context.Context) error {
	d.chapter("What one of the agents said and did.")
	if err := d.runfleet(ctx, "logs", realPromises[1].run); err != nil {
		return err
	}
	d.chapter("What reached the forge: the pull requests, and what their branches change.")
	colour := "--color=never"
	if d.colour {
		colour = "--color=always"
	}
	for _, p := range d.real.forge.Pulls(repository) {
		fmt.Fprintf(d.w, "\n    %s %s\n", d.paint(bold, fmt.Sprintf("#%d %s", p.Number, p.Title)), d.paint(quiet, p.URL))
		between := p.Base + "..." + p.Head
		for _, args := range [][]string{{"diff", "--stat", between}, {"diff", between}} {
			d.typed("git", args...)
			out, err := d.real.forge.Git(ctx, repository, append([]string{args[0], colour}, args[1:]...)...)
			if err != nil {
				return because(ctx, err)
			}
			fmt.Fprintln(d.w, out)
		}
	}
	return nil
}
