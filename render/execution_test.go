package render_test

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
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
			t.Run(fmt.Sprintf("F24: %s %d", k.name, i), func(t *testing.T) {
				t.Parallel()
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
	for _, directory := range []string{"workspace", "bin", "home"} {
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
	p.env["RUNFLEET_CREDENTIALS"] = filepath.Join(p.directory, "credentials")
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
	p.surrounded(t)
	if out, err := p.command("config/container.sh", "sh", filepath.Join(p.directory, "bin/agent")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var want strings.Builder
	for _, name := range p.given {
		want.WriteString(p.env[name] + "\x00")
	}
	if diff := gocmp.Diff([]string{p.prompt, want.String()}, []string{p.read(t, "home/prompt"), p.read(t, "home/variables")}); diff != "" {
		t.Errorf("the agent must get its prompt and its variables as they are (-want +got):\n%s", diff)
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

// surrounded gives the pod what it needs of the world: credentials, GitHub's API, and the repositories that its addresses
// name, with the branches and documents that it asks for.
func (p pod) surrounded(t *testing.T) {
	t.Helper()
	for _, name := range []string{"token", "ssh-privatekey", "app-id", "private-key"} {
		p.write(t, "credentials/"+name, "secret")
	}
	p.write(t, "bin/openssl", "#!/bin/sh\ncat >/dev/null\necho signed\n")
	p.write(t, "bin/curl", `#!/bin/sh
cat >/dev/null
status=200
while [ $# -gt 0 ]; do
  case $1 in
  --output) printf '{"id":1,"token":"t","html_url":"https://example.com/1"}' >"$2" ;;
  --request) [ "$2" = GET ] || status=201 ;;
  esac
  shift
done
printf "$status"
`)
	work, docs := filepath.Join(p.directory, "work.git"), filepath.Join(p.directory, "docs.git")
	if p.env["DOCS_REPOSITORY_URL"] == p.env["REPOSITORY_URL"] {
		docs = work
	}
	p.repository(t, work, cmp.Or(p.env["BRANCH"], "main"), p.env["WORKING_DIRECTORY"]+"/.taskmaster/tasks/tasks.json")
	instead := []string{work, p.env["REPOSITORY_URL"]}
	if p.env["TASK_TYPE"] == "code" {
		tasks := ".taskmaster/docs/task-" + p.env["TASK_ID"] + "/task.md"
		if directory := p.env["DOCS_PROJECT_DIRECTORY"]; directory != "" {
			tasks = directory + "/" + tasks
		}
		p.repository(t, docs, p.env["DOCS_BRANCH"], tasks)
		instead = append(instead, docs, p.env["DOCS_REPOSITORY_URL"])
	}
	n := 0
	for i := 0; i < len(instead); i += 2 {
		for _, prefix := range []string{"", "https://github.com/"} {
			p.env[fmt.Sprintf("GIT_CONFIG_KEY_%d", n)] = "url." + instead[i] + ".insteadOf"
			p.env[fmt.Sprintf("GIT_CONFIG_VALUE_%d", n)] = prefix + instead[i+1]
			n++
		}
	}
	p.env["GIT_CONFIG_COUNT"] = strconv.Itoa(n)
}

// repository has a branch with one file. It is written without a work tree: a path may be longer than a file system takes.
func (p pod) repository(t *testing.T, place, branch, file string) {
	t.Helper()
	git := func(input string, args ...string) string {
		cmd := exec.Command("git", append([]string{"--git-dir=" + place}, args...)...)
		cmd.Stdin = strings.NewReader(input)
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %q: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("", "init", "--quiet", "--bare", "--initial-branch=main", place)
	git("", "update-index", "--add", "--cacheinfo", "100644,"+git("{}", "hash-object", "-w", "--stdin")+","+path.Clean(file))
	git("", "update-ref", "refs/heads/"+branch, git("", "commit-tree", "-m", "x", git("", "write-tree")))
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
