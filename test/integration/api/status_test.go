package api

import (
	"reflect"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("The status", func() {
	for _, kind := range kinds {
		It("behaviour 15: of a "+kind.name+" comes back whole", func(ctx SpecContext) {
			want := full()
			Expect(empties("status", reflect.ValueOf(want))).To(BeEmpty())
			run := create(ctx, kind.name)
			*run.RunStatus() = want
			Expect(hub.Status().Update(ctx, run)).To(Succeed())

			got := run.DeepCopyObject().(v1.Run)
			*got.RunStatus() = v1.RunStatus{}
			Expect(hub.Get(ctx, client.ObjectKeyFromObject(run), got)).To(Succeed())
			Expect(cmp.Diff(want, *got.RunStatus())).To(BeEmpty())
		})

		It("of a new "+kind.name+" is Pending and nothing else, whatever its manifest says", func(ctx SpecContext) {
			for _, status := range []any{nil, map[string]any{}, map[string]any{"phase": "Succeeded", "attempt": int64(7)}} {
				o := base(kind.name)
				if status != nil {
					o.Object["status"] = status
				}
				Expect(hub.Create(ctx, o)).To(Succeed())
				Expect(o.Object["status"]).To(Equal(map[string]any{"phase": "Pending"}))
			}
			Expect(*create(ctx, kind.name).RunStatus()).To(Equal(v1.RunStatus{Phase: v1.PhasePending}))
		})

		It("of a "+kind.name+" is not touched by a write of the spec, nor the spec by one of the status", func(ctx SpecContext) {
			run := lead(ctx, kind.name, "Provisioning")
			run.RunStatus().Phase, run.RunSpec().Cancel = v1.PhaseFailed, true
			Expect(hub.Update(ctx, run)).To(Succeed())
			Expect(run.RunStatus().Phase).To(Equal(v1.PhaseProvisioning))
			run.RunStatus().Phase, run.RunSpec().Cancel = v1.PhaseFailed, false
			Expect(hub.Status().Update(ctx, run)).To(Succeed())
			Expect(run.RunSpec().Cancel).To(BeTrue())
		})

		It("of a "+kind.name+" can be selected by phase and cluster", func(ctx SpecContext) {
			run := create(ctx, kind.name)
			run.RunStatus().Phase, run.RunStatus().Cluster = v1.PhaseProvisioning, run.GetName()
			Expect(hub.Status().Update(ctx, run)).To(Succeed())
			create(ctx, kind.name)

			selector := fields.Set{"status.phase": "Provisioning", "status.cluster": run.GetName()}
			Expect(selected(ctx, kind.name, selector)).To(Equal([]string{run.GetName()}))
			selector["status.phase"] = "Running"
			Expect(selected(ctx, kind.name, selector)).To(BeEmpty())
		})
	}

	It("of a MemberCluster comes back whole", func(ctx SpecContext) {
		o := base("MemberCluster")
		Expect(hub.Create(ctx, o)).To(Succeed())
		member := &v1.MemberCluster{}
		Expect(hub.Get(ctx, client.ObjectKeyFromObject(o), member)).To(Succeed())

		new(filler).fill(reflect.ValueOf(&member.Status).Elem())
		for i, kind := range []string{v1.ConditionMemberReady, v1.ConditionMemberReachable} {
			member.Status.Conditions[i].Type, member.Status.Conditions[i].Reason = kind, v1.ReasonCordoned
		}
		want := member.Status.DeepCopy()
		Expect(empties("status", reflect.ValueOf(*want))).To(BeEmpty())
		Expect(hub.Status().Update(ctx, member)).To(Succeed())
		member.Status = v1.MemberClusterStatus{}
		Expect(hub.Get(ctx, client.ObjectKeyFromObject(o), member)).To(Succeed())
		Expect(cmp.Diff(*want, member.Status)).To(BeEmpty())
	})
})

func selected(ctx SpecContext, kind string, by fields.Set) []string {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(v1.GroupVersion.WithKind(kind + "List"))
	Expect(hub.List(ctx, list, client.MatchingFieldsSelector{Selector: by.AsSelector()})).To(Succeed())
	var names []string
	for _, o := range list.Items {
		names = append(names, o.GetName())
	}
	return names
}
