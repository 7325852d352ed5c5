package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/reconcilers/rehearsal"
	"github.com/runfleet/runfleet/render"
)

// builtInTemplates is the word for the set without any of one's own.
const builtInTemplates = "built-in"

func (*renderInput) templatesUsage() string {
	return "your templates: a `DIRECTORY`, or the ConfigMap that holds them (default " + builtInTemplates + ")"
}

// useTemplates makes a configuration render with a set of templates.
func useTemplates(c *config.Config, stdin io.Reader, name string) error {
	if name == "" || name == builtInTemplates {
		return nil
	}
	data, err := readTemplates(stdin, name)
	if err != nil {
		return err
	}
	set, err := render.NewTemplates(data)
	if err == nil {
		*c, err = c.With(set)
	}
	if err != nil {
		return fmt.Errorf("%s is no valid set of templates:\n  %s", shown(name), strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	return nil
}

// readTemplates reads what the ConfigMap of the operator would hold, by its keys.
func readTemplates(stdin io.Reader, name string) (map[string]string, error) {
	if name != "-" {
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("reading templates: %w", err)
		}
		if info.IsDir() {
			return templatesBelow(name)
		}
	}
	text, err := readText(stdin, name)
	if err != nil {
		return nil, err
	}
	objects, err := rehearsal.Documents(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown(name), err)
	}
	for _, o := range objects {
		data, _, err := unstructured.NestedStringMap(o.Object, "data")
		isTemplate := func(key string) bool { return strings.HasSuffix(key, ".hbs") }
		if binary, _, _ := unstructured.NestedMap(o.Object, "binaryData"); o.GetKind() == "ConfigMap" && len(binary) > 0 {
			return nil, fmt.Errorf("%s: ConfigMap %s has binary data: a template is text in UTF-8", shown(name), o.GetName())
		}
		if o.GetKind() == "ConfigMap" && err == nil && slices.ContainsFunc(slices.Collect(maps.Keys(data)), isTemplate) {
			return data, nil
		}
	}
	return nil, fmt.Errorf("%s: there is no ConfigMap with templates in it: a key is one such as code_prompt.md.hbs", shown(name))
}

// templatesBelow reads a directory: files named as the keys of the ConfigMap, as `kubectl create configmap --from-file` takes
// them, or as the built-in ones lie, code/prompt.md.hbs.
func templatesBelow(directory string) (map[string]string, error) {
	root, err := os.OpenRoot(directory)
	if err != nil {
		return nil, fmt.Errorf("reading templates: %w", err)
	}
	defer func() { _ = root.Close() }()
	data := map[string]string{}
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := name != "." && strings.HasPrefix(path.Base(name), ".")
		switch {
		case hidden && entry.IsDir():
			return fs.SkipDir
		case hidden || entry.IsDir():
			return nil
		}
		text, err := root.ReadFile(name)
		key := strings.ReplaceAll(name, "/", "_")
		if _, twice := data[key]; twice {
			return fmt.Errorf("%s is there twice, once with a directory in its name", key)
		}
		if !utf8.Valid(text) {
			return fmt.Errorf("%s is binary data: a template is text in UTF-8", name)
		}
		data[key] = string(text)
		return err
	})
	if err == nil && len(data) == 0 {
		err = errors.New("there is no template in it: write one such as code_prompt.md.hbs")
	}
	if err != nil {
		return nil, fmt.Errorf("reading templates in %s: %w", directory, err)
	}
	return data, nil
}
