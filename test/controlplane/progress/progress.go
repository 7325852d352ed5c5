// Package progress tells a person that something takes its time.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// A Line is one line about one thing that takes long. On a terminal the line
// counts the seconds and is overwritten; elsewhere it is written once at the
// start, so that a log shows what is waited for, and once at the end.
type Line struct {
	w     io.Writer
	what  string
	start time.Time
	stop  chan struct{}
	done  sync.WaitGroup
	live  bool
}

// Start begins a line.
func Start(w io.Writer, what string) *Line {
	p := &Line{w: w, what: what, start: time.Now(), stop: make(chan struct{}), live: Terminal(w)}
	if !p.live {
		fmt.Fprintf(w, "%s ...\n", what)
		return p
	}
	p.done.Add(1)
	go p.count()
	return p
}

func (p *Line) count() {
	defer p.done.Done()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		fmt.Fprintf(p.w, "\r\x1b[K%s \x1b[2m%d s\x1b[0m", p.what, int(time.Since(p.start).Seconds()))
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
	}
}

// End closes the line. A failure is said by the error, not here.
func (p *Line) End(err error) {
	close(p.stop)
	p.done.Wait()
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	if err == nil {
		fmt.Fprintf(p.w, "%s: done in %d s\n", p.what, int(time.Since(p.start).Seconds()))
	}
}

// Terminal tells whether w is one that lines may be overwritten and coloured on.
func Terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
