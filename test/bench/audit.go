package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/runfleet/runfleet/test/controlplane"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

func installCRDs(_ context.Context, hub *rest.Config) error {
	if _, err := envtest.InstallCRDs(hub, envtest.CRDInstallOptions{Paths: []string{"api/crds"}, ErrorIfPathMissing: true}); err != nil {
		return fmt.Errorf("installing the kinds: %w", err)
	}
	return nil
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
		requests, err := f.planes[i].Audit()
		if err != nil {
			return c, err
		}
		for _, r := range requests {
			if r.User == operatorUser {
				c.add(r)
			}
		}
	}
	n, err := f.reconciles()
	c.reconciles = n
	return c, err
}

// background is what the operator does whether there are runs or not: it leads, and probes its members.
func background(r controlplane.Request) bool {
	return r.Resource == "namespaces" || strings.HasPrefix(r.Resource, "memberclusters") ||
		r.Resource == "leases" && r.Name == "runfleet" || strings.HasPrefix(r.Resource, "selfsubject")
}

func (c counts) add(r controlplane.Request) {
	switch {
	case r.Resource == "" || background(r):
	case r.Verb == "get" || r.Verb == "list":
		c.reads[r.Resource]++
	case r.Verb == "watch":
	default:
		what := kindOf(r) + " " + r.Verb + " " + r.Resource
		if r.Code >= http.StatusBadRequest {
			what += " (" + strconv.Itoa(r.Code) + ")"
		}
		c.writes[what]++
	}
}

// kindOf tells by its name for which kind of run a request was made; Events are named after their run.
func kindOf(r controlplane.Request) string {
	switch name := r.Name; {
	case strings.HasPrefix(r.Resource, "docsruns") || strings.HasPrefix(name, "docs-"):
		return "DocsRun"
	case strings.HasPrefix(r.Resource, "coderuns") || strings.HasPrefix(name, "code-") || strings.HasPrefix(name, "workspace-"):
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
