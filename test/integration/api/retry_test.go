package api

import (
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

var _ = DescribeTable("spec.retry.alsoOn offers, and explains, classes that are never retried otherwise, and no others",
	func(file string) {
		crd, err := definition(file)
		Expect(err).NotTo(HaveOccurred())
		spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
		alsoOn := spec.Properties["retry"].Properties["alsoOn"]
		Expect(alsoOn.Items.Schema.Enum).NotTo(BeEmpty())
		for _, offered := range alsoOn.Items.Schema.Enum {
			var class v1.FailureClass
			Expect(json.Unmarshal(offered.Raw, &class)).To(Succeed())
			Expect(never()).To(ContainElement(class), "offered in api/v1/policy_types.go, but no such class in lifecycle.Classes")
			Expect(alsoOn.Description).To(ContainSubstring(string(class)+" ("), "explain it in api/v1/policy_types.go")
		}
	},
	Entry("by a DocsRun", "orchestrator.platform_docsruns.yaml"),
	Entry("by a CodeRun", "orchestrator.platform_coderuns.yaml"),
)

// never are the classes that are not retried by themselves.
func never() []v1.FailureClass {
	var classes []v1.FailureClass
	for _, c := range lifecycle.Classes {
		if c.Retry == lifecycle.RetryNever {
			classes = append(classes, c.Class)
		}
	}
	return classes
}
