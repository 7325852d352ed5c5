package controlplane

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// listenIn listens in the network that a file such as /proc/1/ns/net stands for.
// A socket stays in the network in which it was made, whoever uses it.
func listenIn(ctx context.Context, network, address string) (net.Listener, error) {
	type result struct {
		net.Listener
		error
	}
	done := make(chan result)
	go func() {
		// Never unlocked: the thread has left our network and ends with this goroutine.
		runtime.LockOSThread()
		l, err := listenFrom(ctx, network, address)
		done <- result{l, err}
	}()
	r := <-done
	return r.Listener, r.error
}

func listenFrom(ctx context.Context, network, address string) (net.Listener, error) {
	f, err := os.Open(network)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("entering %s: %w", network, err)
	}
	return (&net.ListenConfig{}).Listen(ctx, "tcp", address)
}
