package operator

// Plant is a bug that is put into the connections of an operator, to see that the simulation finds it. Production code has
// no switch for any of them.
type Plant struct {
	// Request changes a request before it is sent.
	Request func(*Request)
	// StaleReads lets caches answer what an API server was asked.
	StaleReads bool
	// Names lets whoever answers to a member's name pass for that member.
	Names bool
	// LoseWakeUp says that what production posts for a run gets lost.
	LoseWakeUp func(*Operator) bool
}
