package lifecycle

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
		if s.members[i].silent > 0 && s.members[i].silent != unregistered {
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
	if s.incarnation > 1 && s.census == 0 && s.everyMemberAnswers() {
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
	m.wait(s, emit)
}

// sweepOrphans is rule O.
func (m *model) sweepOrphans(s *state, emit emitter) {
	if !s.hub.meta.has(removed) || m.plant.unswept {
		return
	}
	m.sweepInputs(s, emit)
	for i, o := range s.objs {
		if !s.visible(o) || o.job != jobNone && o.job != jobSuspended && !o.job.finished() || o.job == jobNone && !o.pod.ended() {
			continue
		}
		n := *s
		n.objs[i].deleteForeground()
		emit(n, event{what: "the sweeper deletes", obj: o})
	}
}

// wait counts the silence of a member as far as it matters.
func (m *member) wait() {
	if m.silent == 1 {
		m.silent++
	}
}

// wait lets one tick pass, unless something must happen before: an agent is ended by its own deadline at the latest,
// and a lagging Job controller acts within settle or not at all.
func (m *model) wait(s *state, emit emitter) {
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
		n.members[i].wait()
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
