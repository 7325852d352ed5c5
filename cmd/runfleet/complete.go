package main

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// patience is how long a person who pressed Tab waits for the cluster. After it, and after any error, there is nothing
// to complete: a shell is no place for complaints.
const patience = 2 * time.Second

type completer = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// completeFlag registers the completion of a flag that the command has.
func completeFlag(cmd *cobra.Command, flag string, c completer) {
	if err := cmd.RegisterFlagCompletionFunc(flag, c); err != nil {
		panic(err) //nolint:forbidigo // the flag was added just before
	}
}

// ask asks the hub that the command line names so far.
func ask(cmd *cobra.Command, question func(context.Context, *hub) ([]string, error)) []string {
	var f hubFlags
	for flag, value := range map[string]*string{"kubeconfig": &f.kubeconfig, "context": &f.context, "namespace": &f.namespace} {
		*value, _ = cmd.Flags().GetString(flag)
	}
	h, err := f.connect(io.Discard)
	if err != nil {
		return nil
	}
	parent := cmd.Context()
	if parent == nil {
		parent = context.Background()
	}
	ctx, cancel := context.WithTimeout(parent, patience)
	defer cancel()
	answer, err := question(ctx, h)
	if err != nil {
		return nil
	}
	return answer
}

// completeRuns completes the names of runs that were not given yet.
func completeRuns(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	names := ask(cmd, func(ctx context.Context, h *hub) ([]string, error) {
		return h.names(ctx, runKinds, client.InNamespace(h.namespace))
	})
	names = slices.DeleteFunc(shortForms(names, begun), func(n string) bool { return slices.Contains(args, n) })
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeRun completes the one run that a verb takes.
func completeRun(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeRuns(cmd, args, begun)
}

// completeGet completes what get takes: kinds, runs, and members by their kind.
func completeGet(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if word, _, ok := strings.Cut(begun, "/"); ok && slices.Equal(kindsCalled(word), []*kind{members}) {
		var names []string
		for _, n := range memberNames(cmd) {
			names = append(names, word+"/"+n)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	if len(args) > 0 && slices.Equal(kindsCalled(args[0]), []*kind{members}) {
		return memberNames(cmd), cobra.ShellCompDirectiveNoFileComp
	}
	names, directive := completeRuns(cmd, args, begun)
	if len(args) == 0 {
		names = append([]string{"docsruns", "coderuns", "members"}, names...)
	}
	return names, directive
}

// shortForms leaves the kind out of names that only one kind has, unless the person began with one.
func shortForms(names []string, begun string) []string {
	if strings.Contains(begun, "/") {
		word, _, _ := strings.Cut(begun, "/")
		var out []string
		for _, n := range names {
			kindName, name, _ := strings.Cut(n, "/")
			if called := kindsCalled(word); len(called) == 1 && called[0].name == kindName {
				out = append(out, word+"/"+name)
			}
		}
		return out
	}
	count := map[string]int{}
	for _, n := range names {
		_, name, _ := strings.Cut(n, "/")
		count[name]++
	}
	var out []string
	for _, n := range names {
		_, name, _ := strings.Cut(n, "/")
		if count[name] == 1 && kindsCalled(name) == nil {
			n = name
		}
		out = append(out, n)
	}
	return out
}

func completePhases(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return append([]string{"final"}, texts(phases())...), cobra.ShellCompDirectiveNoFileComp
}

func completeMembers(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return memberNames(cmd), cobra.ShellCompDirectiveNoFileComp
}

func memberNames(cmd *cobra.Command) []string {
	var out []string
	for _, n := range ask(cmd, func(ctx context.Context, h *hub) ([]string, error) { return h.names(ctx, []*kind{members}) }) {
		_, name, _ := strings.Cut(n, "/")
		out = append(out, name)
	}
	return out
}

func completeContexts(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var f hubFlags
	f.kubeconfig, _ = cmd.Flags().GetString("kubeconfig")
	raw, err := f.loader().RawConfig()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.Sorted(maps.Keys(raw.Contexts)), cobra.ShellCompDirectiveNoFileComp
}

func completeNamespaces(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	names := ask(cmd, func(ctx context.Context, h *hub) ([]string, error) {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NamespaceList"))
		err := h.client.List(ctx, list, client.Limit(500))
		var names []string
		for _, n := range list.Items {
			names = append(names, n.Name)
		}
		return names, err
	})
	return names, cobra.ShellCompDirectiveNoFileComp
}
