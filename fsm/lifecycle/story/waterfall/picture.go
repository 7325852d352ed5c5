package waterfall

import (
	"time"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
)

// Picture is a run as rows of bars.
type Picture struct {
	Kind      string    `json:"kind,omitempty"` // DocsRun or CodeRun; it and the names are empty where the run's own span is missing
	Namespace string    `json:"namespace,omitempty"`
	Name      string    `json:"name,omitempty"`
	UID       string    `json:"uid"`
	Trace     string    `json:"trace"`
	Chapters  []Chapter `json:"chapters"`
	Moves     []Move    `json:"transitions"` // all that are known, in their order
}

// Chapter is what led to one end.
type Chapter struct {
	Title  string    `json:"title,omitempty"` // what it is, where it is not the run from its beginning
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"` // now, where it goes on
	Open   bool      `json:"open,omitempty"`
	Result string    `json:"result,omitempty"` // as cicd.pipeline.result
	Error  string    `json:"error,omitempty"`  // the failure class
	// Partial says that what came first is no longer known.
	Partial bool   `json:"partial,omitempty"`
	Rows    []Row  `json:"rows"`
	Path    []Step `json:"criticalPath"`
}

// Duration is how long it took, until now where it goes on.
func (c Chapter) Duration() time.Duration { return c.End.Sub(c.Start) }

// Row is one bar, and what is said of it.
type Row struct {
	Kind    story.Role `json:"kind,omitempty"` // attempt, state or effect; "" is a span of the agent's
	Depth   int        `json:"depth"`
	Label   string     `json:"label"`
	Service string     `json:"service,omitempty"`
	Cluster string     `json:"cluster,omitempty"`
	Attempt int64      `json:"attempt,omitempty"`
	Start   time.Time  `json:"start"`
	End     time.Time  `json:"end"`
	Open    bool       `json:"open,omitempty"`
	// Waits says that nothing was executed meanwhile: the bar is a gap, and its note says what was waited for.
	Waits bool   `json:"waits,omitempty"`
	Wait  *Wait  `json:"wait,omitempty"`
	Note  string `json:"note,omitempty"`
	Says  string `json:"says,omitempty"` // what somebody says of it who knows more, while it goes on
	Error string `json:"error,omitempty"`
	// Result is how an attempt came out, as cicd.pipeline.task.run.result.
	Result string `json:"result,omitempty"`
	// Critical are its parts that are on the critical path.
	Critical []Interval `json:"critical,omitempty"`
	Marks    []Mark     `json:"marks,omitempty"`
	// Hidden is how many spans of an agent the row stands for, where it is not one.
	Hidden int `json:"hidden,omitempty"`
}

// Wait is the last thing with a name that was waited for. It may be shorter than the bar.
type Wait struct {
	Reason string `json:"reason"`
	Object string `json:"object,omitempty"` // what was in the way
	Interval
}

// Interval is a stretch of time.
type Interval struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Mark is a moment on a bar.
type Mark struct {
	Name string    `json:"name"`
	Time time.Time `json:"time"`
}

// Step is a piece of a critical path.
type Step struct {
	Label   string `json:"label"`
	Attempt int64  `json:"attempt,omitempty"`
	Waits   bool   `json:"waits,omitempty"`
	Interval
}

// Move is a transition.
type Move struct {
	Seq     int64     `json:"seq"`
	Time    time.Time `json:"time"`
	From    string    `json:"from"`
	On      string    `json:"on"`
	To      string    `json:"to"`
	Guard   string    `json:"guard,omitempty"`
	Row     string    `json:"row,omitempty"` // of the table
	Attempt int64     `json:"attempt,omitempty"`
	Error   string    `json:"error,omitempty"`
}

// Of draws the run with a UID. Below each span are at most so many of the agent's, the longest ones, and a row that stands for
// the others; a limit of 0 is none.
func Of(uid string, spans []Span, limit int) Picture {
	t := grow(uid, spans)
	p := Picture{UID: uid, Chapters: []Chapter{}, Moves: []Move{}}
	for _, n := range t.moves {
		p.Moves = append(p.Moves, Move{
			Seq: n.said.Seq, Time: n.Start, From: n.said.From, On: n.said.On, To: n.said.To, Guard: n.said.Guard, Row: n.said.RowID,
			Attempt: n.said.Attempt, Error: n.Error,
		})
	}
	for _, n := range spans {
		if n.Run == uid && n.Role != "" {
			p.Trace = n.Trace.String()
		}
	}
	if len(t.runs) > 0 {
		said := t.runs[0].said
		p.Kind, p.Namespace, p.Name = said.Kind, said.Namespace, said.Name
	}
	for _, c := range t.chapters() {
		p.Chapters = append(p.Chapters, c.draw(t.moves, limit))
	}
	return p
}

// Attempts counts those that the picture shows.
func (p Picture) Attempts() int {
	n := 0
	for _, c := range p.Chapters {
		for _, r := range c.Rows {
			if r.Kind == story.RoleAttempt {
				n++
			}
		}
	}
	return n
}

// WaitsFor says what the states that still go on are waiting for, where somebody knows it better than the picture. What that is
// in few words the picture may know itself.
func (p Picture) WaitsFor(what string) {
	for _, c := range p.Chapters {
		for i := range c.Rows {
			r := &c.Rows[i]
			if what == "" || !r.Open || !r.Waits {
				continue
			}
			r.Says = what
			if r.Wait == nil || r.Wait.End.Before(r.End) {
				r.Note = what
			}
		}
	}
}
