package box

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
	"time"
)

// ErrNoBox says that there is no box in a directory.
var ErrNoBox = errors.New("no box there")

// politeness is how long a supervisor may take to end its box.
const politeness = 20 * time.Second

// Down ends the box in dir and returns when nothing of it is left.
func Down(ctx context.Context, dir string) error {
	r, dir, err := open(dir)
	if err != nil {
		return err
	}
	if !alive(dir) {
		// The programs went with the supervisor; their files did not.
		return r.clear()
	}
	if err := syscall.Kill(r.Supervisor, syscall.SIGTERM); err != nil {
		return fmt.Errorf("ending supervisor %d: %w", r.Supervisor, err)
	}
	if awaitEnd(ctx, dir, politeness) {
		awaitGone(ctx, r.Supervisor)
		return clearAfter(r)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("waiting for supervisor %d to end: %w", r.Supervisor, context.Cause(ctx))
	}
	if err := syscall.Kill(r.Supervisor, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("killing supervisor %d: %w", r.Supervisor, err)
	}
	if !awaitEnd(ctx, dir, politeness) {
		return fmt.Errorf("supervisor %d does not end", r.Supervisor)
	}
	return r.clear()
}

// clearAfter clears what a supervisor has left that did not end as it was asked to,
// but was killed meanwhile.
func clearAfter(r *Record) error {
	left, err := read(r.Dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && left.Supervisor != r.Supervisor {
		return nil
	}
	if err != nil {
		return err
	}
	return left.clear()
}

// open reads the record of the box in dir.
func open(dir string) (*Record, string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, "", fmt.Errorf("looking for the directory: %w", err)
	}
	r, err := read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, dir, fmt.Errorf("%s: %w", dir, ErrNoBox)
	}
	return r, dir, err
}

// awaitEnd waits until the supervisor has let go of its lock, which the kernel
// sees to however it ends.
func awaitEnd(ctx context.Context, dir string, patience time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for alive(dir) {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

// awaitGone waits for the moment between a supervisor's last act, the removal of
// its lock, and its end. It is bounded, because where nobody collects orphans the
// process id stays.
func awaitGone(ctx context.Context, pid int) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for syscall.Kill(pid, 0) == nil && ctx.Err() == nil {
		<-tick.C
	}
}
