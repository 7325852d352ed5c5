package box

import (
	"context"
	"fmt"
	"io"

	"github.com/runfleet/runfleet/test/controlplane/machine"
	"github.com/runfleet/runfleet/test/controlplane/programs"
)

// Load imports the images of tars into every real node of the box in dir.
func Load(ctx context.Context, dir string, tars ...string) error {
	r, dir, err := open(dir)
	if err != nil {
		return err
	}
	if !alive(dir) {
		return fmt.Errorf("directory %s holds a box whose supervisor is gone; clear it with: %s", dir, DownCommand(dir))
	}
	nodes := r.machines()
	if len(nodes) == 0 {
		return fmt.Errorf("the box in %s has no real node; start one with: --nodes containerd", dir)
	}
	set, err := programs.Need(ctx, programs.Options{Progress: io.Discard}, programs.Ctr)
	if err != nil {
		return err
	}
	for cluster, pid := range nodes {
		for _, tar := range tars {
			if err := machine.Load(ctx, set[programs.Ctr], pid, tar); err != nil {
				return fmt.Errorf("%s: %w", cluster, err)
			}
		}
	}
	return nil
}

// machines are the first processes of the real nodes, by cluster.
func (r *Record) machines() map[string]int {
	nodes := map[string]int{}
	for cluster, parts := range r.Components {
		for _, m := range parts {
			if m.Name == programs.Containerd {
				nodes[cluster] = m.PID
			}
		}
	}
	return nodes
}
