package event

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
)

// Recorder writes Events.
type Recorder struct{ to events.EventRecorder }

// To writes by way of another recorder.
func To(r events.EventRecorder) Recorder { return Recorder{r} }

// Of writes by way of a manager.
func Of(m interface {
	GetEventRecorder(name string) events.EventRecorder
},
) Recorder {
	return To(m.GetEventRecorder("runfleet"))
}

// Say writes one Event on an object, which may be about a second one too. The action is what is done about it. A note that is longer
// than the API takes is cut.
func (r Recorder) Say(on, about runtime.Object, why Reason, action, note string) {
	r.to.Eventf(on, about, why.severity, why.name, action, "%s", shorten(note))
}

// maxNote is the longest note that the API takes, in bytes.
const maxNote = 1024

// shorten cuts a note between two characters.
func shorten(note string) string {
	const dots = "…"
	note = strings.ToValidUTF8(note, "")
	if len(note) <= maxNote {
		return note
	}
	return strings.ToValidUTF8(note[:maxNote-len(dots)], "") + dots
}
