//go:build soak

package lifecycle

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// TestModelCheckSoakWhole explores every configuration to its end, however long that takes: a few minutes.
func TestModelCheckSoakWhole(t *testing.T) { checkAll(t, mostStates, true) }

// TestModelCheckSoak explores what `make test` has no time for: every configuration with requests that travel, one more
// fault, one more retry and long deadlines, each turned one after the other, for as long as RUNFLEET_SOAK says ("1h").
// A configuration that the bound on states cuts off is explored breadth first up to there, and its line says so.
func TestModelCheckSoak(t *testing.T) {
	bound, err := time.ParseDuration(os.Getenv("RUNFLEET_SOAK"))
	if err != nil {
		t.Fatalf("RUNFLEET_SOAK is no duration such as 10m (make soak sets it): %v", err)
	}
	end := time.Now().Add(bound)
	states, explored, cut := 0, 0, 0
	for _, turn := range harder {
		for _, c := range configurations() {
			if time.Now().After(end) {
				continue
			}
			c.name += turn.name
			turn.screw(&c)
			r := newModel(c, plant{}).explore(maxSoakStates)
			if r.violation != "" {
				t.Errorf("%s: %s%s", c.name, r.violation, r.lines())
			}
			explored++
			states += r.states
			if r.full {
				cut++
			}
			t.Logf("%s: %s states, cut off: %t", c.name, thousands(r.states), r.full)
		}
	}
	fmt.Printf("model check, soak: %d configurations (%d cut off), %s states\n", explored, cut, thousands(states))
}

// maxSoakStates keeps one configuration within about 2 GiB.
const maxSoakStates = 4_000_000

// harder are the turns of the screw.
var harder = []struct {
	name  string
	screw func(*config)
}{
	{", two requests", func(c *config) { c.messages = 2; c.repeats = true }},
	{", long deadlines", func(c *config) { c.times = times{2 * tick, 2 * tick, tick, tick} }},
	{", one more retry", func(c *config) { c.retries++ }},
	{", requests that travel", func(c *config) { c.messages = max(1, c.messages) }},
	{", one more fault", func(c *config) { c.total++ }},
}
