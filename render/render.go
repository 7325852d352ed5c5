// Package render makes the objects of one attempt: pure, the same inputs give the same bytes (I11).
package render

import (
	"github.com/runfleet/runfleet/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Settings is the part of the operator's configuration that shapes an attempt's objects.
type Settings struct{}

// Objects are what one attempt needs on its member.
type Objects struct {
	Workspace *corev1.PersistentVolumeClaim // nil for a DocsRun
	Inputs    *corev1.ConfigMap             // immutable
	Agent     *batchv1.Job                  // suspended
}

// Render makes the objects of attempt n of a run, whose committed status holds that attempt. hub is the UID of the hub's
// kube-system namespace.
func Render(run v1.Run, n int32, hub types.UID, s Settings) (Objects, error) {
	return Objects{}, nil
}

// Digest identifies the set of templates and everything else in the settings that shapes an attempt.
func Digest(s Settings) string { return "" }

// Branch is the branch that the run's agent pushes to, "" where it is not shared with any other run.
func Branch(run v1.Run) string { return "" }

// Repository is the repository that the run's agent pushes to, in one spelling however the URL was written.
func Repository(run v1.Run) string { return "" }
