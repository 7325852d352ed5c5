package engine

import (
	gopath "path"
	"regexp"
	"slices"
	"strings"
)

// format is the language of what a template makes: it decides how a value is written so that it stays a value.
type format string

// The formats, as the directive names them.
const (
	shell    format = "shell"
	jsonText format = "json"
	yaml     format = "yaml"
	markdown format = "markdown"
	plain    format = "text"
)

// formats says how values are written in each. A value is written so that its escaping is seen: nobody has to remember
// what the extension implies.
var formats = map[format]struct {
	helpers []string // "" is {{path}} itself
	hint    string
}{
	shell: {[]string{"shell"}, "a value in a script is written {{shell PATH}}, where an unquoted word stands; " +
		"better, let the script read an environment variable or a file"},
	jsonText: {[]string{"json", "jsonString"}, "a value in JSON must be written {{json PATH}}, or {{jsonString PATH}} inside a string"},
	yaml:     {[]string{"yaml"}, "a value in YAML must be written {{yaml PATH}}"},
	markdown: {[]string{"", "code"}, "a value in Markdown is written {{PATH}}, or {{code PATH}} as a code span"},
	plain:    {[]string{""}, "a value in plain text is written {{PATH}}"},
}

func (f format) helpers() []string { return formats[f].helpers }

// extensions are those before .hbs that say the format; any other is plain text.
var extensions = map[string]format{".sh": shell, ".json": jsonText, ".yaml": yaml, ".yml": yaml, ".md": markdown}

// directive is a comment at the very beginning that says the format of a file whose name does not.
var directive = regexp.MustCompile(`\A\{\{!--\s*format:\s*(\S*)\s*--\}\}`)

func (f file) format() (format, error) {
	if found := directive.FindStringSubmatch(f.source); found != nil {
		if _, ok := formats[format(found[1])]; !ok {
			return "", f.fail(1, "there is no format %q: there are %s", found[1], list(formatNames()))
		}
		return format(found[1]), nil
	}
	if format, ok := extensions[gopath.Ext(strings.TrimSuffix(f.name, Extension))]; ok {
		return format, nil
	}
	return plain, nil
}

func formatNames() []string {
	var names []string
	for f := range formats {
		names = append(names, string(f))
	}
	slices.Sort(names)
	return names
}
