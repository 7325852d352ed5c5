package main

import (
	"testing"

	"github.com/runfleet/runfleet/reconcilers/rehearsal"
	"github.com/runfleet/runfleet/render"
)

// BenchmarkRender is what rendersPerSecond measures, for the profiler:
//
//	go test ./test/bench -run - -bench Render -cpuprofile cpu.out
func BenchmarkRender(b *testing.B) {
	b.Chdir("../..")
	for _, example := range []string{"docsrun.yaml", "coderun.yaml"} {
		run, c, err := toRender(example)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(example, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := render.Render(run, 2, rehearsal.HubUID, c.Render); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
