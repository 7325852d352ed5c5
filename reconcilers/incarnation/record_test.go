package incarnation

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var now = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// lived is a hub's record after some beats of each term.
func lived(r Record, terms ...string) Record {
	for _, t := range terms {
		r = r.beat(now, t, []string{"west", "east"})
	}
	return r
}

func TestAHubKnowsItsOwnPast(t *testing.T) {
	backup := lived(first(now), "one", "one", "two", "two")
	for name, test := range map[string]struct {
		beat Beat
		want bool
	}{
		"an old beat":                         {Beat{"one", 2}, true},
		"its newest beat":                     {Beat{"two", 4}, true},
		"a beat after the backup":             {Beat{"two", 5}, false},
		"a leader after the backup":           {Beat{"three", 5}, false},
		"another hub's beat of an old number": {Beat{"two", 2}, false},
	} {
		if got := backup.knows(test.beat); got != test.want {
			t.Errorf("%s: knows is %v", name, got)
		}
	}
}

func TestARestoredHubThatCountsOnIsStillRecognised(t *testing.T) {
	backup := lived(first(now), "one", "one")
	remembers := lived(backup, "one", "one").copyFor("hub") // number 4
	on := lived(backup, "two", "two", "two", "two")         // a new leader, who has come to number 6
	if !remembers.refutes(on) {
		t.Error("the hub has forgotten what the member remembers, whatever it has counted since")
	}
}

func TestWhatAMemberNeverHeardRefutesNothing(t *testing.T) {
	early := lived(first(now), "one").copyFor("hub")
	hub := lived(first(now), "one", "one", "two")
	if early.refutes(hub) {
		t.Error("a member that was away remembers less, and that is no sign of anything")
	}
	for range 2 * termsKept {
		hub = hub.beat(now, time.Duration(hub.last().Number).String(), nil)
	}
	if len(hub.Terms) != termsKept {
		t.Errorf("%d terms are kept", len(hub.Terms))
	}
	if early.refutes(hub) {
		t.Error("a beat older than all that is kept tells nothing")
	}
}

func TestAnIncarnationIsRaisedOnceForAllWitnesses(t *testing.T) {
	backup := lived(first(now), "one")
	lost := lived(backup, "one", "one")
	east, west := lived(lost, "one").copyFor("hub"), lost.copyFor("hub")
	west.Members = append(slices.Clone(west.Members), "north") // which had left before what east remembers

	hub := backup.restore(now.Add(time.Hour), "east", east)
	want := &Restored{Witness: "east", Heard: Beat{"one", 4}, Known: 1}
	if diff := cmp.Diff(want, hub.Restored); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if hub.Incarnation != 2 || !hub.Since.Equal(now.Add(time.Hour)) {
		t.Errorf("incarnation %d since %v", hub.Incarnation, hub.Since)
	}
	if west.refutes(hub) || east.refutes(hub) {
		t.Error("what is remembered of the incarnation before was dealt with")
	}
	hub = hub.missing(west)
	if diff := cmp.Diff([]string{"north"}, hub.Restored.Missing); diff != "" {
		t.Errorf("a member of the lost time that is registered no more must be named (-want +got):\n%s", diff)
	}
}

func TestASecondRestoreIsRecognisedToo(t *testing.T) {
	backup := lived(first(now), "one")
	raised := backup.restore(now, "east", lived(backup, "one").copyFor("hub"))
	east := lived(raised, "two").copyFor("hub")
	if !east.refutes(backup) {
		t.Fatal("the same backup once more: the hub has forgotten its second incarnation")
	}
	if again := backup.restore(now, "east", east); again.Incarnation != 3 {
		t.Errorf("a third incarnation is due, not %d", again.Incarnation)
	}
}

// An agent may live there: only somebody who was told while it was registered can say so.
func TestAMemberThatCameAndWentInTheLostTimeIsMissing(t *testing.T) {
	hub := first(now)
	day := func(n int, members ...string) {
		hub = hub.beat(now.Add(time.Duration(n)*24*time.Hour), "one", members)
	}
	day(0, "east", "west")
	day(1, "west") // east left, which the backup knows
	backup := hub
	day(2, "west", "north")
	day(3, "west")
	missing := func(days int) []string {
		day(days, "west")
		return backup.restore(now, "west", hub.copyFor("hub")).Restored.Missing
	}
	if diff := cmp.Diff([]string{"north"}, missing(4)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if hub.Left[0].Name != "east" || len(hub.Left) != 2 {
		t.Errorf("who left is remembered: %v", hub.Left)
	}
	if diff := cmp.Diff([]string(nil), missing(12)); diff != "" {
		t.Errorf("no agent lives so long (-want +got):\n%s", diff)
	}
	day(13, "west", "east")
	day(14, "west") // it left once more
	if diff := cmp.Diff([]string{"east"}, missing(15)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
