package controlplane

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Request is one request that the API server answered to a user of
// Options.Audited. A watch is one as soon as it has begun.
type Request struct {
	User, Verb      string
	Group, Resource string // "" and "" where it was not about an object; "pods/log" is a subresource
	Namespace, Name string // "" where it was about all
	Code            int    // of the answer, as HTTP has it
}

// Audit returns what was requested so far, in the order of the answers. What was
// answered within the last moment may be missing.
func (c *ControlPlane) Audit() ([]Request, error) {
	data, err := os.Open(c.file("audit.log"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // nobody requested anything yet
	}
	if err != nil {
		return nil, fmt.Errorf("reading an audit log: %w", err)
	}
	defer func() { _ = data.Close() }()
	return requests(data)
}

// requests reads an audit log. Its last line may be half written.
func requests(log io.Reader) ([]Request, error) {
	var all []Request
	for lines := bufio.NewReader(log); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading an audit log: %w", err)
		}
		var event struct {
			Stage string `json:"stage"`
			Verb  string `json:"verb"`
			User  struct {
				Username string `json:"username"`
			} `json:"user"`
			ObjectRef struct {
				APIGroup    string `json:"apiGroup"`
				Resource    string `json:"resource"`
				Subresource string `json:"subresource"`
				Namespace   string `json:"namespace"`
				Name        string `json:"name"`
			} `json:"objectRef"`
			ResponseStatus struct {
				Code int `json:"code"`
			} `json:"responseStatus"`
		}
		if err := json.Unmarshal(bytes.TrimSpace(line), &event); err != nil {
			return nil, fmt.Errorf("reading an audit log: %w", err)
		}
		if event.Verb == "watch" && event.Stage == "ResponseComplete" && event.ResponseStatus.Code < 300 {
			continue // told as it began
		}
		object := event.ObjectRef
		if object.Subresource != "" {
			object.Resource += "/" + object.Subresource
		}
		all = append(all, Request{
			User: event.User.Username, Verb: event.Verb, Group: object.APIGroup, Resource: object.Resource,
			Namespace: object.Namespace, Name: object.Name, Code: event.ResponseStatus.Code,
		})
	}
}

// auditArgs make the API server write down every request of some users and of
// nobody else, once, without bodies.
func (c *ControlPlane) auditArgs() []string {
	if len(c.opts.Audited) == 0 {
		return nil
	}
	return []string{
		"--audit-policy-file=" + c.file("audit.json"), "--audit-log-path=" + c.file("audit.log"), "--audit-log-mode=batch",
		"--audit-log-batch-max-wait=200ms", "--audit-log-batch-throttle-enable=false",
	}
}

func (c *ControlPlane) writeAuditPolicy() error {
	if len(c.opts.Audited) == 0 {
		return nil
	}
	type rule struct {
		Level string   `json:"level"`
		Users []string `json:"users,omitempty"`
	}
	policy, err := json.Marshal(map[string]any{
		"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": []string{"RequestReceived"},
		"rules": []rule{{"Metadata", c.opts.Audited}, {"None", nil}},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(c.file("audit.json"), policy, 0o600)
}
