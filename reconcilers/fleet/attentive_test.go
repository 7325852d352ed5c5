package fleet

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// silentAfter serves so many lines, each after a pause, and then nothing more until the reader goes.
func silentAfter(t *testing.T, lines int, pause time.Duration, http2 bool) *rest.Config {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i := range lines {
			fmt.Fprintln(w, i)
			w.(http.Flusher).Flush()
			time.Sleep(pause)
		}
		<-r.Context().Done()
	}))
	s.EnableHTTP2 = http2
	s.StartTLS()
	t.Cleanup(s.Close)
	return &rest.Config{Host: s.URL, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}
}

// read reads to the end and returns how many lines came.
func read(t *testing.T, c *rest.Config, path string) int {
	t.Helper()
	client, err := rest.HTTPClientFor(c)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.Host+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	n := 0
	for s := bufio.NewScanner(resp.Body); s.Scan(); {
		n++
	}
	return n
}

func TestAWatchThatSaysNothingEndsAndOneThatSpeaksGoesOn(t *testing.T) {
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const pause, idle = 50 * time.Millisecond, time.Second
			c := attentive(silentAfter(t, 40, pause, http2), idle) // speaks for twice as long as it may be silent
			begun := time.Now()
			if got := read(t, c, "/api/v1/pods?watch=true"); got != 40 {
				t.Errorf("it was cut after %d lines of 40", got)
			}
			if took := time.Since(begun); took < 39*pause+idle { // 39 pauses lie before the last line
				t.Errorf("it ended after %v, while it was allowed to be silent", took)
			}
		})
	}
}

func TestOnlyWatchesAreAttended(t *testing.T) {
	c := attentive(silentAfter(t, 1, 0, false), time.Millisecond)
	ended := make(chan int, 1)
	go func() { ended <- read(t, c, "/api/v1/pods/log?follow=true") }()
	select {
	case <-ended:
		t.Error("a request that is no watch was cut")
	case <-time.After(200 * time.Millisecond):
	}
}
