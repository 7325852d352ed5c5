package freeport

import "testing"

func TestPortsDifferAndNoConnectionTakesThem(t *testing.T) {
	ports, err := Choose(50)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, p := range ports {
		if seen[p] || p < first || p >= end {
			t.Errorf("port %d is there twice, or is one of those that connections get", p)
		}
		seen[p] = true
	}
}
