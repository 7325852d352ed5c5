package fleet

import (
	"io"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
)

// WatchIdle is how long a watch may say nothing. An API server sends a bookmark every minute even where nothing changes, so
// a watch that is silent for two of them is dead, whatever keeps its connection open.
const WatchIdle = 2 * time.Minute

// Attentive returns a configuration whose watches end when nothing comes for WatchIdle, so that their readers begin anew from
// where they were. Reading by HTTP/2 finds a dead connection earlier, by client-go's pings; but a proxy in between may answer
// those and pass on nothing else, and by HTTP/1.1 there are none.
func Attentive(c *rest.Config) *rest.Config { return attentive(c, WatchIdle) }

func attentive(c *rest.Config, idle time.Duration) *rest.Config {
	c = rest.CopyConfig(c)
	c.Wrap(func(next http.RoundTripper) http.RoundTripper { return listener{next, idle} })
	return c
}

// listener ends watches that say nothing.
type listener struct {
	next http.RoundTripper
	idle time.Duration
}

// WrappedRoundTripper lets client-go find what is below.
func (l listener) WrappedRoundTripper() http.RoundTripper { return l.next }

// RoundTrip implements http.RoundTripper.
func (l listener) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	if watch := req.URL.Query().Get("watch"); watch == "true" || watch == "1" {
		resp.Body = listen(resp.Body, l.idle)
	}
	return resp, nil
}

// attended is the body of a watch. It is closed when nothing was read for a while, which ends the reading.
type attended struct {
	io.ReadCloser
	idle  time.Duration
	alarm *time.Timer
}

func listen(body io.ReadCloser, idle time.Duration) *attended {
	return &attended{ReadCloser: body, idle: idle, alarm: time.AfterFunc(idle, func() { _ = body.Close() })}
}

// Read implements io.Reader.
func (a *attended) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err == nil {
		a.alarm.Reset(a.idle)
	}
	return n, err
}

// Close implements io.Closer.
func (a *attended) Close() error {
	a.alarm.Stop()
	return a.ReadCloser.Close()
}
