package operator

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/fsm/lifecycle"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// account is how much there was of what is counted by commits, by the series that tells it. What there was none of is not in it.
type account map[string]float64

// add adds what a status says so many times.
func (a account) add(kind lifecycle.Kind, s v1.RunStatus, times float64) {
	count := func(amount float64, series string, labels ...any) {
		key := "runfleet_" + fmt.Sprintf(series, labels...)
		a[key] = cents(a[key] + times*amount)
	}
	for _, h := range s.History {
		count(1, "transitions_total{from=%q,kind=%q,on=%q,to=%q}", h.From, kind, h.On, h.To)
	}
	for _, e := range s.Attempts {
		class := string(e.Class)
		if class == "" {
			class = "Succeeded"
		}
		if e.EndedAt != nil {
			count(1, "attempts_total{class=%q,cluster=%q,kind=%q}", class, e.Cluster, kind)
		}
	}
	if u := s.Usage; u != nil {
		cost, err := strconv.ParseFloat(u.CostUSD, 64)
		Expect(err).NotTo(HaveOccurred())
		count(cost, "cost_usd_total{kind=%q}", kind)
		count(float64(u.InputTokens), "tokens_total{kind=%q,type=%q}", kind, "input")
		count(float64(u.OutputTokens), "tokens_total{kind=%q,type=%q}", kind, "output")
		count(float64(u.Turns), "turns_total{kind=%q}", kind)
	}
	maps.DeleteFunc(a, func(_ string, n float64) bool { return n == 0 })
}

// told is what scrapes say, of different replicas.
func told(scrapes ...string) account {
	a := account{}
	for line := range strings.Lines(strings.Join(scrapes, "\n")) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		switch name, _, _ := strings.Cut(strings.TrimPrefix(series, "runfleet_"), "{"); name {
		case "transitions_total", "attempts_total", "cost_usd_total", "tokens_total", "turns_total":
			n, err := strconv.ParseFloat(value, 64)
			Expect(err).NotTo(HaveOccurred())
			a[series+"}"] = cents(a[series+"}"] + n)
		}
	}
	maps.DeleteFunc(a, func(_ string, n float64) bool { return n == 0 })
	return a
}

// cents is a number without what sums of floating-point numbers add to it.
func cents(n float64) float64 { return math.Round(n*1e4) / 1e4 }

// relieve replaces the wild hub's operator for one spec: by one that sees the scene's runs only, so that whatever it counts is
// theirs, and is followed soon when it is gone.
func (w *scene) relieve(flags ...string) *bed.Replica {
	retire := func() {
		wild.replica.Signal(syscall.SIGTERM)
		Eventually(wild.replica.Done()).Should(BeClosed())
	}
	retire()
	first := wild.start(append(w.soon(), flags...)...)
	DeferCleanup(func() {
		if first != wild.replica {
			first.Stop()
		}
		retire()
		wild.start()
	})
	w.Eventually(w.leader).ShouldNot(BeEmpty(), "so that it is this one that leads")
	return first
}

// soon are the flags of operators that see the scene's runs only and wait for no Lease long.
func (w *scene) soon() []string {
	return []string{"--namespace", w.namespace, "--lease-duration", "4s", "--renew-deadline", "3s", "--retry-period", "300ms"}
}

var _ = Describe("What the operator counts of its runs", first, func() {
	It("is what their statuses say, and nothing twice, though somebody changed the run before each write of a transition", func(ctx SpecContext) {
		w := onWild(ctx)
		var mu sync.Mutex
		var conflicts atomic.Int64
		met := map[string]bool{} // the writes that had their conflict
		meddle := func(ctx context.Context, q write) error {
			mu.Lock()
			defer mu.Unlock()
			key := fmt.Sprint(q.UID, q.Status.Transitions)
			if met[key] {
				return nil
			}
			met[key] = true
			run := client.Object(&v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Namespace: q.Namespace, Name: q.Name}})
			if q.Name == "code" {
				run = &v1.CodeRun{ObjectMeta: metav1.ObjectMeta{Namespace: q.Namespace, Name: q.Name}}
			}
			touch := fmt.Sprintf(`{"metadata":{"annotations":{"touched":"%d"}}}`, q.Status.Transitions)
			return w.hub.Patch(ctx, run, client.RawPatch(types.MergePatchType, []byte(touch)))
		}
		operator := w.relieve("--kubeconfig", w.newWay(meddle, func(_ context.Context, _ write, code int) error {
			if code == http.StatusConflict {
				conflicts.Add(1)
			}
			return nil
		}))
		docs, code := w.docs("sim-fail-once", retries[*v1.DocsRun](1)), w.code("code", "sim-fail-once", retries[*v1.CodeRun](1))
		want := account{}
		want.add(lifecycle.DocsRun, w.await(docs, v1.PhaseSucceeded), 1)
		want.add(lifecycle.CodeRun, w.await(code, v1.PhaseSucceeded), 1)
		w.Expect(conflicts.Load()).To(BeNumerically(">=", docs.Status.Transitions+code.Status.Transitions))
		w.Eventually(func() account { return told(operator.Metrics()) }).Should(Equal(want))
	})

	It("is counted once where another replica takes over, and what nobody saw after its commit not at all", func(ctx SpecContext) {
		w := onWild(ctx)
		// Both runs' first attempts fail. Of one the replica hears that this is committed, of the other it never does, and neither
		// goes on before it is killed.
		first := w.relieve("--kubeconfig", w.newWay(func(ctx context.Context, q write) error {
			if q.on() == "AttemptDue" {
				<-ctx.Done()
			}
			return ctx.Err()
		}, func(ctx context.Context, q write, code int) error {
			if q.Name == "sim-fail-once-unheard" && q.on() == "AgentFailed" && code == http.StatusOK {
				<-ctx.Done()
			}
			return ctx.Err()
		}))
		second := wild.start(w.soon()...)
		heard, unheard := w.docs("sim-fail-once-heard", retries[*v1.DocsRun](1)), w.docs("sim-fail-once-unheard", retries[*v1.DocsRun](1))
		w.await(heard, v1.PhaseRetrying)
		s := w.await(unheard, v1.PhaseRetrying)
		missed := v1.RunStatus{History: s.History[len(s.History)-1:], Attempts: s.Attempts, Usage: s.Usage}
		want := account{}
		want.add(lifecycle.DocsRun, s, 1)
		want.add(lifecycle.DocsRun, heard.Status, 1)
		want.add(lifecycle.DocsRun, missed, -1)
		w.Eventually(func() account { return told(first.Metrics()) }).Should(Equal(want))
		last := first.Metrics() // as Prometheus keeps it
		first.Stop()            // by SIGKILL

		want = account{}
		want.add(lifecycle.DocsRun, w.await(heard, v1.PhaseSucceeded), 1)
		want.add(lifecycle.DocsRun, w.await(unheard, v1.PhaseSucceeded), 1)
		want.add(lifecycle.DocsRun, missed, -1)
		w.Eventually(func() account { return told(last, second.Metrics()) }).Should(Equal(want))
	})
})
