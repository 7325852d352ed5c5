package lifecycle

func (m *model) commitPending(s *state, emit emitter) {
	n := *s
	m.commit(&n, s.next, s.outbox, event{what: "commit"}, emit)
}

// commit writes the status and then acts, or crashes before it acts.
func (m *model) commit(n *state, next statusID, outbox uint16, what event, emit emitter) {
	what.what = "commit"
	was := n.hub
	n.write(view{next, n.hub.meta})
	what.to = next
	what.violation = m.committed(n, was)
	emit(*n, what) // a crash before the first effect
	m.actEach(n, outbox, what, emit)
}

// write replaces the run object; every write makes what was decided on the version before conflict.
func (s *state) write(v view) {
	s.old, s.hub, s.next, s.outbox = s.hub, v, 0, 0
}

func (s *state) writeFinalizer(how int) {
	v := s.hub
	if how > 0 {
		v.meta = v.meta&^(3*stamp) | finalizer | meta(s.incarnation)*stamp
	} else {
		v = view{meta: removed}
	}
	s.write(v)
}

// actEach sends one of the requests, each in a world of its own: the operator may crash after any of them, and the
// next pass decides the others again.
func (m *model) actEach(s *state, outbox uint16, what event, emit emitter) {
	if outbox == 0 {
		return
	}
	for _, r := range m.outboxes[outbox] {
		n := *s
		what.msg = r
		if m.config.messages == 0 {
			if s.members[r.member].silent == 0 {
				what.violation = m.receive(&n, r)
				emit(n, what)
			}
			continue
		}
		if v := m.sent(&n, r); v != "" {
			what.violation = v
			emit(n, what)
		} else if n.send(r, m.config) {
			emit(n, what)
		}
	}
}

// send puts a request under way, if there is room; only some configurations send what is under way already again.
func (s *state) send(r msg, c config) bool {
	if s.members[r.member].silent > 0 {
		return false
	}
	free := -1
	for i := range c.messages {
		switch {
		case s.msgs[i] == r && !c.repeats:
			return false
		case s.msgs[i].verb == msgNone:
			free = i
		}
	}
	if free < 0 {
		return false
	}
	s.msgs[free] = r
	return true
}
