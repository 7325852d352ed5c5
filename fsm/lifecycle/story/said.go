package story

import "time"

// Said is what the attributes of a span say. What they do not say is zero.
type Said struct {
	UID, Kind, Namespace, Name string // of the run; all but the UID are said by its own span only
	Result                     string
	Attempt, ContextVersion    int64
	Cluster, Job               string
	Wait, WaitObject           string // what a state waited for
	WaitSince, WaitUntil       time.Time
	Seq                        int64 // and what follows are a transition's
	RowID, From, On, Guard, To string
	Verb, Resource, Outcome    string // of an effect
	Retries                    int64
}

// Said reads the attributes.
func (s Span) Said() Said {
	var said Said
	texts := map[string]*string{
		keyRunID: &said.UID, keyPipeline: &said.Kind, keyNamespace: &said.Namespace, keyRun: &said.Name, keyResult: &said.Result,
		keyTaskResult: &said.Result, keyCluster: &said.Cluster, keyJob: &said.Job, keyRow: &said.RowID, keyFrom: &said.From,
		keyWait: &said.Wait, keyWaitObject: &said.WaitObject, keyOn: &said.On, keyGuard: &said.Guard, keyTo: &said.To, keyVerb: &said.Verb,
		keyResource: &said.Resource, keyOutcome: &said.Outcome,
	}
	times := map[string]*time.Time{keyWaitSince: &said.WaitSince, keyWaitUntil: &said.WaitUntil}
	numbers := map[string]*int64{keyAttempt: &said.Attempt, keyVersion: &said.ContextVersion, keySeq: &said.Seq, keyRetries: &said.Retries}
	for _, a := range s.Attributes {
		switch v := a.Value.(type) {
		case string:
			if to := texts[a.Key]; to != nil {
				*to = v
			}
			if to := times[a.Key]; to != nil {
				*to, _ = time.Parse(time.RFC3339Nano, v) // zero where it is none: somebody else wrote the file
			}
		case int64:
			if to := numbers[a.Key]; to != nil {
				*to = v
			}
		}
	}
	return said
}

// Known finds the role and the error of a span that was told once and read back from where it was exported to. A span that is
// nobody's here, such as an agent's own, has no role.
func Known(s Span) Span {
	marks := map[string]Role{
		keyPipeline: RoleRun, keyTask: RoleAttempt, keyState: RoleState, keySeq: RoleTransition, keyVerb: RoleEffect,
	}
	ours := false
	for _, a := range s.Attributes {
		if role, ok := marks[a.Key]; ok {
			s.Role = role
		}
		ours = ours || a.Key == keyRunID
		if word, ok := a.Value.(string); ok && a.Key == keyError {
			s.Error = word
		}
	}
	if !ours {
		s.Role = ""
	}
	return s
}
