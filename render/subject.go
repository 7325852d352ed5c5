package render

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The kinds of runs, as AnnotationHome spells them, and as the original's label task-type does.
const (
	kindDocs, taskDocs = "DocsRun", "docs"
	kindCode, taskCode = "CodeRun", "code"
)

// subject is one attempt with all that its objects are made of. Exactly one of docs and code is set.
type subject struct {
	Settings

	run     v1.Run
	hub     types.UID
	docs    *v1.DocsRunSpec
	code    *v1.CodeRunSpec
	entry   v1.Attempt   // the attempt itself; only what StartAttempt froze is read
	earlier []v1.Attempt // those before it
}

// subjectOfRun is what all attempts of a run share.
func subjectOfRun(run v1.Run, s Settings) (subject, error) {
	a := subject{Settings: s, run: run}
	switch r := run.(type) {
	case *v1.DocsRun:
		a.docs = &r.Spec
	case *v1.CodeRun:
		a.code = &r.Spec
	default:
		return subject{}, fmt.Errorf("%T is neither a DocsRun nor a CodeRun", run)
	}
	return a, nil
}

func subjectOf(run v1.Run, n int32, hub types.UID, s Settings) (subject, error) {
	own, refused := s.overriddenBy(run.RunSpec().Pod)
	a, err := subjectOfRun(run, own)
	if err != nil {
		return subject{}, err
	}
	a.hub = hub
	attempts := run.RunStatus().Attempts
	i := slices.IndexFunc(attempts, func(e v1.Attempt) bool { return e.Number == n })
	if i < 0 {
		return subject{}, errors.New("its status has no such attempt")
	}
	a.entry = attempts[i]
	for _, e := range attempts {
		if e.Number < n {
			a.earlier = append(a.earlier, e)
		}
	}
	slices.SortFunc(a.earlier, func(x, y v1.Attempt) int { return int(x.Number - y.Number) })
	return a, errors.Join(a.valid(), refused)
}

// valid names what no object can be made from.
func (a subject) valid() error {
	var errs []error
	demand := func(ok bool, message string) {
		if !ok {
			errs = append(errs, errors.New(message))
		}
	}
	demand(a.Image != "", "no image is configured for the agent: set agent.image.repository and agent.image.tag")
	demand(len(a.Command) > 0, "no command is configured for the agent: set agent.command")
	demand(a.run.GetUID() != "", "the run has no UID: only what the hub has stored is rendered")
	demand(a.hub != "", "the hub's UID is unknown")
	demand(a.entry.JobName != "" && a.entry.ConfigMapName != "", "the attempt has no names of its Job and ConfigMap")
	demand(a.entry.DeadlineSeconds > 0, "the attempt has no deadline")
	demand(a.entry.CreatedAt != nil && a.entry.StartBefore != nil, "the attempt does not say when it was committed and must have started")
	demand(a.code == nil || a.code.TaskID != nil, "spec.taskId is not set")
	_, known := presets[a.preset()]
	demand(known, "spec.toolConfig is no preset: write minimal, default or advanced")
	return errors.Join(append(errs, a.permitted())...)
}

func (a subject) taskType() string {
	if a.docs != nil {
		return taskDocs
	}
	return taskCode
}

// model is the run's own, or the configured one, or "" for the agent's.
func (a subject) model() string {
	var own v1.ModelName
	if a.docs != nil {
		own = a.docs.Model
	} else {
		own = a.code.Model
	}
	return cmp.Or(string(own), a.Model)
}

func (a subject) repositoryURL() string {
	if a.docs != nil {
		return string(a.docs.RepositoryURL)
	}
	return string(a.code.RepositoryURL)
}

// docsRepositoryURL is where the task's documents are.
func (a subject) docsRepositoryURL() string {
	if a.docs != nil {
		return string(a.docs.RepositoryURL)
	}
	for _, u := range []v1.RepositoryURL{a.code.DocsRepositoryURL, a.code.PlatformRepositoryURL} {
		if u != "" {
			return string(u)
		}
	}
	return string(a.code.RepositoryURL)
}

// docsBranch is the branch of the task's documents. "main" is the API's default, so the older name counts beside it.
func (a subject) docsBranch() string {
	switch {
	case a.docs != nil:
		return string(a.docs.SourceBranch)
	case a.code.PlatformBranch != "" && (a.code.DocsBranch == "" || a.code.DocsBranch == "main"):
		return string(a.code.PlatformBranch)
	case a.code.DocsBranch != "":
		return string(a.code.DocsBranch)
	default:
		return "main"
	}
}

// workingDirectory is relative to the root of the repository; "." is the root.
func (a subject) workingDirectory() string {
	switch {
	case a.docs != nil && a.docs.WorkingDirectory != "":
		return string(a.docs.WorkingDirectory)
	case a.docs != nil:
		return "."
	case a.code.WorkingDirectory != "":
		return string(a.code.WorkingDirectory)
	default:
		return a.code.Service
	}
}

// baseBranch is the branch to start from; "" is the repository's default.
func (a subject) baseBranch() string {
	if a.docs != nil {
		return string(a.docs.SourceBranch)
	}
	return string(a.code.Branch)
}

func (a subject) githubUser() string {
	if a.docs != nil {
		return string(a.docs.GitHubUser)
	}
	return string(a.code.GitHubUser)
}

// githubApp is the App whose token is used; it wins over the user.
func (a subject) githubApp() string {
	if a.docs != nil {
		return string(a.docs.GitHubApp)
	}
	return string(a.code.GitHubApp)
}

// branch is the branch that the work is pushed to, and never the one it started from. It is the same for every attempt, so
// that the next one goes on where the last one ended.
func (a subject) branch() string {
	branch := cmp.Or(Branch(a.run, a.Branches), a.run.RunStatus().Branch, PatternBranch(a.run, a.Branches))
	if branch != "" && branch != a.baseBranch() {
		return branch
	}
	return a.taskType() + "/" + strings.TrimSuffix(v1.AttemptName(a.run.GetName(), a.run.GetUID(), 1), "-1")
}

// retry says that there were attempts of this context version before.
func (a subject) retry() bool {
	return slices.ContainsFunc(a.earlier, func(e v1.Attempt) bool { return e.ContextVersion == a.entry.ContextVersion })
}

// continues says whether the agent goes on with its last session, where the workspace has it.
func (a subject) continues() bool {
	return a.retry() || a.run.RunSpec().ContinueSession || a.code != nil && a.code.ResumeSession
}

// session names what the agent remembers its sessions by: the task, whichever run works on it, or the run where there is
// none. Sessions of other tasks of the service lie beside it in the workspace.
func (a subject) session() string {
	if a.code != nil && *a.code.TaskID != 0 {
		return "task-" + strconv.FormatInt(*a.code.TaskID, 10)
	}
	return "run-" + string(a.run.GetUID())
}

// telemetry is the member's own, or the general one.
func (a subject) telemetry() Telemetry {
	if t, ok := a.MemberTelemetry[a.entry.Cluster]; ok {
		return t
	}
	return a.Telemetry
}

// failures are the newest earlier attempts of this context version that the agent should know about. Lost attempts are
// not among them: what is said of those can still change, when their member comes back.
func (a subject) failures() []v1.Attempt {
	var told []v1.Attempt
	for _, e := range a.earlier {
		silent := e.Class == "" || e.Class == v1.ClassStopped || e.Class == v1.ClassClusterLost
		if e.ContextVersion == a.entry.ContextVersion && !silent {
			told = append(told, e)
		}
	}
	return told[max(0, len(told)-maxFailures):]
}

// maxFailures bounds the prompt: the newest failures are the ones that help.
const maxFailures = 3
