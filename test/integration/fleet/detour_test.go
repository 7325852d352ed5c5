package fleet

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"

	"github.com/runfleet/runfleet/test/integration/bed"
)

// detourTo opens a way to an API server that is closed with the spec.
func detourTo(c *rest.Config) *bed.Detour {
	d := bed.NewDetour(c)
	DeferCleanup(d.Close)
	return d
}

// front is an HTTPS server before an API server, which it asks as an administrator. It remembers the paths it was asked
// for, and can pretend that some do not exist.
type front struct {
	*httptest.Server

	mu      sync.Mutex
	before  http.Handler
	asked   []string
	missing string // paths that begin so are not served; "" for none
	watches int    // how often they were stalled: those of before pass nothing on
}

func frontOf(s *bed.Cluster) *front {
	return frontBy(s, true)
}

func frontBy(s *bed.Cluster, http2 bool) *front {
	f := &front{}
	f.leadTo(s)
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("watch") == "true" {
			w = f.line(w, r)
		}
		f.at(r.URL.Path).ServeHTTP(w, r)
	}))
	f.EnableHTTP2 = http2
	f.StartTLS()
	DeferCleanup(func() {
		f.CloseClientConnections()
		f.Close()
	})
	return f
}

// leadTo puts the front before another API server.
func (f *front) leadTo(s *bed.Cluster) {
	target, err := url.Parse(s.Admin.Host)
	Expect(err).NotTo(HaveOccurred())
	transport, err := rest.TransportFor(s.Admin)
	Expect(err).NotTo(HaveOccurred())
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport, proxy.FlushInterval = transport, -1
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = proxy
}

func (f *front) at(path string) http.Handler {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, path)
	if f.missing != "" && strings.HasPrefix(path, f.missing) {
		return http.NotFoundHandler()
	}
	return f.before
}

func (f *front) hide(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.missing = path
}

// line is a watch's answer, that may be stalled.
type line struct {
	http.ResponseWriter
	passes func() bool
	over   <-chan struct{}
}

func (f *front) line(w http.ResponseWriter, r *http.Request) *line {
	f.mu.Lock()
	defer f.mu.Unlock()
	born := f.watches
	return &line{ResponseWriter: w, over: r.Context().Done(), passes: func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.watches == born
	}}
}

// Write passes on, or waits until the reader is gone.
func (l *line) Write(p []byte) (int, error) {
	if !l.passes() {
		<-l.over
		return 0, io.ErrClosedPipe
	}
	return l.ResponseWriter.Write(p)
}

func (l *line) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// stallWatches lets nothing through by the watches of now. Everything else is answered, and new watches are.
func (f *front) stallWatches() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watches++
}

// paths are those that were asked for so far.
func (f *front) paths() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.asked...)
}
