package explain

import (
	"fmt"
	"time"
)

// between is how long it is from one time to another, on a clock that shows whole seconds: what has passed and what is still to
// come add up to what lies between the two times that are shown.
func between(from, to time.Time) string {
	return span(to.Truncate(time.Second).Sub(from.Truncate(time.Second)))
}

// span is a duration as people say it, in its two largest units: "2d4h", "1h49m", "12m", "8s".
func span(d time.Duration) string {
	d = max(0, d.Round(time.Second))
	units := []struct {
		name string
		of   time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}
	for i, u := range units {
		if d < u.of && u.of > time.Second {
			continue
		}
		said := fmt.Sprintf("%d%s", d/u.of, u.name)
		if i+1 < len(units) {
			if next := d % u.of / units[i+1].of; next > 0 {
				said += fmt.Sprintf("%d%s", next, units[i+1].name)
			}
		}
		return said
	}
	return "0s"
}
