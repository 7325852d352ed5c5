package fleet

import (
	"net/http"

	"github.com/runfleet/runfleet/api/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// memberScheme knows the kinds that are used on members.
var memberScheme = func() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, batchv1.AddToScheme, authorizationv1.AddToScheme, authenticationv1.AddToScheme,
	} {
		utilruntime.Must(add(s))
	}
	return s
}()

// mapper knows where the kinds are served, so that no member is ever asked for its API: discovery of one that hangs
// would hang, and what is used here is served by every version of Kubernetes in the same place.
func mapper(*rest.Config, *http.Client) (meta.RESTMapper, error) {
	m := meta.NewDefaultRESTMapper([]schema.GroupVersion{corev1.SchemeGroupVersion, batchv1.SchemeGroupVersion})
	for _, kind := range []string{"Pod", "ConfigMap", "PersistentVolumeClaim", "Event", "Secret", "ServiceAccount"} {
		m.Add(corev1.SchemeGroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	m.Add(corev1.SchemeGroupVersion.WithKind("Namespace"), meta.RESTScopeRoot)
	m.Add(batchv1.SchemeGroupVersion.WithKind("Job"), meta.RESTScopeNamespace)
	m.Add(authorizationv1.SchemeGroupVersion.WithKind("SelfSubjectAccessReview"), meta.RESTScopeRoot)
	return m, nil
}

// metadataOf is a kind of which only the metadata is cached.
func metadataOf(kind string) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: kind}}
}

// watched are the kinds in the cache of every member. A controller may only watch these: what is not synced before
// Engage would be waited for by all members.
func watched() []client.Object {
	return []client.Object{
		&batchv1.Job{}, &corev1.Pod{}, metadataOf("ConfigMap"), metadataOf("PersistentVolumeClaim"), metadataOf("Namespace"),
	}
}

// index is one index of every member's cache, present and future.
type index struct {
	object  client.Object
	field   string
	extract client.IndexerFunc
}

// indexes are those that this package promises.
func indexes() []index {
	byRunUID := func(o client.Object) []string {
		if uid := o.GetLabels()[v1.LabelRunUID]; uid != "" {
			return []string{uid}
		}
		return nil
	}
	live := func(o client.Object) []string {
		if pod, ok := o.(*corev1.Pod); ok && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			return []string{Live}
		}
		return nil
	}
	return []index{
		{&batchv1.Job{}, IndexRunUID, byRunUID},
		{&corev1.Pod{}, IndexRunUID, byRunUID},
		{metadataOf("ConfigMap"), IndexRunUID, byRunUID},
		{&corev1.Pod{}, IndexLive, live},
	}
}
