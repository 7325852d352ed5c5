package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	root     = "../.."
	patience = 9 * time.Minute // below that of go test; on an idle machine it takes half a minute
)

// told is what the operator tells in OpenMetrics after the runs of the demo.
var told []byte

func TestMain(m *testing.M) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	text, err := demo(ctx)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "executing the runs of the demo:", err)
		os.Exit(1)
	}
	told = text
	os.Exit(m.Run())
}

// stage is a fleet in a box, and the programs that act on it.
type stage struct {
	dir string // of everything
	box struct {
		Hub     cluster
		Members []cluster
	}
}

type cluster struct{ Name, Kubeconfig string }

// demo executes the runs of docs/examples on two members, one of them joined by the verb and cordoned at the end, and returns what
// the operator tells of itself then.
func demo(ctx context.Context) (text []byte, err error) {
	dir, err := os.MkdirTemp("", "runfleet-prometheus-")
	if err != nil {
		return nil, err
	}
	s := &stage{dir: dir}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, program := range []string{"./cmd/runfleet", "./test/controlplane/fleetbox"} {
		if _, err := s.do(ctx, "go", "build", "-o", filepath.Join(dir, filepath.Base(program)), program); err != nil {
			return nil, err
		}
	}
	fleet := filepath.Join(dir, "fleet")
	defer func() { // the context may be over
		_, downErr := s.do(context.WithoutCancel(ctx), s.program("fleetbox"), "down", "--dir", fleet)
		err = errors.Join(err, downErr)
	}()
	out, err := s.do(ctx, s.program("fleetbox"), "up", "--members", "2", "--dir", fleet)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(out, &s.box); err != nil {
		return nil, fmt.Errorf("reading what fleetbox says: %w: %s", err, out)
	}
	collector := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) // takes every span, and forgets it
	defer collector.Close()
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	stop, err := s.operator(ctx, "--metrics-address", address, "--otlp-endpoint", collector.URL)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := s.execute(ctx); err != nil {
		log, _ := os.ReadFile(s.program("operator.log"))
		return nil, fmt.Errorf("%w\nthe operator says\n%s", err, log)
	}
	return scrape(ctx, address)
}

func (s *stage) program(name string) string { return filepath.Join(s.dir, name) }

// do runs a command in the checkout against the hub.
func (s *stage) do(ctx context.Context, command ...string) ([]byte, error) {
	cmd := s.command(ctx, command...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s%s", strings.Join(command, " "), err, out, errs.String())
	}
	return out, nil
}

func (s *stage) command(ctx context.Context, command ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "KUBECONFIG="+s.box.Hub.Kubeconfig)
	return cmd
}

// script runs commands, one after the other. The names of programs lead to those of this test.
func (s *stage) script(ctx context.Context, lines ...string) error {
	for _, line := range lines {
		words := strings.Fields(line)
		switch words[0] {
		case "kubectl":
			words[0] = "bin/k8s/kubectl" // where fleetbox links it
		case "runfleet":
			words[0] = s.program("runfleet")
		}
		if _, err := s.do(ctx, words...); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes of the clusters what the demo makes of them, but for the second member, which is joined later.
func (s *stage) prepare(ctx context.Context) error {
	crds, err := s.do(ctx, s.program("runfleet"), "crds")
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.program("crds.yaml"), crds, 0o600); err != nil {
		return err
	}
	return s.script(ctx, "kubectl apply --server-side -f "+s.program("crds.yaml"),
		"kubectl apply -f docs/examples/operator.yaml -f docs/examples/config.yaml",
		"kubectl -n runfleet-system create secret generic member-1 --from-file=kubeconfig="+s.box.Members[0].Kubeconfig,
		"kubectl apply -f docs/examples/members.yaml",
		"kubectl delete membercluster member-2")
}

// operator starts one, and returns what stops it.
func (s *stage) operator(ctx context.Context, flags ...string) (stop func(), err error) {
	log, err := os.Create(s.program("operator.log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd := s.command(ctx, append([]string{s.program("runfleet"), "operator", "--health-address", "0"}, flags...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}, nil
}

// execute asks for the runs of the demo, and waits for their ends.
func (s *stage) execute(ctx context.Context) error {
	return s.script(ctx, "runfleet fleet join member-2 --labels zone=south --kubeconfig "+s.box.Members[1].Kubeconfig,
		"kubectl wait memberclusters --all --for=condition=Ready --timeout=60s",
		"kubectl apply -R -f docs/examples/runs -f docs/examples/docsrun.yaml -f docs/examples/coderun.yaml",
		"kubectl wait docsruns,coderuns --all --for=jsonpath={.status.finishedAt} --timeout=120s",
		"runfleet fleet cordon member-2")
}

func freeAddress(ctx context.Context) (string, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// scrape asks as Prometheus does, until it is told of the cordoned member.
func scrape(ctx context.Context, address string) ([]byte, error) {
	for ; ; time.Sleep(200 * time.Millisecond) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || strings.Contains(string(text), `runfleet_member_reason{cluster="member-2",reason="Cordoned"}`) {
			return text, err
		}
	}
}
