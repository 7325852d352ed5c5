//go:build !linux

package controlplane

import (
	"context"
	"errors"
	"net"
)

// listenIn is never called here: a machine needs Linux.
func listenIn(context.Context, string, string) (net.Listener, error) {
	return nil, errors.ErrUnsupported
}
