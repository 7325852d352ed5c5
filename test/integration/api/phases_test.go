package api

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
)

var _ = Describe("A phase", func() {
	for _, kind := range kinds {
		for _, from := range kind.table.States {
			for _, to := range kind.table.States {
				pair := pair{kind.table, from.Name, to.Name}
				It(fmt.Sprintf("of a %s: %s → %s", kind.name, from.Name, to.Name), func(ctx SpecContext) {
					run := lead(ctx, kind.name, path(kind.table, from.Name)...)
					run.RunStatus().Phase = v1.Phase(to.Name)

					raised := run.DeepCopyObject().(v1.Run)
					raised.RunStatus().ContextVersion++
					pair.expect(hub.Status().Update(ctx, raised, client.DryRunAll), pair.edge())
					pair.expect(hub.Status().Update(ctx, run), pair.edge() && !pair.needsRaise())
				})
			}
		}
	}

	It("cannot be taken away", func(ctx SpecContext) {
		run := lead(ctx, "DocsRun", "Provisioning")
		run.RunStatus().Phase = ""
		Expect(complaints(hub.Status().Update(ctx, run))).To(ContainElement(HaveField("Field", "status.phase")))
	})

	It("cannot be one that the table does not know", func(ctx SpecContext) {
		run := create(ctx, "CodeRun")
		run.RunStatus().Phase = "Preparing"
		Expect(complaints(hub.Status().Update(ctx, run))).To(ContainElement(HaveField("Field", "status.phase")))
	})
})

// pair is two states of a table; what it says of them comes from the rows alone.
type pair struct {
	table    fsm.Table
	from, to fsm.State
}

// rows are those that lead from one to the other.
func (p pair) rows() []fsm.Row {
	return slices.DeleteFunc(p.table.Expand(), func(r fsm.Row) bool { return r.From[0] != p.from || r.To != p.to })
}

func (p pair) edge() bool { return p.from == p.to || len(p.rows()) > 0 }

// needsRaise is true for the way out of a final state.
func (p pair) needsRaise() bool {
	return p.from != p.to && !slices.ContainsFunc(p.rows(), func(r fsm.Row) bool { return len(raises(p.table, r)) == 0 })
}

func (p pair) expect(err error, accepted bool) {
	GinkgoHelper()
	if accepted {
		Expect(err).NotTo(HaveOccurred())
		return
	}
	said := fmt.Sprintf("phase %s cannot become %s: ", p.from, p.to)
	if p.edge() {
		said = fmt.Sprintf("phase %s becomes %s only together with a higher contextVersion", p.from, p.to)
	}
	Expect(complaints(err)).To(ContainElement(SatisfyAll(
		HaveField("Field", "status.phase"),
		HaveField("Message", ContainSubstring(said)),
		HaveField("Message", p.naming()),
	)))
}

// naming matches a message that names every state that may follow, or that none may.
func (p pair) naming() OmegaMatcher {
	if p.edge() {
		return ContainSubstring("an ended run stays ended")
	}
	var all []OmegaMatcher
	for _, s := range p.table.States {
		if s.Name != p.from && (pair{p.table, p.from, s.Name}).edge() {
			all = append(all, ContainSubstring(string(s.Name)))
		}
	}
	if len(all) == 0 {
		return ContainSubstring("nothing follows it")
	}
	return SatisfyAll(all...)
}

func raises(t fsm.Table, r fsm.Row) []string {
	var fields []string
	for _, a := range t.Actions {
		if a.Raises != "" && slices.Contains(r.Do, a.Name) {
			fields = append(fields, a.Raises)
		}
	}
	return fields
}

// path is a shortest way from the initial state by rows that need nothing to grow.
func path(t fsm.Table, to fsm.State) []fsm.State {
	paths := map[fsm.State][]fsm.State{t.Initial: {}}
	for queue := []fsm.State{t.Initial}; len(queue) > 0; queue = queue[1:] {
		for _, r := range t.Expand() {
			if _, known := paths[r.To]; r.From[0] != queue[0] || known || len(raises(t, r)) > 0 {
				continue
			}
			paths[r.To] = append(slices.Clone(paths[queue[0]]), r.To)
			queue = append(queue, r.To)
		}
	}
	way, ok := paths[to]
	Expect(ok).To(BeTrue(), "no way to "+string(to))
	return way
}
