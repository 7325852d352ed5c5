package story

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TraceID is an identifier of the W3C trace context. Zero is none.
type TraceID [16]byte

// SpanID is one of a span in it. Zero is none.
type SpanID [8]byte

// String is the identifier in hexadecimal digits.
func (t TraceID) String() string { return hex.EncodeToString(t[:]) }

// String is the identifier in hexadecimal digits.
func (s SpanID) String() string { return hex.EncodeToString(s[:]) }

// TraceOf is the trace of a run that joins no other.
func TraceOf(run types.UID) TraceID {
	sum := sha256.Sum256([]byte("run:" + string(run)))
	return TraceID(sum[:16])
}

// spanID derives the identifier of a span from what makes it one of its kind.
func spanID(run types.UID, what ...any) SpanID {
	sum := sha256.Sum256(fmt.Appendln(nil, append([]any{run}, what...)...))
	return SpanID(sum[:8])
}

func rootID(run types.UID) SpanID { return spanID(run, "run") }

// AttemptID is the span of an attempt. It is known before the attempt's Job exists, and the Job carries it.
func AttemptID(run types.UID, n int32) SpanID { return spanID(run, "attempt", n) }

// The time stands beside the number: a hub that was restored uses numbers again, for other transitions.
func stateID(run types.UID, seq int64, since time.Time) SpanID {
	return spanID(run, "state", seq, since.UnixMicro())
}

// TransitionID is the span of an entry of the history.
func TransitionID(run types.UID, t v1.Transition) SpanID {
	return spanID(run, "transition", t.Seq, t.Time.UnixMicro())
}

// Context is a W3C traceparent.
type Context struct {
	Trace   TraceID
	Span    SpanID
	Sampled bool
}

// String is the traceparent, in version 00.
func (c Context) String() string {
	flags := "00"
	if c.Sampled {
		flags = "01"
	}
	return "00-" + c.Trace.String() + "-" + c.Span.String() + "-" + flags
}

// Parse reads a traceparent. Of later versions it reads what version 00 has, as the standard says.
func Parse(text string) (Context, error) {
	var c Context
	var version, flags [1]byte
	parts := strings.SplitN(text, "-", 5)
	valid := len(parts) >= 4
	if valid {
		valid = read(version[:], parts[0]) && read(c.Trace[:], parts[1]) && read(c.Span[:], parts[2]) && read(flags[:], parts[3])
	}
	switch {
	case !valid, version[0] == 0xff, version[0] == 0 && len(parts) > 4, c.Trace == TraceID{}, c.Span == SpanID{}:
		return Context{}, fmt.Errorf("no W3C traceparent: write one such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	}
	c.Sampled = flags[0]&1 == 1
	return c, nil
}

// read decodes lower-case hexadecimal digits that fill dst.
func read(dst []byte, digits string) bool {
	if len(digits) != 2*len(dst) || strings.ToLower(digits) != digits {
		return false
	}
	_, err := hex.Decode(dst, []byte(digits))
	return err == nil
}

// Root decides, once in a run's life, where its trace begins and whether it is sampled: as its person's own trace is, or as
// sample says of a trace of its own. It is what status.traceParent keeps. The error says why the annotation is ignored.
func Root(run types.UID, annotation string, sample func(TraceID) bool) (Context, error) {
	var problem error
	if annotation != "" {
		parent, err := Parse(annotation)
		if err == nil {
			return Context{Trace: parent.Trace, Span: rootID(run), Sampled: parent.Sampled}, nil
		}
		problem = err
	}
	trace := TraceOf(run)
	return Context{Trace: trace, Span: rootID(run), Sampled: sample(trace)}, problem
}

// Recorded is the context that the status keeps; false where nothing was recorded yet, so that nothing can be told of the run.
func Recorded(s v1.RunStatus) (Context, bool) {
	c, err := Parse(s.TraceParent)
	return c, err == nil
}

// ForAttempt is what the Job of an attempt carries: the agent's spans are children of the attempt's.
func ForAttempt(run types.UID, s v1.RunStatus, n int32) (Context, bool) {
	c, ok := Recorded(s)
	c.Span = AttemptID(run, n)
	return c, ok
}

// ResourceOf are the attributes of the resource that an attempt's agent is, as OTEL_RESOURCE_ATTRIBUTES has them.
func ResourceOf(run types.UID, n int32) string {
	return fmt.Sprintf("%s=%s,%s=%d", keyRunID, run, keyAttempt, n)
}
