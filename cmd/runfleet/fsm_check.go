package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/fsm"
)

func newFSMCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Prove both tables and count what is in them",
		Long: `Prove both tables: names, disjoint and complete guards, a reason for each cell without a row, paths, bounds,
and that nothing comes back that an attempt has lost (rule A4).`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var tables []fsm.Table
			for _, k := range kindTables {
				tables = append(tables, k.table())
			}
			return check(cmd.OutOrStdout(), tables)
		},
	}
}

// check prints one line for each table. The findings of all tables are the error.
func check(w io.Writer, tables []fsm.Table) error {
	var errs []error
	for _, t := range tables {
		cells, rows := 0, len(t.Expand())
		for _, s := range t.States {
			for _, on := range t.Triggers {
				if t.Cell(s.Name, on.Name).Blank != nil {
					cells++
				}
			}
		}
		fmt.Fprintf(w, "%s  %d states × %d triggers, %d rows (%d written out), %d blank or partial cells explained, ",
			t.Name, len(t.States), len(t.Triggers), len(t.Rows), rows, cells)
		if err := t.Validate(); err != nil {
			fmt.Fprintln(w, "NOT PROVED")
			errs = append(errs, fmt.Errorf("proving %s:\n%w", t.Name, err))
			continue
		}
		fmt.Fprintln(w, "proved")
	}
	return errors.Join(errs...)
}
