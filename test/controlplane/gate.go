package controlplane

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
)

// openGate forwards connections from one address to another until closeGate, which
// waits for the last of them. ctx bounds the opening alone.
func openGate(ctx context.Context, from, to string) (closeGate func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", from)
	if err != nil {
		return nil, fmt.Errorf("listening for the node: %w", err)
	}
	return passOn(ctx, listener, to), nil
}

// passOn forwards what a listener gets to an address, until closeGate.
func passOn(ctx context.Context, listener net.Listener, to string) (closeGate func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { forward(ctx, conn, to) })
		}
	})
	return func() {
		cancel()
		_ = listener.Close()
		all.Wait()
	}
}

// forward copies in both directions until either side is done or ctx ends.
func forward(ctx context.Context, near net.Conn, to string) {
	defer func() { _ = near.Close() }()
	far, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
	if err != nil {
		return // The caller sees a closed connection, as from a server that is not there.
	}
	defer func() { _ = far.Close() }()
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			done <- struct{}{}
		}()
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}
