//go:build e2e

package runs

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/runfleet/runfleet/test/integration/bed"
)

// operators are the operator of the hub, in whatever way it is run.
type operators interface {
	// Stop returns when none is there any more, Start when one will be.
	Stop()
	Start()
	// Says is all that any of them has logged, Metrics what they tell now.
	Says() string
	Metrics() string
	// Ready tells whether one is ready, Crashed what ended without being asked to.
	Ready() bool
	Crashed() string
}

// asProcess is one replica, a process of this machine.
type asProcess struct{ *bed.Replica }

// Start implements operators.
func (o *asProcess) Start() {
	GinkgoHelper()
	var err error
	o.Replica, err = program.StartOperator(hub)
	Expect(err).NotTo(HaveOccurred())
}

// Ready implements operators.
func (o *asProcess) Ready() bool { return o.Replica.Ready() == http.StatusOK }

// Crashed implements operators.
func (o *asProcess) Crashed() string {
	if crash := o.Crash(); crash != nil {
		return crash.Error() + "\n" + o.Log
	}
	return ""
}
