package backends

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runfleet/runfleet/test/controlplane/process"
	"github.com/runfleet/runfleet/test/controlplane/programs"
)

// ready is how long a collector may take until it receives; it takes a second.
const ready = time.Minute

// Program builds Jaeger, unless Go's cache has it, and says where it is.
func Program(ctx context.Context) (string, error) {
	checkout, err := programs.Checkout()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "tool", "-n", "inmemory")
	cmd.Dir = filepath.Join(checkout, "test", "backends", "jaeger")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOWORK=off")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("building Jaeger: %w: %s", err, said.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// Validate says what the program says of a configuration, if it would not start with it.
func Validate(ctx context.Context, program, config string) error {
	out, err := exec.CommandContext(ctx, program, "validate", "--config", "yaml:"+config).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// Collector is one that runs.
type Collector struct {
	process *process.Process
	ports   map[string]string // the configuration's, and where they are here
}

// Start runs a collector as a configuration says, but on free ports of loopback, until the test ends. Single settings may be others:
// "exporters.otlphttp.endpoint=http://127.0.0.1:4318".
func Start(t testing.TB, program, config string, settings ...string) *Collector {
	t.Helper()
	c := &Collector{ports: map[string]string{}}
	for _, m := range listens.FindAllStringSubmatch(config, -1) {
		c.ports[m[1]] = freeAddress(t)
	}
	config = listens.ReplaceAllStringFunc(config, func(at string) string { return `"` + c.ports[listens.FindStringSubmatch(at)[1]] + `"` })
	args := []string{"--config", "yaml:" + config, "--set", "service.telemetry.metrics.level=none"} // those would have a port too
	for _, s := range settings {
		args = append(args, "--set", s)
	}
	var err error
	c.process, err = process.Start(process.Spec{Name: "collector", Path: program, Args: args, Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.process.Stop)
	for port := range c.ports {
		if err := c.await(t.Context(), port); err != nil {
			t.Fatal(process.Explain(err))
		}
	}
	return c
}

// At is where a port of the configuration is.
func (c *Collector) At(port string) string { return "http://" + c.ports[port] }

// await waits until somebody listens.
func (c *Collector) await(ctx context.Context, port string) error {
	ctx, cancel := context.WithTimeout(ctx, ready)
	defer cancel()
	for {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", c.ports[port])
		if err == nil {
			return connection.Close()
		}
		select {
		case <-c.process.Done():
			return c.process.Crash()
		case <-ctx.Done():
			said := strings.Join(process.Tail(c.process.Log, 10), "\n")
			return errors.Join(err, fmt.Errorf("nobody listens for port %s:\n%s", port, said))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}
