package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm"
)

// replayCall is one call of replay, read.
type replayCall struct {
	files  []string
	table  string // a file; "" is the table of this version
	output string
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

func newReplayCommand() *cobra.Command {
	var call replayCall
	cmd := &cobra.Command{
		Use:   "replay RUN | -f FILE",
		Short: "Walk the history of a run against a transition table",
		Long: `Walk the history of a run, entry by entry, against the transition table of this version, or of another one that
"runfleet fsm json" of that version printed, and show the first entry that the table does not explain, and what it would
have allowed instead. A run keeps its newest 50 transitions; it is said where the history begins.

With -f it is what "kubectl get -o yaml" printed, of as many runs as there are. Exits with 0 when every entry is a row
of the table, 1 when one is not, and 2 when something went wrong, as diff does.`,
		Example: `  runfleet replay coderun/auth-7
  runfleet fsm json coderun >table.json        with the version that you upgrade to
  runfleet replay auth-7 --table table.json
  kubectl get coderuns -A -o yaml | runfleet replay -f - --table table.json`,
		ValidArgsFunction: completeRun,
	}
	cmd.Flags().StringArrayVarP(&call.files, "filename", "f", nil, "a `FILE` with runs as a hub has them; - is standard input")
	cmd.Flags().StringVar(&call.table, "table", "",
		"a `FILE` with the table, as \"runfleet fsm json\" prints it (default that of this version)")
	addOutputFlag(cmd, &call.output, outputJSON, outputYAML)
	markFiles(cmd, "filename", "table")
	flags := addHubFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		call.stdin, call.stdout, call.stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
		runs, err := call.read(args)
		if err == nil && len(call.files) == 0 {
			runs, err = call.find(cmd.Context(), flags, args)
		}
		agree := false
		if err == nil {
			agree, err = call.replay(runs)
		}
		switch {
		case err != nil && isUsage(err):
			return err
		case err != nil:
			return exitError{exitTrouble, err}
		case !agree:
			return exitError{code: exitDifferent}
		default:
			return nil
		}
	}
	return cmd
}

// replay replays all runs that were named, and says whether all of them agree with their table.
func (c *replayCall) replay(runs []v1.Run) (agree bool, err error) {
	var given *fsm.Table
	if c.table != "" {
		if given, err = c.readTable(); err != nil {
			return false, err
		}
	}
	agree = true
	var all []replayed
	for _, run := range runs {
		r, err := c.walk(run, given)
		if err != nil {
			return false, err
		}
		agree = agree && r.Agrees
		all = append(all, r)
	}
	return agree, c.print(all)
}

// read reads the runs of files; none where there are none, and the hub is to be asked.
func (c *replayCall) read(args []string) ([]v1.Run, error) {
	switch {
	case len(c.files) > 0 && len(args) > 0:
		return nil, usagef("a run of the hub or runs of files: leave out %q or -f", args[0])
	case count(append([]string{c.table}, c.files...), "-") > 1:
		return nil, usagef("standard input is read once: name a file for the other")
	case len(c.files) > 0:
		runs, notes, err := readRuns(c.stdin, c.files)
		for _, n := range notes {
			fmt.Fprintln(c.stderr, "Warning: "+printable(n))
		}
		return runs, err
	}
	return nil, nil
}

// find asks the hub for the run that is named.
func (c *replayCall) find(ctx context.Context, flags *hubFlags, args []string) ([]v1.Run, error) {
	refs, err := parseRuns(args)
	switch {
	case err != nil:
		return nil, err
	case len(refs) > 1:
		return nil, usagef("name one run: each has a history of its own (-f takes many)")
	}
	h, err := flags.connect(c.stderr)
	if err != nil {
		return nil, err
	}
	items, err := h.find(ctx, refs, false)
	if err != nil {
		return nil, err
	}
	return []v1.Run{items[0].run()}, nil
}

func (c *replayCall) readTable() (*fsm.Table, error) {
	text, err := readText(c.stdin, c.table)
	if err != nil {
		return nil, err
	}
	t, err := fsm.ReadJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: write one with runfleet fsm json", shown(c.table), err)
	}
	return &t, nil
}

// replayed is what came of one run, also for programs.
type replayed struct {
	Run        string      `json:"run"`
	Namespace  string      `json:"namespace,omitempty"`
	Phase      string      `json:"phase"`
	Table      string      `json:"table"` // the kind, or the file
	Agrees     bool        `json:"agrees"`
	Entries    []entry     `json:"entries"`
	Divergence *divergence `json:"divergence,omitempty"`
}

// entry is one of the history, and the row that it is.
type entry struct {
	v1.Transition

	Row string `json:"row,omitempty"` // "" from the first one on that is none
}

type divergence struct {
	Entry   int64     `json:"entry,omitempty"` // none where the history agrees and the phase does not
	Why     string    `json:"why"`
	Allowed []allowed `json:"allowed,omitempty"`
	from    string    // what they lead from
}

type allowed struct {
	On  string `json:"on"`
	If  string `json:"if,omitempty"`
	To  string `json:"to"`
	Row string `json:"row"`
}

// walk replays one run.
func (c *replayCall) walk(run v1.Run, given *fsm.Table) (replayed, error) {
	i, s := itemOf(run), run.RunStatus()
	r := replayed{Run: i.String(), Namespace: run.GetNamespace(), Phase: string(s.Phase), Table: i.kind.title, Entries: []entry{}}
	t, err := tableOf(i.kind.name)
	switch {
	case err != nil:
		return r, err
	case len(s.History) == 0 && s.Transitions > 0:
		return r, fmt.Errorf("%s has no history: its status was written by something else", i)
	case len(s.History) == 0:
		return r, fmt.Errorf("%s has no history: nothing has happened to it yet, or it was left out of what was read", i)
	case given != nil && given.Name != i.kind.title:
		return r, fmt.Errorf("%s has the table of %s, and %s is a %s: write the other with runfleet fsm json %s",
			shown(c.table), printable(given.Name), i, i.kind.title, i.kind.name)
	case given != nil:
		t, r.Table = *given, shown(c.table)
	}
	rows, found := t.Replay(stepsOf(s.History), fsm.State(s.Phase))
	for n, h := range s.History {
		e := entry{Transition: h}
		if n < len(rows) {
			e.Row = rows[n].ID
		}
		r.Entries = append(r.Entries, e)
	}
	r.Agrees = found == nil
	if found != nil {
		r.Divergence = divergenceOf(found, s.History)
	}
	return r, nil
}

func stepsOf(history []v1.Transition) []fsm.Committed {
	var steps []fsm.Committed
	for _, h := range history {
		steps = append(steps, fsm.Committed{
			Step: fsm.Step{From: fsm.State(h.From), On: fsm.Trigger(h.On), To: fsm.State(h.To)}, Seq: h.Seq, Attempt: h.Attempt,
		})
	}
	return steps
}

func divergenceOf(found *fsm.Divergence, history []v1.Transition) *divergence {
	d := &divergence{Why: printable(found.Why)}
	if found.Step < len(history) {
		d.Entry, d.from = history[found.Step].Seq, string(history[found.Step].From)
	}
	for _, row := range found.Allowed {
		d.Allowed = append(d.Allowed, allowed{
			On: string(row.On), If: strings.Replace(string(row.If), "!", "not ", 1), To: string(row.To), Row: row.ID,
		})
	}
	return d
}
