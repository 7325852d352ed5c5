package engine

import (
	"encoding/json"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	yamlparser "sigs.k8s.io/yaml"
)

// nasty are texts that mean something to somebody.
var nasty = []string{
	"", " ", "plain", hostile, "'", "''", `\`, `\'`, `"`, "`", "``", "` `", " ` ", "$(touch ran)", "`touch ran`", "${HOME}", "$$", "!!", "-rf", "--", "~",
	"*", "a\nb", "\n", "\r\n", "\r", "\t", "a #b", "# b", "a: b", "- a", "{}", "[", "null", "true", "0x1", "{{text}}", "}}", "</script>", "&amp; <>", "é", "ﬁ", "👩\u200d👧",
	"\u202ertl\u202c", "\u2066", "\u200b", "\u2028", "\u2029", "\u0085", "\x1b[31m", "\x7f", "\ufeff", "\U000e0041\U000e007f", "\U000e0100", "\uffff", "\U0001ffff",
	strings.Repeat("x'", 2000),
}

func TestShellWordsArriveAsTheyAre(t *testing.T) {
	for _, want := range nasty {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+helpers["shell"](want)).Output()
		if err != nil || string(out) != want {
			t.Errorf("want %q, got %q, %v", want, out, err)
		}
	}
}

func TestJSONArrivesAsItIsAndHidesNothing(t *testing.T) {
	for _, want := range nasty {
		for helper, text := range map[string]string{"json": helpers["json"](want), "jsonString": `"` + helpers["jsonString"](want) + `"`} {
			var got string
			if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
				t.Errorf("%s: want %q, got %q, %v", helper, want, got, err)
			}
			if strings.ContainsFunc(text, hidden) {
				t.Errorf("%s: %q hides something", helper, text)
			}
		}
	}
}

func TestYAMLArrivesAsItIsAndHidesNothing(t *testing.T) {
	for _, want := range nasty {
		text := helpers["yaml"](want)
		var got map[string]string
		if err := yamlparser.UnmarshalStrict([]byte("a: "+text+"\nb: 1\n"), &got); err != nil || got["a"] != want {
			t.Errorf("want %q, got %q, %v", want, got["a"], err)
		}
		if strings.ContainsFunc(text, hidden) || strings.Contains(text, "\n") {
			t.Errorf("%q hides something", text)
		}
	}
}

func TestCodeSpansAreOneSpanOnOneLine(t *testing.T) {
	for value, want := range map[string]string{
		"main":      "`main`",
		"a`b":       "``a`b``",
		"a``b`c":    "```a``b`c```",
		"`a":        "`` `a ``",
		"a`":        "`` a` ``",
		"a\n# b":    "`a # b`",
		" a ":       "`  a  `",
		"":          "`  `",
		"a\u202eb":  "`a[U+202E]b`",
		"a\r\n\r\n": "`a  `",
	} {
		if got := helpers["code"](value); got != want {
			t.Errorf("%q: want %s, got %s", value, want, got)
		}
	}
}

func TestTextShowsWhatHides(t *testing.T) {
	for value, want := range map[string]string{
		"\u202eevil\u202c":               "[U+202E]evil[U+202C]",
		"a\x00b\x1bc\x7f\u009b":          "a[U+0000]b[U+001B]c[U+007F][U+009B]",
		"one\r\ntwo\rthree":              "one\ntwo[U+000D]three",
		"tab\tand\nnewline":              "tab\tand\nnewline",
		"\u2028\u2029\ufeff":             "[U+2028][U+2029][U+FEFF]",
		"\U000e0049\U000e0101":           "[U+E0049][U+E0101]",
		"👩\u200d👧 ❤\ufe0f می\u200cخواهم": "👩\u200d👧 ❤\ufe0f می\u200cخواهم", // joiners and the selector of an emoji are part of writing
	} {
		if got := helpers[""](value); got != want {
			t.Errorf("%q: want %q, got %q", value, want, got)
		}
	}
}

func TestNumbersAreWrittenAsNumbers(t *testing.T) {
	for name, test := range map[string]struct{ source, want string }{
		"x.json.hbs": {`{"a": {{json big}}, "b": "{{jsonString big}}"}`, `{"a": 4294967295, "b": "4294967295"}`},
		"x.yaml.hbs": {"a: {{yaml big}}\n", "a: 4294967295\n"},
		"x.sh.hbs":   {"a={{shell big}}\n", "a='4294967295'\n"},
		"x.md.hbs":   {"{{big}} {{code big}}", "4294967295 `4294967295`"},
	} {
		if got := fill(t, name, test.source); got != test.want {
			t.Errorf("%s: want %q, got %q", name, test.want, got)
		}
	}
}

func TestYAMLTakesListsAndMaps(t *testing.T) {
	var got sampleView
	if err := yamlparser.UnmarshalStrict([]byte(fill(t, "x.yml.hbs", "items: {{yaml items}}\nmap: {{yaml map}}\n\"yes\": {{yaml yes}}\n")), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleView{Items: sample.Items, Map: sample.Map, Yes: true}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheExtensionOrTheDirectiveSaysTheFormat(t *testing.T) {
	for name, test := range map[string]struct {
		file, source string
		want         format
		wantErr      string
	}{
		"a script":                          {file: "code/hooks/x.sh.hbs", want: shell},
		"JSON":                              {file: "x.json.hbs", want: jsonText},
		"YAML":                              {file: "x.yaml.hbs", want: yaml},
		"YAML, shorter":                     {file: "x.yml.hbs", want: yaml},
		"Markdown":                          {file: "x.md.hbs", want: markdown},
		"anything else":                     {file: "x.toml.hbs", want: plain},
		"no extension":                      {file: "Makefile.hbs", want: plain},
		"a directive where no name says it": {file: "hook.hbs", source: "{{!-- format: shell --}}\necho", want: shell},
		"a directive against the name":      {file: "x.md.hbs", source: "{{!--format:json--}}", want: jsonText},
		"a directive that comes too late":   {file: "x.md.hbs", source: "\n{{!-- format: json --}}", want: markdown},
		"a format that is none":             {file: "x.hbs", source: "{{!-- format: xml --}}", wantErr: `x.hbs:1: there is no format "xml": there are json, markdown, shell, text, yaml`},
	} {
		got, err := file{name: test.file, source: test.source}.format()
		if got != test.want || (err == nil) != (test.wantErr == "") || err != nil && err.Error() != test.wantErr {
			t.Errorf("%s: want %q, got %q, %v", name, test.want, got, err)
		}
	}
	if got := fill(t, "x.hbs", "{{!-- format: json --}}\n{{json yes}}\n"); got != "true\n" {
		t.Errorf("the directive is no part of the file, got %q", got)
	}
}

func TestEachFormatTakesItsOwnHelpersAlone(t *testing.T) {
	for format, known := range formats {
		for helper := range helpers {
			source := "{{!-- format: " + string(format) + " --}}\n{{" + strings.TrimSpace(helper+" text") + "}}"
			_, err := Parse("x.hbs", source, reflect.TypeFor[sampleView]())
			refused := err != nil && strings.Contains(err.Error(), "x.hbs:2: a value in ")
			if want := !slices.Contains(known.helpers, helper); refused != want {
				t.Errorf("%s in %s: want refused %t, got %v", helper, format, want, err)
			}
		}
	}
}
