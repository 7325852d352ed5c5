package lifecycle

import "testing"

func TestTablesHoldTheStaticProofs(t *testing.T) {
	for _, kind := range []Kind{DocsRun, CodeRun} {
		if _, err := New(kind, DefaultSettings()); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
