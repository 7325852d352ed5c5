package lifecycle

import (
	"fmt"
	"maps"
	"runtime/debug"
	"sync"
	"testing"
	"time"
)

const (
	// mostStates bounds one configuration, so that a mistake in the model ends in a message and not in an empty memory.
	mostStates = 1_500_000
	// nearStates is how many of them `make test` has time for. Exploring goes breadth first: what is not reached is the furthest
	// from the beginning, and `make soak` explores that too.
	nearStates = 20_000
)

// TestModelCheck explores every configuration, the large ones as far as there is time.
func TestModelCheck(t *testing.T) { checkAll(t, nearStates, false) }

// checkAll explores every configuration up to so many states. Where whole is set, one that has more fails.
func checkAll(t *testing.T, most int, whole bool) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // most of it is garbage at once: a seventh of the time was spent on it
	start := time.Now()
	var mu sync.Mutex
	var states, explored, cut int
	fired := map[string]bool{}
	all := configurations()
	t.Run("configurations", func(t *testing.T) {
		for _, c := range all {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				r := check(t, c, most)
				if r.full && whole {
					t.Errorf("more than %d states: not exhaustive", most)
				}
				mu.Lock()
				states += r.states
				explored++
				if r.full {
					cut++
				}
				maps.Copy(fired, r.fired)
				mu.Unlock()
			})
		}
	})
	// A row that never fires was not checked.
	for _, r := range DocsTable().Rows {
		if explored == len(all) && !fired[r.ID] {
			t.Errorf("row %s (%s) fires in no configuration", r.ID, r.On)
		}
	}
	verdict := "no violation"
	if t.Failed() {
		verdict = "VIOLATED"
	}
	fmt.Printf("model check: %d configurations (%d cut off), %s states, %s (%s)\n",
		len(all), cut, thousands(states), verdict, time.Since(start).Round(time.Second))
}

// check explores one configuration and fails with the shortest trace to a violation.
func check(t *testing.T, c config, most int) result {
	t.Helper()
	start := time.Now()
	m := newModel(c, plant{})
	r := m.explore(most)
	r.fired = m.fired
	t.Logf(c.name+": %s states, %d decisions, %d statuses, %s", thousands(r.states), len(m.decided), len(m.all), time.Since(start).Round(time.Millisecond))
	if r.violation != "" {
		t.Errorf("%s%s", r.violation, r.lines())
	}
	return r
}

func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
