//go:build faults

package faults

import (
	"cmp"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The operator, killed around a row of the table", Ordered, ContinueOnFailure, func() {
	type telling struct {
		plan  *plan
		ended <-chan string
	}
	tellings := map[string]telling{}

	// All stories are told at the same time, so that one kill serves many of them.
	BeforeAll(func() {
		for _, s := range stories {
			namespace := "row-" + cmp.Or(s.row, "0")
			p := ambushed.lay(namespace, s.row)
			tellings[s.row] = telling{p, tell(all, namespace, func(w *scene) {
				s.tell(w)
				w.awaitEmpty() // what follows the end is a part of it
			})}
		}
	})

	for _, s := range stories {
		name := "before its first row"
		if s.row != "" {
			name = "at row " + s.row
		}
		It(fmt.Sprintf("F1 F3 F7 F8: %s, starts nothing twice and ends as it must: %s", name, s.about), func(ctx SpecContext) {
			t := tellings[s.row]
			var failed string
			Eventually(ctx, t.ended, patience).Should(Receive(&failed))
			kills, complete := ambushed.result(t.plan)
			AddReportEntry("kills", strings.Join(kills, ", "), ReportEntryVisibilityFailureOrVerbose)
			Expect(failed).To(BeEmpty())
			Expect(complete).To(BeTrue(), "killed before and after the commit; it was only: %v", kills)
			Expect(recorded.findings()).To(BeEmpty())
		})
	}
})
