package main

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/rehearsal"
	"github.com/runfleet/runfleet/render"
)

// rendering is all that one attempt sends.
type rendering struct {
	run     item
	attempt v1.Attempt
	objects []client.Object
	files   []renderedFile // of all ConfigMaps, by the pod's paths
	notes   rehearsal.Notes
}

// renderedFile is one file as the pod has it.
type renderedFile struct {
	object string // the ConfigMap that holds it
	name   string // below the volume's directory, such as hooks/stop-commit.sh
	mode   int32
	where  []string // every place in the agent's container
	text   string
}

func newRendering(run v1.Run, n int32, o render.Objects, notes rehearsal.Notes) rendering {
	r := rendering{run: itemOf(run), notes: notes}
	for _, e := range run.RunStatus().Attempts {
		if e.Number == n {
			r.attempt = e
		}
	}
	if o.Workspace != nil {
		r.objects = append(r.objects, o.Workspace)
	}
	for _, m := range o.Inputs {
		r.objects = append(r.objects, m)
		r.files = append(r.files, filesOf(m, o.Agent.Spec.Template.Spec)...)
	}
	r.objects = append(r.objects, o.Agent)
	return r
}

func (r rendering) String() string {
	return fmt.Sprintf("attempt %d of %s in namespace %s, on member %s",
		r.attempt.Number, r.run, r.run.object.GetNamespace(), r.attempt.Cluster)
}

// filesOf are the keys of a ConfigMap as the files that a pod makes of them.
func filesOf(m *corev1.ConfigMap, pod corev1.PodSpec) []renderedFile {
	var files []renderedFile
	for key, text := range m.Data {
		f := renderedFile{object: nameOf(m), name: key, text: text}
		for _, v := range pod.Volumes {
			if name, mode, ok := placeIn(v, m.Name, key); ok {
				f.name, f.mode = name, mode
				f.where = append(f.where, mountsOf(pod, v.Name, name)...)
			}
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b renderedFile) int { return strings.Compare(a.name, b.name) })
	return files
}

// placeIn says where a volume has the key of a ConfigMap, and with which mode.
func placeIn(v corev1.Volume, configMap, key string) (name string, mode int32, ok bool) {
	place := func(from string, items []corev1.KeyToPath, byDefault *int32) {
		if from != configMap {
			return
		}
		fallback := int32(0o644)
		if byDefault != nil {
			fallback = *byDefault
		}
		if len(items) == 0 {
			name, mode, ok = key, fallback, true
		}
		for _, i := range items {
			if i.Key != key {
				continue
			}
			name, mode, ok = i.Path, fallback, true
			if i.Mode != nil {
				mode = *i.Mode
			}
		}
	}
	if s := v.ConfigMap; s != nil {
		place(s.Name, s.Items, s.DefaultMode)
	}
	if p := v.Projected; p != nil {
		for _, s := range p.Sources {
			if s.ConfigMap != nil {
				place(s.ConfigMap.Name, s.ConfigMap.Items, p.DefaultMode)
			}
		}
	}
	return name, mode, ok
}

// mountsOf are the paths at which the containers have a file of a volume.
func mountsOf(pod corev1.PodSpec, volume, name string) []string {
	var where []string
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		for _, m := range c.VolumeMounts {
			at := ""
			switch {
			case m.Name != volume:
			case m.SubPath == "":
				at = path.Join(m.MountPath, name)
			case m.SubPath == name:
				at = m.MountPath
			}
			if at != "" && !slices.Contains(where, at) {
				where = append(where, at)
			}
		}
	}
	return where
}

// nameOf is an object as kind/name.
func nameOf(o client.Object) string {
	return objectName(o.GetObjectKind().GroupVersionKind().Kind, o.GetName())
}

// content is an object as it is sent, without the fields that it leaves empty.
func content(o client.Object) (map[string]any, error) {
	c, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, fmt.Errorf("printing %s: %w", nameOf(o), err)
	}
	delete(c, "status")
	return c, nil
}

// yamlOf is an object as YAML, and its size as the JSON that the API server counts. whole has the files in it.
func yamlOf(o client.Object, whole bool) (text []byte, size int, err error) {
	c, err := content(o)
	if err != nil {
		return nil, 0, err
	}
	compact, err := json.Marshal(c)
	if err != nil {
		return nil, 0, fmt.Errorf("printing %s: %w", nameOf(o), err)
	}
	if _, files := o.(*corev1.ConfigMap); files && !whole {
		delete(c, "data")
	}
	text, err = yaml.Marshal(c)
	if err != nil {
		return nil, 0, fmt.Errorf("printing %s: %w", nameOf(o), err)
	}
	return text, len(compact), nil
}
