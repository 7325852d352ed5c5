package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func newRenderCommand() *cobra.Command {
	var in renderInput
	var directory string
	cmd := &cobra.Command{
		Use:   "render -f FILE",
		Short: "Print every object and file that an attempt of a run would send",
		Long: `Print every object and file that an attempt of a run would send to its member, and how large each is. No cluster is
asked.

FILE holds DocsRuns and CodeRuns: manifests, which get the defaults of the CRDs and are refused by their rules as by
kubectl apply; or what kubectl get -o yaml printed, and then its recorded attempts are what counts, and with the same
configuration and --hub-uid the files are byte for byte what the operator sent. What only a cluster knows is made up,
the same each time, and named.

On a terminal files are shown for reading; a pipe gets the objects as YAML, the files in them, and the table goes to
standard error. With -o every file and object is written below a directory, hooks executable, and SHA256SUMS says which
they are: the next rendering replaces exactly these, and nothing that somebody else wrote or changed.`,
		Example: `  runfleet render -f run.yaml --config config.yaml
  runfleet render -f run.yaml --attempt 2 -o rendered        what a second attempt is told of the first
  runfleet render -f run.yaml | kubectl apply --dry-run=server -f -
  kubectl get docsrun shop -o yaml | runfleet render -f - --config config.yaml`,
		Args: usage(cobra.NoArgs),
	}
	in.add(cmd)
	cmd.Flags().Var(attemptFlag{func(n int32) { in.attempt = n }}, "attempt", attemptUsage)
	cmd.Flags().StringVar(&in.config, "config", "", in.configUsage())
	cmd.Flags().StringVarP(&directory, "output", "o", "", "write files and objects below this `DIRECTORY`")
	cmd.Flags().StringVar(&in.templates, "templates", "", in.templatesUsage())
	markFiles(cmd, "filename", "config", "templates")
	markDirectory(cmd, "output")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := in.check(); err != nil {
			return err
		}
		if slices.Contains([]string{outputJSON, outputYAML, outputWide, outputName}, directory) {
			return usagef("-o names a directory here, and the objects are YAML anyway: for a directory of this name write -o ./%s",
				directory)
		}
		renderings, err := in.render(cmd.InOrStdin())
		if err != nil {
			return err
		}
		out := renderOutput{stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr()}
		if directory != "" {
			return out.write(directory, renderings)
		}
		return out.print(renderings)
	}
	return cmd
}

// renderInput is what a rendering is made of.
type renderInput struct {
	files     []string
	config    string
	templates string
	attempt   int32
	hub       string
}

func (in *renderInput) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&in.files, "filename", "f", nil, "a `FILE` with runs; - is standard input (needed)")
	cmd.Flags().StringVar(&in.hub, "hub-uid", "",
		"the `UID` of the hub's namespace kube-system, which is on every object (default made up)")
}

const attemptUsage = "the `NUMBER` of the attempt (default the newest that is recorded, or 1)"

// attemptFlag is a flag with the number of an attempt.
type attemptFlag struct{ set func(int32) }

func (attemptFlag) String() string { return "" }
func (attemptFlag) Type() string   { return "NUMBER" }

// Set implements pflag.Value.
func (f attemptFlag) Set(s string) error {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 1 {
		return errors.New("attempts count from 1")
	}
	f.set(int32(n))
	return nil
}

func (*renderInput) configUsage() string {
	return "a `FILE`: config.yaml, or the operator's ConfigMap that holds it (default its defaults)"
}

func (in *renderInput) check() error {
	switch {
	case len(in.files) == 0:
		return usagef("name a file with a run: -f FILE, or -f - for standard input")
	case count(append([]string{in.config, in.templates}, in.files...), "-") > 1:
		return usagef("standard input is read once: name a file for the other")
	}
	return nil
}

func count(words []string, word string) int {
	n := 0
	for _, w := range words {
		if w == word {
			n++
		}
	}
	return n
}

// markFiles makes a shell complete the names of YAML files after flags.
func markFiles(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		completeFlag(cmd, flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt
		})
	}
}

func markDirectory(cmd *cobra.Command, flag string) {
	completeFlag(cmd, flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	})
}

// renderOutput is where a rendering goes.
type renderOutput struct{ stdout, stderr io.Writer }

// notes say on standard error what of the renderings is not what a cluster would make of them.
func (w renderOutput) notes(renderings []rendering) {
	var made, doubts []string
	for _, r := range renderings {
		made, doubts = append(made, r.notes.Placeholders...), append(doubts, r.notes.Doubts...)
	}
	if made = distinct(made); len(made) > 0 {
		fmt.Fprintln(w.stderr, "Made up, as no cluster was asked:\n  "+strings.Join(made, "\n  "))
	}
	for _, d := range distinct(doubts) {
		fmt.Fprintln(w.stderr, "Warning: "+printable(d))
	}
}

// distinct leaves the first of equal words.
func distinct(words []string) []string {
	var out []string
	for _, w := range words {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}
