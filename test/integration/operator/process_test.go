package operator

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	. "github.com/onsi/gomega"

	"github.com/runfleet/runfleet/test/controlplane/process"
)

// replica is one process of the operator.
type replica struct {
	*process.Process
	metrics, health string // addresses
}

var (
	binary   string // runfleet, built for this suite
	scratch  string // a directory for logs
	replicas atomic.Int64
)

func build(ctx context.Context) error {
	binary = filepath.Join(scratch, "runfleet")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "../../../cmd/runfleet").CombinedOutput()
	if err != nil {
		return fmt.Errorf("building runfleet: %w\n%s", err, out)
	}
	return nil
}

// startReplica starts an operator against a hub and returns at once.
func startReplica(on *cluster, flags ...string) (*replica, error) {
	name := fmt.Sprintf("%s-operator-%d", on.Name(), replicas.Add(1))
	addresses, err := freeAddresses(2)
	if err != nil {
		return nil, err
	}
	o := &replica{metrics: addresses[0], health: addresses[1]}
	args := append([]string{
		"operator", "--kubeconfig", on.KubeconfigPath(), "--metrics-address", o.metrics, "--health-address", o.health,
		"--probe-interval", "1s", "-v", "2",
	}, flags...)
	o.Process, err = process.Start(process.Spec{Name: name, Path: binary, Args: args, Log: filepath.Join(scratch, name+".log")})
	return o, err
}

func freeAddresses(n int) ([]string, error) {
	var all []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }()
		all = append(all, l.Addr().String())
	}
	return all, nil
}

// says is the text of the log so far.
func (o *replica) says() string {
	data, err := os.ReadFile(o.Log)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func (o *replica) signal(s syscall.Signal) { Expect(syscall.Kill(o.PID(), s)).To(Succeed()) }

// exitCode is how the process ended, -1 while it has not.
func (o *replica) exitCode() int {
	crash := o.Crash()
	if crash == nil {
		return -1
	}
	if exit, ok := errors.AsType[*exec.ExitError](crash.Cause); ok {
		return exit.ExitCode()
	}
	return 0
}

// get is the answer to a GET, its status and its body.
func (o *replica) get(address, path string) (int, string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return 0, err.Error()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

func (o *replica) ready() int {
	code, _ := o.get(o.health, "/readyz")
	return code
}

// metric is the sum of the series of a name whose labels contain all of some texts; -1 when it cannot be asked.
func (o *replica) metric(name string, labels ...string) float64 {
	code, body := o.get(o.metrics, "/metrics")
	if code != http.StatusOK {
		return -1
	}
	sum := 0.0
	for lines := bufio.NewScanner(strings.NewReader(body)); lines.Scan(); {
		series, value, _ := strings.Cut(strings.ReplaceAll(lines.Text(), "} ", "}\t"), "\t")
		if !strings.Contains(series, "{") {
			series, value, _ = strings.Cut(lines.Text(), " ")
		}
		base, _, _ := strings.Cut(series, "{")
		lacks := func(label string) bool { return !strings.Contains(series, label) }
		if n, err := strconv.ParseFloat(value, 64); base == name && err == nil && !slices.ContainsFunc(labels, lacks) {
			sum += n
		}
	}
	return sum
}

// passes is how often runs were looked at.
func (o *replica) passes() float64 {
	return o.metric("controller_runtime_reconcile_total", `controller="DocsRun"`) +
		o.metric("controller_runtime_reconcile_total", `controller="CodeRun"`)
}
