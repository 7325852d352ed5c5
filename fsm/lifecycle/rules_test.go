package lifecycle

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
)

// What the rules accept and refuse is tried on a real API server, in test/integration/api. Here: that they are whole.

func TestRulesBeginWithTheTable(t *testing.T) {
	for _, table := range []fsm.Table{DocsTable(), CodeTable()} {
		edges := table.CEL()
		got := Rules(table)
		if diff := cmp.Diff(edges, got[:len(edges)]); diff != "" {
			t.Errorf("%s: rules that are not the table's (-want +got):\n%s", table.Name, diff)
		}
		if len(got) == len(edges) {
			t.Errorf("%s: no rules about attempts and history", table.Name)
		}
	}
}

func TestEveryRuleSaysWhatItIsAbout(t *testing.T) {
	fields := jsonNames(reflect.TypeFor[v1.RunStatus]())
	messages := map[string]bool{}
	for _, r := range Rules(CodeTable()) {
		if messages[r.Message] {
			t.Errorf("two rules have the message %q", r.Message)
		}
		messages[r.Message] = true
		if !slices.Contains(fields, strings.TrimPrefix(r.FieldPath, ".")) {
			t.Errorf("rule %q is about %q, which is no field of the status", r.Message, r.FieldPath)
		}
	}
}

// A field that is renamed in the API must not leave a rule behind that reads its old name.
func TestRulesReadFieldsThatExist(t *testing.T) {
	known := map[string][]string{
		"self":    jsonNames(reflect.TypeFor[v1.RunStatus]()),
		"oldSelf": jsonNames(reflect.TypeFor[v1.RunStatus]()),
		"a":       jsonNames(reflect.TypeFor[v1.Attempt]()),
		"o":       append(jsonNames(reflect.TypeFor[v1.Attempt]()), jsonNames(reflect.TypeFor[v1.Transition]())...),
		"h":       jsonNames(reflect.TypeFor[v1.Transition]()),
	}
	read := regexp.MustCompile(`\b(self|oldSelf|a|o|h)\.([a-zA-Z]+)`)
	for _, r := range Rules(CodeTable()) {
		for _, m := range read.FindAllStringSubmatch(r.Rule, -1) {
			if !slices.Contains(known[m[1]], m[2]) {
				t.Errorf("rule %q reads %s, which does not exist", r.Message, m[0])
			}
		}
	}
}

func jsonNames(t reflect.Type) []string {
	var names []string
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
