package lifecycle

// receive applies a request to its member. It returns the invariant that this breaks, if any.
func (m *model) receive(s *state, r msg) string {
	switch r.verb {
	case msgCreate:
		m.create(s, r)
		return ""
	case msgCreateInputs, msgDeleteInputs:
		s.receiveInputs(r)
		return ""
	default:
		return m.receiveNamed(s, r)
	}
}

// receiveNamed applies a request that names the UID and the version of what it is about.
func (m *model) receiveNamed(s *state, r msg) string {
	for i := range s.objs {
		o := &s.objs[i]
		same := o.attempt == r.attempt && o.member == r.member && o.ident == r.ident
		blind := m.plant.blind == r.verb && o.job != jobNone
		if !same || o.serial != r.serial && !blind {
			continue
		}
		switch r.verb {
		case msgRelease:
			if o.job == jobSuspended && (blind || uint8(o.job) == r.version) {
				o.job = jobReleased
			}
		case msgEndPod:
			if o.pod.unfinished() && uint8(o.pod) == r.version {
				return m.endPod(s, o)
			}
		case msgDeleteJob:
			if o.job != jobNone && (blind || uint8(o.job) == r.version) {
				bad := m.mayDelete(s, *o, r)
				o.deleteForeground()
				return bad
			}
		case msgDeletePod:
			if o.pod != podNone && uint8(o.pod) == r.version {
				bad := m.mayDelete(s, *o, r)
				o.deletePod()
				return bad
			}
		}
	}
	return ""
}

// create makes a suspended Job, unless the name is taken.
func (m *model) create(s *state, r msg) {
	free := -1
	for i, o := range s.objs {
		switch {
		case o.attempt == r.attempt && o.member == r.member && o.ident == r.ident && o.job != jobNone:
			return // AlreadyExists
		case o.attempt == 0:
			free = i
		}
	}
	if free < 0 || s.serials[r.attempt] >= 3 {
		return // the bound of the model
	}
	o := object{attempt: r.attempt, member: r.member, ident: r.ident, serial: s.serials[r.attempt], job: jobSuspended, left: r.left, asked: r.asked}
	if m.plant.running {
		o.job = jobReleased
	}
	s.serials[r.attempt]++
	s.objs[free] = o
}

func (m *model) endPod(s *state, o *object) string {
	bad := m.mayStop(s, *o)
	switch o.pod {
	case podRunning:
		o.pod = podEndKeep
	case podPending:
		o.pod = podKilled
	default: // it ends already
	}
	return bad
}

// deleteForeground: the Job waits until its pod is gone. One without a pod goes at once, though its controller may
// have read it before.
func (o *object) deleteForeground() {
	switch {
	case o.pod.live():
		o.flags |= deleting
		o.pod = podEndGone
	default:
		o.deleteJob()
		o.pod = podNone
	}
}

// deleteJob takes the Job away and leaves the pod.
func (o *object) deleteJob() {
	if o.job == jobReleased {
		o.flags |= belated
	}
	o.job = jobNone
	o.flags &^= deleting
}

func (o *object) deletePod() {
	if o.pod.live() {
		o.pod = podEndGone
	} else {
		o.pod = podNone
	}
}

// live lets the controllers, kubelets and agents of both members take one step.
func (m *model) live(s *state, emit emitter) {
	for i, o := range s.objs {
		if !o.there() {
			continue
		}
		for _, step := range m.steps(o) {
			n := *s
			n.objs[i] = step.to
			what := event{what: step.what, obj: o}
			if step.to.pod == podRunning && o.pod == podPending {
				what.violation = m.starts(&n, step.to)
			}
			emit(n, what)
		}
	}
}

type step struct {
	what string
	to   object
}

// steps are what may happen next to one Job and its pod without anybody's request.
func (m *model) steps(o object) []step {
	var out []step
	add := func(what string, change func(*object)) {
		n := o
		change(&n)
		out = append(out, step{what, n})
	}
	if o.job == jobReleased || o.flags&belated != 0 {
		add("the Job controller creates the pod", func(n *object) {
			n.pod, n.flags = podPending, n.flags&^belated
			if n.job == jobReleased {
				n.job = jobActive
			}
		})
	}
	m.jobSteps(o, add)
	switch {
	case o.pod == podPending && o.left > 0:
		add("the agent starts", func(n *object) { n.pod, n.left = podRunning, m.config.times.life() })
	case o.pod == podPending:
		add("the agent starts too late and ends at once", func(n *object) { n.pod = podLate })
	case o.pod == podRunning || o.pod == podEndKeep:
		for _, end := range m.config.outcomes {
			add(endNames[end], func(n *object) { n.pod = end })
		}
	case o.pod == podEndGone:
		add("the agent ends and its pod goes", func(n *object) { n.pod = podNone })
	}
	return out
}

var endNames = map[podState]string{
	podSucceeded: "the agent ends with success", podFailed: "the agent ends with failure", podMissing: "the agent ends without an outcome",
	podEvicted: "the pod is evicted",
}

// jobSteps are the Job controller's and the garbage collector's.
func (m *model) jobSteps(o object, add func(string, func(*object))) {
	over := o.pod == podNone || o.pod.ended()
	switch {
	case o.job == jobNone:
		if o.pod != podNone && o.flags&orphaned == 0 {
			if o.pod != podEndGone {
				add("the garbage collector deletes the pod", (*object).deletePod)
			}
		}
	case o.flags&deleting != 0:
		if over {
			add("the Job goes after its pod", func(n *object) { n.job, n.pod = jobNone, podNone })
		}
	case o.job == jobActive && over, o.job == jobEarly && over:
		add("the Job finishes", func(n *object) {
			n.job, n.left = jobFailed, 0
			if n.pod == podSucceeded || n.pod == podMissing {
				n.job = jobComplete
			}
		})
	case o.job == jobActive && m.config.early && (o.pod == podEndGone || o.pod == podEndKeep):
		add("the Job says Failed before its pod has ended", func(n *object) { n.job = jobEarly })
	}
}
