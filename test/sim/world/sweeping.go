package world

import (
	"slices"
	"time"
)

// anHourLater lets the hourly sweep come when nothing else is pending, while there is something to sweep.
func (w *world) anHourLater() bool {
	const most = 3
	gone := slices.DeleteFunc(slices.Clone(w.runs), func(s *subject) bool { return w.run(s) != nil || len(w.leftovers(s)) == 0 })
	if w.leader == nil || len(gone) == 0 || w.watched.hours == most {
		return false
	}
	w.watched.hours++
	w.Time.After(time.Hour, w.sweep)
	return true
}

func (w *world) sweep() {
	for _, r := range w.Registry {
		if w.leader != nil {
			w.leader.Sweep(r.Name)
		}
	}
}
