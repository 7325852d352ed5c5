package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/reconcilers/rehearsal"
	"github.com/runfleet/runfleet/render"
)

// render renders the asked attempt of every run in the files.
func (in *renderInput) render(stdin io.Reader) ([]rendering, error) {
	c, notes, err := readConfig(stdin, in.config)
	if err != nil {
		return nil, err
	}
	if err := useTemplates(&c, stdin, in.templates); err != nil {
		return nil, err
	}
	runs, left, err := readRuns(stdin, in.files)
	if err != nil {
		return nil, err
	}
	notes.Doubts = append(notes.Doubts, left...)
	var renderings []rendering
	var errs []error
	for _, run := range runs {
		r, err := in.renderRun(run, c, notes)
		renderings, errs = append(renderings, r), append(errs, err)
	}
	return renderings, errors.Join(errs...)
}

func (in *renderInput) renderRun(run v1.Run, c config.Config, notes rehearsal.Notes) (rendering, error) {
	n := cmp.Or(in.attempt, run.RunStatus().Attempt, 1)
	committed, made, err := rehearsal.Attempt(run, n, c)
	if err != nil {
		return rendering{}, fmt.Errorf("%s: %w", itemOf(run), err)
	}
	hub := cmp.Or(types.UID(in.hub), rehearsal.HubUID)
	objects, err := render.Render(committed, n, hub, c.Render)
	if err != nil {
		return rendering{}, err
	}
	made.Placeholders = append(slices.Clone(notes.Placeholders), made.Placeholders...)
	made.Doubts = append(slices.Clone(notes.Doubts), made.Doubts...)
	if in.hub == "" {
		made.Placeholders = append(made.Placeholders, "the hub's UID "+string(hub))
	}
	return newRendering(committed, n, objects, made), nil
}

func itemOf(run v1.Run) item {
	for _, k := range runKinds {
		if fmt.Sprintf("%T", k.object()) == fmt.Sprintf("%T", run) {
			return item{kind: k, object: run}
		}
	}
	return item{kind: codeRuns, object: run}
}

// readRuns reads the runs of all files and directories, in order. The notes name what stands there beside them.
func readRuns(stdin io.Reader, names []string) (runs []v1.Run, notes []string, err error) {
	for _, name := range names {
		files, err := manifestFiles(name)
		if err != nil {
			return nil, nil, err
		}
		before := len(runs)
		for _, file := range files {
			some, left, err := readRunsOf(stdin, file)
			if err != nil {
				return nil, nil, err
			}
			runs, notes = append(runs, some...), append(notes, left...)
		}
		if len(runs) == before {
			return nil, nil, fmt.Errorf("%s: there is no run in it: it needs a DocsRun or CodeRun of %s", shown(name), v1.GroupVersion)
		}
	}
	return runs, notes, nil
}

func readRunsOf(stdin io.Reader, file string) (runs []v1.Run, notes []string, err error) {
	text, err := readText(stdin, file)
	if err != nil {
		return nil, nil, err
	}
	objects, err := rehearsal.Documents(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", shown(file), err)
	}
	for _, o := range objects {
		if kinds := kindsCalled(o.GetKind()); !isOriginal(o) && (len(kinds) != 1 || !slices.Contains(runKinds, kinds[0])) {
			notes = append(notes, fmt.Sprintf("%s: %s %s is no run and left out", shown(file), o.GetKind(), o.GetName()))
			continue
		}
		run, err := admit(file, o)
		if err != nil {
			return nil, nil, err
		}
		runs = append(runs, run)
	}
	return runs, notes, nil
}

// admit makes a run of a manifest as an API server would, or says why it would not.
func admit(file string, o *unstructured.Unstructured) (v1.Run, error) {
	what := strings.ToLower(o.GetKind()) + "/" + cmp.Or(o.GetName(), o.GetGenerateName())
	if isOriginal(o) {
		return nil, fmt.Errorf("%s: %s is of the original system (%s): runfleet convert -f %s makes a run of it",
			shown(file), what, o.GetAPIVersion(), file)
	}
	run, err := rehearsal.Admit(o)
	if causes := causesOf(err); len(causes) > 0 {
		return nil, fmt.Errorf("%s: %s: the API server would refuse it:\n  %s", shown(file), what, strings.Join(causes, "\n  "))
	}
	if apierrors.IsBadRequest(err) {
		return nil, fmt.Errorf("%s: %s: the API server would refuse it:\n  %w", shown(file), what, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown(file), err)
	}
	return run, nil
}

// isOriginal says that an object is of one of the groups of the original system.
func isOriginal(o *unstructured.Unstructured) bool {
	group := o.GroupVersionKind().Group
	return group == "orchestrator.io" || group == "agents.platform"
}

// sampleImage stands where no configuration says which image agents have.
const sampleImage = "registry.example.com/agent:1.0.0"

// readConfig reads config.yaml, or the ConfigMap that holds it. Without a file it is the defaults and a sample image.
func readConfig(stdin io.Reader, file string) (config.Config, rehearsal.Notes, error) {
	var notes rehearsal.Notes
	if file == "" {
		repository, tag, _ := strings.Cut(sampleImage, ":")
		c, _, err := config.Parse(fmt.Appendf(nil, "agent: {image: {repository: %q, tag: %q}}", repository, tag))
		notes.Placeholders = append(notes.Placeholders, "the image "+sampleImage)
		return c, notes, err
	}
	text, err := readText(stdin, file)
	if err != nil {
		return config.Config{}, notes, err
	}
	c, strangers, err := config.Parse(configText(text))
	if err != nil {
		return config.Config{}, notes, fmt.Errorf("%s is no valid configuration:\n  %s", shown(file),
			strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	for _, s := range strangers {
		notes.Doubts = append(notes.Doubts, shown(file)+": "+s)
	}
	return c, notes, nil
}

// configText takes config.yaml out of the ConfigMap, if that is what the file is.
func configText(text []byte) []byte {
	objects, err := rehearsal.Documents(text)
	if err != nil {
		return text // its own mistakes are told by who reads it as configuration
	}
	for _, o := range objects {
		data, ok, _ := unstructured.NestedString(o.Object, "data", v1.ConfigMapKey)
		if ok && o.GetKind() == "ConfigMap" {
			return []byte(data)
		}
	}
	return text
}

const maxText = 16 << 20 // more than etcd stores in any object

func readText(stdin io.Reader, file string) ([]byte, error) {
	text, err := readFile(file, stdin, maxText)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", shown(file), err)
	case len(text) > maxText:
		return nil, fmt.Errorf("%s is larger than 16 MiB: no manifest is", shown(file))
	}
	return text, nil
}

// readFile reads a file, or standard input, and one byte more than it may have at most, so that too much is noticed and never
// held.
func readFile(name string, stdin io.Reader, most int64) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(stdin, most+1))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most+1))
}

// shown is how a file is named to a person.
func shown(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}
