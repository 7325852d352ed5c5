package filelock_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/runfleet/runfleet/test/controlplane/filelock"
)

func TestHeldLockKeepsOthersOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if filelock.Held(path) {
		t.Error("a lock that is not there is held")
	}
	mine, err := filelock.Try(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := filelock.Try(path); !errors.Is(err, filelock.ErrHeld) {
		t.Errorf("second Try: got %v, want ErrHeld", err)
	}
	if !filelock.Held(path) {
		t.Error("the lock does not count as held")
	}
	mine.Unlock()
	if filelock.Held(path) {
		t.Error("the lock is held after Unlock")
	}
}

func TestWaitTakesTheLockWhenItIsFree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	mine, err := filelock.Try(path)
	if err != nil {
		t.Fatal(err)
	}
	// The first word that the waiter has is what frees the lock.
	next, err := filelock.Wait(t.Context(), path, mine.Unlock)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("changed my mind")
	if _, err := filelock.Wait(ctx, path, func() { cancel(why) }); !errors.Is(err, why) {
		t.Errorf("cancelled Wait: got %v, want %v", err, why)
	}
	next.Unlock()
}
