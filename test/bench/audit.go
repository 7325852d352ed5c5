package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

func installCRDs(_ context.Context, hub *rest.Config) error {
	if _, err := envtest.InstallCRDs(hub, envtest.CRDInstallOptions{Paths: []string{"api/crds"}, ErrorIfPathMissing: true}); err != nil {
		return fmt.Errorf("installing the kinds: %w", err)
	}
	return nil
}

// policy makes an API server write down every request of the two users and of nobody else, once, without bodies. Both
// sides of the comparison pay for it.
const policy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- {level: Metadata, users: [` + operatorUser + `, ` + clientUser + `]}
- {level: None}
`

func (f *testFleet) auditFile(cluster string) string { return filepath.Join(f.dir, cluster+".audit") }

func (f *testFleet) auditArgs(cluster string) ([]string, error) {
	file := filepath.Join(f.dir, "policy.yaml")
	if err := os.WriteFile(file, []byte(policy), 0o600); err != nil {
		return nil, fmt.Errorf("writing the audit policy: %w", err)
	}
	return []string{
		"--audit-policy-file=" + file, "--audit-log-path=" + f.auditFile(cluster), "--audit-log-mode=batch",
		"--audit-log-batch-max-wait=200ms", "--audit-log-batch-throttle-enable=false",
	}, nil
}

// counts is what the operator did so far: requests by "kind of run verb resource", and reconciles.
type counts struct {
	writes     map[string]int // by kind of run, verb and resource
	reads      map[string]int // live reads: get and list, by resource
	reconciles int
}

func (c counts) minus(b counts) counts {
	sub := func(x, y map[string]int) map[string]int {
		out := map[string]int{}
		for k, n := range x {
			if n > y[k] {
				out[k] = n - y[k]
			}
		}
		return out
	}
	return counts{writes: sub(c.writes, b.writes), reads: sub(c.reads, b.reads), reconciles: c.reconciles - b.reconciles}
}

// counts reads the audit logs and the operator's own metrics.
func (f *testFleet) counts() (counts, error) {
	c := counts{writes: map[string]int{}, reads: map[string]int{}}
	for i := range f.planes {
		if err := c.read(f.auditFile(f.planes[i].Name())); err != nil {
			return c, err
		}
	}
	n, err := f.reconciles()
	c.reconciles = n
	return c, err
}

type auditEvent struct {
	Verb string `json:"verb"`
	User struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
}

func (c counts) read(file string) error {
	data, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("reading an audit log: %w", err)
	}
	defer data.Close()
	lines := bufio.NewScanner(data)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e auditEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			continue // the last line may be half written
		}
		if e.User.Username == operatorUser {
			c.add(e)
		}
	}
	return lines.Err()
}

// background is what the operator does whether there are runs or not: it leads, and probes its members.
func background(e auditEvent) bool {
	return e.ObjectRef.Resource == "namespaces" || e.ObjectRef.Resource == "memberclusters" ||
		e.ObjectRef.Resource == "leases" && e.ObjectRef.Name == "runfleet" || strings.HasPrefix(e.ObjectRef.Resource, "selfsubject")
}

func (c counts) add(e auditEvent) {
	resource := e.ObjectRef.Resource
	if e.ObjectRef.Subresource != "" {
		resource += "/" + e.ObjectRef.Subresource
	}
	switch {
	case resource == "" || background(e):
	case e.Verb == "get" || e.Verb == "list":
		c.reads[resource]++
	case e.Verb == "watch":
	default:
		what := kindOf(e) + " " + e.Verb + " " + resource
		if e.ResponseStatus.Code >= http.StatusBadRequest {
			what += " (" + strconv.Itoa(e.ResponseStatus.Code) + ")"
		}
		c.writes[what]++
	}
}

// kindOf tells by its name for which kind of run a request was made; Events are named after their run.
func kindOf(e auditEvent) string {
	switch name := e.ObjectRef.Name; {
	case e.ObjectRef.Resource == "docsruns" || strings.HasPrefix(name, "docs-"):
		return "DocsRun"
	case e.ObjectRef.Resource == "coderuns" || strings.HasPrefix(name, "code-") || strings.HasPrefix(name, "workspace-"):
		return "CodeRun"
	default:
		return "Run"
	}
}

// reconciles is the sum over both controllers, from the operator's metrics.
func (f *testFleet) reconciles() (int, error) {
	response, err := http.Get(f.metrics) //nolint:noctx // our own child on the loopback address
	if err != nil {
		return 0, fmt.Errorf("reading the operator's metrics: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, fmt.Errorf("reading the operator's metrics: %w", err)
	}
	sum := 0.0
	for line := range strings.Lines(string(body)) {
		ours := strings.Contains(line, `controller="DocsRun"`) || strings.Contains(line, `controller="CodeRun"`)
		if strings.HasPrefix(line, "controller_runtime_reconcile_total{") && ours {
			fields := strings.Fields(line)
			n, err := strconv.ParseFloat(fields[len(fields)-1], 64)
			if err != nil {
				return 0, fmt.Errorf("reading the operator's metrics: %w", err)
			}
			sum += n
		}
	}
	return int(sum), nil
}
