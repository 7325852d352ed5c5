package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/fsm/lifecycle/story/waterfall"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// outputHTML is a page that opens without network.
const outputHTML = "html"

// shownSpans is how many spans of an agent a terminal shows below one other.
const shownSpans = 12

// traceCall is one call of trace, read.
type traceCall struct {
	flags  *hubFlags
	stdout io.Writer
	stderr io.Writer
	output string
	from   string
}

func newTraceCommand() *cobra.Command {
	var call traceCall
	cmd := &cobra.Command{
		Use:   "trace RUN",
		Short: "Draw what a run did with its time",
		Long: `Draw the states and attempts of a run as bars along one axis of time. A broken bar is a gap between its agents' work,
and says what was waited for. Heavy bars are its critical path: what its end was waiting for at each moment.

The status of the run is enough for that. With --from the spans are drawn too that its operators and agents exported: of
a file of OTLP JSON, which needs no cluster, or of Jaeger or Tempo. A run that is no longer on the hub is named by its
trace.`,
		Example: `  runfleet trace coderun/auth-7                                from its status: no backend is needed
  runfleet trace auth-7 --from http://localhost:16686          with what Jaeger (or Tempo) has of it
  runfleet trace auth-7 --from spans.json                      as a collector wrote it to a file
  runfleet trace auth-7 -o html >auth-7.html                   a page that opens without network
  runfleet trace 4bf92f3577b34da6a3ce929d0e0e4736 --from http://localhost:3200
  runfleet trace --from http://localhost:16686/trace/4bf92f3577b34da6a3ce929d0e0e4736      as copied from Jaeger's page`,
		ValidArgsFunction: completeRun,
	}
	addOutputFlag(cmd, &call.output, outputHTML, outputJSON)
	cmd.Flags().StringVar(&call.from, "from", "", "draw the spans of a `FILE|URL` too: OTLP JSON, or the address of Jaeger or Tempo")
	call.flags = addHubFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		call.stdout, call.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
		seen, err := call.look(cmd.Context(), args, time.Now())
		if err != nil {
			return err
		}
		return call.print(cmd.Context(), seen)
	}
	return cmd
}

// seen is what is known of the run that is to be drawn.
type seen struct {
	uid   string
	spans []waterfall.Span
	run   v1.Run // nil where it is not on the hub, or the hub was not asked

	events []corev1.Event // what else the hub has of it, for a page
}

// limits are how many spans of an agent each form shows below one other; 0 is all.
var limits = map[string]int{"": shownSpans, outputHTML: pageSpans, outputJSON: 0}

func (c *traceCall) print(ctx context.Context, s seen) error {
	picture := waterfall.Of(s.uid, s.spans, limits[c.output])
	if s.run != nil {
		picture.WaitsFor(waitsFor(s.run))
	}
	switch c.output {
	case outputJSON:
		return printValue(c.stdout, outputJSON, picture)
	case outputHTML:
		page, err := drawPage(ctx, picture, s)
		if err != nil {
			return err
		}
		_, err = c.stdout.Write(page)
		return err
	default:
		_, err := fmt.Fprintln(c.stdout, strings.Join(drawTrace(picture, pageFor(c.stdout)), "\n"))
		return err
	}
}

// look finds the run and its spans.
func (c *traceCall) look(ctx context.Context, args []string, now time.Time) (seen, error) {
	api, err := backendOf(c.from)
	if err != nil {
		return seen{}, err
	}
	if len(args) == 0 && api != nil && api.trace != "" {
		args = []string{api.trace}
	}
	byTrace := len(args) == 1 && traceName.MatchString(args[0]) && c.from != ""
	if !byTrace {
		switch refs, err := parseRuns(args); {
		case err != nil:
			return seen{}, err
		case len(refs) > 1:
			return seen{}, usagef("name one run: a trace is one run's")
		}
	}
	switch {
	case c.from != "" && api == nil:
		spans, err := readSpans(c.from)
		return c.choose(spans, args, err, c.from)
	case byTrace:
		spans, err := api.query(ctx, args[0])
		return c.choose(spans, args, err, api.base.Redacted())
	default:
		return c.onHub(ctx, args, api, now)
	}
}

func (c *traceCall) choose(spans []waterfall.Span, args []string, err error, where string) (seen, error) {
	if err != nil {
		return seen{}, err
	}
	uid, err := chooseRun(spans, args, c.flags.namespace)
	if err != nil {
		if isUsage(err) {
			return seen{}, usagef("%s: %w", where, err)
		}
		return seen{}, fmt.Errorf("%s: %w", where, err)
	}
	return seen{uid: uid, spans: waterfall.Merge(spans)}, nil
}

// onHub reads the run, and asks a backend, if there is one, for what its status cannot know.
func (c *traceCall) onHub(ctx context.Context, args []string, api *backend, now time.Time) (seen, error) {
	refs, err := parseRuns(args)
	if err != nil {
		return seen{}, err
	}
	hub, err := c.flags.connect(c.stderr)
	if err != nil {
		return seen{}, err
	}
	items, err := hub.find(ctx, refs, false)
	if err != nil {
		return seen{}, err
	}
	run := items[0].run()
	s := seen{uid: string(run.GetUID()), spans: waterfall.Told(run, now), run: run}
	if len(s.spans) == 0 {
		return seen{}, fmt.Errorf("%s has no history to draw: it ended before Runfleet took it over", items[0])
	}
	if c.output == outputHTML {
		s.events = hub.events(ctx, run)
	}
	if api == nil {
		return s, nil
	}
	exported, err := api.query(ctx, s.spans[0].Trace.String())
	if none, missing := errors.AsType[errNoTrace](err); missing {
		if c, ok := story.Recorded(*run.RunStatus()); ok && !c.Sampled {
			err = fmt.Errorf("%s: there is no such trace: that of %s is not sampled", none.at, items[0])
		}
	}
	s.spans = waterfall.Merge(s.spans, exported)
	return s, err
}

// waitsFor is what the status says that the run waits for.
func waitsFor(run v1.Run) string {
	s := run.RunStatus()
	return flat(why(string(s.Phase), s.Reason, s.Message))
}
