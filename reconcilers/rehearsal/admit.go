package rehearsal

import (
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// Stored says that an API server gave the object its identity: that it is what was read back from a hub, and no manifest that
// is still to be applied.
func Stored(o metav1.Object) bool { return o.GetUID() != "" }

// Admit makes a run of a manifest as an API server with our CRDs would: with the schema's defaults, and refused by its rules.
// The error is the API server's own (apierrors.IsInvalid, or IsBadRequest for a field that does not exist). What a hub has
// stored only gets its defaults: it was judged before, maybe by the rules of another version.
func Admit(manifest *unstructured.Unstructured) (v1.Run, error) {
	o, err := sent(manifest)
	if err != nil {
		return nil, err
	}
	run, err := empty(o)
	if err != nil {
		return nil, err
	}
	all, err := definitions()
	if err != nil {
		return nil, err
	}
	d := all[o.GetKind()]
	if unknown := d.unknown(o); len(unknown) > 0 && !Stored(o) {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s: strict decoding error: %s",
			o.GetKind(), v1.GroupVersion.Version, o.GetKind(), strings.Join(quoted(unknown), ", ")))
	}
	if !Stored(o) { // who applies a run cannot set its status
		unstructured.RemoveNestedField(o.Object, "status")
	}
	d.fillIn(o)
	if o.GetNamespace() == "" {
		o.SetNamespace(metav1.NamespaceDefault)
	}
	if o.GetName() == "" && o.GetGenerateName() != "" {
		o.SetName(o.GetGenerateName() + "00000")
	}
	if !Stored(o) {
		if errs := d.judge(o); len(errs) > 0 {
			return nil, apierrors.NewInvalid(o.GroupVersionKind().GroupKind(), o.GetName(), errs)
		}
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, run); err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	return run, nil
}

// sent is the object as it arrives: JSON, in which a whole number is one, however its sender held it.
func sent(o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	text, err := json.Marshal(o.Object)
	if err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	arrived := &unstructured.Unstructured{}
	if err := json.Unmarshal(text, &arrived.Object); err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", o.GetKind(), o.GetName(), err)
	}
	return arrived, nil
}

// empty is a run of the manifest's kind to read into.
func empty(o *unstructured.Unstructured) (v1.Run, error) {
	if o.GroupVersionKind().GroupVersion() == v1.GroupVersion {
		switch o.GetKind() {
		case "DocsRun":
			return &v1.DocsRun{}, nil
		case "CodeRun":
			return &v1.CodeRun{}, nil
		}
	}
	return nil, fmt.Errorf("%s of %s is no run: a DocsRun or CodeRun of %s is", o.GetKind(), o.GetAPIVersion(), v1.GroupVersion)
}

func quoted(paths []string) []string {
	var out []string
	for _, p := range paths {
		out = append(out, fmt.Sprintf("unknown field %q", p))
	}
	return out
}
