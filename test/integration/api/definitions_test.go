package api

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/runfleet/runfleet/api/crds"
)

var _ = Describe("The definitions", func() {
	It("are accepted without a warning", func() {
		Expect(warnings.all()).To(BeEmpty())
	})

	for _, file := range crds.Files {
		It("have no condition that tells of a problem: "+file, func(ctx SpecContext) {
			crd, err := definition(file)
			Expect(err).NotTo(HaveOccurred())
			Expect(hub.Get(ctx, client.ObjectKeyFromObject(crd), crd)).To(Succeed())
			for _, c := range crd.Status.Conditions {
				Expect(c.Type).To(BeElementOf(apiextensions.NamesAccepted, apiextensions.Established), c.Message)
				Expect(c.Status).To(Equal(apiextensions.ConditionTrue), c.Message)
			}
		})
	}
})
