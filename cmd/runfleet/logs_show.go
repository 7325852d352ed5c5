package main

import (
	"bytes"
	"fmt"
	"io"
	"time"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// showing is how one log is shown: as it is, or as a transcript below a title. The title waits for the first line, so that
// nothing stands above an error.
type showing struct {
	out    io.Writer
	script *transcript // nil where the log is shown as it is
	title  string      // still to be told
	aside  io.Writer   // where that goes
	last   time.Time   // when the last line was written that was shown whole, where the node said so
	held   []byte      // what there is of a line that is under way
	lines  int         // shown so far
}

// begin prepares to show the log of an attempt. The first one has no blank line above.
func (c *logsCall) begin(run item, a *v1.Attempt, first bool) *showing {
	s := &showing{out: c.stdout, aside: c.aside()}
	p := pageFor(s.aside)
	s.title = paintOn(p, bold, fmt.Sprintf("%s, attempt %d on %s", run, a.Number, a.Cluster)) + "\n"
	if !first {
		s.title = "\n" + s.title
	}
	if !c.raw {
		s.script = newTranscript(p)
	}
	return s
}

func (s *showing) announce() {
	fmt.Fprint(s.aside, s.title)
	s.title = ""
}

// take shows a line of a log. Where the node was asked for times, each begins with one; lines up to the last shown one come again
// after a connection was lost.
func (s *showing) take(line []byte, whole, timed bool) error {
	if timed {
		at, rest, _ := bytes.Cut(line, []byte(" "))
		written, err := time.Parse(time.RFC3339Nano, string(at))
		switch {
		case err != nil && !whole: // not even the time is there yet
			return nil
		case err == nil && !written.After(s.last):
			return nil
		case err == nil && whole:
			s.last, line = written, rest
		case err == nil:
			line = rest
		}
	}
	s.held = nil
	if timed && !whole { // the rest comes after it, or the line comes again
		s.held = bytes.Clone(line)
		return nil
	}
	return s.print(line, whole)
}

func (s *showing) print(line []byte, whole bool) error {
	s.announce()
	s.lines++
	if s.script != nil {
		_, err := io.WriteString(s.out, s.script.add(line, !whole))
		return err
	}
	if whole {
		line = append(line, '\n')
	}
	_, err := s.out.Write(line)
	return err
}

// finish shows what is left when nothing more comes, and what is known so far of an agent that is at work.
func (s *showing) finish(told bool) {
	if s.held != nil {
		_ = s.print(s.held, false) // whoever reads it has gone, if this fails
	}
	s.announce()
	if s.script != nil && told {
		fmt.Fprint(s.out, s.script.soFar())
	}
}
