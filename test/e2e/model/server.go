package model

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Server answers the agents of a fleet.
type Server struct {
	plays map[string]Play

	mu       sync.Mutex
	requests []Request
	changed  chan struct{} // closed and made anew with each request and its end
}

// Request is one that the model was asked.
type Request struct {
	Play         string    // "" where the conversation names none
	Turn         int       // of the play, from 0
	From         string    // the address that it came from, which is the member's and not the pod's
	Began, Ended time.Time // until it was answered or whoever asked had gone; zero while it is open
	Status       int       // of the answer
	Body         []byte    // as it came
}

// NewServer returns a model that knows plays by their names.
func NewServer(plays map[string]Play) *Server {
	return &Server{plays: plays, changed: make(chan struct{})}
}

// Listen serves at a free port of an address of this machine, until stop is called.
func (s *Server) Listen(ctx context.Context, address string) (url string, stop func() error, err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return "", nil, fmt.Errorf("listening for the model: %w", err)
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }() // until stop
	return "http://" + l.Addr().String(), server.Close, nil
}

// Requests are all that came, in their order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Await returns the first request that suits, as soon as there is one.
func (s *Server) Await(ctx context.Context, suits func(Request) bool) (Request, error) {
	for {
		s.mu.Lock()
		i, changed := slices.IndexFunc(s.requests, suits), s.changed
		var found Request
		if i >= 0 {
			found = s.requests[i]
		}
		s.mu.Unlock()
		if i >= 0 {
			return found, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Request{}, fmt.Errorf("waiting for a request to the model: %w", ctx.Err())
		}
	}
}

// note keeps a request, and returns its number and what is to be called at its end.
func (s *Server) note(r Request) (number int, end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := len(s.requests)
	s.requests = append(s.requests, r)
	s.announce()
	return i, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests[i].Ended = time.Now()
		s.announce()
	}
}

func (s *Server) announce() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// ServeHTTP implements POST /v1/messages and /v1/messages/count_tokens. Everything else is 404, as there.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 32<<20))
	var q struct {
		Model    string    `json:"model"`
		Stream   bool      `json:"stream"`
		Messages []message `json:"messages"`
	}
	switch {
	case r.URL.Path == "/v1/messages/count_tokens":
		writeJSON(w, http.StatusOK, map[string]any{"input_tokens": len(body) / 4})
		return
	case r.URL.Path != "/v1/messages":
		fail(w, http.StatusNotFound, "not_found_error", "there is no "+r.URL.Path)
		return
	case err != nil || json.Unmarshal(body, &q) != nil:
		fail(w, http.StatusBadRequest, "invalid_request_error", "the body is no request")
		return
	case r.Header.Get("X-Api-Key") == "" && r.Header.Get("Authorization") == "":
		fail(w, http.StatusUnauthorized, "authentication_error", "there is no key")
		return
	}
	name, turn := cue(q.Messages)
	due := s.plays[name].at(turn)
	if due.Unless != "" && bytes.Contains(body, []byte(due.Unless)) {
		due.Fail, due.After = 0, 0
	}
	from, _, _ := net.SplitHostPort(r.RemoteAddr) // "" where it is none
	number, end := s.note(Request{Play: name, Turn: turn, From: from, Began: time.Now(), Status: max(due.Fail, http.StatusOK), Body: body})
	defer end()
	select {
	case <-time.After(due.After):
	case <-r.Context().Done():
		return
	}
	if due.Fail != 0 {
		fail(w, due.Fail, "api_error", "the play wants it so")
		return
	}
	// An agent merges messages of the same name, so a resumed session must not get one again.
	answer := reply{model: q.Model, id: fmt.Sprintf("msg_%s_%d_%d", name, turn, number), turn: due, read: len(body) / 4}
	if q.Stream {
		answer.stream(w)
	} else {
		writeJSON(w, http.StatusOK, answer.whole())
	}
}

func fail(w http.ResponseWriter, status int, kind, text string) {
	writeJSON(w, status, map[string]any{"type": "error", "error": map[string]any{"type": kind, "message": text}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever hung up needs no answer
}
