package explain

import "time"

// Explanation is all there is to say about where a run is. Times are absolute, in UTC.
type Explanation struct {
	Program string    `json:"program"` // as the commands in it are called
	Run     string    `json:"run"`     // as the verbs and kubectl name it
	Kind    string    `json:"kind"`
	Now     time.Time `json:"now"` // when it was looked at
	State   string    `json:"state"`
	Meaning string    `json:"meaning"`           // of the state for the world
	Since   time.Time `json:"since"`             // when the run came to the state
	Reason  string    `json:"reason,omitempty"`  // of the status
	Message string    `json:"message,omitempty"` // of the status: the operator's own words
	Attempt int32     `json:"attempt,omitempty"`
	Cluster string    `json:"cluster,omitempty"`

	Doubts  []string   `json:"doubts,omitempty"` // why the status may not be how it is
	Why     *Why       `json:"why,omitempty"`    // the row that led here; none where the history does not say
	Begun   string     `json:"begun,omitempty"`  // what there is to say instead
	Due     *Step      `json:"due,omitempty"`    // the row that fires as soon as the operator looks
	Awaits  []Awaited  `json:"awaits,omitempty"`
	Idle    string     `json:"idle,omitempty"`   // what there is to say where it awaits nothing
	Also    []string   `json:"also,omitempty"`   // what else may be seen here and lead on
	Looked  *time.Time `json:"looked,omitempty"` // when an operator last wrote what it saw of the attempt that is out
	Gate    *Gate      `json:"gate,omitempty"`   // what keeps the next attempt from starting
	Noted   []Noted    `json:"noted,omitempty"`  // what holds, and changes nothing here
	Guards  []Guard    `json:"guards,omitempty"` // that what comes next depends on
	Early   Bound      `json:"earliest"`
	Late    Bound      `json:"latest"`
	Agenda  []Event    `json:"agenda,omitempty"` // what time alone does, the earliest first
	Left    []Quantity `json:"left,omitempty"`
	Options []Option   `json:"options,omitempty"` // what a person can do
	Unseen  []string   `json:"unseen,omitempty"`  // what could not be looked at, and what is assumed instead
}

// Why is the row that led to the state.
type Why struct {
	Step

	Seq   int64     `json:"seq"`
	Time  time.Time `json:"time"`
	If    string    `json:"if,omitempty"`    // the guard that held then, as in "RetryDue" or "not RetryDue"
	Asks  string    `json:"asks,omitempty"`  // what the guard asks
	Facts []Fact    `json:"facts,omitempty"` // that the row wrote down
	Then  []Stay    `json:"then,omitempty"`  // the rows since that changed no state
}

// Step is a row of the table as it fires.
type Step struct {
	From string `json:"from"`
	On   string `json:"on"`
	To   string `json:"to"`
	Row  string `json:"row,omitempty"`
	Doc  string `json:"doc,omitempty"`
}

// Stay is a row that changed no state.
type Stay struct {
	Time time.Time `json:"time"`
	On   string    `json:"on"`
	Row  string    `json:"row,omitempty"`
	Doc  string    `json:"doc,omitempty"`
}

// Fact is a field and its value.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Awaited is a trigger that the state is there to see.
type Awaited struct {
	On    string `json:"on"`
	Doc   string `json:"doc"`
	Leads []Lead `json:"leads,omitempty"`
	Note  string `json:"note,omitempty"` // where it has no row of its own: what it is part of
}

// Lead is where a trigger leads, and under which condition.
type Lead struct {
	To  string `json:"to"`
	If  string `json:"if,omitempty"`
	Row string `json:"row"`
}

// Gate is a condition for the next attempt that does not hold.
type Gate struct {
	Reason  string `json:"reason"`
	Must    string `json:"must"`              // what must hold
	Message string `json:"message,omitempty"` // what holds instead
	How     string `json:"how,omitempty"`     // what a person can do
	// Operator says that only the operator's last look says so.
	Operator bool `json:"operator,omitempty"`
}

// Noted is a trigger that holds and has no row here.
type Noted struct {
	On  string `json:"on"`
	Doc string `json:"doc"`
}

// Guard is a question of the table, as far as it can be answered now.
type Guard struct {
	Name   string `json:"name"`
	Holds  bool   `json:"holds"`
	Asks   string `json:"asks"`
	Inputs []Fact `json:"inputs,omitempty"`
	Open   string `json:"open,omitempty"` // why it may be answered otherwise when it is asked
	Leads  string `json:"leads,omitempty"`
}

// Bound is the earliest or the latest time at which something happens by itself.
type Bound struct {
	When When       `json:"when"`
	At   *time.Time `json:"at,omitempty"`
	Why  string     `json:"why,omitempty"`
}

// When says what kind of time a bound is.
type When string

// The kinds.
const (
	AtOnce    When = "now"     // the operator has only to look
	AnyMoment When = "anytime" // as soon as it is seen
	AtTime    When = "at"
	Never     When = "never" // nothing does by itself
)

// Event is what a clock does when it runs out.
type Event struct {
	At  time.Time `json:"at"`
	On  string    `json:"on,omitempty"`
	To  []string  `json:"to,omitempty"` // where that leads
	Doc string    `json:"doc"`
	// Sure says that it happens then, whatever the world does.
	Sure bool `json:"sure,omitempty"`
}

// Quantity is what is left of something that is bounded.
type Quantity struct {
	Name string `json:"name"`
	Left string `json:"left"`
	Note string `json:"note,omitempty"`
}

// Option is what a person can do.
type Option struct {
	Do  string `json:"do"`           // a command, or what to do in words
	To  string `json:"to,omitempty"` // the state that it leads to
	Doc string `json:"doc,omitempty"`
	// Words says that Do is no command.
	Words bool `json:"words,omitempty"`
}
