package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion is orchestrator.platform/v1, the group of the original: its manifests apply unchanged.
	GroupVersion = schema.GroupVersion{Group: "orchestrator.platform", Version: "v1"}

	// SchemeBuilder collects the kinds of this package.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme makes the kinds of this package known to a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

func addKnownTypes(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&DocsRun{}, &DocsRunList{},
		&CodeRun{}, &CodeRunList{},
		&MemberCluster{}, &MemberClusterList{})
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
