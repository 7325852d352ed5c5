package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Parse reads config.yaml. It is strict about values, and its error holds every mistake at once, one a line, each with
// what to write instead. Keys that mean nothing are no mistake, since an older operator must start with a newer
// configuration and the original's must be accepted: the second result names them, one a line. The templates are the
// built-in ones.
func Parse(data []byte) (Config, []string, error) {
	tree, err := decode(data)
	if err != nil {
		return Config{}, nil, err
	}
	d := defaults()
	var errs []error
	for _, k := range keys {
		v, err := find(tree, k.path)
		if err == nil && v != nil {
			err = k.read(&d, v)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", k.path, err))
			d.refused[k.path] = true
		}
	}
	notes := strangers("", tree)
	if p := d.Render.Permissions; !p.Override && len(p.Allow)+len(p.Deny) > 0 {
		notes = append(notes, "permissions: allow and deny have no effect: the built-in rules hold until agentToolsOverride is true")
	}
	errs = append(once(errs), d.finish()...)
	if err := errors.Join(errs...); err != nil {
		return Config{}, notes, err
	}
	c, err := d.With(nil)
	return c, notes, err
}

func decode(data []byte) (map[string]any, error) {
	text, err := yaml.YAMLToJSONStrict(data) // strict about a key that stands twice
	if err != nil {
		return nil, fmt.Errorf("reading it as YAML: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("reading it as YAML: %w", err)
	}
	switch tree := tree.(type) {
	case nil: // an empty file
		return map[string]any{}, nil
	case map[string]any:
		return tree, nil
	default:
		return nil, errors.New("it must be sections with keys, such as agent: {image: {repository: ..., tag: ...}}")
	}
}

// errSection is the mistake of a value where a section must be, found once for each key below.
type errSection struct{ path string }

func (e errSection) Error() string {
	return fmt.Sprintf("%s is no section: write its keys below it, indented", e.path)
}

// find follows a path. What is absent or empty is nil.
func find(tree map[string]any, path string) (any, error) {
	names := strings.Split(path, ".")
	for i, name := range names[:len(names)-1] {
		switch section := tree[name].(type) {
		case nil:
			return nil, nil //nolint:nilnil // nothing there is the usual case, and no mistake
		case map[string]any:
			tree = section
		default:
			return nil, errSection{strings.Join(names[:i+1], ".")}
		}
	}
	return tree[names[len(names)-1]], nil
}

// once keeps the first of the errors about the same section.
func once(errs []error) []error {
	seen := map[errSection]bool{}
	return slices.DeleteFunc(errs, func(err error) bool {
		var section errSection
		if !errors.As(err, &section) {
			return false
		}
		again := seen[section]
		seen[section] = true
		return again
	})
}

// finish puts together what is read from several keys, and finds what does not fit together.
func (d *draft) finish() []error {
	var errs []error
	fail := func(message string, args ...any) { errs = append(errs, fmt.Errorf(message, args...)) }
	if d.repository == "" && !d.refused["agent.image.repository"] {
		fail("agent.image.repository: is not set: write the agent's image, such as registry.example.com/agent")
	}
	if d.tag == "" && !d.refused["agent.image.tag"] {
		fail(`agent.image.tag: is not set: write its tag, such as "1.0.0"`)
	}
	if len(d.command) == 0 {
		fail("agent.command: is empty: write the agent's program, such as [claude], or leave it out")
	}
	if d.Deadlines.Min > d.Deadlines.Max {
		fail("deadlines.minSeconds: is above deadlines.maxSeconds: lower it or raise the other")
	}
	if d.Deadlines.Docs < d.Deadlines.Min || d.Deadlines.Docs > d.Deadlines.Max {
		fail("deadlines.docsSeconds: %.0f is not between minSeconds and maxSeconds: change it or them", d.Deadlines.Docs.Seconds())
	}
	if d.Deadlines.Code < d.Deadlines.Min || d.Deadlines.Code > d.Deadlines.Max {
		fail("deadlines.codeSeconds: %.0f is not between minSeconds and maxSeconds: change it or them", d.Deadlines.Code.Seconds())
	}
	if d.Lifecycle.BackoffBase > d.Lifecycle.BackoffMax {
		fail("timing.backoffBaseSeconds: is above timing.backoffMaxSeconds: lower it or raise the other")
	}
	for _, name := range slices.Sorted(maps.Keys(d.Render.Resources.Requests)) {
		request, limit := d.Render.Resources.Requests[name], d.Render.Resources.Limits[name]
		if !limit.IsZero() && request.Cmp(limit) > 0 {
			fail("agent.resources.requests: %s is %s, above its limit of %s: lower it or raise agent.resources.limits",
				name, &request, &limit)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Render.Overrides.MaxResources)) {
		most, limit := d.Render.Overrides.MaxResources[name], d.Render.Resources.Limits[name]
		if most.Cmp(limit) < 0 {
			fail("overrides.maxResources: %s is %s, below the limit of %s that pods have anyway: raise it or lower agent.resources.limits",
				name, &most, &limit)
		}
	}
	d.Render.Image = d.repository + ":" + d.tag
	if strings.HasPrefix(d.tag, "sha256:") {
		d.Render.Image = d.repository + "@" + d.tag
	}
	d.Render.Command = slices.Concat(d.command, d.args)
	d.Render.Grace, d.Render.MaxSkew = d.Lifecycle.Grace, d.Lifecycle.MaxSkew
	return errs
}
