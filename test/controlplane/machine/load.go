package machine

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Load imports images from a tar, as `docker save` writes it or as an OCI layout,
// into the machine whose first process is pid.
func Load(ctx context.Context, ctr string, pid int, tar string) error {
	// By way of the process, since the socket is in its mounts alone.
	socket := fmt.Sprintf("/proc/%d/root/run/containerd/containerd.sock", pid)
	out, err := exec.CommandContext(ctx, ctr, "--address", socket, "--namespace", "k8s.io", "images", "import", tar).CombinedOutput()
	if err != nil {
		return fmt.Errorf("importing %s: %w: %s", tar, err, strings.TrimSpace(string(out)))
	}
	return nil
}
