package main

import (
	"github.com/spf13/cobra"

	v1 "github.com/runfleet/runfleet/api/v1"
)

func newCreateDocsCommand() *cobra.Command {
	var f runFlags
	var s v1.DocsRunSpec
	cmd := &cobra.Command{
		Use:   "docs NAME",
		Short: "Create a run that documents the tasks of a repository",
		Example: `  runfleet create docs shop --repository https://github.com/example/shop --github-user example-bot
  runfleet create docs shop --repository example/shop --github-app docs-app --source-branch develop --dry-run`,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	addTexts(cmd, []textFlag{
		{(*string)(&s.RepositoryURL), "repository", "", "the repository to document, a `URL` or org/repo"},
		{(*string)(&s.SourceBranch), "source-branch", "main", "the `BRANCH` to read, and to open the pull request against"},
		{(*string)(&s.TargetBranch), "target-branch", "", "the `BRANCH` to push to (default one of the run's own)"},
		{(*string)(&s.WorkingDirectory), "working-directory", ".", "the `DIRECTORY` with .taskmaster"},
		{(*string)(&s.GitHubUser), "github-user", "", "the `USER` whose Secrets hold the credentials; or --github-app"},
		{(*string)(&s.GitHubApp), "github-app", "", "the GitHub `APP` whose token is used; wins over --github-user"},
		{&s.CLI, "cli", "", "the agent's `PROGRAM`, such as claude (default the operator's)"},
	})
	cmd.Flags().BoolVar(&s.IncludeCodebase, "include-codebase", false, "give the agent the code too, for more tokens")
	f.add(cmd)
	f.need(cmd, "repository")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, err := oneName(args)
		if err != nil {
			return err
		}
		if err := f.missing(cmd); err != nil {
			return err
		}
		if err := someone(s.GitHubUser, s.GitHubApp); err != nil {
			return err
		}
		run := &v1.DocsRun{Spec: s}
		if err := f.fill(cmd, name, run); err != nil {
			return err
		}
		return f.create(cmd, docsRuns, run)
	}
	return cmd
}

func newCreateCodeCommand() *cobra.Command {
	var f runFlags
	var s v1.CodeRunSpec
	var task int64
	cmd := &cobra.Command{
		Use:   "code NAME",
		Short: "Create a run that implements one task in the workspace of a service",
		Example: `  runfleet create code auth-7 --task 7 --service auth-api --repository https://github.com/example/shop \
    --model opus --github-user example-bot
  runfleet create code fix --task 0 --prompt "Fix the build" --service auth-api --repository example/shop \
    --model sonnet --github-user example-bot`,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().Int64Var(&task, "task", 0, "the `NUMBER` of the task; 0 has no task files, only --prompt")
	addTexts(cmd, []textFlag{
		{&s.Service, "service", "", "the `SERVICE` to work on; runs of one service take turns"},
		{(*string)(&s.RepositoryURL), "repository", "", "the repository to change, a `URL` or org/repo"},
		{(*string)(&s.Branch), "branch", "", "the `BRANCH` to start from (default the repository's)"},
		{(*string)(&s.WorkingDirectory), "working-directory", "", "the `DIRECTORY` to work in (default the service's name)"},
		{(*string)(&s.DocsRepositoryURL), "docs-repository", "", "the repository with the task, a `URL` or org/repo (default --repository)"},
		{(*string)(&s.DocsBranch), "docs-branch", "", "the `BRANCH` of the task's repository (default main)"},
		{(*string)(&s.DocsProjectDirectory), "docs-directory", "", "the `DIRECTORY` with .taskmaster there (default its root)"},
		{(*string)(&s.GitHubUser), "github-user", "", "the `USER` whose Secrets hold the credentials; or --github-app"},
		{(*string)(&s.GitHubApp), "github-app", "", "the GitHub `APP` whose token is used; wins over --github-user"},
	})
	env := cmd.Flags().StringToString("env", nil, "environment variables `KEY=VALUE` of the agent; never a secret")
	cmd.Flags().Lookup("env").DefValue = "" // not "[]"
	f.add(cmd)
	f.need(cmd, "task", "service", "repository", "model")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, err := oneName(args)
		if err != nil {
			return err
		}
		if err := f.missing(cmd); err != nil {
			return err
		}
		if err := someone(s.GitHubUser, s.GitHubApp); err != nil {
			return err
		}
		run := &v1.CodeRun{Spec: s}
		run.Spec.TaskID = &task
		for k, v := range *env {
			if run.Spec.Env == nil {
				run.Spec.Env = map[string]v1.EnvValue{}
			}
			run.Spec.Env[k] = v1.EnvValue(v)
		}
		if err := f.fill(cmd, name, run); err != nil {
			return err
		}
		return f.create(cmd, codeRuns, run)
	}
	return cmd
}

// someone refuses a run that nobody signs.
func someone(user, app v1.GitHubName) error {
	if user == "" && app == "" {
		return usagef("still needed: --github-user or --github-app")
	}
	return nil
}

// textFlag is a flag that is one text.
type textFlag struct {
	value               *string
	name, byDefault, of string
}

func addTexts(cmd *cobra.Command, texts []textFlag) {
	for _, t := range texts {
		cmd.Flags().StringVar(t.value, t.name, t.byDefault, t.of)
	}
}
