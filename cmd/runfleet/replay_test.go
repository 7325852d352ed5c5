package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/golden"
)

// lived is a run as "kubectl get -o yaml" prints it, with a life of two attempts.
func lived() *v1.DocsRun {
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	run := &v1.DocsRun{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1.GroupVersion.String(), Kind: "DocsRun"},
		ObjectMeta: metav1.ObjectMeta{Name: "shop", Namespace: "team-a", UID: "1a2b3c4d-0000-4000-8000-000000000000"},
		Spec:       v1.DocsRunSpec{RepositoryURL: "example/shop", GitHubUser: "octo"},
		Status:     v1.RunStatus{Phase: v1.PhaseSucceeded, Attempt: 2},
	}
	for n, h := range []v1.Transition{
		{From: v1.PhasePending, On: "ClusterChosen", To: v1.PhaseProvisioning, Attempt: 1},
		{From: v1.PhaseProvisioning, On: "AgentCreated", To: v1.PhaseProvisioning, Attempt: 1},
		{From: v1.PhaseProvisioning, On: "AgentStarted", To: v1.PhaseRunning, Attempt: 1},
		{From: v1.PhaseRunning, On: "AgentFailed", To: v1.PhaseRetrying, Attempt: 1},
		{From: v1.PhaseRetrying, On: "AttemptDue", To: v1.PhaseProvisioning, Attempt: 2},
		{From: v1.PhaseProvisioning, On: "AgentSucceeded", To: v1.PhaseSucceeded, Attempt: 2},
	} {
		h.Seq, h.Time = int64(n+1), metav1.NewMicroTime(begin.Add(time.Duration(n)*time.Minute))
		run.Status.History = append(run.Status.History, h)
		run.Status.Transitions = h.Seq
	}
	return run
}

func fileOf(t *testing.T, name string, texts ...[]byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	var all []byte
	for _, text := range texts {
		all = append(append(all, "---\n"...), text...)
	}
	if err := os.WriteFile(file, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func manifest(t *testing.T, run v1.Run) []byte {
	t.Helper()
	text, err := yaml.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// local makes the clock of a test's machine that of the golden files.
func local(t *testing.T) {
	t.Helper()
	was := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = was })
}

// tableFile is the table of DocsRun as another version may have printed it.
func tableFile(t *testing.T, change func(string) string) string {
	t.Helper()
	text := change(call("fsm", "json", "docsrun").Stdout)
	file := filepath.Join(t.TempDir(), "table.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAHistoryIsReplayed(t *testing.T) {
	noCluster(t)
	local(t)
	cut, jump, gone := lived(), lived(), lived()
	cut.Name, cut.Status.History = "cut", cut.Status.History[2:]
	jump.Name, jump.Status.History[3].To, jump.Status.History[4].From = "jump", v1.PhaseFailed, v1.PhaseFailed
	gone.Name, gone.Status.Phase = "gone", v1.PhaseFailed
	table := tableFile(t, func(s string) string { return strings.ReplaceAll(s, `"AgentFailed"`, `"AgentTired"`) })
	for _, c := range []struct {
		name string
		code int
		args []string
	}{
		{"agrees", exitOK, []string{"-f", fileOf(t, "run.yaml", manifest(t, lived()))}},
		{"cut", exitOK, []string{"-f", fileOf(t, "run.yaml", manifest(t, cut))}},
		{"diverges", exitDifferent, []string{"-f", fileOf(t, "run.yaml", manifest(t, jump))}},
		{"ends-elsewhere", exitDifferent, []string{"-f", fileOf(t, "run.yaml", manifest(t, gone))}},
		{"several", exitDifferent, []string{"-f", fileOf(t, "run.yaml", manifest(t, lived()), manifest(t, jump))}},
		{"json", exitDifferent, []string{"-f", fileOf(t, "run.yaml", manifest(t, jump)), "-o", "json"}},
		{"another-table", exitDifferent, []string{"-f", fileOf(t, "run.yaml", manifest(t, lived())), "--table", table}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := call(append([]string{"replay"}, c.args...)...)
			if got.Code != c.code || got.Stderr != "" {
				t.Errorf("exit code %d, stderr %q", got.Code, got.Stderr)
			}
			golden.Check(t, "replay-"+c.name+".txt", strings.ReplaceAll(got.Stdout, table, "table.json"))
		})
	}
	var r replayed
	got := call("replay", "-f", fileOf(t, "run.yaml", manifest(t, lived())), "-o", "json")
	if err := json.Unmarshal([]byte(got.Stdout), &r); err != nil || !r.Agrees || len(r.Entries) != 6 || r.Entries[5].Row != "9" {
		t.Errorf("%v: %s", err, got.Stdout)
	}
}

func TestWhatCannotBeReplayedIsSaidInOneLine(t *testing.T) {
	noCluster(t)
	fresh, strange := lived(), lived()
	fresh.Status = v1.RunStatus{Phase: v1.PhasePending}
	strange.Status.History = nil
	run := fileOf(t, "run.yaml", manifest(t, lived()))
	other := fileOf(t, "other.yaml", []byte("apiVersion: v1\nkind: ConfigMap\n"))
	broken := fileOf(t, "broken", []byte("{"))
	code := tableFile(t, func(string) string { return call("fsm", "json", "coderun").Stdout })
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"no history", []string{"-f", fileOf(t, "run.yaml", manifest(t, fresh))},
			"docsrun/shop has no history: nothing has happened to it yet, or it was left out of what was read"},
		{"a history that was taken away", []string{"-f", fileOf(t, "run.yaml", manifest(t, strange))},
			"docsrun/shop has no history: its status was written by something else"},
		{"no file", []string{"-f", "absent.yaml"}, "reading manifests: stat absent.yaml: no such file or directory"},
		{"no run in it", []string{"-f", other}, other + ": there is no run in it: it needs a DocsRun or CodeRun of " + v1.GroupVersion.String()},
		{"no YAML", []string{"-f", broken}, broken + ": it is no YAML: "},
		{"no table", []string{"-f", run, "--table", broken}, broken + ": it is no table: it is not the JSON of one: write one with runfleet fsm json"},
		{"a table that is not there", []string{"-f", run, "--table", "absent.json"}, "reading absent.json: open absent.json: no such file or directory"},
		{"the table of the other kind", []string{"-f", run, "--table", code},
			code + " has the table of CodeRun, and docsrun/shop is a DocsRun: write the other with runfleet fsm json docsrun"},
		{"a run of no hub", []string{"x"}, "no kubeconfig: set KUBECONFIG, or name a file with --kubeconfig"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := call(append([]string{"replay"}, c.args...)...)
			said := strings.TrimPrefix(got.Stderr, "runfleet: ")
			if got.Code != exitTrouble || got.Stdout != "" || !strings.HasPrefix(said, c.says) || strings.Count(got.Stderr, "\n") != 1 {
				t.Errorf("exit code %d, stdout %q, stderr %q", got.Code, got.Stdout, got.Stderr)
			}
		})
	}
}

// A status may be written by whoever has the right; what it says must not command the terminal of who reads it.
func TestAReplayTamesWhatItRepeats(t *testing.T) {
	noCluster(t)
	run := lived()
	run.Status.History[1].On = "Agent\x1b[2JCreated"
	got := call("replay", "-f", fileOf(t, "run.yaml", manifest(t, run)))
	if got.Code != exitDifferent || strings.Contains(got.Stdout, "\x1b") || !strings.Contains(got.Stdout, "Agent [2JCreated") {
		t.Errorf("exit code %d: %q", got.Code, got.Stdout)
	}
	if diff := cmp.Diff("", got.Stderr); diff != "" {
		t.Error(diff)
	}
}
