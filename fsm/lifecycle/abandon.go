package lifecycle

import (
	"fmt"

	"github.com/runfleet/runfleet/api/v1"
)

// vouched is rule E (e): a person vouches with the annotation abandon-remote that the newest attempt has ended. That counts
// only while its member is lost, which is more than silent for a moment: a member that answers is asked, and after a
// restart of the operator every member is silent at first.
func (l Lifecycle) vouched(s v1.RunStatus, f Facts) bool {
	return f.Run.Abandoned == s.Attempt && s.AbandonIgnored != f.Run.Abandoned && l.clusterLost(f)
}

// noteWord keeps that a person's word was ignored, for as long as it stands there: it was wrong when it was given, so it
// must not begin to count by itself when the line breaks, or when an attempt of that number begins.
func (Lifecycle) noteWord(s *v1.RunStatus, f Facts) {
	if s.AbandonIgnored != f.Run.Abandoned {
		s.AbandonIgnored = 0
	}
	if vain(*s, f) {
		s.AbandonIgnored = f.Run.Abandoned
	}
}

// vain says that the annotation asks for what is not done. One that served, or names what has ended while no attempt is
// out, only lies there: nobody waits for anything.
func vain(s v1.RunStatus, f Facts) bool {
	n, open := f.Run.Abandoned, Open(s)
	switch {
	case n == 0:
		return false
	case n < 0 || n > s.Attempt:
		return true
	case open == nil:
		return false
	case n < open.Number:
		e := attempt(s, n)
		return e != nil && e.EndedBy != v1.EndAbandoned
	default:
		return f.Cluster.Link == Answers
	}
}

// warning is what to tell once: that a person's word is ignored from now on, and why; "" for nothing.
func (Lifecycle) warning(was, is v1.RunStatus, f Facts) string {
	if is.AbandonIgnored == 0 || is.AbandonIgnored == was.AbandonIgnored {
		return ""
	}
	return ignored(is, f)
}

// word is the same, and what else there is to say about the annotation, as the end of a sentence about the member.
func word(s v1.RunStatus, f Facts) string {
	open := Open(s)
	switch {
	case s.AbandonIgnored != 0:
		return "; " + ignored(s, f)
	case open == nil || f.Run.Abandoned != open.Number:
		return ""
	case s.Phase == v1.PhaseProvisioning || s.Phase == v1.PhaseRunning:
		return fmt.Sprintf("; the annotation %s counts once attempt %d is to end: %s", v1.AnnotationAbandonRemote, s.Attempt, waysToEnd)
	default:
		return fmt.Sprintf("; the annotation %s counts once it was silent for timing.clusterLostGraceSeconds", v1.AnnotationAbandonRemote)
	}
}

const waysToEnd = "set spec.cancel, delete the run, or raise spec.contextVersion"

// ignored says why the annotation does not count, and what to do instead.
func ignored(s v1.RunStatus, f Facts) string {
	open := Open(s)
	what, n := fmt.Sprintf("the annotation %s is ignored: ", v1.AnnotationAbandonRemote), s.AbandonIgnored
	switch {
	case n < 0:
		return what + "its value must be the number of the attempt that has ended for certain, such as \"1\""
	case open == nil:
		return what + fmt.Sprintf("it names attempt %d, and no attempt is out: remove it", n)
	case n != open.Number:
		return what + fmt.Sprintf("it names attempt %d, and attempt %d on member %s is out: remove it", n, open.Number, open.Cluster)
	case f.Cluster.Link == Answers:
		return what + fmt.Sprintf("member %s answers and is asked how attempt %d ends. To end it, %s", open.Cluster, n, waysToEnd)
	default:
		return what + fmt.Sprintf("member %s answered for attempt %d when it was set. If the attempt has ended for certain, remove the "+
			"annotation and set it again", open.Cluster, n)
	}
}
