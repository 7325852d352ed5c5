package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ref is an object as a person names it: by kind and name, or by a name that one kind or the other may have.
type ref struct {
	kinds []*kind
	name  string
}

// parseRefs reads docsrun/NAME, dr/NAME or plain NAME, and "docsrun NAME..." as kubectl has it.
func parseRefs(args []string, kinds []*kind) ([]ref, error) {
	if len(args) > 1 {
		if called := kindsCalled(args[0]); called != nil {
			kinds, args = called, args[1:]
		}
	}
	var refs []ref
	for _, arg := range args {
		r := ref{kinds, arg}
		if word, name, ok := strings.Cut(arg, "/"); ok {
			r = ref{kindsCalled(word), name}
			if r.kinds == nil {
				_, err := pick("kind", word, []string{docsRuns.name, codeRuns.name, members.name})
				return nil, err
			}
		}
		if r.name == "" || strings.Contains(r.name, "/") {
			return nil, usagef("%q is no name: write docsrun/NAME, coderun/NAME or NAME", arg)
		}
		if !slices.ContainsFunc(refs, func(o ref) bool { return o.name == r.name && slices.Equal(o.kinds, r.kinds) }) {
			refs = append(refs, r)
		}
	}
	return refs, nil
}

// parseRuns does so where only runs are meant, and at least one.
func parseRuns(args []string) ([]ref, error) {
	if len(args) == 0 || (len(args) == 1 && kindsCalled(args[0]) != nil) {
		return nil, usagef("name a run: docsrun/NAME, coderun/NAME, or NAME if only one kind has it (runfleet get shows them)")
	}
	refs, err := parseRefs(args, runKinds)
	for _, r := range refs {
		if slices.Contains(r.kinds, members) {
			return nil, usagef("%s is no run: write docsrun/NAME or coderun/NAME", members.of(r.name))
		}
	}
	return refs, err
}

// missingError says that an object is not there.
type missingError struct{ text string }

func (e missingError) Error() string { return e.text }

// find reads what the refs name. A name that two kinds have is an error, since the next verb may stop the wrong agent.
func (h *hub) find(ctx context.Context, refs []ref, raw bool) ([]item, error) {
	var items []item
	for _, r := range refs {
		found, err := h.candidates(ctx, r, raw)
		if err != nil {
			return nil, err
		}
		switch len(found) {
		case 0:
			return nil, h.missing(ctx, r)
		case 1:
			if !slices.ContainsFunc(items, func(i item) bool { return i.key() == found[0].key() }) {
				items = append(items, found[0])
			}
		default:
			return nil, usagef("two runs are named %q: write %s or %s", r.name, found[0], found[1])
		}
	}
	return items, nil
}

// candidates are the objects that a ref may mean.
func (h *hub) candidates(ctx context.Context, r ref, raw bool) ([]item, error) {
	var found []item
	for _, k := range r.kinds {
		object, err := h.get(ctx, k, r.name, raw)
		switch {
		case err == nil:
			found = append(found, item{kind: k, object: object})
		case apierrors.IsNotFound(err) && !isMissingKind(err):
		default:
			return nil, h.explain("reading "+k.of(r.name), err)
		}
	}
	return found, nil
}

// missing says what is there instead of an object that is not.
func (h *hub) missing(ctx context.Context, r ref) error {
	const shown = 8
	what, where := "run", " in namespace "+h.namespace
	if slices.Contains(r.kinds, members) {
		what, where = "member", ""
	}
	said := fmt.Sprintf("no %s %q%s", what, r.name, where)
	if len(r.kinds) == 1 && what == "run" {
		said = fmt.Sprintf("no %s%s", r.kinds[0].of(r.name), where)
	}
	there, err := h.names(ctx, allOf(what), client.InNamespace(h.namespace))
	switch {
	case err != nil: // the absence is what was asked for; who may not list learns no more
		return missingError{said}
	case len(there) == 0 && what == "run":
		return missingError{said + ", which has no runs: name another with -n, or see all with: runfleet get -A"}
	case len(there) == 0:
		return missingError{said + ": there are none"}
	}
	if best := nearestRun(r, there); best != "" {
		said += fmt.Sprintf(": did you mean %s?", best)
	} else {
		said += "."
	}
	if len(there) > shown {
		there = append(there[:shown:shown], fmt.Sprintf("and %d more", len(there)-shown))
	}
	return missingError{said + " There are: " + strings.Join(there, ", ")}
}

func allOf(what string) []*kind {
	if what == "run" {
		return runKinds
	}
	return []*kind{members}
}

// nearestRun is the object with the nearest name, or with the very name and another kind.
func nearestRun(r ref, there []string) string {
	var names []string
	for _, t := range there {
		_, name, _ := strings.Cut(t, "/")
		names = append(names, name)
	}
	if i := slices.Index(names, nearest(r.name, names)); i >= 0 {
		return there[i]
	}
	return ""
}
