package render

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"github.com/runfleet/runfleet/templates"
)

// format is what the values of a template must not break.
type format int

const (
	markdown format = iota // anything may stand in it
	shell
	jsonText
)

// formatOf tells it from the extension before .hbs.
func formatOf(name string) format {
	switch path.Ext(strings.TrimSuffix(name, templateExtension)) {
	case ".sh":
		return shell
	case ".json":
		return jsonText
	default:
		return markdown
	}
}

const templateExtension = ".hbs"

// maxFiles is the most that one ConfigMap takes: an object has 1 MiB at most, and its metadata needs room.
const maxFiles = 900 << 10

// configMapKey is what the API server accepts as a key.
var configMapKey = regexp.MustCompile(`^[-._a-zA-Z0-9]+$`)

// library is the built-in templates: those of a kind by the key of the file that they make.
type library map[string]map[string]template

// builtIn reads the embedded templates, once.
var builtIn = sync.OnceValues(func() (library, error) { return readLibrary(templates.Files) })

// readLibrary parses every template below docs, code and shared. A kind's own template wins over a shared one.
func readLibrary(files fs.FS) (library, error) {
	lib := library{}
	var errs []error
	for _, taskType := range []string{taskDocs, taskCode} {
		lib[taskType] = map[string]template{}
		for _, directory := range []string{"shared", taskType} {
			errs = append(errs, lib.read(files, directory, taskType))
		}
	}
	return lib, errors.Join(errs...)
}

func (l library) read(files fs.FS, directory, taskType string) error {
	entries, err := fs.ReadDir(files, directory)
	if err != nil {
		return fmt.Errorf("reading the templates in %s: %w", directory, err)
	}
	var errs []error
	for _, e := range entries {
		name := path.Join(directory, e.Name())
		key, ok := strings.CutSuffix(e.Name(), templateExtension)
		if !ok || e.IsDir() || !configMapKey.MatchString(key) {
			errs = append(errs, fmt.Errorf("%s: a template is a file NAME%s, its name of letters, digits, '-', '_' and '.'",
				name, templateExtension))
			continue
		}
		source, err := fs.ReadFile(files, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("reading the template %s: %w", name, err))
			continue
		}
		t, err := parse(name, string(source), reflect.TypeFor[view]())
		errs = append(errs, err)
		l[taskType][key] = t
	}
	return errors.Join(errs...)
}

// files are the attempt's files by their keys in the ConfigMap.
func (a subject) files() (map[string]string, error) {
	lib, err := builtIn()
	if err != nil {
		return nil, err
	}
	v, err := plain(a.view())
	if err != nil {
		return nil, err
	}
	files, size := map[string]string{}, 0
	for key, t := range lib[a.taskType()] {
		if files[key], err = t.execute(v); err != nil {
			return nil, err
		}
		size += len(key) + len(files[key])
	}
	if size > maxFiles {
		return nil, fmt.Errorf("its files have %d bytes, and a ConfigMap takes %d: shorten spec.promptModification", size, maxFiles)
	}
	return files, nil
}
