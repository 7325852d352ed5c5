//go:build faults

package faults

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// request is one of the operator's, as a gate understands it.
type request struct {
	cluster, method                        string
	namespace, resource, name, subresource string
	body                                   []byte // of those that change something
	header                                 http.Header
	uri                                    string
	life                                   int // of the operator that lived when it came
}

// understand reads a request. The body of one that changes something is taken from it.
func understand(cluster string, r *http.Request) (*request, error) {
	q := &request{cluster: cluster, method: r.Method, header: r.Header, uri: r.URL.RequestURI()}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if parts[0] == "apis" {
		parts = parts[1:]
	}
	parts = parts[min(2, len(parts)):] // the group's version
	if len(parts) > 2 && parts[0] == "namespaces" {
		q.namespace, parts = parts[1], parts[2:]
	}
	for i, to := range []*string{&q.resource, &q.name, &q.subresource} {
		if i < len(parts) {
			*to = parts[i]
		}
	}
	if !q.changes() {
		return q, nil
	}
	var err error
	q.body, err = io.ReadAll(r.Body)
	return q, err
}

// changes says that the request is to change something.
func (q *request) changes() bool { return q.method != http.MethodGet && q.method != http.MethodHead }

// effect says that the request does what a state asks for: it changes an object of the run that is namespace's.
func (q *request) effect(namespace string) bool {
	switch q.resource {
	case "docsruns", "coderuns", "jobs", "pods", "configmaps", "persistentvolumeclaims":
		return q.changes() && q.namespace == namespace
	case "leases":
		return q.changes() && (q.namespace == namespace || bytes.Contains(q.body, []byte("Run/"+namespace+"/")))
	default:
		return false
	}
}

// commit is what a write of a run's status says.
type commit struct {
	row string // of the table; "" when no row ever fired
	seq int64  // of that row in the run's history
}

// commits reads a write of a run's status; it is false for every other request.
func (q *request) commits() (commit, bool) {
	if q.cluster != hubName || q.method != http.MethodPut || q.subresource != "status" ||
		(q.resource != "docsruns" && q.resource != "coderuns") {
		return commit{}, false
	}
	var run struct {
		Status v1.RunStatus `json:"status"`
	}
	if err := json.Unmarshal(q.body, &run); err != nil || len(run.Status.History) == 0 {
		return commit{}, err == nil
	}
	newest := slices.MaxFunc(run.Status.History, func(a, b v1.Transition) int { return int(a.Seq - b.Seq) })
	return commit{row: rowOf(newest), seq: newest.Seq}, true
}

// rowOf finds the row of the table by what a run's history says of it: where from, on what, where to.
func rowOf(h v1.Transition) string {
	for _, r := range lifecycle.DocsTable().Rows {
		to := r.To
		if to == fsm.Same {
			to = fsm.State(h.From)
		}
		if slices.Contains(r.From, fsm.State(h.From)) && string(r.On) == h.On && to == fsm.State(h.To) {
			return r.ID
		}
	}
	return ""
}
