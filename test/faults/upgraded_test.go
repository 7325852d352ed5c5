//go:build faults

package faults

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// upgraded is the story of an operator whose successor does not have what it rendered from. It is told alone: every attempt
// that is without a Job then is replaced.
var upgraded = story{"32", "F1 F28: an attempt is out and has no Job when the operator is upgraded", nil, func(w *scene) {
	refusal := east.gate.refuse(503, w.to("POST jobs"))
	defer refusal.lift()
	run := w.docs("sim-ok")
	w.await(run, be(v1.PhaseProvisioning))
	w.Eventually(refusal.met, patience).Should(BeClosed())
	defer func() { w.Expect(hub.Configure(w.ctx, v1.SystemNamespace, settings)).To(Succeed()) }()
	w.Expect(hub.Configure(w.ctx, v1.SystemNamespace, strings.Replace(settings, `tag: "1"`, `tag: "2"`, 1))).To(Succeed())
	operator.strike(operator.life()) // the next one never had the tag of before
	w.await(run, attempts(2))
	refusal.lift()
	s := w.await(run, be(v1.PhaseSucceeded), attempts(2), HaveField("RetryCount", BeZero()), HaveField("InfraCount", BeZero()))
	w.Expect(s.Attempts[0]).To(And(HaveField("EndedBy", v1.EndNeverAuthorised), HaveField("JobUID", BeEmpty())))
}}

var _ = Describe("The operator, upgraded and killed around the row that follows", func() {
	It(upgraded.text(), func(ctx SpecContext) {
		upgraded.judge(ctx, telling{ambushed.lay(upgraded.namespace(), upgraded.row), upgraded.begin()})
	})
})
