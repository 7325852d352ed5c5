package original

import (
	"fmt"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Finalizers are those that its controllers put on their objects, and that only they removed.
var Finalizers = []string{
	"docsruns.orchestrator.io/finalizer", "coderuns.orchestrator.io/finalizer", "taskruns.orchestrator.io/finalizer",
}

func isFinalizer(name string) bool { return slices.Contains(Finalizers, name) }

// Marked says that an object carries one of its finalizers.
func Marked(o metav1.Object) bool { return slices.ContainsFunc(o.GetFinalizers(), isFinalizer) }

// Unmark removes them.
func Unmark(o metav1.Object) {
	o.SetFinalizers(slices.DeleteFunc(slices.Clone(o.GetFinalizers()), isFinalizer))
}

// Begun says that the original has touched the run, and this operator has not: what its status says is not ours.
func Begun(run v1.Run) bool {
	s := run.RunStatus()
	ours := s.ObservedGeneration > 0 || s.Transitions > 0 || s.Attempt > 0 || s.Incarnation > 0 || s.AbandonIgnored != 0 || s.Cluster != ""
	theirs := Marked(run) || s.Phase != "" && s.Phase != v1.PhasePending || s.JobName != "" || s.ConfigMapName != "" || s.Message != "" ||
		s.LastUpdate != nil || s.WorkCompleted != nil || s.FinishedAt != nil || s.RetryCount > 0 ||
		s.PullRequestURL != "" || len(s.Conditions) > 0
	return theirs && !ours
}

// Over says that the run has ended by the original's own word.
func Over(s v1.RunStatus) bool {
	return slices.Contains([]v1.Phase{v1.PhaseSucceeded, v1.PhaseFailed, v1.PhaseCancelled}, s.Phase) ||
		s.WorkCompleted != nil && *s.WorkCompleted || s.FinishedAt != nil
}

// JobNames are the names under which a Job of the run may be at work: the one that its status names, or those that its
// generations gave by the run's name. The first generation's had the time in them, and are in the status.
func JobNames(run v1.Run) []string {
	if s := run.RunStatus(); s.JobName != "" && s.Attempt == 0 { // else it is ours
		return []string{s.JobName}
	}
	name := strings.NewReplacer("_", "-", ".", "-").Replace(run.GetName())
	code, ok := run.(*v1.CodeRun)
	if !ok {
		return []string{"docs-gen-" + name}
	}
	task, version := int64(0), max(code.Spec.ContextVersion, 1)
	if code.Spec.TaskID != nil {
		task = *code.Spec.TaskID
	}
	return []string{fmt.Sprintf("code-impl-%s-task%d-v%d", name, task, version), fmt.Sprintf("code-impl-%s-v%d", name, version)}
}

// Job is what is left of a run's Job of the original.
type Job struct {
	Name  string
	State JobState
	Why   string // it failed
}

// JobState is how the Job is.
type JobState int

// The states of a Job.
const (
	JobUnknown JobState = iota // it could not be asked for
	JobGone
	JobAtWork
	JobComplete
	JobFailed
)

// TakeOver turns the status of a run that has ended into one of ours: ended for this version of what is asked. The job
// decides where the original's own word does not.
func TakeOver(run v1.Run, job Job, now metav1.Time) {
	s := run.RunStatus()
	if !Over(*s) {
		s.Reason, s.Message = verdict(job)
	}
	s.Phase = ended(*s, job)
	if s.Message == "" {
		s.Message = "it ended under the original's controller"
	}
	s.ContextVersion = max(run.RunSpec().ContextVersion, 1)
	s.Message = clip(s.Message, maxMessage) +
		fmt.Sprintf("; to have it executed here, raise spec.contextVersion above %d", s.ContextVersion)
	if s.FinishedAt == nil {
		at := now
		if s.LastUpdate != nil {
			at = *s.LastUpdate
		}
		s.FinishedAt = new(metav1.NewMicroTime(at.UTC()))
	}
	if s.Phase == v1.PhaseSucceeded {
		s.Reason, s.WorkCompleted = "", new(true)
	}
	// The machine recomputes them all, and keeps the times of those that it knows; the last generation's had none.
	s.Conditions = slices.DeleteFunc(s.Conditions, func(c metav1.Condition) bool { return c.LastTransitionTime.IsZero() })
}

// maxMessage leaves room behind the original's message, in bytes: the API bounds the whole at 4096 characters.
const maxMessage = 3500

// clip cuts a text between two characters.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// ended is the phase to take over. A Pending run cannot become Succeeded without an attempt, by the rules of the API: the
// message then says what the Job said.
func ended(s v1.RunStatus, job Job) v1.Phase {
	done := s.WorkCompleted != nil && *s.WorkCompleted || !Over(s) && job.State == JobComplete
	switch {
	case s.Phase == v1.PhaseSucceeded, s.Phase == v1.PhaseFailed, s.Phase == v1.PhaseCancelled:
		return s.Phase
	case done && s.Phase != v1.PhasePending:
		return v1.PhaseSucceeded
	default:
		return v1.PhaseFailed
	}
}

// verdict says how a run ended of which the original did not.
func verdict(job Job) (reason, message string) {
	switch job.State {
	case JobComplete:
		return string(v1.ClassOutcomeUnknown), fmt.Sprintf("the original's Job %s completed, and what it delivered was not recorded: "+
			"look for its pull request", job.Name)
	case JobFailed:
		return string(v1.ClassAgentError), fmt.Sprintf("the original's Job %s failed: %s", job.Name, job.Why)
	default:
		return string(v1.ClassOutcomeUnknown), "the original began it, and no Job of it is left: whether its work was done is not known; " +
			"look for its pull request"
	}
}
