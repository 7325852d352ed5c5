package render

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/runfleet/runfleet/render/engine"
	"github.com/runfleet/runfleet/templates"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Templates is a set of templates for both kinds of runs: the built-in ones, of which some may be overridden, and others
// added. It is read and checked once and never changes. The nil set is the built-in one.
type Templates struct {
	files  map[string]map[string]engine.Template // by type of task, by the path of the file that it makes
	digest string                                // of every name and text
}

// The directories of templates besides those of the types of tasks, and the one for scripts below each.
const (
	sharedDirectory = "shared"
	hookDirectory   = "hooks"
)

// source is a template as it was written.
type source struct {
	name string // for people: code/prompt.md.hbs, or the key of a ConfigMap
	text string
}

// builtIn reads the embedded templates, once.
var builtIn = sync.OnceValues(func() (*Templates, error) {
	sources, err := embedded(templates.Files)
	if err != nil {
		return nil, err
	}
	return readTemplates(sources, nil)
})

// NewTemplates is the built-in set with the templates of a ConfigMap's data. A key is the path of a template with '_' for
// '/', such as code_prompt.md.hbs, shared_mcp.json.hbs or docs_hooks_stop-commit.sh.hbs: it overrides the built-in
// template of that path, or adds one. The error holds every mistake at once, each with its key and line.
func NewTemplates(data map[string]string) (*Templates, error) {
	files, err := embedded(templates.Files)
	if err != nil {
		return nil, err
	}
	own := map[string]source{}
	for key, text := range data {
		own[pathOfKey(key)] = source{name: key, text: text}
	}
	return readTemplates(files, own)
}

// pathOfKey undoes what the keys of a ConfigMap ask for. Only what stands before a name is a directory, so that a name may
// have a '_' of its own.
func pathOfKey(key string) string {
	directory, name, ok := strings.Cut(key, "_")
	if !ok {
		return key
	}
	if hook, ok := strings.CutPrefix(name, hookDirectory+"_"); ok {
		name = path.Join(hookDirectory, hook)
	}
	return directory + "/" + name
}

// embedded are the templates of a file system by their paths.
func embedded(files fs.FS) (map[string]source, error) {
	sources := map[string]source{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		sources[name] = source{name: name, text: string(text)}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the built-in templates: %w", err)
	}
	return sources, nil
}

// readTemplates parses every template, and finds out which makes which file of which type of task. Own templates replace
// those of the same path; then a type's own template wins over a shared one.
func readTemplates(sources, own map[string]source) (*Templates, error) {
	all := maps.Clone(sources)
	maps.Copy(all, own)
	set := &Templates{files: map[string]map[string]engine.Template{taskDocs: {}, taskCode: {}}}
	var errs []error
	var parts [][]byte
	used := map[string]bool{}
	for _, name := range inOrder(all) {
		from := all[name]
		parts = append(parts, []byte(name), []byte(from.text))
		directory, file, err := place(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", from.name, err))
			continue
		}
		t, err := engine.Parse(from.name, from.text, reflect.TypeFor[view]())
		errs = append(errs, err)
		for _, task := range tasksOf(directory) {
			if _, taken := set.files[task][file]; !taken {
				set.files[task][file] = t
				used[name] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if strings.HasPrefix(name, sharedDirectory+"/") && !used[name] {
			errs = append(errs, fmt.Errorf("%s: has no effect, since both kinds have such a template of their own: "+
				"override docs_… and code_… instead", own[name].name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	set.digest = digest(parts...)
	return set, nil
}

// inOrder are the names of all templates, those that win first.
func inOrder(all map[string]source) []string {
	shared := func(name string) bool { return strings.HasPrefix(name, sharedDirectory+"/") }
	names := slices.Sorted(maps.Keys(all))
	slices.SortStableFunc(names, func(a, b string) int {
		switch {
		case shared(a) == shared(b):
			return 0
		case shared(a):
			return 1
		default:
			return -1
		}
	})
	return names
}

func tasksOf(directory string) []string {
	if directory == sharedDirectory {
		return []string{taskDocs, taskCode}
	}
	return []string{directory}
}

// place takes the path of a template apart: its directory, and the path of the file that it makes.
func place(name string) (directory, file string, err error) {
	directory, rest, _ := strings.Cut(name, "/")
	file, ok := strings.CutSuffix(rest, engine.Extension)
	hook, isHook := strings.CutPrefix(file, hookDirectory+"/")
	switch {
	case directory != taskDocs && directory != taskCode && directory != sharedDirectory:
		return "", "", fmt.Errorf("its directory is %q: it must be docs, code or shared", directory)
	case !ok || file == "":
		return "", "", fmt.Errorf("a template is a file NAME%s", engine.Extension)
	case isHook && !strings.HasSuffix(hook, ".sh"):
		return "", "", fmt.Errorf("a hook is a shell script %s/NAME.sh%s", hookDirectory, engine.Extension)
	case !isHook && strings.HasPrefix(file, hookPrefix):
		return "", "", fmt.Errorf("a name that begins with %q would be taken for a hook: rename it", hookPrefix)
	}
	nested := strings.Contains(hook, "/") || !isHook && strings.Contains(file, "/")
	if nested || len(validation.IsConfigMapKey(keyOf(file))) > 0 {
		return "", "", errors.New("its name must consist of letters, digits, '-', '_' and '.', and have at most 253 of them")
	}
	return directory, file, nil
}

// of are the templates of one type of task.
func (t *Templates) of(task string) (map[string]engine.Template, error) {
	set, err := t.orBuiltIn()
	if err != nil {
		return nil, err
	}
	return set.files[task], nil
}

func (t *Templates) orBuiltIn() (*Templates, error) {
	if t != nil {
		return t, nil
	}
	return builtIn()
}
