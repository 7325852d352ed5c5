package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/runfleet/runfleet/test/controlplane/box"
	"github.com/runfleet/runfleet/test/controlplane/disk"
	"github.com/runfleet/runfleet/test/controlplane/progress"
)

// errUnhealthy ends status with exit code 1 and without a further word.
var errUnhealthy = errors.New("the box is not healthy")

func statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how every component of a box is; exit code 1 unless all are healthy",
		Args:  cobra.NoArgs,
	}
	dir := dirFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		at, err := place(*dir)
		if err != nil {
			return err
		}
		s, err := box.Look(cmd.Context(), at)
		if err != nil {
			return err
		}
		var table bytes.Buffer
		show(&table, s, time.Now(), painter(cmd.OutOrStdout()))
		// In one piece, so that whoever reads the first line only breaks nothing.
		if _, err := table.WriteTo(cmd.OutOrStdout()); err != nil {
			return fmt.Errorf("showing the box: %w", err)
		}
		if !s.Healthy() {
			return errUnhealthy
		}
		return nil
	}
	return cmd
}

// show writes the table, and below it the last word of what crashed; more of its
// log is in the supervisor's.
func show(w io.Writer, s *box.Status, now time.Time, paint func(good bool, text string) string) {
	if !s.Alive {
		fmt.Fprintf(w, "%s  dead, supervisor was %d\n", s.Dir, s.Supervisor)
		fmt.Fprintf(w, "Its programs ended with it. Clear it with: %s\n", box.DownCommand(s.Dir))
		indent(w, s.LastWords)
		return
	}
	fmt.Fprintf(w, "%s  %s, up for %v, supervisor %d\n", s.Dir, headline(s), now.Sub(s.Started).Round(time.Second), s.Supervisor)
	fmt.Fprintf(w, "\n%-10s  %-23s  %7s  %9s  %s\n", "CLUSTER", "COMPONENT", "PID", "MEMORY", "HEALTH")
	var total uint64
	cluster := ""
	for i := range s.Parts {
		p := &s.Parts[i]
		name := p.Cluster
		if name == cluster {
			name = ""
		}
		cluster = p.Cluster
		total += p.RSS
		memory := "-"
		if p.RSS > 0 {
			memory = disk.Size(p.RSS)
		}
		fmt.Fprintf(w, "%-10s  %-23s  %7d  %9s  %s\n", name, p.Name, p.PID, memory, paint(p.Healthy(), health(p)))
	}
	if total > 0 {
		fmt.Fprintf(w, "%-10s  %-23s  %7s  %9s\n", "", "", "", disk.Size(total))
	}
	for _, p := range s.Parts {
		if p.Crash != nil {
			fmt.Fprintf(w, "\n%s of %s ended at %s. Its log is %s", p.Name, p.Cluster, p.Crash.Time.Format(time.TimeOnly), p.Crash.Log)
			if p.Crash.Said != "" {
				fmt.Fprintf(w, " and says last:\n  %s", p.Crash.Said)
			}
			fmt.Fprintln(w)
		}
	}
}

func headline(s *box.Status) string {
	switch {
	case !s.Ready:
		return "starting"
	case !s.Healthy():
		return "unhealthy"
	default:
		return "healthy"
	}
}

func health(p *box.Part) string {
	switch {
	case p.Crash != nil:
		return "ended: " + p.Crash.Message
	case p.Err != nil:
		return p.Err.Error()
	default:
		return "healthy"
	}
}

func indent(w io.Writer, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintf(w, "  %s\n", strings.Join(lines, "\n  "))
	}
}

// painter colours text by whether it is good news, for people only.
func painter(w io.Writer) func(bool, string) string {
	if !progress.Terminal(w) {
		return func(_ bool, text string) string { return text }
	}
	return func(good bool, text string) string {
		colour := "31"
		if good {
			colour = "32"
		}
		return "\x1b[" + colour + "m" + text + "\x1b[0m"
	}
}
