package main

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	v1 "github.com/runfleet/runfleet/api/v1"
	"sigs.k8s.io/yaml"
)

// promise is what an example says about its end, in a comment such as
//
//	# make demo: ends Succeeded after 2 attempts
//	# make demo: ends Failed with PrerequisiteMissing after 1 attempt
//	# make demo: takes its turn and ends Succeeded after 1 attempt on member-1
type promise struct {
	run      string // docsrun/NAME or coderun/NAME
	service  string
	turn     bool // waits while another run of its service has the workspace
	phase    v1.Phase
	reason   string // "" is any
	attempts int32
	cluster  string // "" is any
}

const promiseMark = "# make demo: "

var promiseForm = regexp.MustCompile(`^(takes its turn and )?ends (\w+)(?: with (\w+))? after (\d+) attempts?(?: on ([\w.-]+))?$`)

// readPromises reads the examples of a tree. A run that promises nothing is an error: nobody would notice how it ends.
func readPromises(examples fs.FS) ([]promise, error) {
	var all []promise
	err := fs.WalkDir(examples, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".yaml" {
			return err
		}
		text, err := fs.ReadFile(examples, name)
		if err != nil {
			return err
		}
		for document := range strings.SplitSeq(string(text), "\n---\n") {
			p, isRun, err := parsePromise(document)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if isRun {
				all = append(all, p)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the examples: %w", err)
	}
	return all, nil
}

// parsePromise reads one YAML document, and tells whether it is a run.
func parsePromise(document string) (p promise, isRun bool, err error) {
	var object struct {
		Kind     string `json:"kind"`
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec struct {
			Service string `json:"service"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal([]byte(document), &object); err != nil {
		return p, false, err
	}
	if object.Kind != "DocsRun" && object.Kind != "CodeRun" {
		return p, false, nil
	}
	p = promise{run: strings.ToLower(object.Kind) + "/" + object.Metadata.Name, service: object.Spec.Service}
	for line := range strings.Lines(document) {
		words, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), promiseMark)
		if !ok {
			continue
		}
		m := promiseForm.FindStringSubmatch(words)
		if m == nil {
			return p, true, fmt.Errorf("%s: %q is not of the form %s", p.run, words, promiseForm)
		}
		attempts, err := strconv.ParseInt(m[4], 10, 32)
		if err != nil {
			return p, true, fmt.Errorf("%s: %w", p.run, err)
		}
		p.turn, p.phase, p.reason, p.attempts, p.cluster = m[1] != "", v1.Phase(m[2]), m[3], int32(attempts), m[5]
		return p, true, nil
	}
	return p, true, fmt.Errorf("%s does not say how it ends: add a comment %q", p.run, promiseMark+"ends Succeeded after 1 attempt")
}

// broken is in what a run ended otherwise than promised; "" if in nothing.
func (p promise) broken(s *v1.RunStatus) string {
	var b []string
	differ := func(what, got, want string) {
		if want != "" && got != want {
			b = append(b, fmt.Sprintf("%s %s, not %s", what, got, want))
		}
	}
	differ("it is", string(s.Phase), string(p.phase))
	differ("with reason", s.Reason, p.reason)
	differ("after attempt", strconv.Itoa(int(s.Attempt)), strconv.Itoa(int(p.attempts)))
	differ("on", s.Cluster, p.cluster)
	return strings.Join(b, ", ")
}
