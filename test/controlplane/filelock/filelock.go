// Package filelock keeps processes out of each other's way by locks on files.
// The kernel drops such a lock when its holder ends, however it ends, so a
// crash never leaves a lock behind.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// ErrHeld says that another process holds the lock.
var ErrHeld = errors.New("held by another process")

// A Lock is held until Unlock, or until the process ends.
type Lock struct{ file *os.File }

// Try takes the lock on the file at path, which it creates if need be, or
// returns ErrHeld.
func Try(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening lock %s: %w", path, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return &Lock{f}, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("locking %s: %w", path, ErrHeld)
	}
	return nil, fmt.Errorf("locking %s: %w", path, err)
}

// Wait takes the lock as soon as it is free. It asks again and again, since a
// blocked flock(2) cannot be given up when ctx ends. waiting, which may be nil,
// is called once when the lock is found held.
func Wait(ctx context.Context, path string, waiting func()) (*Lock, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		l, err := Try(path)
		if !errors.Is(err, ErrHeld) {
			return l, err
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for lock %s: %w", path, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// Held tells whether some process holds the lock. A missing file is not held.
func Held(path string) bool {
	if _, err := os.Stat(path); err != nil {
		return false
	}
	l, err := Try(path)
	if err != nil {
		return errors.Is(err, ErrHeld)
	}
	l.Unlock()
	return false
}

// Unlock gives the lock back. The file stays: removing it would let two
// processes hold locks on two files of the same name.
func (l *Lock) Unlock() { _ = l.file.Close() }
