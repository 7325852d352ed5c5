package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"
)

// traceName is a trace that is named by its identifier, where the run is no longer on the hub.
var traceName = regexp.MustCompile(`^[0-9a-f]{32}$`)

// readSpans reads a file of spans, or standard input.
func readSpans(name string) ([]waterfall.Span, error) {
	if name == "-" {
		return decodeSpans(os.Stdin)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading spans: %w", err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a directory: name a file of OTLP JSON", name)
	}
	spans, err := decodeSpans(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return spans, nil
}

// toldOf is a run as some spans tell of it.
type toldOf struct {
	uid, kind, namespace, name, trace string
}

func (t toldOf) String() string {
	if t.name == "" {
		return "trace " + t.trace + " (it has not ended)"
	}
	return strings.ToLower(t.kind) + "/" + t.name
}

// toldRuns are the runs that spans tell of. A run that has not ended has no name there: its own span comes last.
func toldRuns(spans []waterfall.Span) []toldOf {
	var all []toldOf
	for _, s := range spans {
		if s.Role == "" || s.Run == "" {
			continue
		}
		i := slices.IndexFunc(all, func(t toldOf) bool { return t.uid == s.Run })
		if i < 0 {
			i, all = len(all), append(all, toldOf{uid: s.Run, trace: s.Trace.String()})
		}
		if said := s.Said(); s.Role == story.RoleRun {
			all[i].kind, all[i].namespace, all[i].name = said.Kind, said.Namespace, said.Name
		}
	}
	return all
}

// chooseRun finds the run that is meant: by its trace, or by its name as the hub's verbs take it. A namespace of "" is any.
func chooseRun(spans []waterfall.Span, args []string, namespace string) (uid string, err error) {
	all := toldRuns(spans)
	if len(all) == 0 {
		return "", errors.New("none of the spans there are a run's")
	}
	var is func(toldOf) bool
	if len(args) == 1 && traceName.MatchString(args[0]) {
		is = func(t toldOf) bool { return t.trace == args[0] }
	} else {
		refs, err := parseRuns(args)
		if err != nil {
			return "", err
		}
		is = func(t toldOf) bool {
			return t.name == refs[0].name && (namespace == "" || t.namespace == namespace) &&
				slices.ContainsFunc(refs[0].kinds, func(k *kind) bool { return k.title == t.kind })
		}
	}
	var found []toldOf
	for _, t := range all {
		if is(t) {
			found = append(found, t)
		}
	}
	switch {
	case len(found) == 1:
		return found[0].uid, nil
	case len(found) > 1:
		return "", usagef("there are several: %s", strings.Join(several(found), ", "))
	default:
		return "", fmt.Errorf("%s is not there. There are: %s", strings.Join(args, " "), strings.Join(several(all), ", "))
	}
}

// several lists runs, but not without end.
func several(all []toldOf) []string {
	const most = 8
	var names []string
	for _, t := range all {
		name := printable(t.String())
		if t.namespace != "" {
			name += " in " + printable(t.namespace) + " (trace " + t.trace + ")"
		}
		names = append(names, name)
	}
	if len(names) > most {
		names = append(names[:most:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return names
}
