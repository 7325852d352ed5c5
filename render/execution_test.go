package render_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/render"
)

// TestBehaviour34AndDefect30NothingExecutes runs the start script and the hooks with the worst values in the environment
// and the files, as the pod has them. What a value would execute leaves a file named ran.
func TestBehaviour34AndDefect30NothingExecutes(t *testing.T) {
	all, err := kinds()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		for i := range 4 {
			t.Run(fmt.Sprintf("%s %d", k.name, i), func(t *testing.T) {
				o, err := k.rendered(strings.Join(fragments, " "), func(path string) string {
					switch {
					case path == "workingDirectory" && i > 0:
						return k.worst[path][1] // a longer one is longer than a file system takes
					case path == "env.key" && i > 0:
						return k.worst[path][1] // as a longer one is than a shell does
					}
					return k.worst[path][min(i, len(k.worst[path])-1)]
				})
				if err != nil {
					t.Fatal(err)
				}
				newPod(t, o).tried(t)
			})
		}
	}
}

// TestTheCanarySings proves that what is executed is seen.
func TestTheCanarySings(t *testing.T) {
	p := newPod(t, mustRender(t))
	p.write(t, "config/container.sh", `eval "x=\"$MODEL\""`)
	p.env["MODEL"] = "$(touch ran)"
	if out, err := p.command("config/container.sh").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if found := p.executed(t); len(found) == 0 {
		t.Error("want the canary's file")
	}
}

func mustRender(t *testing.T) render.Objects {
	t.Helper()
	o, err := kindOf(t, "CodeRun").rendered("x", benign)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// pod is the agent's container in a directory.
type pod struct {
	directory string
	prompt    string
	env       map[string]string
	given     []string // the variables that come from the run
}

func newPod(t *testing.T, o render.Objects) pod {
	t.Helper()
	p := pod{directory: t.TempDir(), env: map[string]string{}}
	for _, directory := range []string{"workspace/target-repo", "bin", "home"} {
		must(t, os.MkdirAll(filepath.Join(p.directory, directory), 0o755))
	}
	for name, text := range o.Files() {
		p.write(t, "config/"+name, text)
	}
	p.prompt = o.Files()["prompt.md"]
	for _, v := range o.Agent.Spec.Template.Spec.Containers[0].Env {
		p.env[v.Name] = strings.ReplaceAll(v.Value, "$$", "$") // as the kubelet does
		if v.Value != "" && !strings.HasPrefix(v.Name, "RUNFLEET_") && v.Name != "HOME" {
			p.given = append(p.given, v.Name)
		}
	}
	p.env["RUNFLEET_CONFIG"] = filepath.Join(p.directory, "config")
	p.env["RUNFLEET_TERMINATION_LOG"] = filepath.Join(p.directory, "message")
	p.env["RUNFLEET_CLONE"] = filepath.Join(p.directory, "workspace/target-repo")
	p.env["RUNFLEET_OUTCOME"] = filepath.Join(p.directory, "workspace/outcome.json")
	p.env["HOME"] = filepath.Join(p.directory, "home")
	p.env["PATH"] = filepath.Join(p.directory, "bin") + ":" + os.Getenv("PATH")
	deadline := fmt.Sprint(time.Now().Unix() + 600)
	p.env["RUNFLEET_START_BEFORE"], p.env["RUNFLEET_NOT_AFTER"] = deadline, deadline
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p pod) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(p.directory, name)
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o755))
}

func (p pod) command(script string, args ...string) *exec.Cmd {
	cmd := exec.Command("sh", append([]string{filepath.Join(p.directory, script)}, args...)...)
	cmd.Dir = filepath.Join(p.directory, "workspace")
	for name, value := range p.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// tried runs everything that a pod would run, with an agent that notes what it was given.
func (p pod) tried(t *testing.T) {
	t.Helper()
	slices.Sort(p.given)
	note := "#!/bin/sh\ncat >\"$HOME/prompt\"\n"
	for _, name := range p.given {
		note += fmt.Sprintf("printf '%%s\\0' \"$%s\" >>\"$HOME/variables\"\n", name)
	}
	p.write(t, "bin/agent", note)
	if out, err := p.command("config/container.sh", "sh", filepath.Join(p.directory, "bin/agent")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var want strings.Builder
	for _, name := range p.given {
		want.WriteString(p.env[name] + "\x00")
	}
	if diff := cmp.Diff([]string{p.prompt, want.String()}, []string{p.read(t, "home/prompt"), p.read(t, "home/variables")}); diff != "" {
		t.Errorf("the agent must get its prompt and its variables as they are (-want +got):\n%s", diff)
	}

	git := exec.Command("git", "init", "--quiet", p.env["RUNFLEET_CLONE"])
	if out, err := git.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	hooks, err := filepath.Glob(filepath.Join(p.directory, "config/hooks/*.sh"))
	must(t, err)
	if len(hooks) == 0 {
		t.Error("want hooks to be tried too")
	}
	for _, hook := range hooks {
		out, err := p.command("config/hooks/" + filepath.Base(hook)).CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) { // a branch that git refuses may fail it
			t.Fatalf("%v: %s", err, out)
		}
	}
	if found := p.executed(t); len(found) > 0 {
		t.Errorf("a value was executed: %q", found)
	}
}

func (p pod) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.directory, name))
	must(t, err)
	return string(text)
}

// executed are the canary's files.
func (p pod) executed(t *testing.T) []string {
	t.Helper()
	var found []string
	must(t, filepath.WalkDir(p.directory, func(path string, _ fs.DirEntry, err error) error {
		if filepath.Base(path) == "ran" {
			found = append(found, path)
		}
		return err
	}))
	return found
}

// TestDefect32NothingOfAPodIsTooLongToExecute: Linux takes at most 128 KiB in one argument or variable.
func TestDefect32NothingOfAPodIsTooLongToExecute(t *testing.T) {
	all, err := kinds()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		o, err := k.rendered("x", func(path string) string {
			if path == "env.key" {
				return benign(path) // its length has no bound of its own
			}
			return k.worst[path][len(k.worst[path])-1]
		})
		if err != nil {
			t.Fatal(err)
		}
		c := o.Agent.Spec.Template.Spec.Containers[0]
		for _, arg := range slices.Concat(c.Command, c.Args) {
			if len(arg) > 1<<10 {
				t.Errorf("%s: an argument has %d bytes", k.name, len(arg))
			}
		}
		for _, v := range c.Env {
			if len(v.Name)+len(v.Value) >= 128<<10 {
				t.Errorf("%s: %s has %d bytes", k.name, v.Name, len(v.Value))
			}
		}
	}
}
