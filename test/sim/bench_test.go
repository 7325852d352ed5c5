package main

import (
	"testing"

	"github.com/runfleet/runfleet/test/sim/operator"
	"github.com/runfleet/runfleet/test/sim/world"
)

func BenchmarkTell(b *testing.B) {
	seed := uint64(0)
	for b.Loop() {
		seed++
		world.Tell(seed, operator.Plant{}, nil)
	}
}
