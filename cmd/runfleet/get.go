package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// getCall is one call of get, read.
type getCall struct {
	hub      *hub
	output   string
	watch    bool
	every    bool // all namespaces
	selector labels.Selector
	kinds    []*kind
	refs     []ref // none is everything of the kinds
	stdout   io.Writer
	stderr   io.Writer
}

func newGetCommand() *cobra.Command {
	var call getCall
	var selector string
	cmd := &cobra.Command{
		Use:   "get [RUN... | docsruns | coderuns | members]",
		Short: "Show runs, or the members of the fleet",
		Long: `Show runs of both kinds in one table, or the members of the fleet.

A run is docsrun/NAME or coderun/NAME (dr/ and cr/ for short), or NAME if only one kind has it.`,
		Example: `  runfleet get                   every run of the namespace
  runfleet get -A -w             every run there is, live
  runfleet get dr/shop -o wide   with pull request, cost, start and duration
  runfleet get members

The same with kubectl:
  kubectl get runs
  kubectl get memberclusters`,
		ValidArgsFunction: completeGet,
	}
	cmd.Flags().StringVarP(&selector, "selector", "l", "", "only those whose labels match `SELECTOR`, such as team=shop,tier!=test")
	cmd.Flags().BoolVarP(&call.every, "all-namespaces", "A", false, "the runs of all namespaces")
	cmd.Flags().BoolVarP(&call.watch, "watch", "w", false, "go on showing what changes; on a terminal the table stays in its place")
	addOutputFlag(cmd, &call.output, outputWide, outputName, outputJSON, outputYAML)
	flags := addHubFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if call.selector, err = labels.Parse(selector); err != nil {
			return usagef("--selector: %s", oneLine(err.Error()))
		}
		if err := call.read(args); err != nil {
			return err
		}
		call.stdout, call.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
		if call.hub, err = flags.connect(call.stderr); err != nil {
			return err
		}
		if call.every {
			call.hub.namespace = ""
		}
		return call.show(cmd.Context())
	}
	return cmd
}

// read finds out what is asked for: everything of some kinds, or what has names.
func (c *getCall) read(args []string) (err error) {
	c.kinds = runKinds
	if len(args) == 1 && kindsCalled(args[0]) != nil {
		c.kinds = kindsCalled(args[0])
	} else if c.refs, err = parseRefs(args, runKinds); err != nil {
		return err
	}
	if len(c.refs) > 0 {
		c.kinds = nil
	}
	for _, r := range c.refs {
		for _, k := range r.kinds {
			if !slices.Contains(c.kinds, k) {
				c.kinds = append(c.kinds, k)
			}
		}
	}
	switch {
	case slices.Contains(c.kinds, members) && len(c.kinds) > 1:
		return usagef("runs and members have different tables: get them one after the other")
	case len(c.refs) > 0 && c.every:
		return usagef("a name is one of a namespace: leave out -A, or use -n")
	case len(c.refs) > 0 && !c.selector.Empty():
		return usagef("a name and a selector exclude each other")
	case c.watch && c.output != "" && c.output != outputWide:
		return usagef("--watch shows a table: leave out -o %s", c.output)
	}
	return nil
}

func (c *getCall) options(*kind) []client.ListOption {
	return []client.ListOption{client.InNamespace(c.hub.namespace), client.MatchingLabelsSelector{Selector: c.selector}}
}

func (c *getCall) show(ctx context.Context) error {
	raw := c.output == outputJSON || c.output == outputYAML
	if c.watch {
		return c.follow(ctx)
	}
	var items []item
	var err error
	if len(c.refs) > 0 {
		items, err = c.hub.find(ctx, c.refs, raw)
	} else {
		items, err = c.hub.list(ctx, c.kinds, raw, c.options(nil)...)
	}
	if err != nil {
		return err
	}
	switch {
	case raw:
		return printObjects(c.stdout, c.output, items, len(c.refs) == 1)
	case c.output == outputName:
		for _, i := range items {
			fmt.Fprintln(c.stdout, i)
		}
		return nil
	case len(items) == 0:
		fmt.Fprintln(c.stderr, c.nothing())
		return nil
	}
	columns := c.columns()
	p := pageFor(c.stdout)
	if c.output == outputWide {
		p.width = 0 // whoever asks for everything gets it, and the terminal wraps it
	}
	g := newGrid(p, heads(columns))
	for _, l := range g.lines(rowsOf(columns, items, time.Now())) {
		fmt.Fprintln(c.stdout, l)
	}
	return nil
}

func (c *getCall) columns() []column { return columnsFor(c.kinds, c.output == outputWide, c.every) }

func rowsOf(columns []column, items []item, now time.Time) [][]cell {
	var rows [][]cell
	for _, i := range items {
		rows = append(rows, rowOf(columns, i, now))
	}
	return rows
}

// nothing says that there is nothing, and how there would be something.
func (c *getCall) nothing() string {
	matching := ""
	if !c.selector.Empty() {
		matching = " match " + c.selector.String()
	}
	switch {
	case slices.Contains(c.kinds, members):
		if matching != "" {
			return "No members" + matching + "."
		}
		return "No members: a MemberCluster object registers one."
	case c.every:
		return "No runs" + matching + " in any namespace."
	case matching != "":
		return "No runs" + matching + " in namespace " + c.hub.namespace + "."
	default:
		return "No runs in namespace " + c.hub.namespace + ". Another one: -n NAME, all: -A, a new run: runfleet create"
	}
}

// follow shows a table that lives, until the context ends.
func (c *getCall) follow(ctx context.Context) error {
	var only map[string]bool
	if len(c.refs) > 0 {
		items, err := c.hub.find(ctx, c.refs, false)
		if err != nil {
			return err
		}
		only = map[string]bool{}
		for _, i := range items {
			only[i.key()] = true
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	show := newShow(c)
	tick := time.NewTicker(frame)
	defer tick.Stop()
	for seen := c.hub.follow(ctx, c.kinds, c.options); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			show.tick()
		case s := <-seen:
			switch {
			case s.err != nil:
				return s.err
			case s.notice != "":
				show.say(s.notice)
			case s.listed:
				show.listed(s.kind)
			case only == nil || only[s.key()]:
				show.take(s.item)
			}
		}
	}
}
