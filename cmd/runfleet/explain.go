package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/fsm/lifecycle/explain"
	"github.com/runfleet/runfleet/reconcilers"
	"github.com/runfleet/runfleet/reconcilers/config"
	"github.com/runfleet/runfleet/reconcilers/incarnation"
)

// explainCall is one call of explain, read.
type explainCall struct {
	hub     *hub
	system  string
	output  string
	program string // as it was called
	suffix  string // what commands need behind the run's name
	stdout  io.Writer
}

func newExplainCommand() *cobra.Command {
	var call explainCall
	cmd := &cobra.Command{
		Use:   "explain RUN",
		Short: "Say where a run is and why, what it waits for, and what you can do",
		Long: `Say where a run is and since when, which row of the transition table led there and on which facts, what is waited for,
which guard does not hold and what it reads, when something happens by itself, what is left of the budget, and what
you can do. All of it comes from the table that the operator runs by and from the run's status; what only the operator
sees, such as the Job on its member, is told as it was last written.

It reads the run and, where you may, the operator's configuration, the hub's record and the member; what could not be
read is said. "runfleet fsm explain STATE" explains a state without a run.`,
		Example: `  runfleet explain coderun/auth-7
  runfleet explain auth-7 -o json | jq .latest`,
		ValidArgsFunction: completeRun,
	}
	addOutputFlag(cmd, &call.output, outputJSON, outputYAML)
	cmd.Flags().StringVar(&call.system, "system-namespace", v1.SystemNamespace, "the `NAMESPACE` of the operator, with its configuration")
	flags := addHubFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		refs, err := parseRuns(args)
		switch {
		case err != nil:
			return err
		case len(refs) > 1:
			return usagef("name one run: each has a story of its own")
		}
		call.stdout, call.program = cmd.OutOrStdout(), cmd.Root().DisplayName()
		if call.hub, err = flags.connect(cmd.ErrOrStderr()); err != nil {
			return err
		}
		if flags.namespace != "" {
			call.suffix = " -n " + flags.namespace
		}
		return call.show(cmd.Context(), refs)
	}
	return cmd
}

func (c *explainCall) show(ctx context.Context, refs []ref) error {
	items, err := c.hub.find(ctx, refs, false)
	if err != nil {
		if _, missing := errors.AsType[missingError](err); missing {
			return exitError{exitGone, err}
		}
		return err
	}
	e, err := c.explain(ctx, items[0])
	if err != nil {
		return err
	}
	if c.output != "" {
		return printValue(c.stdout, c.output, e)
	}
	text := e.Text(paper(c.stdout), time.Local)
	if rules.MatchString(text) {
		text += "\nRules S to W: docs/lifecycle.md\n"
	}
	_, err = io.WriteString(c.stdout, text)
	return err
}

// explain gathers what the hub shows, and says what it means.
func (c *explainCall) explain(ctx context.Context, i item) (explain.Explanation, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	run := i.run()
	settings, unseen := c.configuration(ctx)
	l, err := lifecycle.New(lifecycle.Kind(i.kind.title), settings.Lifecycle)
	if err != nil {
		return explain.Explanation{}, err
	}
	f := lifecycle.Facts{Now: time.Now(), Run: reconcilers.RunFacts(l.Kind, run, settings)}
	record, _, err := incarnation.Read(ctx, c.hub.client, c.system)
	switch {
	case err == nil:
		f.Hub = lifecycle.HubFacts{Incarnation: record.Incarnation, Since: record.Since}
	case !apierrors.IsNotFound(err): // before an operator has run there is none
		unseen = append(unseen, fmt.Sprintf("The hub's record: %s. Whether the hub was restored is told by the run alone.", c.why(err)))
	}
	if open := lifecycle.Open(*run.RunStatus()); open != nil {
		m, err := c.member(ctx, open.Cluster)
		f.Cluster = memberStands(run.RunStatus(), open, m, err)
		if err != nil && !apierrors.IsNotFound(err) {
			unseen = append(unseen, fmt.Sprintf("MemberCluster %s: %s. How it stands is told by the run alone.", open.Cluster, c.why(err)))
		}
	}
	e, err := explain.Of(l, c.program, i.String()+c.suffix, *run.RunStatus(), f)
	if err != nil {
		return e, fmt.Errorf("%s: %w", i, err)
	}
	e.Unseen = unseen
	return e, nil
}

// configuration is the operator's, or its defaults and why.
func (c *explainCall) configuration(ctx context.Context) (config.Config, []string) {
	source, err := config.Load(ctx, c.hub.client, c.system)
	if err == nil {
		return source.Current(), nil
	}
	settings, _, _ := readConfig(nil, "")
	return settings, []string{fmt.Sprintf("The operator's configuration: %s. Its defaults are assumed.", c.why(err))}
}

// why is an error in few words.
func (*explainCall) why(err error) string {
	switch {
	case apierrors.IsForbidden(err):
		return "you may not read it"
	case errors.Is(err, context.DeadlineExceeded):
		return "the API server does not answer"
	default:
		return oneLine(err.Error())
	}
}

func (c *explainCall) member(ctx context.Context, name string) (*v1.MemberCluster, error) {
	object, err := c.hub.get(ctx, members, name, false)
	m, _ := object.(*v1.MemberCluster)
	return m, err
}
