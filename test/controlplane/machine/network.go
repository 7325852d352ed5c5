package machine

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// A Network is one of 512, each of 256 addresses of 198.18.0.0/15, which is set
// apart for test beds and routed nowhere.
type Network int

const networks = 512

var (
	taken   = map[Network]bool{}
	takenMu sync.Mutex
)

// ChooseNetwork returns a network that nobody on this machine is in. Another
// process may choose the same before ours is used: then its start fails with
// "File exists", and one chooses again.
func ChooseNetwork() (Network, error) {
	takenMu.Lock()
	defer takenMu.Unlock()
	for _, k := range rand.Perm(networks) { //nolint:gosec // so that two boxes seldom choose the same; no secret
		if n := Network(k); !taken[n] && n.free() {
			taken[n] = true
			return n, nil
		}
	}
	return 0, fmt.Errorf("choosing a network: all %d of 198.18.0.0/15 are in use", networks)
}

// Release gives the network back.
func (n Network) Release() {
	takenMu.Lock()
	defer takenMu.Unlock()
	delete(taken, n)
}

func (n Network) free() bool {
	if linked(n.Link()) {
		return false
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return true
	}
	_, ours, _ := net.ParseCIDR(n.prefix() + ".0/24")
	for _, a := range addresses {
		if there, ok := a.(*net.IPNet); ok && ours.Contains(there.IP) {
			return false
		}
	}
	return true
}

func (n Network) prefix() string { return fmt.Sprintf("198.%d.%d", 18+n/256, n%256) }

// Link is the name of the outside's end of the cable.
func (n Network) Link() string { return fmt.Sprintf("runfleet%d", int(n)) }

// Outside is the address by which the machine and its pods reach us.
func (n Network) Outside() string { return n.prefix() + ".1" }

// Machine is the machine's own address.
func (n Network) Machine() string { return n.prefix() + ".2" }

func linked(link string) bool {
	_, err := net.InterfaceByName(link)
	return err == nil
}
