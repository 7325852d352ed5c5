package fsm

import (
	"fmt"
	"regexp"
	"slices"
)

// identifier is what pictures, rules of the API server and metric labels need not escape.
var identifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)

// rowID is a line's number in a design, such as "28a".
var rowID = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// vocabulary is one kind of names: what is declared, where each name is used, and what an unused one lacks.
type vocabulary struct {
	kind string
	defs []definition
	uses []use
	idle string // how an unused name reads; empty where another proof finds it
}

type definition struct{ name, doc string }

// use is one place that names something.
type use struct {
	name, where string
	counts      bool // whether the name is then in use; a blank only mentions its trigger
}

func (v *vocabulary) define(name, doc string) { v.defs = append(v.defs, definition{name, doc}) }

func (v *vocabulary) use(name, where string) { v.uses = append(v.uses, use{name, where, true}) }

func (v *vocabulary) mention(name, where string) { v.uses = append(v.uses, use{name, where, false}) }

func (v *vocabulary) prove(f *findings) {
	declared, used := map[string]bool{}, map[string]bool{}
	for _, d := range v.defs {
		switch {
		case !identifier.MatchString(d.name):
			f.addf("%s %q: a name begins with a letter and has only letters and digits", v.kind, d.name)
		case declared[d.name]:
			f.addf("%s %s is declared twice: keep one", v.kind, d.name)
		case d.doc == "":
			f.addf("%s %s has no Doc: say what it means for the world", v.kind, d.name)
		}
		declared[d.name] = true
	}
	for _, u := range v.uses {
		if !declared[u.name] {
			f.addf("%s names %s %q, which is not declared: declare it, or correct the name", u.where, v.kind, u.name)
		}
		used[u.name] = used[u.name] || u.counts
	}
	for _, d := range v.defs {
		if v.idle != "" && !used[d.name] {
			f.addf("%s %s is declared but %s: use it, or remove it", v.kind, d.name, v.idle)
		}
	}
}

// proveNames shows that the table speaks only of what it declares, and declares only what it speaks of.
func (t Table) proveNames(f *findings) {
	if t.Name == "" || t.Doc == "" {
		f.addf("table %q: give it a Name and a Doc", t.Name)
	}
	for _, v := range []*vocabulary{t.stateNames(), t.triggerNames(), t.guardNames(), t.actionNames(), t.resourceNames(), t.timerNames()} {
		v.prove(f)
	}
	for _, d := range t.Actions {
		if d.Raises != "" && !identifier.MatchString(d.Raises) {
			f.addf("action %s raises %q: name one field of the status", d.Name, d.Raises)
		}
	}
	t.proveRows(f)
	t.proveBlanks(f)
	t.proveOrigins(f)
}

// proveOrigins shows that a person is told how to make happen what a person can, and nothing else.
func (t Table) proveOrigins(f *findings) {
	for _, d := range t.Triggers {
		switch {
		case !slices.Contains([]Origin{"", World, Person, Clock}, d.By):
			f.addf("trigger %s comes from %q: use one of the declared origins", d.Name, d.By)
		case (d.By == Person) != (d.How != ""):
			f.addf("trigger %s: it has a How if and only if it comes from a person", d.Name)
		}
	}
}

// proveRows shows that each line can be told from the others, and says why it is there.
func (t Table) proveRows(f *findings) {
	seen := map[string]bool{}
	for i, r := range t.Rows {
		switch {
		case !rowID.MatchString(r.ID):
			f.addf("row %q (number %d of the list): its ID needs letters and digits only", r.ID, i+1)
		case seen[r.ID]:
			f.addf("row %s is there twice: give one of them another ID", r.ID)
		case len(r.From) == 0:
			f.addf("row %s has no From: name the states it leads from", r.ID)
		case r.Doc == "":
			f.addf("row %s has no Doc: say what has happened, and why this follows", r.ID)
		case twice(r.From):
			f.addf("row %s names a state of its From twice: keep one", r.ID)
		case twice(r.Do):
			f.addf("row %s names an action twice: keep one", r.ID)
		}
		seen[r.ID] = true
	}
}

func twice[T comparable](list []T) bool {
	for i, x := range list {
		if slices.Contains(list[:i], x) {
			return true
		}
	}
	return false
}

func (t Table) proveBlanks(f *findings) {
	marks := []Mark{Never, Ignored, Verdict, Gate, Act}
	for _, b := range t.Blanks {
		switch {
		case len(b.In) == 0:
			f.addf("the blank on %s has no In: name the states it explains", b.On)
		case b.Doc == "":
			f.addf("the blank of %s on %s has no Doc: say why nothing follows", b.In[0], b.On)
		case !slices.Contains(marks, b.Mark):
			f.addf("the blank of %s on %s has the mark %q: use one of the declared marks", b.In[0], b.On, b.Mark)
		}
	}
}

func (t Table) stateNames() *vocabulary {
	v := &vocabulary{kind: "state"}
	for _, s := range t.States {
		v.define(string(s.Name), s.Doc)
	}
	v.use(string(t.Initial), "Initial")
	for _, s := range t.Happy {
		v.mention(string(s), "Happy")
	}
	for _, r := range t.Rows {
		for _, s := range r.From {
			v.use(string(s), "row "+r.ID)
		}
		if r.To != Same {
			v.use(string(r.To), "row "+r.ID)
		}
	}
	for _, b := range t.Blanks {
		for _, s := range b.In {
			v.mention(string(s), fmt.Sprintf("a blank on %s", b.On))
		}
	}
	return v
}

func (t Table) triggerNames() *vocabulary {
	v := &vocabulary{kind: "trigger", idle: "no row fires on it"}
	for _, d := range t.Triggers {
		v.define(string(d.Name), d.Doc)
	}
	for _, r := range t.Rows {
		v.use(string(r.On), "row "+r.ID)
	}
	for _, b := range t.Blanks {
		v.mention(string(b.On), "a blank")
	}
	for _, s := range t.States {
		for _, on := range s.Awaits {
			v.mention(string(on), "state "+string(s.Name))
		}
	}
	return v
}

func (t Table) guardNames() *vocabulary {
	v := &vocabulary{kind: "guard", idle: "no row asks it"}
	for _, d := range t.Guards {
		v.define(string(d.Name), d.Doc)
	}
	for _, r := range t.Rows {
		if r.If != "" {
			v.use(string(bare(r.If)), "row "+r.ID)
		}
	}
	for i, members := range t.Groups {
		for _, g := range members {
			v.mention(string(g), fmt.Sprintf("group %d", i+1))
		}
	}
	return v
}

func (t Table) actionNames() *vocabulary {
	v := &vocabulary{kind: "action", idle: "no row does it"}
	for _, d := range t.Actions {
		v.define(string(d.Name), d.Doc)
	}
	for _, r := range t.Rows {
		for _, a := range r.Do {
			v.use(string(a), "row "+r.ID)
		}
	}
	return v
}

func (t Table) resourceNames() *vocabulary {
	v := &vocabulary{kind: "resource", idle: "no state does anything with it"}
	for _, d := range t.Resources {
		v.define(string(d.Name), d.Doc)
	}
	for _, s := range t.States {
		for _, r := range slices.Concat(s.Ensure, s.Release, s.End, s.Delete) {
			v.use(string(r), "state "+string(s.Name))
		}
	}
	return v
}

func (t Table) timerNames() *vocabulary {
	v := &vocabulary{kind: "timer", idle: "no state ends by it"}
	for _, d := range t.Timers {
		v.define(string(d.Name), d.Doc)
	}
	for _, s := range t.States {
		if s.Deadline != "" {
			v.use(string(s.Deadline), "state "+string(s.Name))
		}
	}
	return v
}
