package process_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/test/controlplane/process"
)

func shell(t *testing.T, text string) *process.Process {
	t.Helper()
	p, err := process.Start(process.Spec{
		Name: "it", Path: "/bin/sh", Args: []string{"-c", text},
		Log: filepath.Join(t.TempDir(), "logs", "it.log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

func TestCrashTellsTheReason(t *testing.T) {
	cases := map[string]struct{ script, want string }{
		"fatal line of klog": {`echo "I1 hello"; echo "F1123 10:00:00 main.go:1] no port"; echo bye; exit 255`, "it ended (exit status 255): F1123 10:00:00 main.go:1] no port"},
		"error of cobra":     {`echo "Error: unknown flag"; echo "Usage: it"; exit 1`, "it ended (exit status 1): Error: unknown flag"},
		"nothing remarkable": {`echo one; echo two; exit 2`, "it ended (exit status 2): two"},
		"JSON of kwok":       {`echo '{"time":"10:00","level":"ERROR","msg":"Failed to run","err":"no port","n":1}'; exit 1`, "it ended (exit status 1): Failed to run: no port"},
		"fatal JSON of etcd": {`echo '{"level":"fatal","msg":"discovery failed","error":"no peer"}'; echo bye; exit 1`, "it ended (exit status 1): discovery failed: no peer"},
		"a very long line":   {`printf '%0300d' 0; exit 1`, "it ended (exit status 1): " + strings.Repeat("0", 200) + "..."},
		"silence":            {`exit 0`, "it ended (exit status 0)"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := shell(t, tc.script)
			<-p.Done()
			if got := p.Crash().Error(); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestExplainPutsTheTailFirst(t *testing.T) {
	p := shell(t, "echo one; echo two; exit 2")
	<-p.Done()
	got := process.Explain(fmt.Errorf("starting: %w", p.Crash()))
	if diff := cmp.Diff("  one\n  two\nstarting: it ended (exit status 2): two", got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStopEndsTheWholeGroupAndIsNoCrash(t *testing.T) {
	p := shell(t, "sleep 60 & echo started; wait")
	await(t, "the group started", func() bool { return len(process.Tail(p.Log, 1)) > 0 })
	p.Stop()
	if c := p.Crash(); c != nil {
		t.Errorf("stopping counts as a crash: %v", c)
	}
	// The grandchild is collected by whoever collects orphans here.
	await(t, "the group gone", func() bool { return errors.Is(syscall.Kill(-p.PID(), 0), syscall.ESRCH) })
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func TestTailIsTheEndOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if got := process.Tail(path, 2); got != nil {
		t.Errorf("missing file: got %q", got)
	}
	if err := os.WriteFile(path, []byte("a\nb\nc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b", "c"}, process.Tail(path, 2)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
