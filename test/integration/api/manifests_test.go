package api

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/rehearsal"
)

// manifest is one case of testdata: fields set in, or with null removed from, the spec of a good manifest. Without a
// kind it is tried with DocsRun and CodeRun. "{12}" in a text stands for twelve letters.
type manifest struct {
	Name    string         `json:"name"`
	Kind    string         `json:"kind"`
	Set     map[string]any `json:"set"`
	Field   string         `json:"field"`
	Message string         `json:"message"`
	Hidden  string         `json:"hidden"` // what the error must not repeat
}

var _ = Describe("A manifest", func() {
	for _, m := range manifests("accepted") {
		It("is accepted: "+m.Kind+" with "+m.Name, func(ctx SpecContext) {
			o := m.object()
			offline, refused := rehearse(o)
			Expect(strict().Create(ctx, o)).To(Succeed())
			Expect(refused).NotTo(HaveOccurred())
			if offline != nil {
				stored := offline.DeepCopyObject().(v1.Run)
				Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, stored)).To(Succeed())
				Expect(specOf(offline)).To(Equal(specOf(stored)), "the defaults without an API server")
			}
		})
	}

	for _, m := range manifests("refused") {
		It("is refused: "+m.Kind+" with "+m.Name, func(ctx SpecContext) {
			o := m.object()
			_, offline := rehearse(o)
			err := strict().Create(ctx, o)
			Expect(err).To(HaveOccurred())
			if o.GetKind() != "MemberCluster" {
				Expect(complaints(offline)).To(ConsistOf(complaints(err)), "the refusal without an API server")
			}
			// One mistake, one complaint.
			Expect(complaints(err)).To(ConsistOf(SatisfyAll(
				HaveField("Field", m.Field),
				HaveField("Message", ContainSubstring(m.Message)),
			)))
			if m.Hidden != "" {
				Expect(err.Error()).NotTo(ContainSubstring(m.Hidden))
			}
		})
	}

	It("of the original applies unchanged", func(ctx SpecContext) {
		files, err := filepath.Glob("testdata/original/*.yaml")
		Expect(err).NotTo(HaveOccurred())
		Expect(files).To(HaveLen(6))
		for _, file := range files {
			o := read(file)
			want := o.DeepCopy()
			_, refused := rehearse(o)
			Expect(refused).NotTo(HaveOccurred(), file)
			Expect(strict().Create(ctx, o)).To(Succeed(), file)
			Expect(o.Object["spec"]).To(keep(want.Object["spec"]), file)
		}
	})
})

// rehearse admits a run without an API server, by the same schema; nil is no run.
func rehearse(o *unstructured.Unstructured) (run v1.Run, err error) {
	if o.GetKind() != "MemberCluster" {
		run, err = rehearsal.Admit(o)
	}
	return run, err
}

func specOf(run v1.Run) any {
	switch r := run.(type) {
	case *v1.DocsRun:
		return r.Spec
	case *v1.CodeRun:
		return r.Spec
	}
	return nil
}

// keep matches a value that has everything of another one; the API server may have added defaults.
func keep(want any) OmegaMatcher {
	switch want := want.(type) {
	case map[string]any:
		all := make([]OmegaMatcher, 0, len(want))
		for k, v := range want {
			all = append(all, HaveKeyWithValue(k, keep(v)))
		}
		return SatisfyAll(all...)
	case []any:
		each := make([]any, 0, len(want))
		for _, v := range want {
			each = append(each, keep(v))
		}
		return HaveExactElements(each...)
	case float64, int64:
		return BeNumerically("==", want)
	default:
		return Equal(want)
	}
}

// strict is what kubectl apply does: unknown fields are errors.
func strict() client.Client { return client.WithFieldValidation(hub, metav1.FieldValidationStrict) }

func manifests(dir string) []manifest {
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		panic("no testdata in " + dir)
	}
	var out []manifest
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		var cases []manifest
		if err := yaml.UnmarshalStrict(data, &cases); err != nil {
			panic(file + ": " + err.Error())
		}
		for _, m := range cases {
			if m.Kind != "" {
				out = append(out, m)
				continue
			}
			for _, kind := range []string{"DocsRun", "CodeRun"} {
				m.Kind = kind
				out = append(out, m)
			}
		}
	}
	return out
}

func (m manifest) object() *unstructured.Unstructured {
	o := base(m.Kind)
	spec := o.Object["spec"].(map[string]any)
	for k, v := range m.Set {
		if v == nil {
			delete(spec, k)
			continue
		}
		spec[k] = stretch(v)
	}
	return o
}

// base is a good manifest with a new name.
func base(kind string) *unstructured.Unstructured {
	o := read(filepath.Join("testdata", "base", strings.ToLower(kind)+".yaml"))
	o.SetName(newName())
	if kind != "MemberCluster" {
		o.SetNamespace(namespace)
	}
	return o
}

func read(file string) *unstructured.Unstructured {
	data, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	o := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal(data, o)).To(Succeed())
	return o
}

var stretched = regexp.MustCompile(`\{\d+\}`)

func stretch(v any) any {
	if fields, ok := v.(map[string]any); ok {
		for k := range fields {
			fields[k] = stretch(fields[k])
		}
		return fields
	}
	text, ok := v.(string)
	if !ok {
		return v
	}
	return stretched.ReplaceAllStringFunc(text, func(s string) string {
		n, err := strconv.Atoi(strings.Trim(s, "{}"))
		Expect(err).NotTo(HaveOccurred())
		return strings.Repeat("a", n)
	})
}

// complaint is one thing the API server finds wrong.
type complaint struct{ Field, Message string }

var unknownField = regexp.MustCompile(`unknown field "([^"]+)"`)

// complaints lists them. A field that the schema does not know is told in the message alone.
func complaints(err error) []complaint {
	status, ok := err.(apierrors.APIStatus)
	if !ok {
		return nil
	}
	var out []complaint
	for _, m := range unknownField.FindAllStringSubmatch(err.Error(), -1) {
		out = append(out, complaint{Field: m[1], Message: m[0]})
	}
	if d := status.Status().Details; d != nil {
		for _, c := range d.Causes {
			if strings.Contains(c.Message, "some validation rules were not checked") {
				continue // says nothing of the manifest
			}
			out = append(out, complaint{Field: c.Field, Message: c.Message})
			hear(c.Message)
		}
	}
	return out
}
