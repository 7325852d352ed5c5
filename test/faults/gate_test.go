//go:build faults

package faults

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"

	"github.com/runfleet/runfleet/test/integration/bed"
)

// gate stands between the operator and one API server. It passes everything on, but for what somebody asked it to do at a
// request.
type gate struct {
	cluster string
	server  *httptest.Server
	target  *url.URL
	forward http.RoundTripper
	proxy   *httputil.ReverseProxy
	ambush  *ambush

	requests atomic.Int64 // all that came
	mu       sync.Mutex
	rules    []*rule
	down     bool
	refused  []string // by the API server, for what they say
}

// rule says what happens to requests that it matches, until it is lifted.
type rule struct {
	gate  *gate
	match func(*request) bool
	code  int           // is answered instead; 0 holds the first one
	met   chan struct{} // closed when the first one came
	once  sync.Once
	lift  func()        // ends the rule; what it holds goes on
	open  chan struct{} // closed by lift

	answer atomic.Int64 // what the API server said to the one that was held; 0 before
	times  atomic.Int64 // how often it matched
}

func newGate(cluster string, to *rest.Config, a *ambush) (*gate, error) {
	target, err := url.Parse(to.Host)
	if err != nil {
		return nil, err
	}
	g := &gate{cluster: cluster, target: target, ambush: a}
	if g.forward, err = rest.TransportFor(to); err != nil {
		return nil, fmt.Errorf("making the way from the gate to %s: %w", cluster, err)
	}
	quiet := log.New(io.Discard, "", 0) // connections break here all the time
	g.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Authorization")
		},
		Transport: g.forward, FlushInterval: -1, ErrorLog: quiet,
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	g.server = httptest.NewUnstartedServer(g)
	g.server.EnableHTTP2 = true
	g.server.Config.ErrorLog = quiet
	g.server.StartTLS()
	return g, nil
}

// kubeconfig leads to the gate. It says nothing about who comes: a gate passes on in its own name.
func (g *gate) kubeconfig() []byte {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: g.server.Certificate().Raw})
	return bed.KubeconfigOf(&rest.Config{Host: g.server.URL, TLSClientConfig: rest.TLSClientConfig{CAData: ca}}, "")
}

// refuse answers what matches with a status code, until the rule is lifted.
func (g *gate) refuse(code int, match func(*request) bool) *rule { return g.add(code, match) }

// hold keeps the first request that matches, until the rule is lifted; then it reaches the API server, whoever still waits
// for its answer.
func (g *gate) hold(match func(*request) bool) *rule { return g.add(0, match) }

func (g *gate) add(code int, match func(*request) bool) *rule {
	r := &rule{gate: g, match: match, code: code, met: make(chan struct{}), open: make(chan struct{})}
	r.lift = sync.OnceFunc(func() {
		g.mu.Lock()
		g.rules = slices.DeleteFunc(g.rules, func(other *rule) bool { return other == r })
		g.mu.Unlock()
		close(r.open)
	})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rules = append(g.rules, r)
	return r
}

// rule is the one for a request, nil for none.
func (g *gate) rule(q *request) *rule {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.rules {
		if r.match(q) {
			if r.times.Add(1) > 1 && r.code == 0 {
				continue // it holds one
			}
			r.once.Do(func() { close(r.met) })
			return r
		}
	}
	return nil
}

// cut ends every connection and lets nothing pass, until it is called with false.
func (g *gate) cut(down bool) {
	g.mu.Lock()
	g.down = down
	g.mu.Unlock()
	if down {
		g.server.CloseClientConnections()
	}
}

func (g *gate) close() {
	g.cut(true)
	g.server.Close()
}

// ServeHTTP passes one request on. It ends without an answer by a panic, as net/http wants it.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	down := g.down
	g.mu.Unlock()
	q, err := understand(g.cluster, r)
	if down || err != nil {
		panic(http.ErrAbortHandler)
	}
	q.life = g.ambush.keeper.life()
	g.requests.Add(1)
	held := g.rule(q)
	switch {
	case held != nil && held.code != 0:
		refuse(w, held.code)
		return
	case held != nil:
		<-held.open
	}
	if !q.changes() {
		g.proxy.ServeHTTP(w, r)
		return
	}
	if g.ambush.before(q) {
		panic(http.ErrAbortHandler)
	}
	a, err := g.send(q)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	g.noteRefusal(q, a)
	if held != nil {
		held.answer.Store(int64(a.code))
	}
	if g.ambush.after(q, a.code) {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.code)
	_, _ = w.Write(a.body)
}

// noteRefusal notes that the API server did not take what a request says, or not from the operator; that it came too late is
// usual (409), and that its object is gone (404).
func (g *gate) noteRefusal(q *request, a answer) {
	switch a.code {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusUnprocessableEntity:
		g.mu.Lock()
		defer g.mu.Unlock()
		g.refused = append(g.refused, fmt.Sprintf("%s: %s %s: %d %s", g.cluster, q.method, q.uri, a.code, a.body))
	}
}

// refusals are the requests that the API server refused for what they say, so far.
func (g *gate) refusals() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.refused)
}

// answer is an API server's, whole.
type answer struct {
	code   int
	header http.Header
	body   []byte
}

// send brings a request to the API server, also when the operator is not there any more: it was on its way.
func (g *gate) send(q *request) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	out, err := http.NewRequestWithContext(ctx, q.method, g.target.Scheme+"://"+g.target.Host+q.uri, bytes.NewReader(q.body))
	if err != nil {
		return answer{}, err
	}
	out.Header = q.header.Clone()
	out.Header.Del("Authorization")
	out.Header.Del("Accept-Encoding") // what comes back is passed on as it is read
	resp, err := g.forward.RoundTrip(out)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	a := answer{code: resp.StatusCode, header: resp.Header}
	a.header.Del("Content-Length")
	a.body, err = io.ReadAll(resp.Body)
	return a, err
}

// answerTime bounds the wait for an API server that shares its cores with everything else: far longer than the operator waits,
// since a gate must know what became of a request.
const answerTime = 30 * time.Second

// reasons are how API servers call the codes.
var reasons = map[int]string{
	http.StatusConflict: "Conflict", http.StatusTooManyRequests: "TooManyRequests",
	http.StatusInternalServerError: "InternalError", http.StatusServiceUnavailable: "ServiceUnavailable",
}

// refuse answers as an API server does.
func refuse(w http.ResponseWriter, code int) {
	w.Header().Set("Content-Type", "application/json")
	if code == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d,"message":"the gate refuses"}`,
		reasons[code], code)
}
