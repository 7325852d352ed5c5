package render

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
)

// onStage runs a test with one shell: what git does is git's, whichever shell asks it to.
func onStage(t *testing.T, test func(*testing.T, stage)) {
	t.Helper()
	t.Parallel()
	test(t, served(t, "sh", codeRun()))
}

func TestBehaviour45TheWorkIsPushedToABranchOfItsOwn(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		s.env["BRANCH"] = "" // whatever the remote calls its default
		s.agent(`echo code >main.c; echo '{"type":"result","is_error":false,"session_id":"s-1","total_cost_usd":0.25,"num_turns":3,"usage":{"input_tokens":10,"output_tokens":20}}'`)
		code, o := s.run("agent")
		s.wants(code, o, 0, "succeeded", "")
		if got := s.published(ownBranch, "auth-api/main.c"); got != "code\n" {
			t.Errorf("what the agent wrote must be on %s, got %q on %s", ownBranch, got, s.branches())
		}
		if s.published("main", "auth-api/main.c") != "" {
			t.Error("the base branch must stay as it is")
		}
		want := outcome{Result: o.Result, Reason: o.Reason, Branch: ownBranch, Commit: s.git("origin.git", "rev-parse", ownBranch),
			SessionID: "s-1", CostUSD: 0.25, Turns: 3, InputTokens: 10, OutputTokens: 20}
		if o != want {
			t.Errorf("want %+v, got %+v", want, o)
		}
		if got := s.read("workspace/task/task.md"); got != "Do it.\n" {
			t.Errorf("the task's documents lie beside the clone, got %q", got)
		}
	})
}

func TestBehaviour46NothingThatIsUnpushedIsDiscarded(t *testing.T) {
	commit := func(s stage, args ...string) { s.git(clone, args...) }
	for name, test := range map[string]struct {
		left  func(stage) // by an earlier attempt that was killed
		where string      // a revision of the clone that has kept.txt afterwards
	}{
		"a commit on the run's branch":         {func(s stage) { s.write(clone+"/kept.txt", "x"); commit(s, "add", "."); commit(s, "commit", "-qm", "x") }, ownBranch},
		"changes on the run's branch":          {func(s stage) { s.write(clone+"/kept.txt", "x") }, ownBranch},
		"changes on another branch":            {func(s stage) { commit(s, "checkout", "-qb", "other"); s.write(clone+"/kept.txt", "x") }, "other"},
		"changes on the base":                  {func(s stage) { commit(s, "checkout", "-q", "main"); s.write(clone+"/kept.txt", "x") }, "kept/*"},
		"changes on no branch":                 {func(s stage) { commit(s, "checkout", "-q", "--detach"); s.write(clone+"/kept.txt", "x") }, "kept/*"},
		"a lock of a git that was killed":      {func(s stage) { s.write(clone+"/kept.txt", "x"); s.write(clone+"/.git/index.lock", "") }, ownBranch},
		"a directory that is no clone, beside": {func(s stage) { s.must(os.RemoveAll(s.path(clone + "/.git"))); s.write(clone+"/kept.txt", "x") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, func(t *testing.T, s stage) {
				s.agent("exit 0")
				code, o := s.run("agent")
				s.wants(code, o, 0, "succeeded", "")
				test.left(s)
				s.publish("main", map[string]string{"base.txt": "moved on\n"})
				s.agent("cat ../base.txt")
				code, o = s.run("agent")
				s.wants(code, o, 0, "succeeded", "")
				if test.where == "" {
					if out, err := os.ReadDir(s.path("workspace")); err != nil || !strings.Contains(dirNames(out), "target-repo.kept-") {
						t.Errorf("it must be moved aside, got %s", dirNames(out))
					}
					return
				}
				ref := s.git(clone, "for-each-ref", "--format=%(refname)", "refs/heads/"+test.where)
				s.git(clone, "cat-file", "-e", ref+":kept.txt")
			})
		})
	}
}

func dirNames(entries []os.DirEntry) string {
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestTheDescriptionOfAnotherBranchIsNotThisOnes(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		s.agent("echo mine >../PR_DESCRIPTION.md")
		s.run("agent")
		s.agent("cat ../PR_DESCRIPTION.md >../../found; exit 3")
		s.run("agent")
		if got := s.read("workspace/found"); got != "mine\n" || s.published(ownBranch, "PR_DESCRIPTION.md") != "" {
			t.Errorf("the next attempt finds it, and nobody commits it: %q", got)
		}
		s.env["RUNFLEET_BRANCH"] = "feature/task-8-implementation"
		s.agent("exit 0")
		s.run("agent")
		if s.exists(clone + "/PR_DESCRIPTION.md") {
			t.Error("it was written for another task")
		}
	})
}

func TestConflictsAreLeftToTheAgentAndSaidInItsPrompt(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		s.agent("echo agent >main.c")
		s.run("agent")
		s.publish("main", map[string]string{"auth-api/main.c": "somebody\n"})
		s.agent(`cat >../../prompt; echo both >main.c; git add main.c; git commit -qm "resolve it"`)
		code, o := s.run("agent")
		s.wants(code, o, 0, "succeeded", "")
		if got := s.read("workspace/prompt"); !strings.Contains(got, "\n## Conflicts\n") || !strings.HasSuffix(got, "\n- auth-api/main.c\n") {
			t.Errorf("the prompt must name the file, got %s", got)
		}
		if got := s.published(ownBranch, "auth-api/main.c"); got != "both\n" {
			t.Errorf("got %q", got)
		}
	})
}

func TestPartialWorkIsPushedHoweverTheAgentEnds(t *testing.T) {
	for name, test := range map[string]struct {
		agent, result string
		env           map[string]string
		interrupt     bool
	}{
		"by an error": {agent: "echo half >main.c; exit 3", result: "failed"},
		"by its time": {agent: "echo half >main.c; exec sleep 60", result: "timeout", env: map[string]string{"RUNFLEET_TIMEOUT": "2"}},
		"by its time, with all of it committed": {
			agent:  `git add main.c 2>/dev/null; echo half >main.c; git add --all; git commit --quiet -m mine; exec sleep 60`,
			result: "timeout", env: map[string]string{"RUNFLEET_TIMEOUT": "2"},
		},
		"by TERM": {agent: `echo half >main.c; echo >"$READY"; exec sleep 60`, result: "interrupted", interrupt: true},
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, func(t *testing.T, s stage) {
				maps.Copy(s.env, test.env)
				var o outcome
				if test.interrupt {
					_, o = s.interrupted(test.agent)
				} else {
					s.agent(test.agent)
					_, o = s.run("agent")
				}
				if o.Result != test.result || o.Branch != ownBranch || s.published(ownBranch, "auth-api/main.c") != "half\n" {
					t.Errorf("got %+v", o)
				}
				if said := s.git("origin.git", "log", "-1", "--format=%s", ownBranch); !strings.Contains(said, "partial") {
					t.Errorf("the commit must be marked as partial, got %q", said)
				}
			})
		})
	}
}

func TestBehaviour42WhatIsMissingIsSaidBeforeTheAgentStarts(t *testing.T) {
	for name, test := range map[string]struct {
		change         func(stage)
		code           int
		result, reason string
	}{
		"the base branch":       {func(s stage) { s.env["BRANCH"] = "release" }, 78, "prerequisiteMissing", "no branch release in file://"},
		"the repository":        {func(s stage) { s.must(os.RemoveAll(s.path("origin.git"))) }, 1, "repositoryUnreachable", "does not appear to be a git repository"},
		"the task":              {func(s stage) { s.env["TASK_ID"] = "8" }, 78, "prerequisiteMissing", "neither task.md nor prompt.md in .taskmaster/docs/task-8"},
		"the documents' branch": {func(s stage) { s.env["DOCS_BRANCH"] = "plans" }, 78, "prerequisiteMissing", "no branch plans"},
		"the prompt":            {func(s stage) { s.must(os.Remove(s.path("config/prompt.md"))) }, 78, "prerequisiteMissing", "prompt.md is not"},
		"the memory":            {func(s stage) { s.must(os.Remove(s.path("config/CLAUDE.md"))) }, 78, "prerequisiteMissing", "CLAUDE.md is not"},
		"the token":             {func(s stage) { s.env["REPOSITORY_URL"] = "https://127.0.0.1:1/org/repo" }, 78, "secretMissing", "Secret github-token-octocat"},
		"the key":               {func(s stage) { s.env["REPOSITORY_URL"] = "git@127.0.0.1:org/repo.git" }, 78, "secretMissing", "Secret github-ssh-octocat"},
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, func(_ *testing.T, s stage) {
				s.env["RUNFLEET_LOGIN"] = "octocat"
				test.change(s)
				s.agent("touch ../../ran")
				code, o := s.run("agent")
				s.wants(code, o, test.code, test.result, test.reason)
				if s.exists("workspace/ran") {
					t.Error("the agent must not have been started")
				}
			})
		})
	}
}

func TestNothingInTheCloneExecutes(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		canary := s.path("executed")
		s.publish("main", map[string]string{
			".gitattributes": "* filter=evil merge=evil diff=evil\n",
			".gitmodules":    "[submodule \"x\"]\n\tpath = x\n\turl = ext::touch " + canary + "\n\tupdate = !touch " + canary + "\n",
		})
		// An earlier agent configures what git would execute: filters, a monitor, hooks, an alias for what the script calls.
		s.agent(`cd ../..
for key in filter.evil.clean filter.evil.smudge filter.evil.process core.fsmonitor core.sshCommand core.pager core.editor merge.evil.driver diff.external credential.helper gpg.program; do
  git -C target-repo config "$key" "touch '` + canary + `'"
done
git -C target-repo config commit.gpgSign true
mkdir -p target-repo/.git/hooks hooks
for hook in pre-commit post-commit post-checkout post-merge pre-push reference-transaction; do
  printf '#!/bin/sh\ntouch "%s"\n' '` + canary + `' >target-repo/.git/hooks/$hook
  chmod +x target-repo/.git/hooks/$hook
  cp target-repo/.git/hooks/$hook hooks/$hook
done
git -C target-repo config core.hooksPath ../hooks`)
		s.run("agent")
		s.must(os.RemoveAll(canary)) // the first attempt's own agent did that
		s.publish("main", map[string]string{"new.txt": "x\n"})
		s.agent("echo code >main.c")
		code, o := s.run("agent")
		s.wants(code, o, 0, "succeeded", "")
		if s.exists("executed") {
			t.Error("something that lay in the clone was executed")
		}
		if s.published(ownBranch, "auth-api/main.c") != "code\n" {
			t.Error("the work must be pushed all the same")
		}
	})
}

func TestDocumentsAreReadAndNotFollowed(t *testing.T) {
	onStage(t, func(t *testing.T, s stage) {
		s.write("credentials/token", "a-secret-token")
		s.must(os.Symlink(s.path("credentials/token"), s.path("seed/.taskmaster/docs/task-7/prompt.md")))
		s.publish("main", map[string]string{"x": "x"})
		s.agent("cat >../../prompt")
		code, o := s.run("agent")
		s.wants(code, o, 0, "succeeded", "")
		if strings.Contains(s.read("workspace/prompt"), "a-secret-token") {
			t.Error("a symbolic link in the repository leads to a secret")
		}
	})
}

// silent is a server that takes a request and never answers.
func silent(t *testing.T, asked func()) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestARemoteThatHangsEndsTheAttempt(t *testing.T) {
	onStage(t, func(_ *testing.T, s stage) {
		s.env["REPOSITORY_URL"] = silent(t, func() {}) + "/org/repo"
		s.env["RUNFLEET_GIT_LIMIT"] = "1"
		code, o := s.run("agent-never")
		s.wants(code, o, 78, "prerequisiteMissing", "not in the image")
		s.agent("exit 0")
		code, o = s.run("agent")
		s.wants(code, o, 1, "repositoryUnreachable", "no answer within 1 s")
	})
}

func TestTERMWhileItClonesEndsTheScriptAtOnce(t *testing.T) {
	onStage(t, func(_ *testing.T, s stage) {
		asked := make(chan struct{}, 8)
		s.env["REPOSITORY_URL"] = silent(t, func() { asked <- struct{}{} }) + "/org/repo"
		s.agent("exit 0")
		cmd := s.command("agent")
		s.must(cmd.Start())
		<-asked
		s.must(cmd.Process.Signal(syscall.SIGTERM))
		code, o := s.ended(cmd)
		s.wants(code, o, 143, "interrupted", "before the agent started")
	})
}

func TestBehaviour44ADocsRunPushesItsDocumentsAlone(t *testing.T) {
	t.Parallel()
	run := docsRun()
	run.Spec.WorkingDirectory, run.Spec.SourceBranch = ".", "main"
	s := served(t, "sh", run)
	s.agent("mkdir -p .taskmaster/docs/task-1; echo text >.taskmaster/docs/task-1/task.md; echo no >elsewhere")
	code, o := s.run("agent")
	s.wants(code, o, 0, "succeeded", "")
	if s.published(o.Branch, ".taskmaster/docs/task-1/task.md") != "text\n" || s.published(o.Branch, "elsewhere") != "" {
		t.Errorf("got %+v, branches %s", o, s.branches())
	}

	s = served(t, "sh", run)
	s.agent("exit 0")
	code, o = s.run("agent")
	s.wants(code, o, 0, "noChanges", "complete as they are")
	if o.Branch != "" || s.branches() != "main" {
		t.Errorf("without changes nothing is pushed, got %+v and %s", o, s.branches())
	}

	s.env["WORKING_DIRECTORY"] = "elsewhere"
	code, o = s.run("agent")
	s.wants(code, o, 78, "prerequisiteMissing", "no .taskmaster/tasks/tasks.json in elsewhere")
}
