package render

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
)

func TestTheStopHookOfADocsRunCommitsItsDocumentsAlone(t *testing.T) {
	for _, directory := range []string{"auth-api", ".", "services/[a] *", ":(exclude)x"} {
		run := docsRun()
		run.Spec.WorkingDirectory = v1.RelativePath(directory)
		s := cloned(t, run)
		main := s.remote()["refs/heads/main"]
		docs := filepath.Join(directory, ".taskmaster/docs/task-1")
		s.must(os.MkdirAll(filepath.Join(s.directory, clone, docs), 0o755))
		s.write(filepath.Join(clone, docs, "task.md"), "# Task\n")
		s.write(clone+"/README.md", "changed\n")
		s.write(clone+"/other", "")
		s.git(clone, "add", "other")
		s.stops(0, "")
		if diff := cmp.Diff([]string{docs + "/task.md"}, s.pushed(main, "docs")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", directory, diff)
		}
	}
	s := cloned(t, docsRun())
	before := s.remote()
	s.write(clone+"/README.md", "changed\n")
	s.stops(0, "")
	if diff := cmp.Diff(before, s.remote()); diff != "" {
		t.Errorf("without documents (-before +after):\n%s", diff)
	}
}
