package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// lastLines is how long the rest of a log may take after the run says that the attempt has ended.
const lastLines = 10 * time.Second

var errUnending = errors.New("the attempt has ended, and its log has not")

// following shows one attempt after the other until the run has ended. The hub says which there are and how they ended, members
// have their logs. While a log is read, the reader alone writes to standard output.
type following struct {
	*logsCall
	run    item
	number int32 // of the attempt that is shown, or is waited for

	show    *showing
	reads   chan reading // from the reader, when it ends
	reading bool
	stop    context.CancelCauseFunc // ends the reader
	late    *time.Timer             // does so when the attempt has ended and the log has not
	again   <-chan time.Time        // when to try again
	shown   bool                    // whether there is nothing left to show of the log
	missing logEnd                  // why there was nothing at all

	begun bool   // whether a member was ever asked well: until then, an error is for the person
	lost  int    // tries in vain since the log was in sight
	lines int    // shown when it was lost
	told  string // what the person was told last
	last  *v1.Attempt
}

func newFollowing(c *logsCall, run item) *following {
	number := cmp.Or(c.attempt, run.run().RunStatus().Attempt, 1)
	return &following{logsCall: c, run: run, number: number, reads: make(chan reading, 1)}
}

func (f *following) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer f.leave(cancel)
	there := false // whether the hub was seen to have it
	seen := f.hub.follow(ctx, []*kind{f.run.kind}, func(*kind) []client.ListOption {
		return []client.ListOption{client.InNamespace(f.hub.namespace), client.MatchingFields{"metadata.name": f.run.object.GetName()}}
	})
	for {
		if done, err := f.step(ctx); done {
			return err
		}
		select {
		case <-ctx.Done():
			return exitError{exitInterrupted, nil}
		case <-f.again:
			f.again = nil
		case r := <-f.reads:
			f.reading = false
			if err := f.came(r); err != nil {
				return err
			}
		case s := <-seen:
			switch {
			case s.err != nil:
				return s.err
			case s.notice != "":
				fmt.Fprintln(f.stderr, s.notice)
			case s.listed && there:
			case s.listed, s.gone, s.object.GetUID() != f.run.object.GetUID():
				return exitError{exitGone, fmt.Errorf("%s was deleted meanwhile", f.run)}
			default:
				there, f.run = true, s.item
			}
		}
	}
}

// leave ends what is under way, and waits for the reader's last word.
func (f *following) leave(cancel context.CancelFunc) {
	cancel()
	if f.reading {
		<-f.reads
	}
}

// step does whatever is due, and says whether all was shown.
func (f *following) step(ctx context.Context) (done bool, err error) {
	for {
		status := f.run.run().RunStatus()
		a := attemptOf(status, f.number)
		switch {
		case a == nil && status.Attempt > f.number: // long forgotten
			f.number++
		case a == nil && ended(f.run.run()):
			return true, f.end(status)
		case a == nil || !f.shown && a.EndedAt == nil && a.StartSeenAt == nil:
			f.tell(waits(f.run, time.Now()))
			return false, nil
		case f.reading:
			if a.EndedAt != nil && f.late == nil {
				stop := f.stop
				f.late = time.AfterFunc(lastLines, func() { stop(errUnending) })
			}
			return false, nil
		case !f.shown && f.again == nil:
			f.begin(ctx, a)
		case !f.shown || a.EndedAt == nil:
			return false, nil
		default:
			f.close(ctx, a)
		}
	}
}

// begin starts a reader.
func (f *following) begin(ctx context.Context, a *v1.Attempt) {
	if f.show == nil {
		f.show = f.logsCall.begin(f.run, a, f.last == nil)
	}
	f.reading, f.lines = true, f.show.lines
	reading, stop := context.WithCancelCause(ctx)
	f.stop = stop
	run, show := f.run, f.show
	go func() { f.reads <- f.read(reading, run, a, show) }()
}

// came takes what a reader came to.
func (f *following) came(r reading) error {
	f.stop(nil)
	if f.late != nil {
		f.late.Stop()
		f.late = nil
	}
	a := attemptOf(f.run.run().RunStatus(), f.number)
	over := a == nil || a.EndedAt != nil
	if f.show.lines > f.lines {
		f.begun, f.lost = true, 0
	}
	switch {
	case r.end == logEnded, r.end != logBroken && over:
		f.shown, f.missing, f.begun = true, r.end, true
		return nil
	case r.end != logBroken: // the hub will say what becomes of it
		f.begun = true
	case !f.begun && !over:
		return r.err
	case over && (f.lost > 0 || !f.begun || errors.Is(r.err, errUnending)): // nobody waits for a member that may never come back
		fmt.Fprintf(f.stderr, "the log of attempt %d is not complete: %s\n", f.number, oneLine(r.err.Error()))
		f.shown, f.missing = true, logBroken
		return nil
	default:
		if f.lost++; f.lost == 1 {
			fmt.Fprintf(f.stderr, "lost sight of the log of attempt %d, trying again: %s\n", f.number, oneLine(r.err.Error()))
		}
	}
	f.again = time.After(again)
	return nil
}

// close tells how the attempt ended, and turns to the next one.
func (f *following) close(ctx context.Context, a *v1.Attempt) {
	f.show.finish(false)
	f.outcome(f.run, a, f.logsCall.missing(ctx, f.run, a, f.missing))
	f.last = a
	f.number++
	f.show, f.shown, f.missing, f.lost = nil, false, logEnded, 0
}

// end is the verb's end with the run's. What the last attempt did not say of it is said.
func (f *following) end(s *v1.RunStatus) error {
	if f.last == nil || s.Phase != v1.PhaseSucceeded && f.last.Message != s.Message {
		f.tell(waits(f.run, time.Now()))
	}
	if code := codes[s.Phase]; code != exitOK {
		return exitError{code, nil}
	}
	return nil
}

// tell tells what is waited for, once.
func (f *following) tell(text string) {
	if text != f.told {
		fmt.Fprintln(f.stderr, paintOn(pageFor(f.stderr), quiet, text))
	}
	f.told = text
}
