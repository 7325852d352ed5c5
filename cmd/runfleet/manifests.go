package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// readManifests reads the objects of files, of the directories among them, and of standard input where one is "-".
// Nothing is returned where one of them cannot be read: half of a list is a trap.
func readManifests(names []string, stdin io.Reader) ([]map[string]any, error) {
	var all []map[string]any
	for _, name := range names {
		files, err := manifestFiles(name)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			objects, err := readManifest(file, stdin)
			if err != nil {
				return nil, err
			}
			all = append(all, objects...)
		}
	}
	return all, nil
}

// manifestFiles are the manifests of a directory, as kubectl takes them, or the file itself.
func manifestFiles(name string) ([]string, error) {
	if name == "-" {
		return []string{name}, nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("reading manifests: %w", err)
	}
	if !info.IsDir() {
		return []string{name}, nil
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, fmt.Errorf("reading manifests: %w", err)
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(e.Name())) {
			files = append(files, filepath.Join(name, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("reading manifests: no .yaml, .yml or .json file is in %s", name)
	}
	return files, nil
}

func readManifest(name string, stdin io.Reader) ([]map[string]any, error) {
	if name == "-" {
		return decodeManifests("standard input", stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading manifests: %w", err)
	}
	defer f.Close()
	return decodeManifests(name, f)
}

// decodeManifests reads the objects of one stream, of YAML or JSON. A document without content is none.
func decodeManifests(name string, r io.Reader) ([]map[string]any, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bufio.NewReader(r), 4096)
	var objects []map[string]any
	for n := 1; ; n++ {
		var raw runtime.RawExtension
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading document %d of %s: %w", n, name, err)
		}
		var o map[string]any
		if len(raw.Raw) == 0 || string(raw.Raw) == "null" {
			continue
		}
		if err := json.Unmarshal(raw.Raw, &o); err != nil {
			return nil, fmt.Errorf("reading document %d of %s: it is no object: %w", n, name, err)
		}
		objects = append(objects, o)
	}
}
