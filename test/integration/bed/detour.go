package bed

import (
	"io"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/onsi/gomega"
	"k8s.io/client-go/rest"
)

// Detour is a TCP way to an API server that can be cut and can fall silent, like the line to a cluster far away.
type Detour struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	heard  *sync.Cond
	silent bool              // accepts, and passes nothing on
	mute   bool              // passes requests on, and no answers
	cut    bool              // closes every connection at once
	rate   int               // bytes per second that go to the API server; 0: as many as may be
	conns  map[net.Conn]bool // false: a black hole
}

// NewDetour opens a way to an API server. Nobody is there where the target is nil: it accepts and never answers.
func NewDetour(to *rest.Config) *Detour {
	d := &Detour{conns: map[net.Conn]bool{}}
	d.heard = sync.NewCond(&d.mu)
	if to != nil {
		u, err := url.Parse(to.Host)
		gomega.Expect(err).NotTo(gomega.HaveOccurred())
		d.target = u.Host
	} else {
		d.silent = true
	}
	var err error
	d.listener, err = net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is here at once
	gomega.Expect(err).NotTo(gomega.HaveOccurred())
	go d.serve()
	return d
}

// Address is where it begins.
func (d *Detour) Address() string { return d.listener.Addr().String() }

// CutOff ends every connection and refuses new ones.
func (d *Detour) CutOff() { d.set(false, false, true) }

// FallSilent leaves the connections open, takes new ones, and passes nothing on.
func (d *Detour) FallSilent() { d.set(true, false, false) }

// LoseAnswers passes on what comes from the operator, and nothing that comes back.
func (d *Detour) LoseAnswers() { d.set(false, true, false) }

// Freeze turns every connection that is open into a black hole for ever; new ones work.
func (d *Detour) Freeze() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.conns {
		d.conns[c] = false
	}
}

// Narrow lets only so many bytes per second through to the API server.
func (d *Detour) Narrow(rate int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rate = rate
}

// Heal ends what CutOff, FallSilent, LoseAnswers and Narrow began.
func (d *Detour) Heal() { d.set(false, false, false) }

func (d *Detour) set(silent, mute, cut bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.silent, d.mute, d.cut, d.rate = silent, mute, cut, 0
	if cut {
		d.drop()
	}
	d.heard.Broadcast()
}

func (d *Detour) drop() {
	for c := range d.conns {
		_ = c.Close()
	}
	clear(d.conns)
}

// Close ends the way.
func (d *Detour) Close() {
	_ = d.listener.Close()
	d.CutOff()
}

func (d *Detour) serve() {
	for {
		in, err := d.listener.Accept()
		if err != nil {
			return
		}
		if !d.keep(in) || d.target == "" {
			continue
		}
		out, err := net.Dial("tcp", d.target) //nolint:noctx // it answers or refuses at once
		if err != nil || !d.keep(out) {
			_ = in.Close()
			continue
		}
		go d.copy(out, in, false)
		go d.copy(in, out, true)
	}
}

// keep notes a connection, or closes it where the line is cut.
func (d *Detour) keep(c net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cut {
		_ = c.Close()
		return false
	}
	d.conns[c] = true
	return true
}

func (d *Detour) copy(to io.WriteCloser, from net.Conn, answers bool) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		d.wait(from, answers)
		if n > 0 {
			if !answers {
				time.Sleep(d.takes(n))
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// takes is how long so many bytes are on their way.
func (d *Detour) takes(n int) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rate == 0 {
		return 0
	}
	return time.Duration(n) * time.Second / time.Duration(d.rate)
}

// wait returns when the line is not silent in this direction.
func (d *Detour) wait(from net.Conn, answers bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	frozen := func() bool {
		passes, known := d.conns[from]
		return known && !passes
	}
	for d.silent || d.mute && answers || frozen() {
		d.heard.Wait()
	}
}
