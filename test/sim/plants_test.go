package main

import (
	"strings"
	"testing"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/sim/apiserver"
	"github.com/runfleet/runfleet/test/sim/operator"
	"github.com/runfleet/runfleet/test/sim/world"
	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A simulation that finds no planted bug proves nothing. Each of these is one line that somebody might write or forget,
// put between the production code and the API servers.
var plants = []struct {
	name  string
	finds []string // one of these invariants
	plant operator.Plant
}{
	{"creates Jobs that run at once (rule S)", []string{"I1", "I4", "ONCE"}, operator.Plant{Request: runAtOnce}},
	{"deletes without UID and resourceVersion (rule D)", []string{"I8", "KILL"}, operator.Plant{Request: deleteBlindly}},
	{"takes a cache's NotFound for an absence (A5)", []string{"I1", "I4", "FINAL", "I9", "I8"}, operator.Plant{StaleReads: true}},
	{"overwrites what it did not see (ignores 409)", []string{"I1", "I2", "I3", "I13", "history"}, operator.Plant{Request: overwrite}},
	{"acts on a commit that nobody stored (I7)", []string{"I7"}, operator.Plant{Request: pretendToCommit}},
	{"holds a Lease that somebody else holds (rule W)", []string{"I1"}, operator.Plant{Request: squat}},
	{"takes a name for a cluster (A13)", []string{"I1", "FINAL"}, operator.Plant{Names: true}},
	{"starts agents without their files", []string{"INPUTS"}, operator.Plant{Request: forgetInputs}},
	{"forgets to wake a run", []string{"LOST", "I12"}, operator.Plant{LoseWakeUp: sometimes}},
}

func TestPlantedBugsAreFound(t *testing.T) {
	const most = 1000
	for _, p := range plants {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= most; seed++ {
				r := world.Tell(seed, p.plant, nil)
				for _, invariant := range p.finds {
					if strings.HasPrefix(r.Violation, invariant) {
						t.Logf("seed %d: %s", seed, r.Violation)
						return
					}
				}
			}
			t.Errorf("none of %q is violated in %d stories", p.finds, most)
		})
	}
}

func runAtOnce(r *operator.Request) {
	if job, ok := r.Object.(*batchv1.Job); ok && r.Verb == "create" {
		job.Spec.Suspend = new(false)
	}
}

func deleteBlindly(r *operator.Request) { r.Delete.Preconditions = nil }

func overwrite(r *operator.Request) {
	if r.Verb != "commit" {
		return
	}
	r.Instead(func(land func() error) error {
		if now := r.Server.Find(r.Kind, client.ObjectKeyFromObject(r.Object)); now != nil {
			r.Object.SetResourceVersion(now.GetResourceVersion())
		}
		return land()
	})
}

func pretendToCommit(r *operator.Request) {
	if r.Verb == "commit" {
		r.Instead(func(land func() error) error {
			_ = land()
			return nil
		})
	}
}

func squat(r *operator.Request) {
	if r.Kind == apiserver.Lease && r.Verb == "create" {
		r.Instead(func(land func() error) error {
			if err := land(); !apierrors.IsAlreadyExists(err) {
				return err
			}
			return nil
		})
	}
}

// sometimes forgets every third event.
func sometimes(o *operator.Operator) bool { return o.Time.Chance(0.3) }

// forgetInputs takes every second ConfigMap of an attempt for created.
func forgetInputs(r *operator.Request) {
	if r.Kind == apiserver.ConfigMap && r.Verb == "create" && r.Object.GetLabels()[v1.LabelRunUID] != "" {
		r.Instead(func(func() error) error { return nil })
	}
}
