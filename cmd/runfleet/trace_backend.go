package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"
)

// mostAnswer is how long an answer of a backend may be. A span takes half a kilobyte.
const mostAnswer = 256 << 20

// backend is a query API of Jaeger or Tempo.
type backend struct {
	base  *url.URL
	trace string // the one that its address names, if it was copied from a page that shows one
}

const traceDigits = 32

// pasted is the end of an address that was copied from Jaeger's pages, or from a call of an API.
var pasted = regexp.MustCompile(`/(?:search|(?:trace|api(?:/v[23])?/traces)/([0-9a-f]{1,32}))/?$`)

// backendOf is the query API, if that is what --from says, and no file.
func backendOf(from string) (*backend, error) {
	if !strings.HasPrefix(from, "http://") && !strings.HasPrefix(from, "https://") {
		return nil, nil //nolint:nilnil // a file is no address and no error
	}
	base, err := url.Parse(from)
	if err != nil || base.Host == "" {
		return nil, usagef("--from: no address of Jaeger or Tempo: write one such as http://localhost:16686")
	}
	b := &backend{base: base}
	base.RawQuery, base.Fragment = "", "" // a page's own
	if m := pasted.FindStringSubmatchIndex(base.Path); m != nil {
		if m[2] >= 0 {
			digits := base.Path[m[2]:m[3]]
			b.trace = strings.Repeat("0", traceDigits-len(digits)) + digits
		}
		base.Path, base.RawPath = base.Path[:m[0]], ""
	}
	return b, nil
}

// queries says what is to be named instead of what was.
const queries = "name the query API of Jaeger (port 16686, with what is before /trace in the addresses of its pages) or Tempo (port 3200)"

// query asks for a trace. Jaeger and Tempo answer at the same path.
func (b *backend) query(ctx context.Context, trace string) ([]waterfall.Span, error) {
	if b.trace != "" && b.trace != trace {
		return nil, usagef("--from is the address of trace %s, and this run's is %s: write %s", b.trace, trace, b.base.Redacted())
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	at := b.base.JoinPath("api/traces", trace)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", at.Redacted(), err)
	}
	request.Header.Set("Accept", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking for the trace: %w: %s", err, queries)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, refusal(at.Redacted(), answer)
	}
	body := bufio.NewReader(io.LimitReader(answer.Body, mostAnswer))
	if first, _ := body.Peek(1); string(first) == "<" { // Jaeger's own, where its paths begin otherwise, or one to log in
		return nil, fmt.Errorf("%s answers with a page: %s", at.Redacted(), queries)
	}
	spans, err := decodeSpans(body)
	if err != nil {
		return nil, fmt.Errorf("%s answers nonsense: %w", at.Redacted(), err)
	}
	if len(spans) == 0 {
		return nil, errNoTrace{at.Redacted()}
	}
	return spans, nil
}

// refusal is what a backend means that answers without spans.
func refusal(at string, answer *http.Response) error {
	said, _ := io.ReadAll(io.LimitReader(answer.Body, 2000))
	var doc spanDocument
	if json.Unmarshal(said, &doc) == nil && len(doc.Errors) > 0 {
		said = []byte(doc.Errors[0].Msg)
	}
	const most = 200
	switch text := flat(string(said[:min(len(said), most)])); {
	case answer.StatusCode != http.StatusNotFound:
		return fmt.Errorf("%s answers %s: %s", at, answer.Status, text)
	case strings.Contains(text, "page not found") || strings.HasPrefix(text, "<"): // by a server that knows no such path
		return fmt.Errorf("%s answers %s: %s", at, answer.Status, queries)
	default:
		return errNoTrace{at}
	}
}

// errNoTrace says that a backend does not have a trace.
type errNoTrace struct{ at string }

func (e errNoTrace) Error() string {
	return e.at + ": there is no such trace: it was not sent there (the operator's --otlp-endpoint says where), or not kept"
}
