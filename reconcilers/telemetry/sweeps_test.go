package telemetry

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/runfleet/runfleet/reconcilers/event"
	"github.com/runfleet/runfleet/reconcilers/garbage"
	"k8s.io/client-go/tools/events"
)

func TestSweepsAreCountedByKindAndToldWithTheirPlace(t *testing.T) {
	recorder := events.NewFakeRecorder(10)
	registry := prometheus.NewRegistry()
	sweeps, err := NewSweeps(registry, event.To(recorder))
	if err != nil {
		t.Fatal(err)
	}
	job := garbage.Object{
		Member: "eu-1", Kind: garbage.Job, Namespace: "team", Name: "shop-1", Attempt: 1,
		Home: garbage.Home{Kind: "DocsRun", Namespace: "team", Name: "shop"},
	}
	sweeps.Swept(job)
	sweeps.Orphaned(job)
	job.Ends = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	sweeps.Orphaned(job)
	want := []string{
		"Normal Swept Job team/shop-1 of attempt 1 on member eu-1 was deleted: the run is gone",
		"Warning AgentWithoutRun Job team/shop-1 of attempt 1 on member eu-1 is a live agent, and the run is gone: it ends at its own " +
			"deadline. runfleet orphans lists it; to end it now: kubectl -n team delete job shop-1",
		"Warning AgentWithoutRun Job team/shop-1 of attempt 1 on member eu-1 is a live agent, and the run is gone: it ends by itself at " +
			"2026-01-02T03:04:05Z at the latest. runfleet orphans lists it; to end it now: kubectl -n team delete job shop-1",
	}
	var got []string
	for range want {
		got = append(got, <-recorder.Events)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got)\n%s", diff)
	}
	counts := map[string]float64{}
	families, err := registry.Gather()
	for _, m := range families[0].GetMetric() {
		counts[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
	}
	// A series for each kind from the start.
	if diff := cmp.Diff(map[string]float64{"Job": 1, "Pod": 0, "ConfigMap": 0}, counts); err != nil || diff != "" {
		t.Errorf("err %v, counts (-want +got)\n%s", err, diff)
	}
}
