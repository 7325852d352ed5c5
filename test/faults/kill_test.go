//go:build faults

package faults

import (
	"cmp"
	"fmt"
	"slices"
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
		It(fmt.Sprintf("%s (killed around row %q)", s.about, s.row), func(ctx SpecContext) {
			t := tellings[s.row]
			var failed string
			Eventually(ctx, t.ended).WithTimeout(patience).Should(Receive(&failed))
			kills := ambushed.kills(t.plan)
			AddReportEntry("kills", strings.Join(kills, ", "), ReportEntryVisibilityFailureOrVerbose)
			Expect(failed).To(BeEmpty())
			Expect(kills).To(ContainElements(wanted(s)))
			Expect(recorded.findings()).To(BeEmpty())
		})
	}
})

// wanted are the points at which the operator must have been killed.
func wanted(s story) []string {
	points := slices.Clone(s.after)
	if s.row != "" {
		points = append(points, beforeCommit, afterCommit)
	}
	return points
}
