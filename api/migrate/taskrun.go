package migrate

import "strings"

// taskRun converts a TaskRun of any age.
func (d *draft) taskRun() bool {
	d.renameSnakes()
	d.drop(map[string]string{
		"agentName": "there are no named agents; githubUser says who signs, and names the Secrets",
	})
	task, ok := d.taskNumber()
	if !ok {
		return false
	}
	d.keep("contextVersion")
	d.set("model", orWord(d.takeText("model"), "sonnet")) // the original's default
	d.tools()
	own, platform := d.repository("repository"), d.repository("platformRepository")
	d.prompt()
	if task == allTasks {
		return d.taskRunDocs(own, platform)
	}
	d.spec["taskId"] = task
	return d.taskRunCode(own, platform)
}

// taskNumber takes the task. One that is no number is left to a person: the kind depends on it.
func (d *draft) taskNumber() (int64, bool) {
	v, _ := d.take("taskId")
	task, ok := number(v)
	if !ok {
		d.notef("spec.taskId", "left out: it must be a number, %d for the documentation of all tasks: add it and convert again", allTasks)
		d.incomplete = true
	}
	return task, ok
}

func (d *draft) taskRunDocs(own, platform repository) bool {
	d.drop(map[string]string{
		"serviceName": "a DocsRun needs no service",
		"toolConfig":  "a DocsRun has no preset: write localTools and remoteTools",
	})
	d.keep("localTools", "remoteTools")
	if platform.url != "" {
		d.notef("spec.platformRepository", "has no home here: a DocsRun documents one repository, spec.repositoryUrl; "+
			"if the tasks are in the other one, name that")
	}
	d.set("repositoryUrl", own.url)
	d.set("githubUser", orWord(own.user, platform.user))
	d.set("sourceBranch", orWord(own.branch, "main")) // the original's default
	d.spec["workingDirectory"] = orWord(orWord(d.takeText("workingDirectory"), own.path), ".")
	return d.become("DocsRun", "repositoryUrl", "githubUser")
}

func (d *draft) taskRunCode(own, platform repository) bool {
	d.service("serviceName")
	d.set("repositoryUrl", own.url)
	d.set("branch", own.branch)
	d.set("githubUser", orWord(own.user, platform.user))
	d.set("docsRepositoryUrl", platform.url)
	d.set("docsBranch", platform.branch)
	d.set("docsProjectDirectory", platform.path)
	if platform.user != "" && own.user != "" && platform.user != own.user {
		d.notef("spec.platformRepository.githubUser", "has no home here: one user reads both repositories: "+
			"let %s read the other one", own.user)
	}
	directory := d.takeText("workingDirectory")
	switch {
	case directory == "":
		directory = own.path
	case own.path != "":
		d.notef("spec.repository.path", "was dropped: workingDirectory says it already")
	}
	d.set("workingDirectory", directory)
	d.toolList("localTools")
	d.toolList("remoteTools")
	d.preset()
	return d.become("CodeRun", "service", "repositoryUrl", "githubUser")
}

// repository is what a TaskRun says of one, in any of its generations.
type repository struct{ url, branch, user, path string }

func (d *draft) repository(field string) repository {
	v, _ := d.take(field)
	fields, _ := v.(map[string]any)
	take := func(name string) string {
		s := text(fields[name])
		delete(fields, name)
		return s
	}
	r := repository{branch: take("branch"), user: orWord(take("githubUser"), take("github_user")), path: take("path")}
	r.url = d.address("spec."+field+".url", take("url"))
	if take("token") != "" {
		d.notef("spec."+field+".token", "has no home here, and is not repeated: the token comes from the Secret "+
			"github-token-%s, key token, on the member. Revoke this one: it stands in a manifest", orWord(r.user, "USER"))
	}
	if auth, ok := fields["auth"].(map[string]any); ok {
		d.credentials("spec."+field+".auth", r, auth)
		delete(fields, "auth")
	}
	d.strangers("spec."+field, fields)
	return r
}

// credentials tells where those of the oldest form belong. Names of Secrets are no secrets.
func (d *draft) credentials(path string, r repository, auth map[string]any) {
	user := orWord(r.user, "USER")
	home := "github-token-" + user + ", key token"
	if text(auth["type"]) == "SshKey" || strings.HasPrefix(r.url, "git@") || strings.HasPrefix(r.url, "ssh://") {
		home = "github-ssh-" + user + ", key ssh-privatekey"
	}
	for _, name := range []string{"type", "secretName", "secretKey"} {
		if v := text(auth[name]); v != "" {
			d.notef(path+"."+name, "%q has no home here: githubUser selects the Secret %s, on the member", v, home)
		}
		delete(auth, name)
	}
	d.strangers(path, auth)
}
