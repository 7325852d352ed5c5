package lifecycle

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/runfleet/runfleet/api/v1"
)

func TestAnAttemptGetsWhatEarlierOnesLeftOfTheLimits(t *testing.T) {
	type left struct {
		Turns *int32
		Cost  string
	}
	for name, test := range map[string]struct {
		turns *int32
		cost  string
		used  *v1.Usage
		want  left
	}{
		"no limits":                       {nil, "", &v1.Usage{CostUSD: "3.0000", Turns: 9}, left{nil, ""}},
		"nothing used":                    {new(int32(10)), "2.50", nil, left{new(int32(10)), "2.50"}},
		"something used":                  {new(int32(10)), "2.50", &v1.Usage{CostUSD: "0.4213", Turns: 3}, left{new(int32(7)), "2.0787"}},
		"all used":                        {new(int32(10)), "2.50", &v1.Usage{CostUSD: "2.5000", Turns: 10}, left{new(int32(0)), "0"}},
		"more than all":                   {new(int32(10)), "2.50", &v1.Usage{CostUSD: "99.0000", Turns: 11}, left{new(int32(0)), "0"}},
		"agents that tell their turns":    {new(int32(10)), "2.50", &v1.Usage{Turns: 4}, left{new(int32(6)), "2.50"}},
		"a sum that nobody could make":    {nil, "2.50", &v1.Usage{CostUSD: "1e999999999"}, left{nil, "2.50"}},
		"a raised limit after all of one": {new(int32(30)), "5", &v1.Usage{CostUSD: "2.6100", Turns: 11}, left{new(int32(19)), "2.3900"}},
	} {
		l, err := New(CodeRun, DefaultSettings())
		if err != nil {
			t.Fatal(err)
		}
		s := v1.RunStatus{Usage: test.used}
		change{Lifecycle: l, s: &s, f: Facts{Run: RunFacts{MaxTurns: test.turns, MaxCostUSD: test.cost}}}.startAttempt()
		if diff := cmp.Diff(test.want, left{s.Attempts[0].MaxTurns, s.Attempts[0].MaxCostUSD}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTheFirstAttemptDecidesTheBranchForAll(t *testing.T) {
	l, err := New(CodeRun, DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	var s v1.RunStatus
	for _, configured := range []string{"", "feature/task-7", "work/7", ""} {
		change{Lifecycle: l, s: &s, f: Facts{Run: RunFacts{Branch: configured}}}.startAttempt()
	}
	if s.Branch != "feature/task-7" {
		t.Errorf("want the first that there was, got %q", s.Branch)
	}
}
