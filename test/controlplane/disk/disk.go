// Package disk answers whether a file system has room for what is about to be
// written to it, so that a full disk is said in one line before anything runs
// instead of by whichever program hits it first.
package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// A Gauge says how many bytes are free for us on the file system of a path,
// which exists. Tests give one of their own.
type Gauge func(path string) (uint64, error)

// Free is the real Gauge.
func Free(path string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, fmt.Errorf("asking for the free space of %s: %w", path, err)
	}
	return s.Bavail * uint64(s.Bsize), nil
}

// NotEnough says which file system lacks room, and how much.
type NotEnough struct {
	For  string
	Path string
	Need uint64
	Have uint64
}

func (e *NotEnough) Error() string {
	return fmt.Sprintf("not enough disk for %s: %s has %s free, %s needed", e.For, e.Path, Size(e.Have), Size(e.Need))
}

// Require returns a *NotEnough when the file system of path has less than need
// bytes free. The path itself need not exist yet: its nearest existing parent
// is asked.
func Require(free Gauge, what, path string, need uint64) error {
	have, err := free(nearest(path))
	if err != nil {
		return err
	}
	if have < need {
		return &NotEnough{For: what, Path: path, Need: need, Have: have}
	}
	return nil
}

// Size writes a number of bytes as a person reads it.
func Size(n uint64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	default:
		return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
	}
}

func nearest(path string) string {
	for {
		if _, err := os.Stat(path); err == nil {
			return path
		}
		parent := filepath.Dir(path)
		if parent == path {
			return path
		}
		path = parent
	}
}
