package migrate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// draft is one object on its way.
type draft struct {
	original map[string]any
	object   string         // its name in notes
	left     map[string]any // of the original's spec: what nobody has taken yet
	spec     map[string]any // of the run
	out      map[string]any // the run

	notes      []Note
	incomplete bool
}

func newDraft(o map[string]any) *draft {
	o = runtime.DeepCopyJSON(o)
	meta, _ := o["metadata"].(map[string]any)
	left, _ := o["spec"].(map[string]any)
	if left == nil {
		left = map[string]any{}
	}
	return &draft{
		original: o, object: fmt.Sprintf("%s %s", orWord(text(o["kind"]), "object"), nameOf(meta)), left: left,
		spec: map[string]any{}, out: map[string]any{},
	}
}

func nameOf(meta map[string]any) string {
	name := orWord(text(meta["name"]), orWord(text(meta["generateName"]), "without a name"))
	if namespace := text(meta["namespace"]); namespace != "" {
		return namespace + "/" + name
	}
	return name
}

func (d *draft) notef(field, format string, args ...any) {
	d.notes = append(d.notes, Note{Object: d.object, Field: field, Text: fmt.Sprintf(format, args...)})
}

// take takes a field out of the original's spec. One that is null was never there.
func (d *draft) take(name string) (any, bool) {
	v, there := d.left[name]
	delete(d.left, name)
	return v, there && v != nil
}

// takeText takes a text. One that is empty was never there.
func (d *draft) takeText(name string) string {
	v, _ := d.take(name)
	return text(v)
}

// keep moves fields into the run under their own names.
func (d *draft) keep(names ...string) {
	for _, name := range names {
		if v, there := d.take(name); there {
			d.spec[name] = v
		}
	}
}

// set writes a text into the run, if there is one.
func (d *draft) set(name, value string) {
	if value != "" {
		d.spec[name] = value
	}
}

// older keeps a field that has a newer name, and says so.
func (d *draft) older(name, newer string) {
	if _, there := d.left[name]; there {
		d.keep(name)
		d.notef("spec."+name, "is an older name of %s, and still understood", newer)
	}
}

// drop takes fields that have no home, each with what to do instead. Of a field with fields of its own each is told.
func (d *draft) drop(homeless map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(homeless)) {
		outer, inner, nested := strings.Cut(name, ".")
		value, there := d.left[outer]
		if nested {
			fields, _ := value.(map[string]any)
			_, there = fields[inner]
			delete(fields, inner)
		} else {
			delete(d.left, outer)
		}
		if there {
			d.notef("spec."+name, "has no home here: %s", homeless[name])
		}
	}
}

// strangers notes what is left of an object. One whose fields were all taken is no stranger.
func (d *draft) strangers(path string, left map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(left)) {
		if fields, ok := left[name].(map[string]any); ok && len(fields) == 0 || left[name] == nil {
			continue
		}
		d.notef(path+"."+name, "is no field of the original that is known here: it was dropped")
	}
}

// renameSnakes reads the names of the very first structs, which no CRD ever served.
func (d *draft) renameSnakes() {
	for _, name := range slices.Sorted(maps.Keys(d.left)) {
		words := strings.Split(name, "_")
		if len(words) == 1 {
			continue
		}
		for i, w := range words[1:] {
			if w != "" {
				words[i+1] = strings.ToUpper(w[:1]) + w[1:]
			}
		}
		camel := strings.Join(words, "")
		if _, taken := d.left[camel]; taken {
			d.notef("spec."+name, "was dropped: %s says it already", camel)
		} else {
			d.left[camel] = d.left[name]
			d.notef("spec."+name, "is written %s now", camel)
		}
		delete(d.left, name)
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func orWord(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// number reads a whole number; some decoders know only one kind of number.
func number(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case float64:
		return int64(n), n == float64(int64(n))
	default:
		return 0, false
	}
}
