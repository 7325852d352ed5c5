package api

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// specField is a line of testdata/fields.
type specField struct {
	Change string `json:"change"`
	Values []any  `json:"values"`
}

// situations are where a run stands when somebody edits its spec.
var situations = []struct {
	name    string
	pending bool
	raise   bool
}{
	{"while Pending", true, false},
	{"while Pending, with a higher contextVersion", true, true},
	{"once placed", false, false},
	{"once placed, with a higher contextVersion", false, true},
}

// may says whether a field may change in a situation.
func (f specField) may(pending, raise bool) bool {
	switch f.Change {
	case "never":
		return false
	case "raise":
		return raise
	case "pending":
		return raise || pending
	case "always":
		return true
	default:
		panic("unknown change: " + f.Change)
	}
}

var _ = Describe("The spec", func() {
	for _, kind := range kinds {
		table := specFields(kind.name)

		It("of a "+kind.name+" has no field that the table of testdata does not know", func() {
			Expect(differences(kind.name, slices.Collect(maps.Keys(table)))).To(BeEmpty())
		})

		for _, name := range slices.Sorted(maps.Keys(table)) {
			field := table[name]
			if field.Change == "grows" {
				continue
			}
			for _, s := range situations {
				verb := "refuses"
				if field.may(s.pending, s.raise) {
					verb = "permits"
				}
				It(fmt.Sprintf("of a %s %s to change %s %s", kind.name, verb, name, s.name), func(ctx SpecContext) {
					field.tryAll(ctx, kind.name, name, s.pending, s.raise)
				})
			}
		}

		It("of a "+kind.name+" refuses a lower contextVersion", func(ctx SpecContext) {
			o := with(kind.name, "contextVersion", int64(2))
			Expect(hub.Create(ctx, o)).To(Succeed())
			for _, lower := range []any{int64(1), nil} {
				changed := o.DeepCopy()
				set(changed, "contextVersion", lower)
				Expect(complaints(hub.Update(ctx, changed))).To(ConsistOf(SatisfyAll(
					HaveField("Field", "spec.contextVersion"), HaveField("Message", ContainSubstring("can only be raised")))))
			}
		})
	}
})

// tryAll changes a field from one value to the other, takes it away and adds it.
func (f specField) tryAll(ctx context.Context, kind, name string, pending, raise bool) {
	one, two := f.Values[0], f.Values[1]
	tried := 0
	for _, c := range []struct{ from, to any }{{one, two}, {one, nil}, {nil, one}} {
		before := with(kind, name, c.from)
		if hub.Create(ctx, before.DeepCopy(), client.DryRunAll) != nil {
			continue // a required field is never absent
		}
		Expect(hub.Create(ctx, before)).To(Succeed())
		kept(before, name, c.from)
		if !pending {
			before.Object["status"] = map[string]any{"phase": "Provisioning"}
			Expect(hub.Status().Update(ctx, before)).To(Succeed())
		}
		after := before.DeepCopy()
		set(after, name, c.to)
		if raise {
			set(after, "contextVersion", int64(2))
		}
		err := hub.Update(ctx, after)
		if err != nil && strings.Contains(err.Error(), "Required value") {
			continue // taking a required field away is no change of it
		}
		tried++
		if f.may(pending, raise) {
			Expect(err).NotTo(HaveOccurred(), "%v → %v", c.from, c.to)
			kept(after, name, c.to)
			continue
		}
		Expect(complaints(err)).To(ConsistOf(SatisfyAll(
			HaveField("Field", "spec."+name), HaveField("Message", MatchRegexp(f.advice(name))))), "%v → %v", c.from, c.to)
	}
	Expect(tried).To(BeNumerically(">", 0))
}

// kept fails if an object came back without the value that was written to a field: the CRD does not know the field.
func kept(o *unstructured.Unstructured, name string, want any) {
	GinkgoHelper()
	if want != nil { // where nothing was written the API server may have put a default
		Expect(o.Object["spec"]).To(HaveKeyWithValue(name, keep(want)), "run make generate: the CRD drops spec.%s or a part of it", name)
	}
}

// advice is what the refusal tells to do.
func (f specField) advice(name string) string {
	if f.Change == "never" {
		return name + " says .* and never changes: create another run instead"
	}
	return name + " is immutable .*: raise spec.contextVersion to change it"
}

// with is a good manifest with one field set, or left out.
func with(kind, name string, value any) *unstructured.Unstructured {
	o := base(kind)
	if name == "githubUser" {
		set(o, "githubApp", "octo-app") // so that the user may be absent
	}
	set(o, name, value)
	return o
}

func set(o *unstructured.Unstructured, name string, value any) {
	spec := o.Object["spec"].(map[string]any)
	if value == nil {
		delete(spec, name)
		return
	}
	spec[name] = value
}

func specFields(kind string) map[string]specField {
	out := map[string]specField{}
	for _, file := range []string{"both.yaml", strings.ToLower(kind) + ".yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", "fields", file))
		if err != nil {
			panic(err)
		}
		if err := yaml.UnmarshalStrict(data, &out); err != nil {
			panic(err)
		}
	}
	return out
}

// differences says what to do about each field that the types of a kind know and its table does not, and the reverse.
func differences(kind string, table []string) []string {
	spec := reflect.TypeFor[v1.DocsRunSpec]()
	if kind == "CodeRun" {
		spec = reflect.TypeFor[v1.CodeRunSpec]()
	}
	var todo, fields []string
	for _, f := range reflect.VisibleFields(spec) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			continue
		}
		fields = append(fields, name)
		file := strings.ToLower(kind)
		if len(f.Index) > 1 { // of the embedded RunSpec
			file = "both"
		}
		if !slices.Contains(table, name) {
			todo = append(todo, fmt.Sprintf("add %s to testdata/fields/%s.yaml, with two values and when it may change", name, file))
		}
	}
	for _, name := range table {
		if !slices.Contains(fields, name) {
			todo = append(todo, fmt.Sprintf("remove %s from testdata/fields: a %s has no such field", name, kind))
		}
	}
	return todo
}
