package operator

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	tale "github.com/runfleet/runfleet/fsm/lifecycle/story"
	"github.com/runfleet/runfleet/test/otlp"
)

// collect makes the operators of a stage send their spans to a collector of its own.
func (s *stage) collect(ctx context.Context, protocol string) {
	GinkgoHelper()
	var err error
	s.spans, err = otlp.Listen(ctx)
	Expect(err).NotTo(HaveOccurred())
	s.flags = append(s.flags, "--otlp-endpoint", s.spans.Endpoint(), "--otlp-protocol", protocol)
	GinkgoT().Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20"+collectorToken)
}

// collectorToken is what the collectors know the operators by, whatever the protocol.
const collectorToken = "c4n4ry-of-the-collector"

// roleOf is what a span is, by what it says.
func roleOf(s otlp.Span) string {
	for _, r := range []struct{ key, role string }{
		{"runfleet.effect.verb", "effect"}, {"runfleet.transition.on", "transition"}, {"runfleet.state", "state"},
		{"cicd.pipeline.task.name", "attempt"}, {"cicd.pipeline.name", "run"},
	} {
		if s.Attribute(r.key) != "" {
			return r.role
		}
	}
	return ""
}

// tracesOf are the spans of each run, by its UID. A span that came again is there once; problems are those that came otherwise.
func tracesOf(spans []otlp.Span) (runs map[string][]otlp.Span, problems []string) {
	runs = map[string][]otlp.Span{}
	seen := map[string]*tracepb.Span{}
	for _, s := range spans {
		id := hex.EncodeToString(s.GetSpanId())
		before, again := seen[id]
		switch {
		case !again:
			seen[id] = s.Span
			runs[s.Attribute("cicd.pipeline.run.id")] = append(runs[s.Attribute("cicd.pipeline.run.id")], s)
		case !proto.Equal(before, s.Span):
			problems = append(problems, fmt.Sprintf("two spans with the identifier %s:\n%v\n%v", id, before, s.Span))
		}
	}
	return runs, problems
}

// broken says what is wrong with the spans of one run.
func broken(spans []otlp.Span) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	rows := map[int]otlp.Span{}
	var states []otlp.Span
	for _, s := range spans {
		if !bytes.Equal(s.GetTraceId(), spans[0].GetTraceId()) {
			say("%s is in another trace", s.GetName())
		}
		switch roleOf(s) {
		case "":
			say("nobody knows what %v is", s.Span)
		case "state":
			states = append(states, s)
		case "transition":
			n, _ := strconv.Atoi(s.Attribute("runfleet.transition.seq"))
			rows[n] = s
		}
	}
	for i := range len(rows) {
		if _, there := rows[i+1]; !there {
			say("of %d transitions number %d has no span", len(rows), i+1)
		}
	}
	slices.SortFunc(states, func(a, b otlp.Span) int {
		return int(int64(a.GetStartTimeUnixNano()) - int64(b.GetStartTimeUnixNano()))
	})
	for i := range states[:max(0, len(states)-1)] {
		ends, begins := states[i].GetEndTimeUnixNano(), states[i+1].GetStartTimeUnixNano()
		again := slices.ContainsFunc(slices.Collect(maps.Values(rows)), func(r otlp.Span) bool {
			return r.GetStartTimeUnixNano() == begins && slices.Contains(final, r.Attribute("runfleet.transition.from"))
		})
		if ends != begins && !again {
			say("%s ends %v before %s begins", states[i].GetName(), time.Duration(begins-ends), states[i+1].GetName())
		}
	}
	return problems
}

var final = []string{"Succeeded", "Failed", "Cancelled"}

// loose are the spans that hang from nothing that came, but the one that is the root.
func loose(spans []otlp.Span, root []byte) (names []string) {
	for _, s := range spans {
		parent := func(p otlp.Span) bool { return bytes.Equal(p.GetSpanId(), s.GetParentSpanId()) }
		if !bytes.Equal(s.GetSpanId(), root) && !slices.ContainsFunc(spans, parent) {
			names = append(names, roleOf(s)+" "+s.GetName())
		}
	}
	return names
}

// trace awaits the root of a finished run, and returns all that is there of its trace then.
func (w *scene) trace(run v1.Run) (spans []otlp.Span, root otlp.Span) {
	w.Eventually(func(g Gomega) {
		all, problems := tracesOf(w.fleet.spans.Spans())
		g.Expect(problems).To(BeEmpty())
		spans = all[string(run.GetUID())]
		i := slices.IndexFunc(spans, func(s otlp.Span) bool { return roleOf(s) == "run" })
		g.Expect(i).To(BeNumerically(">=", 0), "the root")
		root = spans[i]
		g.Expect(loose(spans, root.GetSpanId())).To(BeEmpty())
	}).WithTimeout(patience).Should(Succeed())
	return spans, root
}

var _ = Describe("The trace of a run", first, func() {
	It("is one tree across two attempts on two members and an operator that was killed between them, in its person's own trace", func(ctx SpecContext) {
		w := onWild(ctx)
		cordon := func(ctx context.Context, member string, scheduling v1.MemberScheduling) {
			m := &v1.MemberCluster{}
			w.Expect(w.hub.Get(ctx, client.ObjectKey{Name: member}, m)).To(Succeed())
			before := m.DeepCopy()
			m.Spec.Scheduling = scheduling
			w.Expect(w.hub.Patch(ctx, m, client.MergeFrom(before))).To(Succeed())
		}
		DeferCleanup(func(ctx SpecContext) { cordon(ctx, "east", v1.SchedulingEnabled) })
		const theirs = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
		cordon(ctx, "west", v1.SchedulingCordoned)
		run := w.docs("sim-fail-once", retries[*v1.DocsRun](1), func(r *v1.DocsRun) { r.Annotations = map[string]string{v1.AnnotationTraceParent: theirs} })
		w.Eventually(w.status(run)).Should(HaveField("Phase", Not(Or(BeEmpty(), BeEquivalentTo("Pending")))))
		wild.replica.Stop() // by SIGKILL
		cordon(ctx, "east", v1.SchedulingCordoned)
		cordon(ctx, "west", v1.SchedulingEnabled)
		wild.start()
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect([]string{s.Attempts[0].Cluster, s.Attempts[1].Cluster}).To(Equal([]string{"east", "west"}))

		spans, root := w.trace(run)
		w.Expect(broken(spans)).To(BeEmpty())
		w.Expect(hex.EncodeToString(root.GetTraceId()) + "-" + hex.EncodeToString(root.GetParentSpanId())).To(Equal(theirs[3:52]))
		for _, h := range s.History {
			id := tale.TransitionID(run.UID, h)
			w.Expect(spans).To(ContainElement(And(HaveField("GetSpanId()", id[:]), HaveField("GetName()", h.On))), "transition %d", h.Seq)
		}
		acted := map[string]bool{}
		for _, e := range spans {
			if roleOf(e) == "effect" {
				acted[e.GetName()+" "+e.Attribute("k8s.cluster.name")+" "+e.Attribute("runfleet.effect.outcome")] = true
				w.Expect(e.GetName()).To(Equal(e.Attribute("runfleet.effect.verb") + " " + e.Attribute("runfleet.effect.resource")))
			}
		}
		w.Expect(acted).To(HaveKey("Ensure Agent west done"))
		for i, member := range []string{"east", "west"} {
			id := tale.AttemptID(run.UID, int32(i+1))
			w.Expect(spans).To(ContainElement(And(HaveField("GetSpanId()", id[:]), WithTransform(
				func(s otlp.Span) string { return s.Attribute("k8s.cluster.name") }, Equal(member)))))
			for _, pod := range w.pods(run) {
				if pod.Labels[v1.LabelAttempt] == strconv.Itoa(i+1) {
					w.Expect(pod.Spec.Containers[0].Env).To(ContainElement(And(HaveField("Name", "TRACEPARENT"),
						HaveField("Value", "00-"+theirs[3:35]+"-"+id.String()+"-01"))))
				}
			}
		}
	})
})

var _ = Describe("A trace that a person wants to join", func() {
	Story("with what is no traceparent is not joined: the run has its own, and an event says why", func(w *scene) {
		run := w.docs("unjoined", func(r *v1.DocsRun) { r.Annotations = map[string]string{v1.AnnotationTraceParent: "00-{{x}}-1"} })
		s := w.await(run, v1.PhaseSucceeded)
		w.Expect(s.TraceParent).To(HavePrefix("00-" + tale.TraceOf(run.UID).String()))
		w.Eventually(w.events).WithArguments(w.hub, run).Should(ContainElement(And(HaveField("Reason", "TraceParentIgnored"), HaveField("Type", "Warning"),
			HaveField("Note", And(ContainSubstring("write one such as 00-4bf9"), Not(ContainSubstring("{{x}}")))))))
		spans, root := w.trace(run)
		w.Expect(root.GetParentSpanId()).To(BeEmpty())
		w.Expect(broken(spans)).To(BeEmpty())
	})
})
