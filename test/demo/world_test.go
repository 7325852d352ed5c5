package main

import (
	"errors"
	"strings"
	"testing"
)

func TestWhatIsMissingForRealAgentsIsSaidAtOnce(t *testing.T) {
	err := missing(func(string) (string, error) { return "", errors.New("not found") })
	if err == nil {
		t.Fatal("nothing is missing")
	}
	for _, want := range []string{"the program mmdebstrap (package mmdebstrap); the program npm (package npm)", "make demo without AGENT=real needs none of it"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("says %q, lacks %q", err, want)
		}
	}
}
