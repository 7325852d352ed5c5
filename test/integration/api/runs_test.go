package api

import (
	"context"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
	"github.com/runfleet/runfleet/fsm/lifecycle"
)

// kinds are the two kinds of runs, each with its table.
var kinds = []struct {
	name  string
	table fsm.Table
}{
	{"DocsRun", lifecycle.DocsTable()},
	{"CodeRun", lifecycle.CodeTable()},
}

// create makes a run of a kind from the good manifest and returns what the API server made of it.
func create(ctx context.Context, kind string) v1.Run {
	o := base(kind)
	Expect(hub.Create(ctx, o)).To(Succeed())
	var run v1.Run = &v1.DocsRun{}
	if kind == "CodeRun" {
		run = &v1.CodeRun{}
	}
	Expect(hub.Get(ctx, client.ObjectKeyFromObject(o), run)).To(Succeed())
	return run
}

// lead makes a new run and takes it through phases.
func lead(ctx context.Context, kind string, phases ...fsm.State) v1.Run {
	run := create(ctx, kind)
	for _, phase := range phases {
		run.RunStatus().Phase, run.RunStatus().ContextVersion = v1.Phase(phase), 1
		Expect(hub.Status().Update(ctx, run)).To(Succeed(), "on the way to "+string(phase))
	}
	return run
}

// at is a moment n minutes after some beginning, as the status stores moments.
func at(n int) *metav1.MicroTime {
	t := metav1.NewMicroTime(time.Date(2026, 11, 23, 8, n, 0, 123456000, time.UTC))
	return &t
}
