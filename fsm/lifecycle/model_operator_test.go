package lifecycle

import (
	"strconv"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
)

// model is one configuration being explored.
type model struct {
	*archive
	config   config
	plant    plant
	decided  map[look]*decided
	outboxes [][]msg // each list of requests once
	boxes    map[string]uint16
	edges    map[[2]v1.Phase]bool
	fired    map[string]bool // the rows that fired
}

// decided is a decision in the model's terms.
type decided struct {
	next      statusID
	changed   bool
	row       fsm.Row
	outbox    uint16 // requests to members
	finalizer int    // +1 add and stamp, -1 release
	heard     bool   // a person's word may count: the attempt's member is lost
	violation string // a rule that this decision breaks whatever the rest of the world is
}

func newModel(c config, p plant) *model {
	settings := DefaultSettings()
	settings.Settle, settings.Slack, settings.Grace, settings.EscalateAfter = tick, c.times.slack, c.times.grace, tick
	settings.MaxSkew, settings.ClusterLostGrace = 0, tick/2
	settings.BackoffBase, settings.BackoffMax, settings.Resync = 2*tick, tick, 1000*tick
	settings.InfraAllowance = c.allowance
	if p.settings != nil {
		p.settings(&settings)
	}
	l, err := New(c.kind, settings)
	if err != nil {
		panic(err)
	}
	m := &model{archive: newArchive(l), config: c, plant: p, decided: map[look]*decided{}, outboxes: make([][]msg, 1), boxes: map[string]uint16{}, edges: map[[2]v1.Phase]bool{}, fired: map[string]bool{}}
	for _, r := range l.Table.Expand() {
		m.edges[[2]v1.Phase{v1.Phase(r.From[0]), v1.Phase(r.To)}] = true
	}
	return m
}

// decide runs the production Decide on a look, once.
func (m *model) decide(k look) *decided {
	if d, ok := m.decided[k]; ok {
		return d
	}
	s := m.get(k.view.status)
	truth := m.facts(k)
	f := truth
	if m.plant.facts != nil {
		m.plant.facts(&f, s)
	}
	got := m.l.Decide(s, f)
	if m.plant.decision != nil {
		m.plant.decision(s, f, &got)
	}
	m.fired[got.Row.ID] = true
	d := &decided{row: got.Row, next: m.put(got.Status)}
	d.heard = k.abandoned > 0 && int32(k.abandoned) == s.Attempt && m.l.clusterLost(truth)
	d.changed = d.next != k.view.status
	if d.violation = m.broken(k, s, truth, got); d.violation == "" && !d.changed && m.plant.facts == nil && m.plant.decision == nil {
		d.violation = m.oversleeps(k, got.Wake)
	}
	var box []msg
	for _, e := range got.Effects {
		switch {
		case e.Resource == Finalizer && e.Verb == VerbEnsure:
			d.finalizer = 1
		case e.Resource == Finalizer:
			d.finalizer = -1
		case e.Cluster != "":
			if r, ok := request(got.Status, e); ok && (e.Resource != Inputs || m.config.inputs) {
				box = append(box, r)
			}
		}
	}
	d.outbox = m.box(box)
	m.decided[k] = d
	return d
}

// box numbers a list of requests; 0 is the empty one.
func (m *model) box(requests []msg) uint16 {
	if len(requests) == 0 {
		return 0
	}
	var k key
	for _, r := range requests {
		forgotten := byte(0)
		if r.forgotten {
			forgotten = 1
		}
		k = append(k, byte(r.verb), r.member, r.ident, r.attempt, r.serial, r.version, r.left, r.asked, forgotten)
	}
	key := string(k)
	if m.boxes[key] == 0 {
		m.boxes[key] = uint16(len(m.outboxes))
		m.outboxes = append(m.outboxes, requests)
	}
	return m.boxes[key]
}

// request is an effect as a message. Its identity is the one that the attempt recorded.
func request(s v1.RunStatus, e Effect) (msg, bool) {
	r := msg{member: memberIndex(e.Cluster), attempt: uint8(e.Attempt)}
	if a := attempt(s, e.Attempt); a != nil && a.ClusterUID != "" {
		r.ident = a.ClusterUID[2] - '0'
		r.asked = uint8(a.ContextVersion)
	}
	if e.UID != "" {
		r.member, r.ident, r.serial = e.UID[1]-'0', e.UID[2]-'0', e.UID[4]-'0'
		n, _ := strconv.Atoi(e.ResourceVersion)
		r.version, r.asked = uint8(n), 0
	}
	switch string(e.Verb) + string(e.Resource) {
	case "EnsureAgent":
		r.verb = msgCreate
		if a := attempt(s, e.Attempt); a != nil {
			r.left = ticksTo(a.StartBefore)
		}
	case "ReleaseAgent":
		r.verb = msgRelease
	case "EnsureInputs":
		r.verb, r.asked = msgCreateInputs, 0
	case "DeleteInputs":
		r.verb, r.asked = msgDeleteInputs, 0
	case "EndPod":
		r.verb = msgEndPod
	case "DeleteAgent":
		r.verb = msgDeleteJob
	case "DeletePod":
		r.verb = msgDeletePod
	default:
		return msg{}, false // workspaces are not modelled
	}
	return r, true
}

// operate lets an operator make every pass it could make now: with the current view or a stale one, with every
// candidate, with fresh or lagging caches.
func (m *model) operate(s *state, emit emitter) {
	if s.next != 0 {
		m.commitPending(s, emit)
	}
	for _, stale := range []bool{false, true} {
		v := s.hub
		if stale {
			v = s.old
		}
		if v.status == 0 || v.meta.has(removed) {
			continue
		}
		for _, c := range m.candidates(s, v) {
			m.pass(s, v, c, lookWhole, emit)
			if m.config.lagging {
				m.pass(s, v, c, lookEarly, emit)
			}
			if m.config.refusals && s.used[fRefusal] < 1 {
				m.pass(s, v, c, lookRefused, emit)
			}
			if m.config.upgrades && s.used[fUpgrade] < mostUpgrades && m.provisions(v) {
				m.pass(s, v, c, lookUpgraded, emit)
			}
		}
	}
}

// mostUpgrades may come between an attempt and its Job.
const mostUpgrades = 2

// provisions says that no Job is authorised yet: only then it matters with which templates the operator looks.
func (m *model) provisions(v view) bool {
	s := m.get(v.status)
	return s.Phase == v1.PhaseProvisioning && jobUID(s) == ""
}

// candidates are the members that placement may choose. The first attempt goes to a: members are alike until then.
func (m *model) candidates(s *state, v view) []uint8 {
	status := m.get(v.status)
	waits := status.Phase == v1.PhasePending || status.Phase == v1.PhaseRetrying
	if !waits {
		return []uint8{0}
	}
	var out []uint8
	for i := range uint8(2) {
		home := m.config.kind == CodeRun && status.Cluster != "" && memberNames[i] != status.Cluster && m.config.onLost != v1.ClusterLostReschedule
		if s.members[i].silent == 0 && !home && (i == 0 || !m.config.alone) {
			out = append(out, i+1)
		}
	}
	if len(out) == 0 {
		return []uint8{0}
	}
	if status.Attempt == 0 && s.incarnation == 1 && s.members[0] == s.members[1] {
		return out[:1]
	}
	return out
}

// pass is one look and what follows from it. A commit from a stale view conflicts, and the pass is dropped; a pass
// that commits nothing acts at once, however old its view is.
func (m *model) pass(s *state, v view, candidate uint8, mode lookMode, emit emitter) {
	d := m.decide(s.observe(v, candidate, mode))
	n := *s
	n.heard = n.heard || d.heard
	switch mode {
	case lookRefused:
		n.used[fRefusal]++
	case lookUpgraded:
		n.used[fUpgrade]++
	}
	what := event{what: "look", row: d.row.ID, on: d.row.On, fault: mode == lookRefused || mode == lookUpgraded}
	switch {
	case d.violation != "":
		what.violation = d.violation
		emit(n, what)
	case !d.changed && d.finalizer != 0 && v == s.hub:
		n.writeFinalizer(d.finalizer)
		what.what = "finalizer"
		emit(n, what)
	case !d.changed:
		m.actEach(&n, d.outbox, what, emit)
	case v == s.hub && m.config.paused:
		n.next, n.outbox = d.next, d.outbox
		emit(n, what)
		if m.plant.actFirst {
			m.actEach(&n, d.outbox, what, emit)
		}
	case v == s.hub:
		m.commit(&n, d.next, d.outbox, what, emit)
	}
}
