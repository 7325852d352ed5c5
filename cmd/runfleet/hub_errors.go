package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const installCRDs = "run: runfleet install (or only the CRDs: runfleet crds | kubectl apply --server-side -f -)"

// explain says why there is no hub to ask.
func (f *hubFlags) explain(err error) error {
	if file := f.kubeconfig; file != "" {
		if _, missing := os.Stat(file); missing != nil {
			return fmt.Errorf("reading the kubeconfig: %w: name another with --kubeconfig", missing)
		}
	}
	raw, loading := f.loader().RawConfig()
	switch {
	case loading != nil:
		return fmt.Errorf("reading the kubeconfig: %s", oneLine(loading.Error()))
	case f.context != "" && raw.Contexts[f.context] == nil:
		if len(raw.Contexts) == 0 {
			return usagef("no context %q: the kubeconfig has none (set KUBECONFIG, or name a file with --kubeconfig)", f.context)
		}
		return unknown("context", f.context, slices.Sorted(maps.Keys(raw.Contexts)))
	case len(raw.Contexts) == 0:
		return errors.New("no kubeconfig: set KUBECONFIG, or name a file with --kubeconfig")
	case raw.CurrentContext == "" && f.context == "":
		return fmt.Errorf("the kubeconfig has no current context: name one with --context (%s)",
			strings.Join(slices.Sorted(maps.Keys(raw.Contexts)), ", "))
	}
	return fmt.Errorf("reading the kubeconfig: %s", oneLine(err.Error()))
}

// explain turns an answer of the API server, or its silence, into one line that says what to do.
func (h *hub) explain(doing string, err error) error {
	var failed *url.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: the API server %s does not answer: is it up, and is this the right context (--context)?", doing, h.server)
	case errors.Is(err, context.Canceled):
		return err
	case isMissingKind(err):
		return fmt.Errorf("%s has no Runfleet: its CRDs are not installed; %s", h.server, installCRDs)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%s: the API server %s does not know you: renew the credentials of the kubeconfig", doing, h.server)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%s: %s", doing, oneLine(err.Error()))
	case errors.As(err, &failed):
		return fmt.Errorf("%s: the API server %s cannot be reached (%s): is it up, and is this the right context (--context)?",
			doing, h.server, oneLine(failed.Err.Error()))
	}
	if causes := causesOf(err); len(causes) > 0 {
		return fmt.Errorf("%s: the API server refuses it:\n  %s", doing, strings.Join(causes, "\n  "))
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// isMissingKind tells the 404 of a path that nobody serves from that of an object that is not there.
func isMissingKind(err error) bool {
	return apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// given is the value that the API server repeats before its message. The person has just written it.
var given = regexp.MustCompile(`^(Invalid|Unsupported|Duplicate) value(: ("(\\.|[^"\\])*"|[^\s:"]+))?: `)

// causesOf lists what the API server finds wrong with an object, one line for each field.
func causesOf(err error) []string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil || !apierrors.IsInvalid(err) {
		return nil
	}
	var out []string
	for _, c := range status.Status().Details.Causes {
		if strings.Contains(c.Message, "some validation rules were not checked") {
			continue // follows from another one
		}
		line := oneLine(given.ReplaceAllString(c.Message, ""))
		if c.Field != "" && c.Field != "<nil>" {
			line = c.Field + ": " + line
		}
		if !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	slices.Sort(out) // the API server has no order
	return out
}

// oneLine keeps an error on one line.
func oneLine(s string) string { return printable(strings.TrimSpace(s)) }
