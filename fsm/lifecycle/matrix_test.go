package lifecycle_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// TestMatrices holds both tables' matrices of state and trigger against the golden file: whoever changes a row sees here,
// and shows to the reviewer, every cell that changes with it. Rewrite with -rewrite.
func TestMatrices(t *testing.T) {
	tables := map[string]func() fsm.Table{"DocsRun": lifecycle.DocsTable, "CodeRun": lifecycle.CodeTable}
	datadriven.RunTest(t, "testdata/matrices.txt", func(_ *testing.T, d *datadriven.TestData) string {
		return tables[d.CmdArgs[0].Key]().Matrix()
	})
}
