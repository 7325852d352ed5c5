package controlplane

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/runfleet/runfleet/test/controlplane/filelock"
)

const tempPattern = "runfleet-controlplane-"

// claim makes the directory of a control plane ready and locks it. release
// gives the lock back.
func claim(dir string) (string, func(), error) {
	if dir == "" {
		return claimTemporary()
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", nil, fmt.Errorf("making a directory: %w", err)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return "", nil, fmt.Errorf("making a directory: %s is not empty", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, fmt.Errorf("making a directory: %w", err)
	}
	return lockDir(dir)
}

func claimTemporary() (string, func(), error) {
	sweep()
	dir, err := os.MkdirTemp("", tempPattern)
	if err != nil {
		return "", nil, fmt.Errorf("making a directory: %w", err)
	}
	return lockDir(dir)
}

func lockDir(dir string) (string, func(), error) {
	lock, err := filelock.Try(filepath.Join(dir, "lock"))
	if err != nil {
		return "", nil, err
	}
	return dir, lock.Unlock, nil
}

// sweep removes what test runs left that were killed: their processes went with
// them, their directories did not. Nobody else's lock is free for a minute.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), tempPattern+"*"))
	for _, dir := range left {
		lock := filepath.Join(dir, "lock")
		info, err := os.Stat(lock)
		if err == nil && time.Since(info.ModTime()) > time.Minute && !filelock.Held(lock) {
			_ = Remove(dir)
		}
	}
}
