package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// frame is how long changes wait to be drawn together.
const frame = 100 * time.Millisecond

// show is what get --watch shows: a picture of the table on a terminal, else a line for every change.
type show struct {
	columns []column
	stderr  io.Writer
	stdout  io.Writer
	picture *picture // nil unless standard output is a terminal
	grid    *grid    // of the lines
	waits   []*kind  // not yet listed; nothing is shown before all are
	items   map[string]item
	states  map[string]string // as shown last
	stale   bool              // whether the picture is behind the items
	painted time.Time
	notice  string // below the picture
}

func newShow(c *getCall) *show {
	s := &show{
		columns: c.columns(), stdout: c.stdout, stderr: c.stderr,
		waits: slices.Clone(c.kinds), items: map[string]item{}, states: map[string]string{},
	}
	if _, _, ok := terminal(c.stdout); ok {
		s.picture = &picture{w: c.stdout}
	} else {
		s.grid = newGrid(page{}, heads(s.columns))
	}
	return s
}

// listed is called when everything of a kind is known.
func (s *show) listed(k *kind) {
	begins := len(s.waits) > 0
	s.waits = slices.DeleteFunc(s.waits, func(o *kind) bool { return o == k })
	switch {
	case len(s.waits) > 0:
	case s.picture != nil:
		s.notice = ""
		s.paint()
	case begins:
		rows := rowsOf(s.columns, s.sorted(), time.Now())
		for _, l := range s.grid.lines(rows) {
			fmt.Fprintln(s.stdout, l)
		}
		for key, i := range s.items {
			s.states[key] = state(s.columns, i)
		}
	}
}

func (s *show) take(i item) {
	if i.gone {
		delete(s.items, i.key())
	} else {
		s.items[i.key()] = i
	}
	s.stale = true
	if s.picture != nil || len(s.waits) > 0 {
		return
	}
	now := state(s.columns, i)
	if now != s.states[i.key()] {
		row := rowOf(s.columns, i, time.Now())
		s.grid.fit([][]cell{row})
		fmt.Fprintln(s.stdout, s.grid.line(row))
	}
	s.states[i.key()] = now
}

// tick redraws what has changed; ages grow every second.
func (s *show) tick() {
	if s.picture != nil && len(s.waits) == 0 && (s.stale || time.Since(s.painted) >= time.Second) {
		s.paint()
	}
}

func (s *show) say(notice string) {
	if s.picture == nil {
		fmt.Fprintln(s.stderr, notice)
		return
	}
	s.notice = notice
	s.paint()
}

func (s *show) paint() {
	width, height, _ := terminal(s.stdout)
	p := pageFor(s.stdout)
	p.width, p.strict = width, true
	lines := newGrid(p, heads(s.columns)).lines(rowsOf(s.columns, s.sorted(), time.Now()))
	if s.notice != "" {
		lines = append(lines, cut(s.notice, width))
	}
	s.picture.draw(lines, width, height)
	s.stale, s.painted = false, time.Now()
}

func (s *show) sorted() []item {
	items := slices.Collect(maps.Values(s.items))
	sortItems(items)
	return items
}
