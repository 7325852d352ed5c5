package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// side is what is compared: one value of each flag.
type side struct {
	renderInput
	label string // what tells it from the other side
}

func newDiffCommand() *cobra.Command {
	var in renderInput
	var attempts []int32
	var configs, templates []string
	cmd := &cobra.Command{
		Use:   "diff -f FILE",
		Short: "Compare what two attempts, configurations, sets of templates or runs would send",
		Long: `Compare, file by file and object by object, what "runfleet render" makes of two attempts of a run, with two
configurations or two sets of templates, or of the runs of two files. A flag that is given once holds for both sides,
one that is given twice is what is compared.

Exits with 0 when there is no difference, 1 when there is one, and 2 when something went wrong, as diff does.`,
		Example: `  runfleet diff -f run.yaml --attempt 1 --attempt 2
  runfleet diff -f run.yaml --config old.yaml --config new.yaml
  runfleet diff -f run.yaml --templates built-in --templates mine
  runfleet diff -f old.yaml -f new.yaml`,
		Args: usage(cobra.NoArgs),
	}
	in.add(cmd)
	cmd.Flags().Var(attemptFlag{func(n int32) { attempts = append(attempts, n) }}, "attempt", attemptUsage)
	cmd.Flags().StringArrayVar(&configs, "config", nil, in.configUsage())
	cmd.Flags().StringArrayVar(&templates, "templates", nil, in.templatesUsage())
	markFiles(cmd, "filename", "config", "templates")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		sides, err := in.sides(attempts, configs, templates)
		if err == nil {
			var different bool
			different, err = compare(cmd, sides)
			if err == nil && different {
				return exitError{code: exitDifferent}
			}
		}
		if err != nil && !isUsage(err) {
			return exitError{exitTrouble, err}
		}
		return err
	}
	return cmd
}

// sides makes the two sides of what the flags say once or twice.
func (in *renderInput) sides(attempts []int32, configs, templates []string) ([2]side, error) {
	var out [2]side
	if err := in.check(); err != nil {
		return out, err
	}
	if count(slices.Concat(in.files, configs, templates), "-") > 1 {
		return out, usagef("standard input is read once: name a file for the other")
	}
	most := max(len(in.files), len(attempts), len(configs), len(templates))
	switch {
	case most > 2:
		return out, usagef("two sides are compared: give no flag more than twice")
	case most < 2:
		return out, usagef("what is compared is given twice: --attempt 1 --attempt 2, or two of --config, --templates or -f")
	}
	for i := range out {
		s := &out[i]
		s.renderInput = renderInput{
			hub: in.hub, files: []string{nth(in.files, i)}, config: nth(configs, i), templates: nth(templates, i),
			attempt: nth(attempts, i),
		}
		var labels []string
		if len(in.files) > 1 {
			labels = append(labels, shown(s.files[0]))
		}
		if len(attempts) > 1 {
			labels = append(labels, fmt.Sprintf("attempt %d", s.attempt))
		}
		if len(configs) > 1 {
			labels = append(labels, shown(s.config))
		}
		if len(templates) > 1 {
			labels = append(labels, s.templates)
		}
		s.label = strings.Join(labels, ", ")
	}
	return out, nil
}

// nth is the value of a flag for a side: its own, or the one of both.
func nth[T any](values []T, i int) T {
	var none T
	if len(values) == 0 {
		return none
	}
	return values[min(i, len(values)-1)]
}

// compare prints what differs, and says whether anything does.
func compare(cmd *cobra.Command, sides [2]side) (different bool, err error) {
	var renderings [2][]rendering
	stdin, err := standardInput(cmd, sides) // both sides may read it
	if err != nil {
		return false, err
	}
	for i, s := range sides {
		if renderings[i], err = s.render(bytes.NewReader(stdin)); err != nil {
			return false, err
		}
	}
	renderOutput{stderr: cmd.ErrOrStderr()}.notes(slices.Concat(renderings[0], renderings[1]))
	left, right, err := textsOf(renderings)
	if err != nil {
		return false, err
	}
	p := pageFor(cmd.OutOrStdout())
	for _, pair := range pairs(left, right) {
		if patch := pair.diff(sides[0].label, sides[1].label); len(patch) > 0 {
			different = true
			printPatch(cmd.OutOrStdout(), p, patch)
		}
	}
	return different, nil
}

// standardInput is what stands there, if it is asked for at all.
func standardInput(cmd *cobra.Command, sides [2]side) ([]byte, error) {
	for _, s := range sides {
		if s.config == "-" || s.templates == "-" || slices.Contains(s.files, "-") {
			return readText(cmd.InOrStdin(), "-")
		}
	}
	return nil, nil
}
