package cli

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// kubelet is a node of which nothing is there but what the API server asks it for: logs, which a spec writes line by line.
type kubelet struct {
	node string

	mu      sync.Mutex
	log     []entry
	closed  bool          // the container has ended
	cuts    int           // how often the connections were cut
	changed chan struct{} // closed and made anew with each change
	asked   int
}

type entry struct {
	at   time.Time
	text string
}

// newKubelet registers a node until the spec ends.
func newKubelet(ctx context.Context) *kubelet {
	GinkgoHelper()
	k := &kubelet{node: fmt.Sprintf("node-%d", count.Add(1)), changed: make(chan struct{})}
	server := httptest.NewTLSServer(k)
	DeferCleanup(func() {
		k.cut()
		server.Close()
	})
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	Expect(err).NotTo(HaveOccurred())
	number, err := strconv.ParseInt(port, 10, 32)
	Expect(err).NotTo(HaveOccurred())
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: k.node}}
	Expect(hub.Create(ctx, node)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(hub.Delete(ctx, node)).To(Succeed()) })
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(number)
	Expect(hub.Status().Update(ctx, node)).To(Succeed())
	return k
}

func (k *kubelet) change(do func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	do()
	close(k.changed)
	k.changed = make(chan struct{})
}

// write adds lines to the log. Each has a time of its own, as on a node.
func (k *kubelet) write(lines ...string) {
	k.change(func() {
		for _, l := range lines {
			k.log = append(k.log, entry{time.Now(), l})
		}
	})
}

func (k *kubelet) close() { k.change(func() { k.closed = true }) }

// cut breaks off whatever is being read, in the middle of a line.
func (k *kubelet) cut() { k.change(func() { k.cuts++ }) }

func (k *kubelet) times() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.asked
}

// ServeHTTP implements GET /containerLogs/NAMESPACE/POD/CONTAINER as a kubelet does.
func (k *kubelet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, _ := time.Parse(time.RFC3339, q.Get("sinceTime"))
	k.mu.Lock()
	k.asked++
	began := k.cuts
	k.mu.Unlock()
	if !strings.HasPrefix(r.URL.Path, "/containerLogs/") || !strings.HasSuffix(r.URL.Path, "/agent") {
		http.NotFound(w, r)
		return
	}
	for next := 0; ; {
		k.mu.Lock()
		more, closed, cut, changed := k.log[next:], k.closed, k.cuts > began, k.changed
		next = len(k.log)
		k.mu.Unlock()
		for _, e := range more {
			if e.at.Before(since) {
				continue
			}
			if q.Get("timestamps") == "true" {
				e.text = e.at.Format(time.RFC3339Nano) + " " + e.text
			}
			fmt.Fprintln(w, e.text)
		}
		if cut {
			fmt.Fprint(w, time.Now().Format(time.RFC3339Nano)+` {"type":"assist`)
		}
		_ = http.NewResponseController(w).Flush()
		switch {
		case cut:
			panic(http.ErrAbortHandler)
		case closed || q.Get("follow") != "true":
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

// pod is the pod of an attempt on the node of a kubelet.
func (k *kubelet) pod(ctx context.Context, run v1.Run, attempt int, state corev1.ContainerState) *corev1.Pod {
	GinkgoHelper()
	meta := made("hub", run, fmt.Sprintf("%s-%d", run.GetName(), attempt))
	meta.Labels[v1.LabelAttempt] = strconv.Itoa(attempt)
	p := &corev1.Pod{ObjectMeta: meta, Spec: corev1.PodSpec{
		NodeName: k.node, RestartPolicy: corev1.RestartPolicyNever, TerminationGracePeriodSeconds: new(int64(0)),
		Containers: []corev1.Container{{Name: "agent", Image: "registry.example.com/agent"}},
	}}
	Expect(hub.Create(ctx, p)).To(Succeed())
	k.state(ctx, p, state)
	return p
}

// state says how it stands with the container.
func (k *kubelet) state(ctx context.Context, p *corev1.Pod, state corev1.ContainerState) {
	GinkgoHelper()
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "agent", State: state}}
	Expect(hub.Status().Update(ctx, p)).To(Succeed())
}

var (
	runs   = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	waits  = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
	exited = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}
)
