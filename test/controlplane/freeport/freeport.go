// Package freeport chooses ports of the loopback address for programs that must be told one.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// The ports that are chosen from. Systems take those of connections, and those for whoever asks for port 0, from 32768 on: so
// between its choice and its use no port is taken by chance, as happened to one in some thousand.
const first, end = 20000, 32768

// tries bounds the search for each port.
const tries = 1000

// Choose returns n different ports of 127.0.0.1 on which nobody listens.
func Choose(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := listen()
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }() // not before all are chosen, so that they differ
		if address, ok := l.Addr().(*net.TCPAddr); ok {
			ports[i] = address.Port
		}
	}
	return ports, nil
}

func listen() (net.Listener, error) {
	var last error
	for range tries {
		port := first + rand.IntN(end-first) //nolint:gosec // it is no secret
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return l, nil
		}
		last = err
	}
	return nil, fmt.Errorf("choosing a port from %d to %d: %w", first, end-1, last)
}
