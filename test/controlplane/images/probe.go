package images

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ProbeImage is the image that Probe writes.
const ProbeImage = "localhost/probe:1"

// Probe builds the program that tests run in containers, see command probe, and
// returns a tar of its image in dir.
func Probe(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "probe")
	const source = "github.com/runfleet/runfleet/test/controlplane/images/probe"
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the probe: %w: %s", err, strings.TrimSpace(string(out)))
	}
	tar := filepath.Join(dir, "probe.tar")
	return tar, Program(tar, ProbeImage, program)
}
