package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/render/engine"
	corev1 "k8s.io/api/core/v1"
)

// file is one of the attempt's files.
type file struct {
	path string // below the configuration directory
	text string
}

// hookPrefix begins the key of a file in the directory of hooks, and of no other.
const hookPrefix = hookDirectory + "-"

// keyOf is the key of a file in a ConfigMap, where no '/' may stand. Two paths never have one key, since [place] refuses a
// name that begins with the prefix.
func keyOf(path string) string {
	if hook, ok := strings.CutPrefix(path, hookDirectory+"/"); ok {
		return hookPrefix + hook
	}
	return path
}

// mode lets the container execute hooks, and read the rest.
func (f file) mode() int32 {
	if strings.HasPrefix(f.path, hookDirectory+"/") {
		return 0o555
	}
	return 0o444
}

// size is what it takes in a ConfigMap.
func (f file) size() int { return len(keyOf(f.path)) + len(f.text) }

// files are the attempt's files in the order of their paths.
func (a subject) files() ([]file, error) {
	set, err := a.Templates.of(a.taskType())
	if err != nil {
		return nil, err
	}
	v, err := engine.ValuesOf(a.view())
	if err != nil {
		return nil, err
	}
	var files []file
	for _, path := range slices.Sorted(maps.Keys(set)) {
		text, err := set[path].Execute(v)
		if err != nil {
			return nil, err
		}
		files = append(files, file{path: path, text: text})
	}
	return files, nil
}

// maxFiles is the most that one ConfigMap takes, in bytes: an object has 1 MiB at most, and its metadata needs room.
const maxFiles = 900 << 10

// maxParts is the most ConfigMaps of one attempt: a pod's files lie in its node's memory.
const maxParts = 8

// part is what one ConfigMap holds.
type part struct {
	name  string // of the ConfigMap
	files []file
}

// split distributes the files over as few ConfigMaps as their order allows. The same files give the same parts.
func (a subject) split(files []file) ([]part, error) {
	parts := []part{{name: a.entry.ConfigMapName}}
	room := maxFiles
	for _, f := range files {
		if f.size() > maxFiles {
			return nil, fmt.Errorf("the file %s has %d bytes, and one file may have %d: shorten its template, or what the run "+
				"fills it with", f.path, len(f.text), maxFiles-len(keyOf(f.path)))
		}
		if f.size() > room {
			parts = append(parts, part{name: fmt.Sprintf("%s-%d", a.entry.ConfigMapName, len(parts)+1)})
			room = maxFiles
		}
		last := &parts[len(parts)-1]
		last.files = append(last.files, f)
		room -= f.size()
	}
	if len(parts) > maxParts {
		return nil, fmt.Errorf("the files need %d ConfigMaps, and an attempt may have %d of %d bytes: shorten the largest templates",
			len(parts), maxParts, maxFiles)
	}
	return parts, nil
}

// volume joins the parts, every file under its own path.
func volume(parts []part) corev1.VolumeSource {
	projected := &corev1.ProjectedVolumeSource{DefaultMode: new(int32(0o444))}
	for _, p := range parts {
		source := &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: p.name}}
		for _, f := range p.files {
			source.Items = append(source.Items, corev1.KeyToPath{Key: keyOf(f.path), Path: f.path, Mode: new(f.mode())})
		}
		projected.Sources = append(projected.Sources, corev1.VolumeProjection{ConfigMap: source})
	}
	return corev1.VolumeSource{Projected: projected}
}

// Files are the attempt's files by their paths, as its container sees them below its configuration directory.
func (o Objects) Files() map[string]string {
	data := map[string]map[string]string{}
	for _, m := range o.Inputs {
		data[m.Name] = m.Data
	}
	files := map[string]string{}
	for _, v := range o.Agent.Spec.Template.Spec.Volumes {
		if v.Name != volumeConfig {
			continue
		}
		for _, source := range v.Projected.Sources {
			for _, item := range source.ConfigMap.Items {
				files[item.Path] = data[source.ConfigMap.Name][item.Key]
			}
		}
	}
	return files
}
