package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/runfleet/runfleet/api/crds"
	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/golden"
)

// noCluster makes sure that a test finds no kubeconfig of the machine it runs on.
func noCluster(t *testing.T) {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
}

func TestEveryVerbHelps(t *testing.T) {
	for _, verb := range []string{"get", "wait", "logs", "trace", "explain", "replay", "retry", "cancel", "suspend", "resume", "create", "create docs", "create code", "manifests", "crds", "convert", "orphans", "recover", "network-policy", "fleet join", "fleet leave", "fleet list", "fleet cordon", "fleet uncordon", "render", "diff", "version", "completion"} {
		t.Run(verb, func(t *testing.T) {
			got := call(append(strings.Fields(verb), "--help")...)
			if got.Code != exitOK || got.Stderr != "" {
				t.Errorf("exit code %d, stderr %q", got.Code, got.Stderr)
			}
			for line := range strings.Lines(got.Stdout) {
				if columns(strings.TrimRight(line, "\n")) > 120 {
					t.Errorf("longer than 120 columns: %s", line)
				}
			}
			golden.Check(t, "help-"+strings.ReplaceAll(verb, " ", "-")+".txt", got.Stdout)
		})
	}
}

func TestCallsThatMakeNoSense(t *testing.T) {
	noCluster(t)
	const nameARun = "name a run: docsrun/NAME, coderun/NAME, or NAME if only one kind has it (runfleet get shows them)"
	long := filepath.Join(t.TempDir(), "long")
	if err := os.WriteFile(long, []byte(strings.Repeat("a", 64<<10+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"a kind that is none", []string{"get", "dosrun/shop"}, `unknown kind "dosrun": did you mean "docsrun"? Kinds: docsrun, coderun, membercluster`},
		{"a name that is none", []string{"get", "docsrun/"}, `"docsrun/" is no name: write docsrun/NAME, coderun/NAME or NAME`},
		{"two slashes", []string{"get", "dr/a/b"}, `"dr/a/b" is no name: write docsrun/NAME, coderun/NAME or NAME`},
		{"runs and members", []string{"get", "mc/eu-1", "dr/shop"}, "runs and members have different tables: get them one after the other"},
		{"a name everywhere", []string{"get", "-A", "shop"}, "a name is one of a namespace: leave out -A, or use -n"},
		{"a name and a selector", []string{"get", "-l", "a=b", "shop"}, "a name and a selector exclude each other"},
		{"a selector that is none", []string{"get", "-l", "a in"}, "--selector: "},
		{"an output that is none", []string{"get", "-o", "xml"}, `invalid argument "xml" for "-o, --output" flag: write one of wide, name, json, yaml`},
		{"watching JSON", []string{"get", "-w", "-o", "json"}, "--watch shows a table: leave out -o json"},
		{"waiting for nothing", []string{"wait"}, nameARun},
		{"waiting for a kind", []string{"wait", "docsrun"}, nameARun},
		{"waiting for a member", []string{"wait", "mc/eu-1"}, "membercluster/eu-1 is no run: write docsrun/NAME or coderun/NAME"},
		{"waiting for a phase that is none", []string{"wait", "shop", "--for=Runnin"}, `unknown phase "Runnin": did you mean "Running"? ` +
			"Phases: Pending, Provisioning, Running, Stopping, Retrying, Succeeded, Failed, Cancelled, Terminating"},
		{"waiting backwards", []string{"wait", "shop", "--timeout=-1s"}, "--timeout must not be negative: leave it out to wait as long as it takes"},
		{"cancelling nothing", []string{"cancel"}, nameARun},
		{"suspending members", []string{"suspend", "members", "eu-1"}, "membercluster/eu-1 is no run: write docsrun/NAME or coderun/NAME"},
		{"the log of nothing", []string{"logs"}, nameARun},
		{"two logs", []string{"logs", "a", "b"}, "name one run: a log is one agent's"},
		{"an attempt before the first", []string{"logs", "a", "--attempt", "0"}, "--attempt 0: attempts are counted from 1"},
		{"the trace of nothing", []string{"trace"}, nameARun},
		{"two traces", []string{"trace", "a", "b"}, "name one run: a trace is one run's"},
		{"a backend without a host", []string{"trace", "a", "--from", "http://"}, "--from: no address of Jaeger or Tempo"},
		{"two traces at once", []string{"trace", strings.Repeat("a", 32), "--from", "http://x/trace/b"},
			"--from is the address of trace 0000000000000000000000000000000b, and this run's is aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: write http://x"},
		{"explaining nothing", []string{"explain"}, nameARun},
		{"explaining two", []string{"explain", "a", "b"}, "name one run: each has a story of its own"},
		{"explaining as a table", []string{"explain", "a", "-o", "wide"}, `invalid argument "wide" for "-o, --output" flag: write one of json, yaml`},
		{"replaying nothing", []string{"replay"}, nameARun},
		{"replaying two", []string{"replay", "a", "b"}, "name one run: each has a history of its own (-f takes many)"},
		{"replaying a run and a file", []string{"replay", "a", "-f", "b"}, `a run of the hub or runs of files: leave out "a" or -f`},
		{"one input for two", []string{"replay", "-f", "-", "--table", "-"}, "standard input is read once: name a file for the other"},
		{"retrying two", []string{"retry", "a", "b"}, "name one run: what is asked anew is its own"},
		{"half a second", []string{"retry", "a", "--deadline", "90.5s"}, "--deadline 1m30.5s: write whole seconds, such as 90s or 2h"},
		{"too short", []string{"retry", "a", "--deadline", "59s"}, "--deadline 59s: write a minute to a day, such as 90s or 2h"},
		{"too long", []string{"retry", "a", "--deadline", "25h"}, "--deadline 25h0m0s: write a minute to a day, such as 90s or 2h"},
		{"no model", []string{"retry", "a", "--model", " "}, "--model needs the name of a model, such as sonnet"},
		{"two prompts", []string{"retry", "a", "--prompt", "x", "--prompt-file", "y"},
			"--prompt and --prompt-file exclude each other"},
		{"a prompt that is too long", []string{"retry", "a", "--prompt-file", long},
			"--prompt-file " + long + " has more than 64 KiB: put longer guidance into a file of the repository and name it here"},
		{"a prompt that is no text", []string{"retry", "a", "--prompt", "a\xff"}, "--prompt is not text in UTF-8"},
		{"an empty file", []string{"retry", "a", "--prompt-file", os.DevNull}, "--prompt-file " + os.DevNull + " is empty"},
		{"a run without a name", []string{"create", "docs"}, "name the run, as in: create docs shop"},
		{"a run with the kind in its name", []string{"create", "docs", "dr/shop"}, `"dr/shop": the kind is said already, write only the name`},
		{"two names", []string{"create", "code", "fix", "it"}, "name one run, not 2: a value with spaces needs quotes"},
		{"a code run without anything", []string{"create", "code", "x", "--dry-run"},
			"still needed: --task, --service, --repository, --model"},
		{"a code run without anybody", []string{"create", "code", "x", "--task", "1", "--service", "s", "--repository", "a/b", "--model", "m"},
			"still needed: --github-user or --github-app"},
		{"a docs run without anybody", []string{"create", "docs", "x", "--repository", "a/b"}, "still needed: --github-user or --github-app"},
		{"an orphan of one's own", []string{"orphans", "shop"}, `unknown command "shop" for "runfleet orphans"`},
		{"joining nothing", []string{"fleet", "join"}, "name the member: one word, such as eu-1"},
		{"joining two", []string{"fleet", "join", "eu-1", "eu-2"}, "name the member: one word, such as eu-1"},
		{"joining a name that is none", []string{"fleet", "join", "EU_1", "--kubeconfig", "x"}, `"EU_1" is no name of a member: write lower-case`},
		{"joining from nowhere", []string{"fleet", "join", "eu-1"}, "name the member's kubeconfig: --kubeconfig FILE, --context CONTEXT or both"},
		{"a label that is none", []string{"fleet", "join", "eu-1", "--context", "x", "--labels", "a b=c"}, "--labels: "},
		{"a namespace that is none", []string{"fleet", "join", "eu-1", "--context", "x", "--namespace", "Team"}, `--namespace "Team" is no name of a namespace`},
		{"fewer than no runs", []string{"fleet", "join", "eu-1", "--context", "x", "--max-runs", "-1"}, "--max-runs -1: write 0 to 100000"},
		{"too many runs", []string{"fleet", "join", "eu-1", "--context", "x", "--max-runs", "100001"}, "--max-runs 100001: write 0 to 100000"},
		{"joining backwards", []string{"fleet", "join", "eu-1", "--context", "x", "--timeout", "-1s"}, "--timeout must not be negative: 0 does not wait"},
		{"a server without a host", []string{"fleet", "join", "eu-1", "--context", "x", "--server", "https://"}, "--server must be a URL such as https://"},
		{"a server with a fragment", []string{"fleet", "join", "eu-1", "--context", "x", "--server", "https://x#y"}, "--server must have no query and no fragment"},
		{"a server with a password", []string{"fleet", "join", "eu-1", "--kubeconfig", "x", "--server", "https://a:b@x"}, "--server must have no credentials in it"},
		{"leaving as two", []string{"fleet", "leave", "eu-1", "eu-2"}, "accepts 1 arg(s), received 2"},
		{"cordoning nothing", []string{"fleet", "cordon"}, "requires at least 1 arg(s), only received 0"},
		{"listing one", []string{"fleet", "list", "eu-1"}, `unknown command "eu-1" for "runfleet fleet list"`},
		{"a shell that is none", []string{"completion", "bsh"}, `unknown shell "bsh": did you mean "bash"? Shells: bash, zsh, fish`},
		{"no shell", []string{"completion"}, "name a shell: bash, zsh or fish"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := call(c.args...)
			if got.Code != exitUsage || got.Stdout != "" || strings.Count(got.Stderr, "\n") != 2 {
				t.Errorf("exit code %d, stdout %q, stderr %q", got.Code, got.Stdout, got.Stderr)
			}
			if !strings.HasPrefix(got.Stderr, "runfleet: "+c.says) {
				t.Errorf("says  %s\nnot   %s", got.Stderr, c.says)
			}
		})
	}
}

func TestWithoutAKubeconfigEveryVerbSaysSo(t *testing.T) {
	noCluster(t)
	for _, verb := range []string{"get", "wait x", "cancel x", "suspend x", "resume x", "retry x", "logs x", "explain x", "create docs x --repository a/b --github-user u", "orphans", "recover"} {
		want := result{exitFail, "", "runfleet: no kubeconfig: set KUBECONFIG, or name a file with --kubeconfig\n"}
		if diff := cmp.Diff(want, call(strings.Fields(verb)...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", verb, diff)
		}
	}
}

func TestAKubeconfigThatDoesNotHelp(t *testing.T) {
	noCluster(t)
	write := func(text string) string {
		file := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	two := write(`{clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}], contexts: [{name: eu, context: {cluster: c}}, {name: us, context: {cluster: c}}]}`)
	absent := filepath.Join(t.TempDir(), "absent")
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"that is not there", []string{"--kubeconfig", absent}, exitFail,
			"reading the kubeconfig: stat " + absent + ": no such file or directory: name another with --kubeconfig"},
		{"that is no YAML", []string{"--kubeconfig", write("{")}, exitFail, "reading the kubeconfig: "},
		{"without a current context", []string{"--kubeconfig", two}, exitFail, "the kubeconfig has no current context: name one with --context (eu, us)"},
		{"with other contexts", []string{"--kubeconfig", two, "--context", "eo"}, exitUsage, `unknown context "eo": did you mean "eu"? Contexts: eu, us`},
		{"without the context", []string{"--context", "eu"}, exitUsage,
			`no context "eu": the kubeconfig has none (set KUBECONFIG, or name a file with --kubeconfig)`},
		{"of a server that is not there", []string{"--kubeconfig", two, "--context", "eu"}, exitFail,
			"listing docsruns: the API server https://127.0.0.1:1 cannot be reached (dial tcp 127.0.0.1:1: connect: connection refused): " +
				"is it up, and is this the right context (--context)?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := call(append([]string{"get"}, c.args...)...)
			if got.Code != c.code || !strings.HasPrefix(got.Stderr, "runfleet: "+c.says) {
				t.Errorf("exit code %d, says %s\nnot %s", got.Code, got.Stderr, c.says)
			}
		})
	}
}

func TestADryRunNeedsNoCluster(t *testing.T) {
	noCluster(t)
	for _, c := range []struct{ name, args string }{
		{"docs", "create docs shop --repository example/shop --github-user octo --dry-run"},
		{"code", "create code auth-7 --task 0 --service auth --repository example/shop --model opus --github-user octo --prompt Hurry --deadline 90m " +
			"--retries 0 --cluster eu-1 --selector tier=fast --label team=shop --env LOG_LEVEL=debug --docs-branch docs -n team-a --dry-run"},
	} {
		got := call(strings.Fields(c.args)...)
		if got.Code != exitOK || got.Stderr != "" {
			t.Errorf("exit code %d, stderr %q", got.Code, got.Stderr)
		}
		golden.Check(t, "create-"+c.name+".yaml", got.Stdout)
	}
	got := call("create", "docs", "shop", "--repository", "a/b", "--github-app", "app", "--dry-run", "-o", "json")
	var run v1.DocsRun
	if err := json.Unmarshal([]byte(got.Stdout), &run); err != nil || run.Kind != "DocsRun" || run.Spec.GitHubApp != "app" {
		t.Errorf("%v: %s", err, got.Stdout)
	}
}

func TestTheCRDsArePrintedAsTheyAre(t *testing.T) {
	got := call("crds")
	var want strings.Builder
	for _, name := range crds.Files {
		data, err := crds.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want.WriteString("---\n" + string(data))
	}
	if diff := cmp.Diff(result{exitOK, want.String(), ""}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheVersionIsSaidInThreeForms(t *testing.T) {
	flag, verb := call("--version"), call("version")
	if diff := cmp.Diff(flag, verb); diff != "" {
		t.Errorf("version says something else (-flag +verb):\n%s", diff)
	}
	for _, form := range []string{"json", "yaml"} {
		got := call("version", "-o", form)
		var b build
		if err := yaml.UnmarshalStrict([]byte(got.Stdout), &b); err != nil || b != thisBuild() {
			t.Errorf("%s: %v: %s", form, err, got.Stdout)
		}
	}
}

func TestEveryShellGetsItsCompletion(t *testing.T) {
	for shell, word := range map[string]string{"bash": "__start_runfleet", "zsh": "#compdef runfleet", "fish": "complete -c runfleet"} {
		got := call("completion", shell)
		if got.Code != exitOK || got.Stderr != "" || !strings.Contains(got.Stdout, word) {
			t.Errorf("%s: exit code %d, stderr %q, %d bytes", shell, got.Code, got.Stderr, len(got.Stdout))
		}
	}
}

// Whoever presses Tab where no cluster answers gets what is known without one, at once and without complaints.
func TestCompletionIsSilentWithoutACluster(t *testing.T) {
	noCluster(t)
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"the kinds of get", []string{"get", ""}, "docsruns\ncoderuns\nmembers\n:4\n"},
		{"runs", []string{"cancel", ""}, ":4\n"},
		{"members", []string{"create", "docs", "x", "--cluster", ""}, ":4\n"},
		{"namespaces", []string{"get", "-n", ""}, ":4\n"},
		{"contexts", []string{"get", "--context", ""}, ":4\n"},
		{"phases", []string{"wait", "x", "--for", ""}, "final\nPending\nProvisioning\nRunning\nStopping\nRetrying\nSucceeded\nFailed\nCancelled\nTerminating\n:4\n"},
		{"outputs", []string{"get", "-o", ""}, "wide\nname\njson\nyaml\n:4\n"},
	} {
		got := call(append([]string{"__complete"}, c.args...)...)
		got.Stderr = strings.ReplaceAll(got.Stderr, "Completion ended with directive: ShellCompDirectiveNoFileComp\n", "")
		if diff := cmp.Diff(result{exitOK, c.want, ""}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestAnInterruptHasItsOwnCode(t *testing.T) {
	noCluster(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(`{clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}], contexts: [{name: eu, context: {cluster: c}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	code := run(ctx, []string{"runfleet", "get", "--kubeconfig", file, "--context", "eu"}, &stdout, &stderr)
	if diff := cmp.Diff(result{exitInterrupted, "", ""}, result{code, stdout.String(), stderr.String()}); diff != "" {
		t.Error(diff)
	}
}
