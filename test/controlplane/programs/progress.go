package programs

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// progress is one line about one thing that takes long. On a terminal the line
// counts the seconds and is overwritten; elsewhere it is written once at the
// start, so that a log shows what is waited for, and once at the end.
type progress struct {
	w     io.Writer
	what  string
	start time.Time
	stop  chan struct{}
	done  sync.WaitGroup
	live  bool
}

func startProgress(w io.Writer, what string) *progress {
	p := &progress{w: w, what: what, start: time.Now(), stop: make(chan struct{}), live: terminal(w)}
	if !p.live {
		fmt.Fprintf(w, "%s ...\n", what)
		return p
	}
	p.done.Add(1)
	go p.count()
	return p
}

func (p *progress) count() {
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

// end closes the line. A failure is said by the error, not here.
func (p *progress) end(err error) {
	close(p.stop)
	p.done.Wait()
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	if err == nil {
		fmt.Fprintf(p.w, "%s: done in %d s\n", p.what, int(time.Since(p.start).Seconds()))
	}
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
