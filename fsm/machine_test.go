package fsm_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/fsm"
)

func machine(t *testing.T, table fsm.Table) *fsm.Machine {
	t.Helper()
	m, err := table.Machine()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// compare fires one cell with one valuation on the machine and asks the oracle the same.
func compare(m *fsm.Machine, table fsm.Table, s fsm.State, on fsm.Trigger, holds func(fsm.Guard) bool) error {
	want, fires := table.Next(s, on, holds)
	got, err := m.Fire(s, on, holds)
	if !fires {
		if !errors.Is(err, fsm.ErrIgnored) {
			return fmt.Errorf("%s on %s: fired %q with error %w, the table ignores it", s, on, got.ID, err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("firing %s on %s: %w", s, on, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("%s on %s (-table +machine):\n%s", s, on, diff)
	}
	return nil
}

func compareAll(m *fsm.Machine, table fsm.Table) (cases int, err error) {
	var errs []error
	for _, s := range table.States {
		for _, on := range table.Triggers {
			for _, holds := range table.Valuations(s.Name, on.Name) {
				cases++
				errs = append(errs, compare(m, table, s.Name, on.Name, holds))
			}
		}
	}
	return cases, errors.Join(errs...)
}

func TestTheMachineFiresWhatTheTableSays(t *testing.T) {
	table := errand()
	cases, err := compareAll(machine(t, table), table)
	if err != nil {
		t.Error(err)
	}
	// 48 cells, of which one has a guard and its negation, two have a lone guard, and one has a group of three.
	if want := 48 + 1 + 2 + 2; cases != want {
		t.Errorf("compared %d cases, want %d", cases, want)
	}
}

func TestOneMachineServesManyRunsAtOnce(t *testing.T) {
	table := errand()
	m := machine(t, table)
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for range 50 {
				if _, err := compareAll(m, table); err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

func TestAStateOfANewerVersionIsLeftAlone(t *testing.T) {
	table := errand()
	m := machine(t, table)
	for range 2 { // the library would add the state to the machine at the first time, and then ignore the trigger
		_, err := m.Fire("Teleporting", "WorkerFound", func(fsm.Guard) bool { return true })
		if err == nil || errors.Is(err, fsm.ErrIgnored) {
			t.Fatalf("firing in an unknown state: %v, want an error that is not ErrIgnored", err)
		}
		if want := `state "Teleporting" is not in the table`; err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
	}
}

func TestATriggerOfANewerVersionIsIgnored(t *testing.T) {
	_, err := machine(t, errand()).Fire("Waiting", "Rain", func(fsm.Guard) bool { return true })
	if !errors.Is(err, fsm.ErrIgnored) {
		t.Errorf("error %v, want ErrIgnored", err)
	}
}

func TestExpandWritesEveryRowOut(t *testing.T) {
	var got []string
	for _, r := range errand().Expand() {
		if len(r.From) != 1 {
			t.Errorf("row %s has %d states", r.ID, len(r.From))
		}
		got = append(got, fmt.Sprintf("%s %s→%s", r.ID, r.From[0], r.To))
	}
	want := []string{
		"1 Waiting→Gone", "1 Working→Gone", "1 Halting→Gone", "1 Done→Gone", "1 Broken→Gone",
		"2 Waiting→Working", "3 Working→Done", "4 Working→Waiting", "5 Working→Broken", "6 Working→Halting",
		"7a Halting→Done", "7b Halting→Broken", "7c Halting→Waiting",
		"8 Working→Working", "8 Halting→Halting", "8 Done→Done", "8 Broken→Broken",
		"9 Done→Waiting", "9 Broken→Waiting",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestExpandLeavesTheTableAsItWas(t *testing.T) {
	table := errand()
	table.Expand()
	table.Next("Working", "ReportArrived", func(fsm.Guard) bool { return true })
	if diff := cmp.Diff(errand(), table); diff != "" {
		t.Errorf("table (-before +after):\n%s", diff)
	}
}

func TestNotTwiceIsNothing(t *testing.T) {
	if got := fsm.Not(fsm.Not("RetryDue")); got != "RetryDue" {
		t.Errorf("Not(Not(RetryDue)) is %q", got)
	}
}
