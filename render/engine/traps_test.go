package engine

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The traps of raymond, as the study of the library lists them, each with a test that falls into it if it can. Defects 29
// and 31 of the original system are of the same kind.

func refused(t *testing.T, file, source, want string) {
	t.Helper()
	if _, err := Parse(file, source, reflect.TypeFor[sampleView]()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%.60q: want an error with\n  %s\ngot\n  %v", source, want, err)
	}
}

// TestDefect29AndTrapNothingIsEscapedForHTML: the original pasted entities into prompts and URLs, and no escape into JSON.
func TestDefect29AndTrapNothingIsEscapedForHTML(t *testing.T) {
	const text = "a?b=1&c=<2> \"'` \\"
	for name, test := range map[string]struct{ source, want string }{
		"x.md.hbs":   {"{{text}}|{{{text}}}|{{&text}}", text + "|" + text + "|" + text},
		"x.txt.hbs":  {"{{text}}", text},
		"x.json.hbs": {`{"a": {{json text}}, "b": "{{jsonString text}}"}`, `{"a": "a?b=1&c=<2> \"'` + "`" + ` \\", "b": "a?b=1&c=<2> \"'` + "`" + ` \\"}`},
	} {
		if diff := cmp.Diff(test.want, fillWith(t, name, test.source, sampleView{Text: text})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestBehaviour35AndDefect31AndTrapUnknownNamesAreRefused(t *testing.T) {
	refused(t, "x.md.hbs", "a\nb {{nope}}", "x.md.hbs:2: unknown name nope: there are big, empty, items, map, no, none, text, yes")
	refused(t, "x.md.hbs", "{{nope text}}", `there is no helper "nope": there are code, json, jsonString, shell, yaml`)
	refused(t, "x.md.hbs", "{{#if items.nope}}{{/if}}", "unknown name items.nope")
	refused(t, "x.md.hbs", "{{> nope}}", "partials are not supported")
}

func TestTrapNamesOfOuterScopesAreRefused(t *testing.T) {
	refused(t, "x.md.hbs", "{{#each items}}{{text}}{{/each}}", "unknown name text: there are name")
	refused(t, "x.md.hbs", "{{#each items}}{{../text}}{{@root.text}}{{/each}}", "only names of the view are supported")
}

func TestTrapPanicsOfRaymondAreErrors(t *testing.T) {
	refused(t, "x.md.hbs", "{{items.[-1]}}", "x.md.hbs:1:") // raymond panics with a string while it executes this
	f := file{name: "x.md.hbs", source: "{{text}}"}
	_, err := f.recovering(func() ([]node, error) { panic("no error value") })
	if err == nil || err.Error() != "x.md.hbs: raymond cannot read this template: no error value" {
		t.Errorf("want the panic as an error, got %v", err)
	}
}

func TestTrapMethodsAndGoNamesAreRefused(t *testing.T) {
	for _, source := range []string{"{{Method}}", "{{method}}", "{{Text}}", "{{items.Name}}"} {
		refused(t, "x.md.hbs", source, "unknown name")
	}
}

func TestTrapMapsAreNeverIteratedOrPrintedAsGo(t *testing.T) {
	refused(t, "x.md.hbs", "{{#each map}}{{this}}{{/each}}", "map is no list")
	for _, source := range []string{"{{map}}", "{{items}}", "{{yes}}", "{{this}}"} {
		refused(t, "x.md.hbs", source, "it cannot be printed")
	}
	for range 50 {
		if got, want := fill(t, "x.json.hbs", "{{json map}}"), `{"a":"1","b":"<2>"}`; got != want {
			t.Fatalf("want %s, got %s", want, got)
		}
	}
}

func TestTrapRecursionIsRefused(t *testing.T) {
	refused(t, "x.md.hbs", "{{> x}}", "x.md.hbs:1: partials are not supported")
	refused(t, "x.md.hbs", "{{> (lookup map 'a')}}", "partials are not supported")
	refused(t, "x.md.hbs", "{{#*inline \"x\"}}{{> x}}{{/inline}}", "x.md.hbs:1:")
	deep := strings.Repeat("{{#if yes}}", 200_000) + strings.Repeat("{{/if}}", 200_000)
	refused(t, "x.md.hbs", deep[:MaxSource/2], "x.md.hbs:1: blocks are at most 16 deep")
}

func TestTrapSizeIsBounded(t *testing.T) {
	refused(t, "x.md.hbs", strings.Repeat("x", MaxSource+1), "x.md.hbs: a template has at most 1024 KiB")
	refused(t, "x.md.hbs", strings.Repeat("{{text}}", 5001), "x.md.hbs:1: a template has at most 5000 {{...}}")

	many := sampleView{Text: strings.Repeat("x", 4<<10)}
	for i := range 300 {
		many.Items = append(many.Items, sampleItem{fmt.Sprint(i)})
	}
	values, err := ValuesOf(many)
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := Parse("x.md.hbs", "a\n"+strings.Repeat("{{text}}\n", 300), reflect.TypeFor[sampleView]())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tpl.Execute(values); err == nil || !strings.Contains(err.Error(), "x.md.hbs:257: what it makes is larger than 1024 KiB here") {
		t.Errorf("want the line at which it grows too large, got %v", err)
	}
	// A list cannot be iterated within itself, so there is nothing that grows with its square.
	refused(t, "x.md.hbs", "{{#each items}}{{#each items}}{{name}}{{/each}}{{/each}}", "unknown name items")
}

func TestTrapRefusedTemplatesLeakNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for i := range 500 {
		for _, source := range []string{"{{#if yes}}", "{{", "{{/if}}", "{{text", "{{#if yes}}{{else}}{{else}}{{/if}}", "{{!--", "{{\"x", "{{text text text}}", "{{{text}}", "{{#if}}{{/if}}"} {
			refused(t, "x.md.hbs", fmt.Sprint(source, i), "x.md.hbs:1:")
		}
	}
	for range 100 { // the lexer's own end comes a moment after its last token
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	if after := runtime.NumGoroutine(); after > before+2 {
		t.Errorf("want no goroutine more, got %d and then %d", before, after)
	}
}

func TestTrapATemplateIsExecutedByManyAtOnce(t *testing.T) {
	tpl, err := Parse("x.md.hbs", "{{#each items}}{{name}} {{code name}}{{/each}}{{text}}", reflect.TypeFor[sampleView]())
	if err != nil {
		t.Fatal(err)
	}
	values, err := ValuesOf(sample)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := tpl.Execute(values)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				if got, err := tpl.Execute(values); got != want || err != nil {
					t.Errorf("want %q, got %q, %v", want, got, err)
				}
			}
		})
	}
	all.Wait()
}

func TestTrapNothingIsRegisteredForTheWholeProcess(t *testing.T) {
	for range 2 { // raymond's global helpers panic when they come a second time
		if got := fill(t, "x.md.hbs", "{{code big}}"); got != "`4294967295`" {
			t.Errorf("got %s", got)
		}
	}
}

func TestTrapHelpersTakeOneValueEach(t *testing.T) {
	refused(t, "x.json.hbs", "{{json}}", "a value in JSON must be written") // raymond prints its options here
	refused(t, "x.json.hbs", "{{json text big}}", "only {{path}}, {{helper path}}")
	refused(t, "x.json.hbs", "{{json text x=1}}", "cannot stand here")
	refused(t, "x.json.hbs", `"{{jsonString items}}"`, "items is no text")
}

func TestTrapAViewMayHaveANameThatAHelperHas(t *testing.T) {
	type view struct {
		Code string `json:"code"`
		If   string `json:"if"`
	}
	tpl, err := Parse("x.md.hbs", "{{code}} {{code code}} {{#if if}}{{if}}{{/if}}", reflect.TypeFor[view]())
	if err != nil {
		t.Fatal(err)
	}
	values, err := ValuesOf(view{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tpl.Execute(values); got != "a `a` b" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTrapNumbersKeepTheirDigitsAndTheirTruth(t *testing.T) {
	if got := fill(t, "x.md.hbs", "{{big}}{{#if big}} is true{{/if}}"); got != "4294967295 is true" {
		t.Errorf("got %q", got)
	}
	if got := fillWith(t, "x.md.hbs", "{{big}}{{#if big}} is true{{/if}}", sampleView{}); got != "0" {
		t.Errorf("0 is false, got %q", got)
	}
}

func TestTrapWhiteSpaceIsAsHandlebarsWantsIt(t *testing.T) {
	for source, want := range map[string]string{
		"a\n{{#if yes}}\nb\n{{/if}}\nc\n":                       "a\nb\nc\n",
		"a\n  {{#if no}}\n  b\n  {{else}}\n  c\n  {{/if}}\nd\n": "a\n  c\nd\n",
		"a {{~text~}} b":                "a" + shown + "b",
		"a {{#if yes~}} b {{~/if}} c":   "a b c",
		"{{! x }}\na\n{{!-- }} --}}\nb": "a\nb",
		`\{{text}}`:                     "{{text}}",
		"{ {{big}} }":                   "{ 4294967295 }",
	} {
		if got := fill(t, "x.md.hbs", source); got != want {
			t.Errorf("%q: want %q, got %q", source, want, got)
		}
	}
}

// TestTrapReadingIsFast bounds what a start costs: raymond's lexer is slow, but linear.
func TestTrapReadingIsLinear(t *testing.T) {
	took := func(size int) time.Duration {
		source := strings.Repeat("some text {{text}}\n", size)
		best := time.Hour
		for range 3 {
			start := time.Now()
			if _, err := Parse("x.md.hbs", source, reflect.TypeFor[sampleView]()); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	if small, large := took(400), took(4000); large > 60*small {
		t.Errorf("ten times the template took %v instead of %v", large, small)
	}
}
