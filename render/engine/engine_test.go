package engine

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sampleView is a small view, to show what the engine does with each kind of value.
type sampleView struct {
	Text  string            `json:"text"`
	Empty string            `json:"empty"`
	Yes   bool              `json:"yes"`
	No    bool              `json:"no"`
	Big   int64             `json:"big"`
	Items []sampleItem      `json:"items"`
	None  []sampleItem      `json:"none"`
	Map   map[string]string `json:"map"`
}

type sampleItem struct {
	Name string `json:"name"`
}

// Method could be called by a template that got the view itself.
func (sampleView) Method() string { return "called" }

const hostile = "a \"quote\", 'one', a \\ and `id` $(id) & <b> {{text}} é\u202e\n-c"

// shown is how text and Markdown show it.
var shown = strings.ReplaceAll(hostile, "\u202e", "[U+202E]")

var sample = sampleView{
	Text: hostile, Yes: true, Big: 4294967295,
	Items: []sampleItem{{"one"}, {"two"}}, Map: map[string]string{"b": "<2>", "a": "1"},
}

func fill(t *testing.T, name, source string) string {
	t.Helper()
	return fillWith(t, name, source, sample)
}

func fillWith(t *testing.T, name, source string, view sampleView) string {
	t.Helper()
	tpl, err := Parse(name, source, reflect.TypeFor[sampleView]())
	if err != nil {
		t.Fatal(err)
	}
	v, err := ValuesOf(view)
	if err != nil {
		t.Fatal(err)
	}
	text, err := tpl.Execute(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTemplatesPrintWhatTheyAreGiven(t *testing.T) {
	for name, test := range map[string]struct{ source, want string }{
		"a text is never escaped":                 {"{{text}}|{{{text}}}|{{&text}}", shown + "|" + shown + "|" + shown},
		"a number has all its digits":             {"{{big}}", "4294967295"},
		"an empty text is false":                  {"{{#if empty}}yes{{else}}no{{/if}}", "no"},
		"a text is true":                          {"{{#if text}}yes{{/if}}", "yes"},
		"unless is the opposite":                  {"{{#unless no}}yes{{/unless}}{{#unless yes}}no{{/unless}}", "yes"},
		"else if":                                 {"{{#if no}}1{{else if yes}}2{{/if}}", "2"},
		"a list is iterated in order":             {"{{#each items}}{{name}},{{/each}}", "one,two,"},
		"an empty list is nothing":                {"{{#each none}}{{name}}{{else}}none{{/each}}{{#if none}}some{{/if}}", "none"},
		"a comment is nothing":                    {"a{{! text }}b", "ab"},
		"text in the view is no template":         {"{{#if text}}{{text}}{{/if}}", shown},
		"a block on its own line leaves no blank": {"a\n{{#if yes}}\nb\n{{/if}}\nc\n", "a\nb\nc\n"},
	} {
		if diff := cmp.Diff(test.want, fill(t, "x.md.hbs", test.source)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestJSONHoldsAnyValue(t *testing.T) {
	text := fill(t, "x.json.hbs", `{"text": {{json text}}, "items": {{json items}}, "map": {{json map}}, "yes": {{json yes}} }`)
	var got sampleView
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	want := sampleView{Text: sample.Text, Items: sample.Items, Map: sample.Map, Yes: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMapsComeOutInOneOrder(t *testing.T) {
	for range 50 {
		if got, want := fill(t, "x.json.hbs", `{{json map}}`), `{"a":"1","b":"<2>"}`; got != want {
			t.Fatalf("want %s, got %s", want, got)
		}
	}
}

func TestTemplatesAreRefusedForWhatTheyCouldNotMean(t *testing.T) {
	for name, test := range map[string]struct{ file, source, want string }{
		"an unknown name":              {"x.md.hbs", "a\n{{nope}}", "x.md.hbs:2: unknown name nope"},
		"an unknown name in a block":   {"x.md.hbs", "{{#if yes}}\n\n{{nope}}{{/if}}", "x.md.hbs:3: unknown name nope"},
		"an unknown name in an else":   {"x.md.hbs", "{{#if yes}}{{else}}{{nope}}{{/if}}", "unknown name nope"},
		"an unknown condition":         {"x.md.hbs", "{{#if nope}}{{/if}}", "unknown name nope"},
		"a name of the outer scope":    {"x.md.hbs", "{{#each items}}{{text}}{{/each}}", "unknown name text"},
		"the parent scope":             {"x.md.hbs", "{{#each items}}{{../text}}{{/each}}", "only names of the view are supported"},
		"private data":                 {"x.md.hbs", "{{#each items}}{{@index}}{{/each}}", "only names of the view are supported"},
		"a field of a text":            {"x.md.hbs", "{{text.length}}", "unknown name text.length"},
		"a method":                     {"x.md.hbs", "{{Method}}", "unknown name Method"},
		"a Go name":                    {"x.md.hbs", "{{Text}}", "unknown name Text"},
		"a negative index":             {"x.md.hbs", "{{items.[-1]}}", "cannot stand here: only {{path}}"},
		"a list as text":               {"x.md.hbs", "{{items}}", "items is no text: it cannot be printed"},
		"the whole view":               {"x.md.hbs", "{{this}}", "it cannot be printed"},
		"a map that is iterated":       {"x.md.hbs", "{{#each map}}{{this}}{{/each}}", "map is no list"},
		"a text that is iterated":      {"x.md.hbs", "{{#each text}}{{/each}}", "text is no list"},
		"an unknown helper":            {"x.md.hbs", "{{shout text}}", `there is no helper "shout"`},
		"a built-in helper":            {"x.md.hbs", "{{lookup text}}", `there is no helper "lookup"`},
		"an unknown block":             {"x.md.hbs", "{{#with text}}{{/with}}", `there is no block "with"`},
		"a block without a helper":     {"x.md.hbs", "{{#yes}}{{/yes}}", "a block is {{#if path}}"},
		"too many arguments":           {"x.md.hbs", "{{json text big}}", "only {{path}}"},
		"a literal argument":           {"x.md.hbs", `{{json "x"}}`, `"x" cannot stand here: only {{path}}`},
		"a subexpression":              {"x.md.hbs", `{{json (json text)}}`, `"(" cannot stand here: only {{path}}`},
		"a hash":                       {"x.md.hbs", `{{json text a=1}}`, "only {{path}}"},
		"block parameters":             {"x.md.hbs", `{{#each items as |i|}}{{/each}}`, "block parameters"},
		"a partial":                    {"x.md.hbs", `{{> x}}`, "partials are not supported"},
		"a raw value in JSON":          {"x.json.hbs", `{"a": "{{text}}"}`, "x.json.hbs:1: a value in JSON must be written {{json text}}"},
		"a value in a script":          {"x.sh.hbs", "echo {{text}}", "x.sh.hbs:1: a value in a script is written {{shell text}}"},
		"an encoded value in a script": {"x.sh.hbs", "echo {{json text}}", "a value in a script is written {{shell text}}"},
		"a raw value in a script":      {"x.sh.hbs", "echo {{{text}}}", "a value in a script is written {{shell text}}"},
		"a script's value in a block":  {"x.sh.hbs", "{{#if yes}}{{text}}{{/if}}", "a value in a script is written {{shell text}}"},
		"a brace too close":            {"x.json.hbs", `{"a": {{json text}}}`, "x.json.hbs:1: }}} ends what {{{ began"},
		"a raw block":                  {"x.md.hbs", "{{{{if yes}}}}x{{{{/if}}}}", "cannot stand here"},
		"an inverse block":             {"x.md.hbs", "{{^yes}}{{/yes}}", "cannot stand here"},
		"a literal name":               {"x.md.hbs", "{{[text]}}", "cannot stand here"},
		"a number":                     {"x.md.hbs", "{{1}}", "cannot stand here"},
		"a path of slashes":            {"x.md.hbs", "{{map/a}}", "cannot stand here"},
		"a path of this":               {"x.md.hbs", "{{this.text}}", "cannot stand here"},
		"an empty tag":                 {"x.md.hbs", "a\n{{ }}", "x.md.hbs:2: only {{path}}"},
		"the end of nothing":           {"x.md.hbs", "{{/if}}", "closes no block"},
		"the end of another block":     {"x.md.hbs", "{{#if yes}}\n{{#if no}}{{/unless}}", "x.md.hbs:2: {{/unless}} closes no block"},
		"an else of nothing":           {"x.md.hbs", "{{else}}", "{{else}} belongs into a block"},
		"two elses":                    {"x.md.hbs", "{{#if yes}}{{else}}{{else}}{{/if}}", "{{else}} belongs into a block"},
		"a name that begins with else": {"x.md.hbs", "{{#if yes}}{{elsewhere}}{{/if}}", "no name begins with else"},
		"what is no template":          {"x.md.hbs", "{{#if yes}}", "x.md.hbs:1: {{#if}} is never closed: write {{/if}}"},
		"an open brace":                {"x.md.hbs", "{{", "x.md.hbs:1: unclosed expression"},
	} {
		_, err := Parse(test.file, test.source, reflect.TypeFor[sampleView]())
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: want an error with\n  %s\ngot\n  %v", name, test.want, err)
		}
	}
}

func TestEveryMistakeOfATemplateIsToldAtOnce(t *testing.T) {
	_, err := Parse("x.md.hbs", "{{a}}\n{{b}}\n{{#if c}}{{d}}{{/if}}", reflect.TypeFor[sampleView]())
	if err == nil || strings.Count(err.Error(), "unknown name") != 4 {
		t.Errorf("want four mistakes, got %v", err)
	}
}
