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
	fJobGone  // a user deletes the Job in the background
	fJobOrphan
	fJobFore
	fPodGone
	fRestore
	fAbandon
	fRefusal
	faultKinds
)

var faultNames = [faultKinds]string{
	"cancel", "delete the run", "raise contextVersion", "suspend", "link down", "member burns down and is built anew",
	"the name comes to mean another cluster", "user deletes the Job in the background", "user deletes the Job, orphaning its pod",
	"user deletes the Job in the foreground", "user deletes the pod", "the hub is restored", "a person abandons the attempt", "refusal",
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
	case fLink, fBurn, fRetarget:
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
	case fBurn:
		for j := range s.objs {
			if s.objs[j].member == i && s.objs[j].ident == m.ident {
				s.objs[j] = object{}
			}
		}
		m.ident++
	default:
		m.ident++
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
	done(n, faultNames[fRestore])
}

// heal is everything that goes well without the operator: requests arrive, links and wishes come back, time passes,
// the sweeper sweeps.
func (m *model) heal(s *state, emit emitter) {
	for i, r := range s.msgs {
		if r.verb == msgNone {
			continue
		}
		n := *s
		n.msgs[i] = msg{}
		lost := n
		bad := m.receive(&n, r)
		emit(n, event{what: "arrives:", msg: r, violation: bad})
		emit(lost, event{what: "lost:", msg: r, fault: true})
	}
	for i := range s.members {
		if s.members[i].silent > 0 {
			n := *s
			n.members[i].silent = 0
			emit(n, event{what: "link up (" + memberNames[i] + ")"})
		}
	}
	if v := s.hub; v.meta.has(suspended) && !v.meta.has(deleted) {
		n := *s
		v.meta &^= suspended
		n.write(v)
		emit(n, event{what: "suspend ends"})
	}
	if m.config.faults[fRestore] > s.used[fRestore] && s.backup.status == 0 && !s.hub.meta.has(removed) {
		n := *s
		n.backup = s.hub
		emit(n, event{what: "backup", fault: true})
	}
	if s.incarnation > 1 && s.census == 0 && s.members[0].silent == 0 && s.members[1].silent == 0 {
		n := *s
		n.census = 1
		for _, o := range s.objs {
			if s.visible(o) && o.attempt > n.found.attempt && (o.job != jobNone || o.pod != podNone) {
				n.found = o
				n.found.flags, n.found.left = 0, 0
			}
		}
		emit(n, event{what: "every member is counted once"})
	}
	m.sweepOrphans(s, emit)
	m.pass1(s, emit)
}

// sweepOrphans is rule O.
func (m *model) sweepOrphans(s *state, emit emitter) {
	if !s.hub.meta.has(removed) || m.plant.unswept {
		return
	}
	for i, o := range s.objs {
		if !s.visible(o) || o.job != jobNone && o.job != jobSuspended && !o.job.finished() || o.job == jobNone && !o.pod.ended() {
			continue
		}
		n := *s
		n.objs[i].deleteForeground()
		emit(n, event{what: "the sweeper deletes", obj: o})
	}
}

// pass1 lets one tick pass, unless something must happen before: an agent is ended by its own deadline at the latest,
// and a lagging Job controller acts within settle or not at all.
func (m *model) pass1(s *state, emit emitter) {
	n := *s
	for i := range n.objs {
		o := &n.objs[i]
		if o.left == 0 && o.pod.live() {
			return
		}
		if o.left > 0 {
			o.left--
		}
		o.flags &^= belated
	}
	for i := range n.msgs {
		if n.msgs[i].left > 0 {
			n.msgs[i].left--
		}
	}
	for i := range n.members {
		if n.members[i].silent > 0 && n.members[i].silent < 2 {
			n.members[i].silent++
		}
	}
	if n.census == 1 {
		n.census = 2
	}
	if n.runLeft > 0 {
		n.runLeft--
	}
	n.hub.status, n.old.status, n.backup.status = m.later(s.hub.status), m.later(s.old.status), m.later(s.backup.status)
	n.next = m.later(s.next)
	emit(n, event{what: "a tick passes"})
}
