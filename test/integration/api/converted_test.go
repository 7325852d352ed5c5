package api

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/runfleet/runfleet/api/migrate"
)

var _ = Describe("A run that was converted from the original", func() {
	It("behaviour 55: is accepted, whichever field its original had", func(ctx SpecContext) {
		table := decode("../../../api/migrate/testdata/fields.yaml")
		bases, lines := table["bases"].(map[string]any), table["fields"].([]any)
		Expect(len(lines)).To(BeNumerically(">", 100))
		for _, l := range lines {
			line := l.(map[string]any)
			o := (&unstructured.Unstructured{Object: bases[line["of"].(string)].(map[string]any)}).DeepCopy()
			path := append([]string{"spec"}, strings.Split(line["field"].(string), ".")...)
			Expect(unstructured.SetNestedField(o.Object, line["value"], path...)).To(Succeed())
			about := fmt.Sprintf("%s: %s: %v", line["of"], line["field"], line["value"])
			r := migrate.Convert([]map[string]any{o.Object})
			Expect(r.Objects).To(HaveLen(1), about)
			Expect(strict().Create(ctx, renamed(r.Objects[0]))).To(Succeed(), about)
		}
	})

	It("is accepted as the original's own manifests are", func(ctx SpecContext) {
		files, err := filepath.Glob("testdata/original/*.yaml")
		Expect(err).NotTo(HaveOccurred())
		for _, file := range files {
			r := migrate.Convert([]map[string]any{decode(file)})
			Expect(r.Objects).To(HaveLen(1), file)
			run := renamed(r.Objects[0])
			want := run.DeepCopy()
			Expect(strict().Create(ctx, run)).To(Succeed(), file)
			Expect(run.Object["spec"]).To(keep(want.Object["spec"]), file)
		}
	})
})

// renamed is the object under a name of its own, since all cases are one object.
func renamed(o map[string]any) *unstructured.Unstructured {
	u := (&unstructured.Unstructured{Object: o}).DeepCopy()
	u.SetName(fmt.Sprintf("converted-%d", names.Add(1)))
	u.SetNamespace(namespace)
	return u
}

// decode reads a file with whole numbers as such.
func decode(file string) map[string]any {
	data, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	data, err = yaml.YAMLToJSON(data)
	Expect(err).NotTo(HaveOccurred())
	var o map[string]any
	Expect(json.Unmarshal(data, &o)).To(Succeed())
	return o
}
