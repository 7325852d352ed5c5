package controlplane

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/runfleet/runfleet/test/controlplane/freeport"
	"github.com/runfleet/runfleet/test/controlplane/process"
)

const (
	// startTime bounds the start of one component. A machine that compiles on
	// all its cores meanwhile needs many times the usual second or two.
	startTime = 60 * time.Second
	// portTries is how often a component is started when somebody else took its
	// port between our choice and its use.
	portTries = 4
)

// A component is one program of a control plane and how it is run.
type component struct {
	name    string
	program string          // path of what runs; empty means the program of that name
	apart   bool            // see process.Spec
	args    func() []string // reads port, sets url
	ports   int             // how many it needs
	port    []int
	url     string
	path    string // of its health, below url
	member  string // etcd's name for itself, if it is etcd
	process *process.Process
	after   func(context.Context) error // what is done whenever it has become healthy
}

func (m *component) address(i int) string { return fmt.Sprintf("127.0.0.1:%d", m.port[i]) }

// run starts a component and returns when it is healthy.
func (c *ControlPlane) run(ctx context.Context, m *component) error {
	for try := 1; ; try++ {
		err := c.tryRun(ctx, m)
		if err == nil {
			go c.watch(m.process)
			return nil
		}
		if try == portTries || ctx.Err() != nil || !portTaken(m) {
			return err
		}
	}
}

func (c *ControlPlane) tryRun(ctx context.Context, m *component) error {
	var err error
	if m.port, err = freeport.Choose(m.ports); err != nil {
		return err
	}
	m.process, err = process.Start(process.Spec{
		Name:  m.name,
		Path:  cmp.Or(m.program, c.opts.Programs[m.name]),
		Args:  m.args(),
		Log:   c.file("logs/" + m.name + ".log"),
		Apart: m.apart,
	})
	if err != nil {
		return err
	}
	if err := c.awaitHealth(ctx, m); err != nil {
		m.process.Stop()
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = append(c.running, m)
	return nil
}

func (c *ControlPlane) awaitHealth(ctx context.Context, m *component) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTime,
		fmt.Errorf("%s is not ready after %v (log: %s)", m.name, startTime, m.process.Log))
	defer cancel()
	client, err := c.client()
	if err != nil {
		return err
	}
	err = poll(ctx, m.process, func(ctx context.Context) bool { return m.probe(ctx, client) == nil })
	if err != nil || m.after == nil {
		return err
	}
	return m.after(ctx)
}

// poll asks until the answer is yes, the process ends or ctx does. The programs
// announce their readiness nowhere, so that asking is all there is.
func poll(ctx context.Context, p *process.Process, ready func(context.Context) bool) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		if ready(ctx) && p.Crash() == nil {
			return nil
		}
		select {
		case <-p.Done():
			return p.Crash()
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// watch reports the end of a component that was not stopped by us.
func (c *ControlPlane) watch(p *process.Process) {
	<-p.Done()
	crash := p.Crash()
	c.mu.Lock()
	defer c.mu.Unlock()
	if crash == nil || c.stopped {
		return
	}
	select {
	case c.crashes <- crash:
	default: // Nobody listens; Components and the log still tell.
	}
}

func portTaken(m *component) bool {
	if m.process == nil {
		return false
	}
	for _, line := range process.Tail(m.process.Log, 20) {
		if strings.Contains(line, "address already in use") {
			return true
		}
	}
	return false
}

func token() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}
