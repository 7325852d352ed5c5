//go:build !linux

package process

import "syscall"

// attributes can do no more here: a crash of the parent leaves its children, and
// nothing is apart.
func attributes(bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
