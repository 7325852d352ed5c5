package incarnation

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Beat is one sign of life of a hub: the term in which it was given, and its number, which grows over all terms.
type Beat struct {
	Term   string `json:"term"`
	Number int64  `json:"number"`
}

// Term is the life of one leader: all beats from First to Last bear its name.
type Term struct {
	Name  string `json:"name"`
	First int64  `json:"first"`
	Last  int64  `json:"last"`
}

// Copy is what a member, or a process that outlived the restore, remembers of the hub.
type Copy struct {
	Hub         types.UID `json:"hub"` // of the hub's kube-system namespace
	Incarnation int64     `json:"incarnation"`
	Beat        Beat      `json:"beat"`
	Members     []string  `json:"members"`        // that were registered then
	Left        []Left    `json:"left,omitempty"` // and those that had been
}

// Left is a member that was registered no more when a beat was given.
type Left struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// leftKept is how long a member that left is remembered: its agents live no longer (deadlines.maxSeconds is at most 7 days).
const leftKept = 8 * 24 * time.Hour

// Record is what the hub knows of itself.
type Record struct {
	Incarnation int64     `json:"incarnation"` // from 1; raised when the hub was restored
	Since       time.Time `json:"since"`       // when this incarnation began
	Terms       []Term    `json:"terms"`       // oldest first, the newest termsKept
	Members     []string  `json:"members"`     // that are registered, as of the last beat
	Left        []Left    `json:"left,omitempty"`
	Restored    *Restored `json:"restored,omitempty"`
}

// Restored says how this incarnation was recognised.
type Restored struct {
	Witness string   `json:"witness"`           // the member that remembers more than the hub; "" for the operator itself
	Heard   Beat     `json:"heard"`             // what it remembers
	Known   int64    `json:"known"`             // the last beat that the hub knew then
	Missing []string `json:"missing,omitempty"` // members that were registered in the lost time, and are not now
}

// termsKept bounds the record. A member that was away for longer than so many leaders is believed whatever it remembers.
const termsKept = 200

// first is the record of a hub that has none.
func first(now time.Time) Record {
	return Record{Incarnation: 1, Since: now.UTC().Truncate(time.Second)}
}

// last is the newest beat, zero before the first.
func (r Record) last() Beat {
	if len(r.Terms) == 0 {
		return Beat{}
	}
	t := r.Terms[len(r.Terms)-1]
	return Beat{Term: t.Name, Number: t.Last}
}

// knows says that the beat is of this hub's past, or too old to tell.
func (r Record) knows(b Beat) bool {
	if len(r.Terms) > 0 && b.Number < r.Terms[0].First {
		return true
	}
	return slices.ContainsFunc(r.Terms, func(t Term) bool { return t.Name == b.Term && t.First <= b.Number && b.Number <= t.Last })
}

// refutes says that the copy is of a later hub than this one. What was remembered under an older incarnation than this
// one was dealt with when that was raised.
func (c Copy) refutes(r Record) bool { return c.Incarnation >= r.Incarnation && !r.knows(c.Beat) }

// beat returns the record with one more beat of a term.
func (r Record) beat(now time.Time, term string, members []string) Record {
	last := r.last()
	terms := slices.Clone(r.Terms)
	if last.Term == term {
		terms[len(terms)-1].Last++
	} else {
		terms = append(terms, Term{Name: term, First: last.Number + 1, Last: last.Number + 1})
	}
	r.Terms = terms[max(0, len(terms)-termsKept):]
	left := slices.DeleteFunc(slices.Clone(r.Left), func(l Left) bool {
		return now.Sub(l.At) > leftKept || slices.Contains(members, l.Name)
	})
	for _, name := range r.Members {
		if !slices.Contains(members, name) {
			left = append(left, Left{Name: name, At: now.UTC()})
		}
	}
	r.Members, r.Left = slices.Sorted(slices.Values(members)), left
	return r
}

// restore returns the record of the incarnation that follows from what somebody remembers.
func (r Record) restore(now time.Time, witness string, heard Copy) Record {
	r.Incarnation = max(r.Incarnation, heard.Incarnation) + 1
	r.Since = now.UTC().Truncate(time.Second)
	r.Restored = &Restored{Witness: witness, Heard: heard.Beat, Known: r.last().Number}
	return r.missing(heard)
}

// missing adds the members that are registered no more, of those that were in the time that was lost. One that left before
// that time is none of them: the hub remembers it itself.
func (r Record) missing(heard Copy) Record {
	if r.Restored == nil {
		return r
	}
	then := slices.Clone(heard.Members)
	for _, l := range heard.Left {
		if !slices.ContainsFunc(r.Left, func(k Left) bool { return k.Name == l.Name && k.At.Equal(l.At) }) {
			then = append(then, l.Name)
		}
	}
	restored := *r.Restored
	for _, name := range then {
		if !slices.Contains(r.Members, name) && !slices.Contains(restored.Missing, name) {
			restored.Missing = append(slices.Clone(restored.Missing), name)
		}
	}
	slices.Sort(restored.Missing)
	r.Restored = &restored
	return r
}

// copyFor is what a member is given to remember.
func (r Record) copyFor(hub types.UID) Copy {
	return Copy{Hub: hub, Incarnation: r.Incarnation, Beat: r.last(), Members: r.Members, Left: r.Left}
}
