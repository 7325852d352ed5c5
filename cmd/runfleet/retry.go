package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

func newRetryCommand() *cobra.Command {
	var ask askFlags
	cmd := &cobra.Command{
		Use:   "retry RUN",
		Short: "Ask a run again, with new guidance if you like",
		Long: `Ask a run again: raise its context version, together with what is to be different. The retries begin anew.

An agent that is at work on the version before is stopped first. A run that was cancelled is no longer: otherwise the
new version would be cancelled at once.

The same with kubectl, where N is one more than the spec says:
  kubectl patch docsrun NAME --type=merge -p '{"spec":{"contextVersion":N,"cancel":false}}'`,
		Example: `  runfleet retry docsrun/shop
  runfleet retry cr/auth-7 --prompt "Keep the old endpoints" --deadline 3h
  runfleet retry cr/auth-7 --prompt-file review.md --model opus`,
		ValidArgsFunction: completeRun,
	}
	ask.add(cmd)
	flags := addHubFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		refs, err := parseRuns(args)
		if err != nil {
			return err
		}
		if len(refs) > 1 {
			return usagef("name one run: what is asked anew is its own")
		}
		asked, err := ask.read(cmd)
		if err != nil {
			return err
		}
		h, err := flags.connect(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		items, err := h.find(cmd.Context(), refs, false)
		if err != nil {
			return err
		}
		said, err := h.retry(cmd.Context(), items[0], asked)
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", items[0], said)
		return nil
	}
	return cmd
}

// retry raises the context version. Somebody else's change in between is read once and kept.
func (h *hub) retry(ctx context.Context, i item, asked asked) (string, error) {
	said, err := h.raise(ctx, i, asked)
	if apierrors.IsConflict(err) {
		var again client.Object
		if again, err = h.get(ctx, i.kind, i.object.GetName(), false); err == nil {
			said, err = h.raise(ctx, item{kind: i.kind, object: again}, asked)
		}
	}
	if err != nil {
		return "", h.explain("asking "+i.String()+" again", err)
	}
	return said, nil
}

func (h *hub) raise(ctx context.Context, i item, asked asked) (string, error) {
	before, ok := i.object.DeepCopyObject().(client.Object)
	run := i.run()
	spec := run.RunSpec()
	switch {
	case !ok || i.object.GetDeletionTimestamp() != nil:
		return "", fmt.Errorf("it is being deleted: create another run")
	case spec.ContextVersion == math.MaxInt32:
		return "", fmt.Errorf("its contextVersion cannot be raised any more: create another run")
	}
	said := asksAgain(run)
	spec.ContextVersion++
	spec.Cancel = false
	asked.into(run)
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	return said, h.client.Patch(ctx, i.object, patch)
}

// asksAgain says what raising the version of a run will do.
func asksAgain(run v1.Run) string {
	spec := run.RunSpec()
	said := []string{fmt.Sprintf("is asked again: context version %d", spec.ContextVersion+1)}
	if attempt, at := out(run.RunStatus()); at {
		said = append(said, attempt+" is stopped first")
	}
	if spec.Cancel {
		said = append(said, "its cancellation is taken back")
	}
	if spec.Suspend {
		said = append(said, "it is suspended, so nothing starts before: runfleet resume")
	}
	return strings.Join(said, "; ")
}

// askFlags are what is asked of an agent, in create and in retry.
type askFlags struct {
	prompt, file, model string
	deadline            time.Duration
}

// asked is what the flags say; nil is left as it is.
type asked struct {
	prompt   *v1.Prompt
	model    *v1.ModelName
	deadline *int32
}

func (a *askFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.prompt, "prompt", "", "guidance for the agent, as `TEXT`")
	cmd.Flags().StringVar(&a.file, "prompt-file", "", "guidance for the agent from a `FILE`; - is standard input")
	cmd.Flags().StringVar(&a.model, "model", "", "the `MODEL` the agent uses, such as sonnet")
	cmd.Flags().DurationVar(&a.deadline, "deadline", 0, "the `TIME` that one attempt may take, such as 90m or 2h")
}

const (
	shortest, longest = time.Minute, 24 * time.Hour // of deadlineSeconds
	promptBytes       = 64 << 10
)

// read checks what can be checked without the API server.
func (a *askFlags) read(cmd *cobra.Command) (asked, error) {
	var out asked
	changed := cmd.Flags().Changed
	if changed("prompt") && changed("prompt-file") {
		return out, usagef("--prompt and --prompt-file exclude each other")
	}
	if changed("deadline") {
		switch {
		case a.deadline%time.Second != 0:
			return out, usagef("--deadline %s: write whole seconds, such as 90s or 2h", a.deadline)
		case a.deadline < shortest || a.deadline > longest:
			return out, usagef("--deadline %s: write a minute to a day, such as 90s or 2h", a.deadline)
		}
		out.deadline = new(int32(a.deadline / time.Second))
	}
	if changed("model") {
		if strings.TrimSpace(a.model) == "" {
			return out, usagef("--model needs the name of a model, such as sonnet")
		}
		out.model = new(v1.ModelName(a.model))
	}
	text, err := a.text(cmd)
	if err != nil {
		return out, err
	}
	if changed("prompt") || changed("prompt-file") {
		out.prompt = new(v1.Prompt(text))
	}
	return out, nil
}

// text is the prompt.
func (a *askFlags) text(cmd *cobra.Command) (string, error) {
	text, from := []byte(a.prompt), "--prompt"
	if a.file != "" {
		var err error
		if text, err = readFile(a.file, cmd.InOrStdin(), promptBytes); err != nil {
			return "", fmt.Errorf("reading --prompt-file: %w", err)
		}
		from = "--prompt-file " + a.file
	}
	switch {
	case len(text) > promptBytes:
		return "", usagef("%s has more than 64 KiB: put longer guidance into a file of the repository and name it here", from)
	case !utf8.Valid(text) || bytes.ContainsRune(text, 0):
		return "", usagef("%s is not text in UTF-8", from)
	case a.file != "" && strings.TrimSpace(string(text)) == "":
		return "", usagef("%s is empty", from)
	}
	return string(text), nil
}

// into writes what was asked into a run.
func (a asked) into(run v1.Run) {
	spec := run.RunSpec()
	if a.prompt != nil {
		spec.PromptModification = *a.prompt
	}
	if a.deadline != nil {
		spec.DeadlineSeconds = a.deadline
	}
	if a.model == nil {
		return
	}
	switch r := run.(type) {
	case *v1.DocsRun:
		r.Spec.Model = *a.model
	case *v1.CodeRun:
		r.Spec.Model = *a.model
	}
}
