package bed

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
	"syscall"
	"time"

	"github.com/onsi/gomega"

	"github.com/runfleet/runfleet/test/controlplane/freeport"
	"github.com/runfleet/runfleet/test/controlplane/process"
)

// Replica is one process of the operator.
type Replica struct {
	*process.Process
	metrics, health string // addresses
}

// StartOperator starts an operator against a hub and returns at once.
func (p *Program) StartOperator(on *Cluster, flags ...string) (*Replica, error) {
	name := fmt.Sprintf("%s-operator-%d", on.Name(), p.started.Add(1))
	ports, err := freeport.Choose(2)
	if err != nil {
		return nil, err
	}
	o := &Replica{metrics: loopback(ports[0]), health: loopback(ports[1])}
	args := append([]string{
		"operator", "--kubeconfig", on.KubeconfigPath(), "--metrics-address", o.metrics, "--health-address", o.health,
		"--probe-interval", "1s", "-v", "2",
	}, flags...)
	o.Process, err = process.Start(process.Spec{Name: name, Path: p.Path, Args: args, Log: filepath.Join(p.Dir, name+".log")})
	return o, err
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// Says is the text of the log so far.
func (o *Replica) Says() string {
	data, err := os.ReadFile(o.Log)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// Signal sends the process a signal.
func (o *Replica) Signal(s syscall.Signal) {
	gomega.Expect(syscall.Kill(o.PID(), s)).To(gomega.Succeed())
}

// ExitCode is how the process ended, -1 while it has not.
func (o *Replica) ExitCode() int {
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
func (o *Replica) get(address, path string) (int, string) {
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

// Alive is the status of the answer to a probe for life.
func (o *Replica) Alive() int {
	code, _ := o.get(o.health, "/healthz")
	return code
}

// Ready is the status of the answer to a probe for readiness.
func (o *Replica) Ready() int {
	code, _ := o.get(o.health, "/readyz")
	return code
}

// Metrics is all that it tells of itself.
func (o *Replica) Metrics() string {
	code, body := o.get(o.metrics, "/metrics")
	gomega.Expect(code).To(gomega.Equal(http.StatusOK), body)
	return body
}

// Metric is the sum of the series of a name whose labels contain all of some texts; -1 when it cannot be asked.
func (o *Replica) Metric(name string, labels ...string) float64 {
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

// Passes is how often runs were looked at.
func (o *Replica) Passes() float64 {
	return o.Metric("controller_runtime_reconcile_total", `controller="DocsRun"`) +
		o.Metric("controller_runtime_reconcile_total", `controller="CodeRun"`)
}
