package fleet

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Cluster is one API server as the reconcilers use it. It is resolved anew in every pass and never kept: after a rotation
// an old one goes on answering from a cache that nobody feeds any more.
type Cluster struct {
	// Cached is what the informers hold. A NotFound here proves nothing (A5).
	Cached client.Reader
	// Live asks the API server. Only its absences count.
	Live client.Reader
	// Writer changes things. Every call gets a context with a deadline.
	Writer client.Writer
}

// The indexes that the cache of every member has, for client.MatchingFields. Jobs and Pods are cached whole (Pods
// without what nobody reads); ConfigMaps, PersistentVolumeClaims and Namespaces as metav1.PartialObjectMetadata. All
// but Namespaces are limited to the label orchestrator.platform/managed.
const (
	// IndexRunUID finds Jobs, Pods and ConfigMaps by the label orchestrator.platform/run-uid.
	IndexRunUID = "runUID"
	// IndexLive finds the Pods that have not ended, by the value Live.
	IndexLive = "live"
	Live      = "true"
)

// Member is what the registry knows of one member at one moment.
type Member struct {
	Name     string            // of its MemberCluster
	UID      types.UID         // of the kube-system namespace that answered last; "" until one did
	Recorded types.UID         // MemberCluster.status.clusterUID: who it is supposed to be; "" until the first answer
	Labels   map[string]string // of its MemberCluster, for spec.placement.selector
	Cordoned bool
	MaxRuns  *int32
	// SecretLookup says that the metadata of Secrets may be read there.
	SecretLookup bool

	// Answers says that its caches are synced, its last probe was answered in time, and UID is Recorded.
	Answers bool
	// SilentSince is when it was heard of last, or since when this process has asked in vain. Zero while it Answers.
	SilentSince time.Time
	// NotReady is the reason (see api/v1/conditions.go) for which it takes no new attempt, "" when it takes some.
	// Cordoned is one of them. Message says it in a sentence.
	NotReady string
	Message  string

	// Cluster is how to reach it. Only valid while it Answers.
	Cluster
}
