package fsm

// Validate is replaced by the static proofs.
func (t Table) Validate() error { return nil }
