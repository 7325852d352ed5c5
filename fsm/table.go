package fsm

import "slices"

type (
	// State is a state of the machine, such as "Running".
	State string
	// Trigger names what was observed, in the past tense, such as "AgentFailed".
	Trigger string
	// Guard names a yes/no question about the facts. The empty guard always holds; see [Not].
	Guard string
	// Action names a pure change of the status.
	Action string
	// Resource names a kind of object that a state creates, releases, ends or deletes.
	Resource string
	// Timer names the clock that ends a stay in a state.
	Timer string
)

// Same as a row's To means: the machine stays in the state it is in.
const Same State = "="

// Not negates a guard. Not(Not(g)) is g.
func Not(g Guard) Guard {
	if g != "" && g[0] == '!' {
		return g[1:]
	}
	return "!" + g
}

// Row is one line of a Table: data only, so that it can be printed, compared, enumerated and proved.
// Rows with the same From and On must have disjoint guards.
type Row struct {
	ID   string   `json:"id"`   // the line's number in the design, such as "10" or "28a"
	From []State  `json:"from"` // one state, or several that share the line
	On   Trigger  `json:"on"`
	If   Guard    `json:"if,omitempty"`
	To   State    `json:"to"`
	Do   []Action `json:"do,omitempty"`
	Doc  string   `json:"doc"`
}

// Mark says why a cell of the state × trigger matrix has no row.
type Mark string

// The marks, as the matrix prints them.
const (
	Never   Mark = "–" // cannot occur in this state
	Ignored Mark = "·" // ignored on purpose
	Verdict Mark = "v" // read by the guards of another trigger of this state
	Gate    Mark = "g" // only part of what makes another trigger fire
	Act     Mark = "x" // answered by the state's effects, without a transition
)

// Blank explains the cells without a row, or what happens when a cell's guards all say no.
type Blank struct {
	In   []State `json:"in"`
	On   Trigger `json:"on"`
	Mark Mark    `json:"mark"`
	Doc  string  `json:"doc"`
}

// Origin says where what a trigger observes comes from.
type Origin string

// The origins.
const (
	World  Origin = "world"  // it is seen: nobody can say when
	Person Origin = "person" // somebody asks for it
	Clock  Origin = "clock"  // time passes: it can be said when
)

// StateDef is what a state means for the world.
type StateDef struct {
	Name     State      `json:"name"`
	Terminal bool       `json:"terminal,omitempty"` // ended for this context version
	Last     bool       `json:"last,omitempty"`     // the object itself goes here: no way out
	Ensure   []Resource `json:"ensure,omitempty"`   // created here if absent
	Release  []Resource `json:"release,omitempty"`  // set going here, once their UID is committed
	End      []Resource `json:"end,omitempty"`      // ended here with their evidence kept
	Delete   []Resource `json:"delete,omitempty"`   // removed here if present; everything else is left alone
	Deadline Timer      `json:"deadline,omitempty"` // the clock that ends the stay
	Waits    string     `json:"waits,omitempty"`    // why the state may last for ever, where it has no deadline
	Awaits   []Trigger  `json:"awaits,omitempty"`   // what the machine is here to see, in the order in which it comes
	Doc      string     `json:"doc"`
}

// TriggerDef documents a trigger.
type TriggerDef struct {
	Name Trigger `json:"name"`
	By   Origin  `json:"by,omitempty"`
	How  string  `json:"how,omitempty"` // how a person makes it happen, as a command; {name} is the object
	Doc  string  `json:"doc"`
}

// GuardDef documents a guard.
type GuardDef struct {
	Name Guard  `json:"name"`
	Doc  string `json:"doc"`
}

// ActionDef documents an action.
type ActionDef struct {
	Name Action `json:"name"`
	// NewAttempt is true when the action moves to an attempt whose objects nothing has deleted yet.
	NewAttempt bool `json:"newAttempt,omitempty"`
	// Raises names the integer status field that grows, where the API server shall insist on it.
	Raises string `json:"raises,omitempty"`
	Doc    string `json:"doc"`
}

// ResourceDef documents a resource.
type ResourceDef struct {
	Name Resource `json:"name"`
	// PerAttempt is true when each attempt has its own: rule A4 (deletes are monotone per attempt) is about these.
	PerAttempt bool   `json:"perAttempt,omitempty"`
	Doc        string `json:"doc"`
}

// TimerDef documents a timer.
type TimerDef struct {
	Name Timer  `json:"name"`
	Doc  string `json:"doc"`
}

// Table is a whole machine as data.
type Table struct {
	Name      string        `json:"name"`
	Doc       string        `json:"doc"`
	Initial   State         `json:"initial"`
	Happy     []State       `json:"happy,omitempty"` // the path that pictures draw straight
	States    []StateDef    `json:"states"`
	Triggers  []TriggerDef  `json:"triggers"` // most important first: of several that hold, the first that the table accepts fires
	Guards    []GuardDef    `json:"guards"`
	Groups    [][]Guard     `json:"groups,omitempty"` // of each group exactly one guard holds at any time
	Actions   []ActionDef   `json:"actions"`
	Resources []ResourceDef `json:"resources"`
	Timers    []TimerDef    `json:"timers"`
	Rows      []Row         `json:"rows"`
	Blanks    []Blank       `json:"blanks"`
}

// Expand writes every line out: each row has one From, and a To that names a state.
func (t Table) Expand() []Row {
	var out []Row
	for _, r := range t.Rows {
		for _, from := range r.From {
			out = append(out, r.at(from))
		}
	}
	return out
}

// at is the row as it reads in one of its states.
func (r Row) at(s State) Row {
	r.From = []State{s}
	if r.To == Same {
		r.To = s
	}
	return r
}

// Next is the whole semantics of a table: the row that fires in state s when the trigger was observed, if any.
// It is the oracle that tests compare [Machine.Fire] with.
func (t Table) Next(s State, on Trigger, holds func(Guard) bool) (Row, bool) {
	for _, r := range t.Rows {
		if r.On == on && slices.Contains(r.From, s) && Holds(r.If, holds) {
			return r.at(s), true
		}
	}
	return Row{}, false
}

// Holds evaluates a guard, its negation or the empty guard.
func Holds(g Guard, holds func(Guard) bool) bool {
	switch {
	case g == "":
		return true
	case g[0] == '!':
		return !holds(g[1:])
	default:
		return holds(g)
	}
}

// Trigger returns the definition of a trigger.
func (t Table) Trigger(on Trigger) (TriggerDef, bool) {
	i := slices.IndexFunc(t.Triggers, func(d TriggerDef) bool { return d.Name == on })
	if i < 0 {
		return TriggerDef{}, false
	}
	return t.Triggers[i], true
}

// State returns the definition of a state.
func (t Table) State(s State) (StateDef, bool) {
	i := slices.IndexFunc(t.States, func(d StateDef) bool { return d.Name == s })
	if i < 0 {
		return StateDef{}, false
	}
	return t.States[i], true
}
