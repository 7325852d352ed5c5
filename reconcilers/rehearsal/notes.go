package rehearsal

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/config"
)

// Notes say how far an attempt is what a hub would commit, or did.
type Notes struct {
	Placeholders []string // what was made up, such as "the member member-1"
	Doubts       []string // why a hub would do, or did, something else: sentences
}

// recorded are the notes of an attempt that a hub has committed.
func recorded(run v1.Run, n int32, c config.Config) Notes {
	var notes Notes
	for _, e := range run.RunStatus().Attempts {
		if e.Number != n {
			continue
		}
		if e.TemplateDigest != c.TemplateDigest {
			notes.doubtf("attempt %d was made with other templates or settings (digest %.12s) than these (%.12s): "+
				"they may make something else", n, e.TemplateDigest, c.TemplateDigest)
		}
		if now := run.RunSpec().ContextVersion; e.ContextVersion != now {
			notes.doubtf("attempt %d was of context version %d, and this spec is of version %d: "+
				"what it was asked may have been something else", n, e.ContextVersion, now)
		}
	}
	return notes
}

// notes are those of an attempt that was played.
func (r *rehearsal) notes(n int32) Notes {
	notes := Notes{Placeholders: append(r.made, "the time "+r.began.Format(time.RFC3339))}
	if len(r.failed) > 0 {
		notes.Placeholders = append(notes.Placeholders, "the failure of attempt "+list(r.failed))
	}
	if charged := r.run.RunStatus().RetryCount; charged > r.retries {
		notes.doubtf("spec.retry.maxRetries is %d: there is no attempt %d without a higher contextVersion", r.retries, n)
	}
	if r.held != "" {
		notes.doubtf("%s is true: no attempt starts", r.held)
	}
	return notes
}

func (n *Notes) doubtf(format string, args ...any) {
	n.Doubts = append(n.Doubts, fmt.Sprintf(format, args...))
}

// list is 1, 2 and 3, or none.
func list(numbers []int32) string {
	if len(numbers) == 0 {
		return "none"
	}
	var texts []string
	for _, n := range numbers {
		texts = append(texts, strconv.Itoa(int(n)))
	}
	return strings.Join(texts, ", ")
}
