package render

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
)

// The branches of runs where nobody configures others: the code one is the original's.
const (
	DefaultCodeBranch = "feature/task-{taskId}-implementation"
	DefaultDocsBranch = "docs/{name}-{uid}"
)

// Branches are the patterns of the branches that runs push to. Empty ones are the default.
type Branches struct{ Docs, Code string }

// placeholder is a part of a pattern that a run fills.
var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// Branch is the branch that the run's agent pushes to and that other runs may push to as well, "" where it is the run's
// alone. It is what a DocsRun names, what the run's status holds, or what the configured pattern makes for a first attempt.
func Branch(run v1.Run, b Branches) string {
	if docs, ok := run.(*v1.DocsRun); ok {
		if docs.Spec.TargetBranch != docs.Spec.SourceBranch {
			return string(docs.Spec.TargetBranch)
		}
		return ""
	}
	return cmp.Or(run.RunStatus().Branch, PatternBranch(run, b))
}

// PatternBranch is the branch that the patterns make for a run, "" where its spec names one. A run that has attempts and no
// branch in its status is older than the patterns, and stays where it is.
func PatternBranch(run v1.Run, b Branches) string {
	if run.RunStatus().Attempt > 0 {
		b = Branches{}
	}
	switch r := run.(type) {
	case *v1.DocsRun:
		if r.Spec.TargetBranch == r.Spec.SourceBranch || r.Spec.TargetBranch == "" {
			return fill(cmp.Or(b.Docs, DefaultDocsBranch), placesOf(run))
		}
	case *v1.CodeRun:
		if r.Spec.TaskID != nil {
			return fill(cmp.Or(b.Code, DefaultCodeBranch), placesOf(run))
		}
	}
	return ""
}

func fill(pattern string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(pattern, func(p string) string { return values[strings.Trim(p, "{}")] })
}

// placesOf are the values of a run's placeholders. All of them are letters, digits and hyphens, with none of the latter at
// either end, so what surrounds them decides whether the result names a branch.
func placesOf(run v1.Run) map[string]string {
	unique := strings.TrimSuffix(v1.AttemptName(run.GetName(), run.GetUID(), 1), "-1") // name-uid, as its Jobs have it
	cut := strings.LastIndex(unique, "-")
	values := map[string]string{"name": unique[:max(0, cut)], "uid": unique[cut+1:], "namespace": run.GetNamespace()}
	if code, ok := run.(*v1.CodeRun); ok {
		values["service"] = code.Spec.Service
		if code.Spec.TaskID != nil {
			values["taskId"] = strconv.FormatInt(*code.Spec.TaskID, 10)
		}
	}
	return values
}

// CheckDocsBranch and CheckCodeBranch say what is wrong with a pattern, nil if every run gets a branch of its own by it, or
// shares one only with runs of the same task.
func CheckDocsBranch(pattern string) error {
	return check(pattern, []string{"name", "namespace", "uid"}, "uid")
}

// CheckCodeBranch is the same for CodeRuns.
func CheckCodeBranch(pattern string) error {
	return check(pattern, []string{"taskId", "service", "name", "namespace", "uid"}, "taskId", "uid")
}

func check(pattern string, known []string, unique ...string) error {
	var named []string
	for _, p := range placeholder.FindAllString(pattern, -1) {
		name := strings.Trim(p, "{}")
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s is no placeholder: there are {%s}", p, strings.Join(known, "}, {"))
		}
		named = append(named, name)
	}
	if !slices.ContainsFunc(unique, func(name string) bool { return slices.Contains(named, name) }) {
		return fmt.Errorf("would give different tasks one branch: write {%s} into it", strings.Join(unique, "} or {"))
	}
	for part := range strings.SplitSeq(pattern, "/") {
		if strings.Contains(part, "{taskId}") && len(placeholder.FindAllString(part, -1)) > 1 {
			return fmt.Errorf("could give different tasks one branch: in %q {taskId} must be the only placeholder between its slashes",
				part)
		}
	}
	long, short := map[string]string{}, map[string]string{}
	for name, most := range map[string]int{"taskId": 19, "service": 53, "name": 52, "namespace": 63, "uid": 8} {
		long[name], short[name] = strings.Repeat("9", most), "1"
	}
	return cmp.Or(legal(fill(pattern, short)), legal(fill(pattern, long)))
}

// notInBranch is what git refuses anywhere in a branch.
var notInBranch = regexp.MustCompile(`[\x00-\x20\x7f~^:?*\[\\{}]|\.\.|//|(^|/)\.|\.lock(/|$)|^[-/]|[/.]$`)

// legal is the rule of [v1.BranchName], for what a pattern makes.
func legal(branch string) error {
	if found := notInBranch.FindString(branch); found != "" {
		return fmt.Errorf("makes branches such as %q, and no branch can have %q there: write a pattern such as %s",
			branch, found, DefaultCodeBranch)
	}
	if most := 244; len(branch) > most {
		return fmt.Errorf("can make a branch of %d characters, and a branch may have %d: shorten it", len(branch), most)
	}
	if slices.Contains([]string{"HEAD", "@"}, branch) {
		return errors.New("makes no name of a branch")
	}
	return nil
}
