package controlplane

import (
	"context"
	"fmt"
	"slices"

	"github.com/runfleet/runfleet/test/controlplane/process"
)

// Halt kills the components of these names, or all when none is named, as a
// power cut would: the last started first. Ports and data stay theirs, and Resume
// starts them again. Between the two, Components lists them with the process
// that was.
func (c *ControlPlane) Halt(names ...string) {
	for _, m := range slices.Backward(c.halting(names)) {
		m.process.Stop()
	}
}

// Resume starts again what Halt killed, each when what it needs is healthy, on
// the port and with the data it had. It returns when all of it is healthy.
func (c *ControlPlane) Resume(ctx context.Context, names ...string) error {
	for _, m := range c.halting(names) {
		if err := c.rerun(ctx, m); err != nil {
			return fmt.Errorf("starting %s of %s again: %w", m.name, c.opts.Name, err)
		}
	}
	return nil
}

// halting are the components of these names, or all, in the order they were
// started.
func (c *ControlPlane) halting(names []string) []*component {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.running), func(m *component) bool {
		return len(names) > 0 && !slices.Contains(names, m.name)
	})
}

// rerun starts a component on the ports that it had. It is no new one: its place
// among the others stays.
func (c *ControlPlane) rerun(ctx context.Context, m *component) error {
	spec := m.process.Spec
	spec.Args = m.args()
	p, err := process.Start(spec)
	if err != nil {
		return err
	}
	c.mu.Lock()
	m.process = p
	c.mu.Unlock()
	if err := c.awaitHealth(ctx, m); err != nil {
		return err
	}
	go c.watch(p)
	return nil
}
