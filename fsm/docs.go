package fsm

// The documentation of a name; empty for a name that is not declared.

func (t Table) guardDoc(n Guard) string {
	for _, d := range t.Guards {
		if d.Name == n {
			return d.Doc
		}
	}
	return ""
}

func (t Table) actionDoc(n Action) string {
	for _, d := range t.Actions {
		if d.Name == n {
			return d.Doc
		}
	}
	return ""
}

func (t Table) resourceDoc(n Resource) string {
	for _, d := range t.Resources {
		if d.Name == n {
			return d.Doc
		}
	}
	return ""
}

func (t Table) timerDoc(n Timer) string {
	for _, d := range t.Timers {
		if d.Name == n {
			return d.Doc
		}
	}
	return ""
}
