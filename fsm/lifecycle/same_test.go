package lifecycle

import (
	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
)

// Same is same, for the tests of the package.
func Same(a, b v1.RunStatus) bool { return same(a, b) }

// WithoutRow is the status as Decide leaves it when no row fires.
func (l Lifecycle) WithoutRow(s v1.RunStatus, f Facts) v1.RunStatus {
	f = aim(s, f)
	next := *s.DeepCopy()
	quarantined := l.quarantined(s, f)
	l.note(&next, f, quarantined)
	l.describe(&next, f, fsm.Row{}, quarantined)
	return next
}
