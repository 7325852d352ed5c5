//go:build !linux

package process

import "syscall"

// attributes can do no more here: a crash of the parent leaves its children.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
