package cli

import (
	"net/http"
	"net/http/httptest"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
)

var _ = Describe("trace", func() {
	It("draws a run from what the hub has of it", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop")
		tell(ctx, run, func(s *v1.RunStatus) {
			s.Phase, s.Reason, s.Message = v1.PhasePending, "NoCandidate", "no member takes it"
		})
		drawn := callLine(ns, "trace shop")
		Expect(drawn.Code).To(BeZero())
		Expect(drawn.Stdout).To(HavePrefix("docsrun/shop in " + ns + ": Pending for "))
		Expect(drawn.Stdout).To(ContainSubstring("NoCandidate: no member takes it"))

		tell(ctx, run, func(s *v1.RunStatus) {
			s.History = append(s.History, v1.Transition{Seq: 1, Time: *at(0), From: v1.PhasePending, On: "ClusterChosen", To: v1.PhaseProvisioning, Attempt: 1})
			s.Transitions, s.Attempt, s.Cluster, s.Phase = 1, 1, "eu-1", v1.PhaseProvisioning
			s.Attempts = []v1.Attempt{{Number: 1, Cluster: "eu-1", JobName: "shop-1", CreatedAt: at(0)}}
			s.TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
		})
		Expect(callLine(ns, "trace dr/shop").Stdout).To(MatchRegexp(`(?m)^attempt 1 on eu-1 .*├─+\n  Provisioning .*►$`))
		Expect(hub.Create(ctx, &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{Name: "shop.1", Namespace: ns}, Reason: "ClusterChosen", Action: "Provisioning", EventTime: *at(0),
			Message: "Pending -> Provisioning: eu-1 has most room", ReportingController: "runfleet", ReportingInstance: "a", Type: "Normal",
			InvolvedObject: corev1.ObjectReference{Kind: "DocsRun", Namespace: ns, Name: "shop", UID: run.UID},
		})).To(Succeed())
		page := callLine(ns, "trace shop -o html").Stdout
		Expect(page).To(And(HavePrefix("<!doctype html>"), ContainSubstring("eu-1 has most room"), ContainSubstring(ns+"/shop-1")))
	})

	It("adds what a backend has, and says what is wrong with it", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop")
		answer, status := "", http.StatusNotFound
		backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(answer))
		}))
		DeferCleanup(backend.Close)
		tell(ctx, run, func(s *v1.RunStatus) {
			s.Phase, s.TraceParent = v1.PhasePending, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
		})
		line := "trace shop --from " + backend.URL
		Expect(callLine(ns, line)).To(Equal(result{1, "", "runfleet: " + backend.URL +
			"/api/traces/4bf92f3577b34da6a3ce929d0e0e4736: there is no such trace: that of docsrun/shop is not sampled\n"}))
		status = http.StatusOK
		answer = "<html>"
		Expect(callLine(ns, line).Stderr).To(And(ContainSubstring("answers with a page: name the query API"), Satisfy(oneLine)))
		answer = "traces!"
		Expect(callLine(ns, line).Stderr).To(And(ContainSubstring("answers nonsense"), HaveSuffix("\n"), Satisfy(oneLine)))
		answer = `{"batches":[]}`
		Expect(callLine(ns, line).Stderr).To(HaveSuffix("there is no such trace: that of docsrun/shop is not sampled\n"))
		answer = `{"batches":[{"scopeSpans":[{"spans":[{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b8",` +
			`"name":"theirs","startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}`
		Expect(callLine(ns, line).Stdout).To(HavePrefix("docsrun/shop in " + ns + ": Pending for "))
	})

	It("has nothing to draw of a run that ended before it was taken over", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		tell(ctx, docs(ctx, ns, "old"), func(s *v1.RunStatus) { s.Phase = v1.PhaseCancelled })
		Expect(callLine(ns, "trace old")).To(Equal(result{1, "",
			"runfleet: docsrun/old has no history to draw: it ended before Runfleet took it over\n"}))
	})
})

func oneLine(text string) bool { return strings.Count(text, "\n") == 1 }
