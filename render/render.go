// Package render makes the objects of one attempt: pure, the same inputs give the same bytes (I11).
//
//	run, attempt n ──► subject ──┬─► view ──► templates ──► files ──► ConfigMaps
//	settings, hub                └─► environment, pod ──────────────► Job, volume
//
// What a person writes never becomes syntax of anything: it reaches the start script as environment variables and as
// files, JSON as encoded strings, and Markdown as the text it is. Everything is read from the spec and from what was
// frozen when the attempt was committed, so that an attempt is rendered to the same bytes in every later pass.
package render

import (
	"errors"
	"fmt"

	"github.com/runfleet/runfleet/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Objects are what one attempt needs on its member.
type Objects struct {
	Workspace *corev1.PersistentVolumeClaim // nil for a DocsRun
	Inputs    []*corev1.ConfigMap           // immutable; several only where one is too small for the files
	Agent     *batchv1.Job                  // suspended
}

// Render makes the objects of attempt n of a run, whose committed status holds that attempt. hub is the UID of the hub's
// kube-system namespace.
//
// The bytes also depend on the settings and on this program. Whoever compares [v1.AnnotationSpecHash] of an existing Job
// with a new rendering therefore asks first whether the attempt's templateDigest is still [Digest] of these settings:
// after a change of configuration or an upgrade in between, another hash says nothing.
func Render(run v1.Run, n int32, hub types.UID, s Settings) (Objects, error) {
	objects, err := render(run, n, hub, s)
	if err != nil {
		return Objects{}, fmt.Errorf("rendering attempt %d of %s: %w", n, home(run), err)
	}
	return objects, nil
}

func render(run v1.Run, n int32, hub types.UID, s Settings) (Objects, error) {
	a, err := subjectOf(run, n, hub, s)
	if err != nil {
		return Objects{}, err
	}
	files, err := a.files()
	if err != nil {
		return Objects{}, err
	}
	parts, err := a.split(files)
	if err != nil {
		return Objects{}, err
	}
	return Objects{Workspace: a.workspace(), Inputs: a.inputs(parts), Agent: a.job(parts)}, nil
}

// Check renders a sample of both kinds, so that settings or templates that can never work are refused when the operator
// starts and not when the first run comes.
func Check(s Settings) error {
	var errs []error
	for _, run := range sampleRuns() {
		_, err := Render(run, run.RunStatus().Attempt, sampleHub, s)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
