package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the table of docs/configuration.md and the schema of the chart's config")

const (
	documentation = "../../docs/configuration.md"
	tableBegin    = "<!-- keys: generated from reconcilers/config/keys.go by go test ./reconcilers/config -update -->\n"
	tableEnd      = "<!-- end of keys -->\n"
)

// table is what the documentation must say about the keys.
func table() string {
	var b strings.Builder
	b.WriteString("| key | meaning | unit | default |\n|---|---|---|---|\n")
	d := defaults()
	for _, k := range keys {
		value := k.show(&d)
		if value != "" {
			value = "`" + value + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.path, k.meaning, k.unit, value)
	}
	return b.String()
}

func TestTheDocumentationSaysEveryKeyAsTheCodeReadsIt(t *testing.T) {
	text, err := os.ReadFile(documentation)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), tableBegin)
	got, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatal("the marks around the table are gone")
	}
	if *update {
		if err := os.WriteFile(documentation, []byte(before+tableBegin+table()+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(table(), got); diff != "" {
		t.Errorf("docs/configuration.md is out of date: go test ./reconcilers/config -update (-want +got):\n%s", diff)
	}
}

func TestEveryKeyIsWrittenOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range keys {
		if seen[k.path] || k.meaning == "" {
			t.Errorf("%s stands twice or says nothing", k.path)
		}
		seen[k.path] = true
		if _, also := originals[k.path]; also {
			t.Errorf("%s is said to have no effect", k.path)
		}
	}
}

const valuesSchema = "../../cmd/runfleet/chart/values.schema.json"

// The chart refuses what the operator would refuse when it starts: the schema of its values has that of the configuration in it.
func TestTheChartKnowsEveryKey(t *testing.T) {
	before, err := os.ReadFile(valuesSchema)
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := json.Unmarshal(before, &values); err != nil {
		t.Fatal(err)
	}
	properties, ok := values["properties"].(map[string]any)
	if !ok {
		t.Fatal("the schema has no properties")
	}
	properties["config"] = Schema()
	var want bytes.Buffer
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(values); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(valuesSchema, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), string(before)); diff != "" {
		t.Errorf("%s is out of date: go test ./reconcilers/config -update (-want +got):\n%s", valuesSchema, diff)
	}
}
