package lifecycle

// faultKind is something that may go wrong, or that people may do; a configuration says how often.
type faultKind uint8

const (
	fCancel faultKind = iota
	fDelete
	fRaise
	fSuspend
	fLink
	fBurn     // the member is lost with everything on it, and its name comes back as another cluster
	fRetarget // the name comes to mean another cluster; the old one lives on out of sight
	fUnregister
	fJobGone // a user deletes the Job in the background
	fJobOrphan
	fJobFore
	fPodGone
	fRestore
	fAbandon
	fRefusal
	fUpgrade
	faultKinds
)

var faultNames = [faultKinds]string{
	"cancel", "delete the run", "raise contextVersion", "suspend", "link down", "member burns down and is built anew",
	"the name comes to mean another cluster", "the member is unregistered", "user deletes the Job in the background", "user deletes the Job, orphaning its pod",
	"user deletes the Job in the foreground", "user deletes the pod", "the hub is restored", "a person abandons the attempt", "refusal", "upgrade",
}

// faults lets everything happen that the configuration still allows.
func (m *model) faults(s *state, emit emitter) {
	total := uint8(0)
	for _, n := range s.used {
		total += n
	}
	if total >= m.config.total {
		return
	}
	for kind, limit := range m.config.faults {
		if s.used[kind] < limit {
			k := faultKind(kind)
			m.fault(s, k, func(n state, what string) {
				n.used[k]++
				emit(n, event{what: what, fault: true})
			})
		}
	}
}

func (m *model) fault(s *state, k faultKind, done func(state, string)) {
	name := faultNames[k]
	switch k {
	case fCancel, fDelete, fRaise, fSuspend:
		if n := *s; n.edit(k) {
			done(n, name)
		}
	case fLink, fBurn, fRetarget, fUnregister:
		for i := range uint8(2) {
			if n := *s; n.cut(k, i) {
				done(n, name+" ("+memberNames[i]+")")
			}
		}
	case fJobGone, fJobOrphan, fJobFore, fPodGone:
		for i := range s.objs {
			if n := *s; n.objs[i].spoil(k) {
				done(n, name+" ("+s.objs[i].String()+")")
			}
		}
	case fRestore:
		m.restore(s, done)
	case fAbandon:
		if e := current(m.get(s.hub.status)); e != nil && !ended(e) {
			n := *s
			n.abandoned = uint8(e.Number)
			done(n, name)
		}
	}
}

// edit changes the run object as people do.
func (s *state) edit(k faultKind) bool {
	v := s.hub
	switch {
	case v.meta.has(removed) || v.meta.has(deleted):
		return false
	case k == fCancel && !v.meta.has(cancelled):
		v.meta |= cancelled
	case k == fSuspend && !v.meta.has(suspended):
		v.meta |= suspended
	case k == fRaise && v.meta.version() < 3:
		v.meta = v.meta&^cancelled + version
	case k == fDelete && v.meta.has(finalizer):
		v.meta |= deleted
	case k == fDelete:
		v = view{meta: removed}
	default:
		return false
	}
	s.write(v)
	return true
}

func (s *state) cut(k faultKind, i uint8) bool {
	m := &s.members[i]
	switch k {
	case fLink:
		if m.silent > 0 {
			return false
		}
		m.silent = 1
	case fUnregister:
		if s.incarnation > 1 && s.census < 2 { // who unregisters a member then vouches that nothing runs there
			return false
		}
		m.silent = unregistered
	case fRetarget:
		m.ident++
		s.inputs[i] = 0
	case fBurn:
		s.inputs[i] = 0
		for j := range s.objs {
			if s.objs[j].member == i && s.objs[j].ident == m.ident {
				s.objs[j] = object{}
			}
		}
		m.ident++
	default:
		return false
	}
	return true
}

// spoil is what a user does to a Job or pod.
func (o *object) spoil(k faultKind) bool {
	switch {
	case k == fPodGone:
		if o.pod == podNone || o.pod == podEndGone {
			return false
		}
		o.deletePod()
	case o.job == jobNone:
		return false
	case k == fJobFore:
		o.deleteForeground()
	default:
		if k == fJobOrphan {
			o.flags |= orphaned
		}
		o.deleteJob()
	}
	return true
}

// restore brings the hub back from its backup. The new incarnation is recognised before anything else happens (Q1).
func (m *model) restore(s *state, done func(state, string)) {
	if s.backup.status == 0 {
		return
	}
	n := *s
	n.hub, n.backup, n.old, n.next, n.outbox = s.backup, view{}, view{}, 0, 0
	n.incarnation++
	n.started = 0
	for i := range n.msgs {
		n.msgs[i].forgotten = n.msgs[i].verb != msgNone
	}
	for i := range n.members { // the registrations are in the backup too
		if n.members[i].silent == unregistered {
			n.members[i].silent = 1
		}
	}
	done(n, faultNames[fRestore])
}
