package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/api/crds"
)

// The committed CRDs hold exactly the rules of the tables as they are now, and doing it again changes nothing.
func TestCommittedCRDsHoldTheRulesOfTheTables(t *testing.T) {
	for _, name := range crds.Files {
		want, err := crds.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := withStatusRules(want)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is out of date, run make generate (-committed +generated):\n%s", name, diff)
		}
	}
}

func TestEveryCRDIsInstalled(t *testing.T) {
	files, err := crds.FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(crds.Files) {
		t.Errorf("%d files are embedded, crds.Files names %d", len(files), len(crds.Files))
	}
}

func TestRulesReplaceThoseOfAnOlderTable(t *testing.T) {
	crd, err := crds.FS.ReadFile("orchestrator.platform_docsruns.yaml")
	if err != nil {
		t.Fatal(err)
	}
	old := strings.ReplaceAll(string(crd), "it leads only to", "it once led to")
	got, err := withStatusRules([]byte(strings.TrimPrefix(old, crdHeader)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(crd), string(got)); diff != "" {
		t.Errorf("rules of an older table are left (-want +got):\n%s", diff)
	}
}

func TestCRDsThatCannotGetRules(t *testing.T) {
	empty := t.TempDir()
	broken := t.TempDir()
	writeCRD(t, filepath.Join(broken, "a.yaml"), "spec: {names: {kind: DocsRun}, versions: [{name: v1}]}")
	for dir, want := range map[string]string{
		empty:  "no CRDs in " + empty + ": run controller-gen first",
		broken: "adding rules to " + filepath.Join(broken, "a.yaml") + ": DocsRun has no status",
	} {
		cmd := newFSMCRDsCommand()
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		cmd.SetArgs([]string{"--dir", dir})
		if err := cmd.Execute(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func writeCRD(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
