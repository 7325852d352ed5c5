package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/runfleet/runfleet/render"
)

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,255}$`)
	secretValue  = regexp.MustCompile(`://[^/@\s]*@|(?i:gh[oprsu]_|github_pat_|sk-ant-)[A-Za-z0-9]{8}`)
)

const (
	wantVariables = "variables as the original does, such as [{name: LOG_LEVEL, value: info}]"
	longestValue  = 4096 // bytes
)

// variables are names and values of the agents' environment. They stand in every Job, so one that looks like a secret is
// refused, and no message repeats a value.
func variables(at func(*draft) *map[string]string) setting {
	return setting{
		read: func(d *draft, v any) error {
			items, ok := v.([]any)
			if !ok {
				return fmt.Errorf("is no list: write %s", wantVariables)
			}
			found := map[string]string{}
			for i, item := range items {
				name, value, err := asVariable(item)
				if err != nil {
					return fmt.Errorf("item %d %w", i+1, err)
				}
				if _, twice := found[name]; twice {
					return fmt.Errorf("item %d is %s once more: leave one out", i+1, name)
				}
				found[name] = value
			}
			*at(d) = found
			return nil
		},
		show:   func(*draft) string { return "" },
		schema: schema{"type": "array", "items": variableSchema},
	}
}

// asVariable reads {name: A, value: b}.
func asVariable(v any) (name, value string, err error) {
	m, ok := v.(map[string]any)
	name, named := m["name"].(string)
	given, valued := m["value"]
	value, text := given.(string)
	switch {
	case !ok || !named || !valued || len(m) != 2:
		err = fmt.Errorf("has not name and value alone: write %s", wantVariables)
	case !variableName.MatchString(name):
		err = is(name, "the name of a variable: letters, digits and '_', such as LOG_LEVEL")
	case render.Reserved(name):
		err = fmt.Errorf("is %s, which Runfleet sets itself: leave it out%s", name, instead[name])
	case !text:
		err = fmt.Errorf("is %s with a value that is no text: write it in quotes", name)
	case secretValue.MatchString(value):
		err = fmt.Errorf("is %s with a password or token, which everybody who may read a Job would read: leave that out of the value", name)
	case len(value) > longestValue || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' }):
		err = fmt.Errorf("is %s with more than one line, or more than %d bytes: shorten the value", name, longestValue)
	}
	return name, value, err
}

// instead says what to write for a variable that has a key of its own.
var instead = map[string]string{
	"ANTHROPIC_API_KEY":  ", and write secrets.apiKeySecretName",
	"MODEL":              ", and write agent.model",
	"TOOLMAN_SERVER_URL": ", and write tools.serverUrl",
}
