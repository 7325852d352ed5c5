package render

import (
	"os"
	"strings"
	"testing"
)

// TestAHostileRepositoryExecutesNothingAndLeadsNowhere is about what a repository or an earlier agent may have left in the
// clone, one thing at a time. What is executed leaves a file named executed.
func TestAHostileRepositoryExecutesNothingAndLeadsNowhere(t *testing.T) {
	for name, plant := range map[string]func(s stage, execute string){
		"a filter that attributes name": func(s stage, execute string) {
			s.write(clone+"/.gitattributes", "* filter=evil diff=evil merge=evil\n")
			s.git(clone, "config", "filter.evil.clean", execute+"; cat")
			s.git(clone, "config", "filter.evil.required", "true")
		},
		"attributes beside the tree": func(s stage, execute string) {
			s.write(clone+"/.git/info/attributes", "* filter=evil\n")
			s.git(clone, "config", "filter.evil.clean", execute+"; cat")
		},
		"a configuration that is included": func(s stage, execute string) {
			s.write("workspace/evil", "[core]\n\tfsmonitor = "+execute+"\n\tsshCommand = "+execute+"\n")
			s.git(clone, "config", "include.path", s.path("workspace/evil"))
		},
		"a configuration of the worktree": func(s stage, execute string) {
			s.git(clone, "config", "extensions.worktreeConfig", "true")
			s.write(clone+"/.git/config.worktree", "[core]\n\tfsmonitor = "+execute+"\n")
		},
		"another remote": func(s stage, execute string) {
			s.git(clone, "remote", "set-url", "origin", "ext::"+execute)
			s.git(clone, "config", "protocol.ext.allow", "always")
			s.git(clone, "config", "remote.origin.uploadpack", execute)
			s.git(clone, "config", "remote.origin.receivepack", execute)
		},
		"a .git that is a file": func(s stage, execute string) {
			s.must(os.Rename(s.path(clone+"/.git"), s.path("workspace/elsewhere")))
			s.git("", "--git-dir="+s.path("workspace/elsewhere"), "config", "core.fsmonitor", execute)
			s.write(clone+"/.git", "gitdir: "+s.path("workspace/elsewhere")+"\n")
		},
		"a .git that leads elsewhere": func(s stage, execute string) {
			s.must(os.Rename(s.path(clone+"/.git"), s.path("workspace/elsewhere")))
			s.git("", "--git-dir="+s.path("workspace/elsewhere"), "config", "core.fsmonitor", execute)
			s.must(os.Symlink(s.path("workspace/elsewhere"), s.path(clone+"/.git")))
		},
		"a repository within": func(s stage, execute string) {
			s.git("", "init", "--quiet", clone+"/within")
			s.write(clone+"/within/x", "x")
			s.write(clone+"/within/.gitattributes", "* filter=evil\n")
			s.git(clone+"/within", "add", ".")
			s.git(clone+"/within", "commit", "--quiet", "--message=x")
			s.git(clone+"/within", "config", "filter.evil.clean", execute+"; cat")
			s.git(clone+"/within", "config", "core.fsmonitor", execute)
			s.write(clone+"/within/x", "y")
			s.git(clone, "-c", "advice.addEmbeddedRepo=false", "add", "within")
		},
		"a submodule": func(s stage, execute string) {
			s.write(clone+"/.gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = ext::"+execute+"\n\tupdate = !"+execute+"\n")
			s.git(clone, "config", "submodule.recurse", "true")
			s.git(clone, "config", "submodule.x.update", "!"+execute)
		},
		"a template of commits and an editor": func(s stage, execute string) {
			s.git(clone, "config", "core.editor", execute)
			s.git(clone, "config", "sequence.editor", execute)
			s.git(clone, "config", "gpg.program", execute)
			s.git(clone, "config", "commit.gpgSign", "true")
			s.git(clone, "config", "credential.helper", "!"+execute)
		},
		"links out of the tree": func(s stage, _ string) {
			s.must(os.Symlink(s.path("credentials"), s.path(clone+"/secrets")))
			s.must(os.Symlink(s.path("credentials/token"), s.path(clone+"/token")))
			s.must(os.Symlink(s.path("credentials/token"), s.path(clone+"/PR_DESCRIPTION.md")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, func(t *testing.T, s stage) {
				s.write("credentials/token", "a-secret-token")
				s.agent("exit 0")
				s.run("agent")
				plant(s, "touch "+s.path("executed"))
				s.must(os.RemoveAll(s.path("executed"))) // what the planting itself has run
				s.write(clone+"/left", "x")
				s.publish("main", map[string]string{"new.txt": "x\n"})
				s.agent("echo code >main.c")
				code, o := s.run("agent")
				s.wants(code, o, 0, "succeeded", "")
				if s.exists("executed") {
					t.Error("something that lay in the clone was executed")
				}
				if s.published(ownBranch, "auth-api/main.c") != "code\n" {
					t.Errorf("the work must be pushed all the same, got %+v", o)
				}
				if all := s.git("origin.git", "log", "--all", "-p", "--no-ext-diff"); strings.Contains(all, "a-secret-token") {
					t.Error("a link led to a secret")
				}
			})
		})
	}
}
