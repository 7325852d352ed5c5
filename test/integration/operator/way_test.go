package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// way is one to a hub's API server, on which somebody stands at each write of a run's status. Whoever comes by it is an
// administrator.
type way struct {
	server *httptest.Server
	next   http.RoundTripper
	before func(context.Context, write) error      // its error: the API server never hears of the write
	after  func(context.Context, write, int) error // with the API server's answer; its error: the writer never hears of that
}

// write is what a write of a run's status says.
type write struct {
	metav1.ObjectMeta `json:"metadata"`
	Status            v1.RunStatus `json:"status"`
}

// on is the newest trigger in the run's history, "" where there is none.
func (q write) on() string {
	if n := len(q.Status.History); n > 0 {
		return q.Status.History[n-1].On
	}
	return ""
}

// newWay makes a way to the scene's hub that ends with its spec, and returns the kubeconfig of who comes by it. Both functions are
// called from many goroutines.
func (w *scene) newWay(before func(context.Context, write) error, after func(context.Context, write, int) error) string {
	to, err := url.Parse(w.hub.Admin.Host)
	w.Expect(err).NotTo(HaveOccurred())
	n := &way{before: before, after: after}
	n.next, err = rest.TransportFor(w.hub.Admin)
	w.Expect(err).NotTo(HaveOccurred())
	n.server = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, Transport: n, FlushInterval: -1,
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }, // as a line that breaks
	})
	DeferCleanup(func() {
		n.server.CloseClientConnections()
		n.server.Close()
	})
	path := filepath.Join(program.Dir, w.namespace+".kubeconfig")
	w.Expect(os.WriteFile(path, bed.KubeconfigOf(&rest.Config{Host: n.server.URL}, ""), 0o600)).To(Succeed())
	return path
}

// RoundTrip implements http.RoundTripper.
func (n *way) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, "/status") || !strings.Contains(r.URL.Path, "runs/") {
		return n.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var q write
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	if err := n.before(r.Context(), q); err != nil {
		return nil, err
	}
	answer, err := n.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if err := n.after(r.Context(), q, answer.StatusCode); err != nil {
		_ = answer.Body.Close()
		return nil, err
	}
	return answer, nil
}
