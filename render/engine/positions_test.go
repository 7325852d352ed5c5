package engine

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	yamlparser "sigs.k8s.io/yaml"
)

// place is a template and what is said of it; "" is nothing.
type place struct{ source, want string }

func checkPlaces(t *testing.T, file string, places map[string]place) {
	t.Helper()
	for name, p := range places {
		_, err := Parse(file, p.source, reflect.TypeFor[sampleView]())
		switch {
		case p.want == "" && err != nil:
			t.Errorf("%s: want it accepted, got\n  %v", name, err)
		case p.want != "" && (err == nil || !strings.Contains(err.Error(), p.want)):
			t.Errorf("%s: want an error with\n  %s\ngot\n  %v", name, p.want, err)
		}
	}
}

func TestWhereAValueMayStandInJSON(t *testing.T) {
	checkPlaces(t, "x.json.hbs", map[string]place{
		"the whole file":                   {"{{json map}}\n", ""},
		"a member's value":                 {`{"a": {{json text}}, "b": [{{json text}}, {{json items}}]}`, ""},
		"within a string":                  {`{"a": "x {{jsonString text}} \n {{jsonString text}}"}`, ""},
		"an optional member":               {`{ {{#if text}}"a": {{json text}}, {{/if}}"b": 1 }`, ""},
		"one member or the other":          {`{ {{#if text}}"a": 1{{else}}"b": 2{{/if}} }`, ""},
		"an optional element, counted":     {`[1{{#each items}}, {{json name}}{{/each}}]`, ""},
		"a comma if both are there":        {`{ {{#if yes}}"a": 1{{#if text}},{{/if}}{{/if}} {{#if text}}"b": 2{{/if}} }`, ""},
		"a comma unless the list is empty": {`{ "a": 1{{#if items}},{{/if}} {{#each items}}{{else}}{{/each}}{{#if items}}"b": 2{{/if}} }`, ""},
		"what Handlebars escapes":          {`["\{{json text}}"]`, ""},
		"words and numbers":                {`{"a": [true, null, -1.5e3, {{#if yes}}1{{else}}false{{/if}}]}`, ""},

		"a value in a string":                  {"{\n\"a\": \"{{json text}}\"}", "x.json.hbs:2: inside a string a value is written {{jsonString text}}"},
		"a string's part as a value":           {`{"a": {{jsonString text}} }`, "x.json.hbs:1: outside of a string a value is written {{json text}}"},
		"a name":                               {`{"{{jsonString text}}": 1}`, "the name of a member cannot be a value"},
		"a name without quotes":                {`{ {{json text}}: 1}`, "no value can stand here in JSON: a name or } is missing"},
		"a value after a value":                {`[1 {{json text}}]`, "no value can stand here in JSON: a comma or the end is missing"},
		"a value that becomes part of a word":  {`[1{{json text}}]`, "no value can stand here"},
		"a value within an escape":             {`["\u00{{jsonString text}}"]`, "outside of a string"},
		"two values":                           {`[{{json text}}{{json text}}]`, "no value can stand here"},
		"a comma too many, without the member": {"{ \"a\": 1, {{#if text}}\"b\": 2{{/if}}\n}", `x.json.hbs:2: "}" cannot stand here in JSON`},
		"a comma missing, with the member":     {`{ {{#if text}}"b": 2{{/if}} "a": 1}`, "cannot stand here in JSON"},
		"a comma missing in the second round":  {`[{{#each items}}{{json name}}{{/each}}]`, "no value can stand here"},
		"a condition within a list changes":    {`[{{#each items}}{{#if name}}1{{#if name}},{{/if}}{{/if}}{{/each}}1]`, "cannot stand here"},
		"a block that opens a string":          {`[{{#if text}}"{{/if}}a"]`, "cannot stand here"},
		"a block that opens an object":         {`[{{#if text}}{{else}}{ {{/if}}]`, "a block must close what it opens"},
		"a block within an escape":             {`["\u0{{#if text}}000{{else}}001{{/if}}"]`, "a block cannot begin within an escape"},
		"a block that ends within an escape":   {`["{{#if text}}\u{{/if}}0000"]`, "a block must close what it opens"},
		"a word that a block breaks":           {`[tr{{#if text}}ue{{/if}}]`, `"]" cannot stand here`},
		"a block for the whole file":           {`{{#if text}}{}{{/if}}`, "the JSON ends too early"},
		"no JSON at all":                       {"{\n  a: 1\n}", `x.json.hbs:2: "a" cannot stand here in JSON`},
		"a comment":                            {`{} // x`, `"/" cannot stand here`},
		"a wrong escape":                       {`["\x"]`, `"x" cannot stand here`},
		"a newline in a string":                {"[\"\n\"]", "cannot stand here"},
		"a word that is none":                  {`[nul]`, `"]" cannot stand here`},
		"an end that is missing":               {"{\"a\": 1\n", "x.json.hbs:1: the JSON ends too early"},
	})
}

func TestWhereAValueMayStandInAScript(t *testing.T) {
	const use = `write name={{shell text}} on a line of its own and use "$name"`
	checkPlaces(t, "x.sh.hbs", map[string]place{
		"a variable":                   {"x={{shell text}}\nexport Y=a{{shell text}}b\nZ={{shell text}} run\n", ""},
		"after --":                     {"rm -- {{shell text}}\n", ""},
		"behind a text":                {"run --name={{shell text}} ./{{shell text}}\n", ""},
		"in a loop":                    {"for i in {{shell text}} b; do echo \"$i\"; done\n", ""},
		"the subject of a case":        {"case {{shell text}} in a) ;; esac\n", ""},
		"a redirection":                {"cat <{{shell text}} >./{{shell text}}\n", ""},
		"in a substitution":            {"x=\"$(cat -- {{shell text}})\"\n", ""},
		"in a function":                {"f() {\n  x={{shell text}}\n}\n", ""},
		"commands if":                  {"if a; then\n{{#if text}}\n  x={{shell text}}\n{{else}}\n  y=\n{{/if}}\n  b\nfi\n", ""},
		"commands for each":            {"{{#each items}}\nrun -- {{shell name}}\n{{/each}}", ""},
		"blocks in blocks":             {"{{#if text}}\n{{#if yes}}\na\n{{/if}}\n{{/if}}\n", ""},
		"a here-document in a block":   {"{{#if text}}\ncat <<EOF\nx\nEOF\n{{/if}}\n", ""},
		"bash, where it says so":       {"#!/usr/bin/env bash\na=(1 2)\nx={{shell text}}\n", ""},
		"in double quotes":             {"a\n\"{{shell text}}\"\n", "x.sh.hbs:2: {{shell text}} must be an unquoted word"},
		"in single quotes":             {"x='{{shell text}}'\n", "must be an unquoted word"},
		"in dollar quotes":             {"#!/bin/bash\nx=${{shell text}}\n", "must be an unquoted word"},
		"in a comment":                 {"a # {{shell text}}\n", "must be an unquoted word"},
		"in a here-document":           {"cat <<EOF\n{{shell text}}\nEOF\n", "must be an unquoted word"},
		"in a quoted here-document":    {"cat <<'EOF'\n{{shell text}}\nEOF\n", "must be an unquoted word"},
		"in backticks":                 {"x=`cat -- {{shell text}}`\n", "must be an unquoted word"},
		"in arithmetic":                {"x=$((1 + {{shell text}}))\n", "must be an unquoted word"},
		"in an expansion":              {"x=${y:-{{shell text}} }\n", "must be an unquoted word"},
		"a pattern":                    {"case $x in {{shell text}}) ;; esac\n", "must be an unquoted word"},
		"a command's name":             {"{{shell text}} a\n", "must be an unquoted word"},
		"a part of a command's name":   {"./{{shell text}}\n", "must be an unquoted word"},
		"a command's name after all":   {"X=1 {{shell text}}\n", "must be an unquoted word"},
		"an option":                    {"rm {{shell text}}\n", "a value that begins with - would be an option here: put -- before it"},
		"evaluated":                    {"eval -- {{shell text}}\n", "this command can execute its arguments, whatever the quotes: " + use},
		"another shell's":              {"/bin/sh -c x{{shell text}}\n", "this command can execute its arguments"},
		"a trap":                       {"trap x{{shell text}} EXIT\n", "this command can execute its arguments"},
		"what nobody knows":            {"$command -- {{shell text}}\n", "this command can execute its arguments"},
		"evaluated by a declaration":   {"#!/bin/bash\ndeclare -i x={{shell text}}\n", "must be an unquoted word"},
		"an index":                     {"#!/bin/bash\na[{{shell text}}]=1\n", "must be an unquoted word"},
		"a test of bash":               {"#!/bin/bash\n[[ a == {{shell text}} ]]\n", "must be an unquoted word"},
		"a block in a command":         {"run {{#if text}}-x{{/if}}\n", "{{#if}}, {{else}} and {{/if}} stand on lines of their own"},
		"a block in quotes":            {"a=\"\n{{#if text}}\nx\n{{/if}}\n\"\n", "a block in a script must enclose whole commands"},
		"a block in a here-document":   {"cat <<EOF\n{{#if text}}\nx\n{{/if}}\nEOF\n", "a block in a script must enclose whole commands"},
		"a block after a backslash":    {"run \\\n{{#if text}}\nx\n{{/if}}\n", "a block in a script must enclose whole commands"},
		"a block after an operator":    {"run &&\n{{#if text}}\nx\n{{/if}}\n", "a block in a script must enclose whole commands"},
		"a backslash at a block's end": {"{{#if text}}\nrun \\\n{{/if}}\nx\n", "something is open at its end"},
		"a pipe at a block's end":      {"{{#if text}}\nrun |\n{{/if}}\nx\n", "something is open at its end"},
		"quotes open in a block":       {"{{#if text}}\nx='\n{{/if}}\n'\n", "this is no script"},
		"half an if":                   {"{{#if text}}\nif a; then\n{{/if}}\nb\nfi\n", "this is no script"},
		"nothing without the block":    {"if a; then\n{{#if text}}\nb\n{{/if}}\nfi\n", "without its blocks this is no script"},
		"a block for half a line":      {"{{#if text}}a{{/if}} b\n", "stand on lines of their own"},
		"a script that is none":        {"a\nif b; then\nc\n", "x.sh.hbs:"},
		"a line of an error":           {"a\nb )\n", "x.sh.hbs:2: this is no script"},
	})
}

func TestWhereAValueMayStandInYAML(t *testing.T) {
	checkPlaces(t, "x.yaml.hbs", map[string]place{
		"values and items":       {"a: {{yaml text}}\nb:\n- {{yaml text}}\n- c: {{yaml items}}\n", ""},
		"in a list on one line":  {"a: [{{yaml text}}, {{yaml map}}]\n", ""},
		"blocks":                 {"{{#if text}}\na: {{yaml text}}\n{{else}}\nb: 1\n{{/if}}\n{{#if yes}}\nc: {}\n{{/if}}\n", ""},
		"for each":               {"a:\n{{#each items}}\n- {{yaml name}}\n{{/each}}\n", ""},
		"in quotes":              {"a: '{{yaml text}}'\n", "x.yaml.hbs:1: {{yaml text}} must be a whole value"},
		"in double quotes":       {"a: \"{{yaml text}}\"\n", "no YAML"},
		"a name":                 {"{{yaml text}}: 1\n", "must be a whole value"},
		"a part of a text":       {"a: x {{yaml text}}\n", "must be a whole value"},
		"in a comment":           {"a: 1 # {{yaml text}}\n", "must be a whole value"},
		"in a text":              {"a: |\n  {{yaml text}}\n", "x.yaml.hbs:2: {{yaml text}} must be a whole value"},
		"in a text, in some way": {"{{#if yes}}\na: |\n{{else}}\na:\n{{/if}}\n  {{yaml text}}\n", "x.yaml.hbs:6: {{yaml text}} must be a whole value"},
		"no YAML without a part": {"a:\n{{#if yes}}\n  b: 1\n{{else}}\n c\n d: 1\n{{/if}}\n", "what it makes is no YAML"},
		"twice in the same map":  {"{{#each items}}\na: {{yaml name}}\n{{/each}}\n", "what it makes is no YAML"},
		"too many ways":          {strings.Repeat("{{#if yes}}\n- 1\n{{/if}}\n", 9) + "- 2\n", "more than 256 ways"},
	})
}

func TestWhereAValueMayStandInMarkdown(t *testing.T) {
	checkPlaces(t, "x.md.hbs", map[string]place{
		"anywhere":                     {"# {{text}}\n- {{code text}} (`x`) {{text}}\n", ""},
		"a number between backticks":   {"`task-{{big}}`\n", ""},
		"after a block of code":        {"```sh\na\n```\n{{text}}\n", ""},
		"after a backtick of yore":     {"a ` b\n{{text}}\n", ""},
		"after one that is escaped":    {"\\` {{text}}\n", ""},
		"after a block that closes":    {"{{#if yes}}`a`{{/if}} {{text}}", ""},
		"between backticks":            {"a\n`{{text}}`\n", "x.md.hbs:2: a value cannot stand between backticks, which it could end: write {{code text}}"},
		"between many backticks":       {"`` ` {{text}} ``\n", "a value cannot stand between backticks"},
		"a code span in a code span":   {"`a {{code text}}`\n", "a value cannot stand between backticks"},
		"in a block of code":           {"```\n{{text}}\n```\n", "x.md.hbs:2: a value cannot stand in a block of code"},
		"in a block of code of tildes": {"~~~\n```\n{{text}}\n~~~\n", "a value cannot stand in a block of code"},
		"in one that does not end":     {"````\n```\n{{text}}\n", "a value cannot stand in a block of code"},
		"a block that opens":           {"{{#if yes}}\n```\n{{/if}}\n", "x.md.hbs:1: a block must close the backticks"},
		"a span that a block opens":    {"a {{#if yes}}`{{/if}} {{text}}`\n", "a block must close the backticks"},
	})
}

// TestEveryWayThroughAnAcceptedTemplateIsWellFormed executes with every combination of conditions.
func TestEveryWayThroughAnAcceptedTemplateIsWellFormed(t *testing.T) {
	for ways := range 16 {
		v := sampleView{Yes: ways&1 > 0, No: ways&2 > 0}
		if ways&4 > 0 {
			v.Text = hostile
		}
		if ways&8 > 0 {
			v.Items = sample.Items
		}
		values, err := ValuesOf(v)
		if err != nil {
			t.Fatal(err)
		}
		for name, source := range map[string]string{
			"x.json.hbs": `{ {{#if yes}}"a": 1{{#if text}},{{/if}}{{/if}} {{#if text}}"b": "{{jsonString text}}"{{/if}}
				{{#unless text}}{{#if yes}},{{/if}}"c": [0{{#each items}}, {{json name}}{{/each}}]{{/unless}} }`,
			"x.yaml.hbs": "{{#if yes}}\na: {{yaml text}}\n{{/if}}\nb:\n{{#each items}}\n- {{yaml name}}\n{{else}}\n- {{yaml no}}\n{{/each}}\n",
		} {
			tpl, err := Parse(name, source, reflect.TypeFor[sampleView]())
			if err != nil {
				t.Fatal(err)
			}
			text, err := tpl.Execute(values)
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := yamlparser.UnmarshalStrict([]byte(text), &got); err != nil {
				t.Errorf("%v in\n%s", err, text)
			}
			if name == "x.json.hbs" && !json.Valid([]byte(text)) {
				t.Errorf("no JSON: %s", text)
			}
		}
	}
}
