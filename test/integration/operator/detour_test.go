package operator

import (
	"io"
	"net"
	"net/url"
	"sync"

	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
)

// detour is a TCP way to an API server that can be cut and can fall silent, like the line to a cluster far away.
type detour struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	heard  *sync.Cond
	silent bool // accepts, and passes nothing on
	cut    bool // closes every connection at once
	conns  map[net.Conn]bool
}

// newDetour opens a way to an API server. Nobody is there where the target is nil: it accepts and never answers.
func newDetour(to *rest.Config) *detour {
	d := &detour{conns: map[net.Conn]bool{}}
	d.heard = sync.NewCond(&d.mu)
	if to != nil {
		u, err := url.Parse(to.Host)
		Expect(err).NotTo(HaveOccurred())
		d.target = u.Host
	} else {
		d.silent = true
	}
	var err error
	d.listener, err = net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	go d.serve()
	return d
}

func (d *detour) address() string { return d.listener.Addr().String() }

// cutOff ends every connection and refuses new ones; fallSilent leaves them open and says nothing; heal ends both.
func (d *detour) cutOff()     { d.set(false, true) }
func (d *detour) fallSilent() { d.set(true, false) }
func (d *detour) heal()       { d.set(false, false) }

func (d *detour) set(silent, cut bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.silent, d.cut = silent, cut
	if cut {
		d.drop()
	}
	d.heard.Broadcast()
}

func (d *detour) drop() {
	for c := range d.conns {
		_ = c.Close()
	}
	clear(d.conns)
}

func (d *detour) close() {
	_ = d.listener.Close()
	d.cutOff()
}

func (d *detour) serve() {
	for {
		in, err := d.listener.Accept()
		if err != nil {
			return
		}
		if !d.keep(in) || d.target == "" {
			continue
		}
		out, err := net.Dial("tcp", d.target)
		if err != nil || !d.keep(out) {
			_ = in.Close()
			continue
		}
		go d.copy(out, in)
		go d.copy(in, out)
	}
}

// keep notes a connection, or closes it where the line is cut.
func (d *detour) keep(c net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cut {
		_ = c.Close()
		return false
	}
	d.conns[c] = true
	return true
}

func (d *detour) copy(to io.WriteCloser, from io.Reader) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		d.wait()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// wait returns when the line is not silent.
func (d *detour) wait() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.silent {
		d.heard.Wait()
	}
}
