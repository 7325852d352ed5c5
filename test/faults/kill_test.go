//go:build faults

package faults

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The operator, killed around a row of the table", Ordered, ContinueOnFailure, func() {
	tellings := map[string]telling{}

	// All stories are told at the same time, so that one kill serves many of them.
	BeforeAll(func() {
		for _, s := range stories {
			tellings[s.row] = telling{ambushed.lay(s.namespace(), s.row), s.begin()}
		}
	})

	for _, s := range stories {
		It(s.text(), func(ctx SpecContext) { s.judge(ctx, tellings[s.row]) })
	}
})

// telling is a story under way, and when the operator is killed for it.
type telling struct {
	plan  *plan
	ended <-chan string
}

func (s story) text() string      { return fmt.Sprintf("%s (killed around row %q)", s.about, s.row) }
func (s story) namespace() string { return "row-" + cmp.Or(s.row, "0") }

// begin tells the story in its namespace. What follows the end of its run is a part of it.
func (s story) begin() <-chan string {
	return tell(all, s.namespace(), func(w *scene) {
		s.tell(w)
		w.awaitEmpty()
	})
}

// judge waits for the end of the story, and asks whether it was as it must be and the operator killed at every point.
func (s story) judge(ctx context.Context, t telling) {
	GinkgoHelper()
	var failed string
	Eventually(ctx, t.ended).WithTimeout(patience).Should(Receive(&failed))
	kills := ambushed.kills(t.plan)
	AddReportEntry("kills", strings.Join(kills, ", "), ReportEntryVisibilityFailureOrVerbose)
	Expect(failed).To(BeEmpty())
	Expect(kills).To(ContainElements(wanted(s)))
	Expect(recorded.findings()).To(BeEmpty())
}

// wanted are the points at which the operator must have been killed.
func wanted(s story) []string {
	points := slices.Clone(s.after)
	if s.row != "" {
		points = append(points, beforeCommit, afterCommit)
	}
	return points
}
