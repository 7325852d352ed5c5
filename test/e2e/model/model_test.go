package model

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var plays = map[string]Play{
	"write": {
		{Say: "I write it.", Calls: []Call{{Tool: "Write", Input: map[string]any{"file_path": "a.md"}}, {Tool: "Bash", Input: map[string]any{"command": "ls"}}}},
		{Say: "All is written."},
	},
	"refuse": {{Fail: http.StatusInternalServerError}},
	"wait":   {{Say: "I go on.", After: time.Hour, Unless: "It is over."}},
}

// ask sends a conversation, as pairs of role and JSON of the content.
func ask(t *testing.T, s *httptest.Server, stream bool, said ...string) (status int, body string) {
	t.Helper()
	var messages []message
	for i := 0; i < len(said); i += 2 {
		messages = append(messages, message{Role: said[i], Content: json.RawMessage(said[i+1])})
	}
	question, err := json.Marshal(map[string]any{"model": "sonnet", "stream": stream, "messages": messages})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/messages?beta=true", strings.NewReader(string(question)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", "k")
	answer, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

const (
	prompt = `"Document it. [play: write]"`
	called = `[{"type":"tool_use","id":"1","name":"Write","input":{}}]`
	result = `[{"type":"tool_result","tool_use_id":"1","content":"[play: refuse] stands in this file"}]`
	again  = `[{"type":"tool_result","tool_use_id":"1","content":"it is there"},{"type":"text","text":"Again. [play: write]"}]`
)

func TestATurnFollowsFromTheConversation(t *testing.T) {
	s := httptest.NewServer(NewServer(plays))
	defer s.Close()
	for name, c := range map[string]struct {
		said   []string
		status int
		want   string
	}{
		"the first turn":               {[]string{"user", prompt}, 200, "I write it."},
		"the second":                   {[]string{"user", prompt, "assistant", called, "user", result}, 200, "All is written."},
		"after the last":               {[]string{"user", prompt, "assistant", called, "user", result, "assistant", `"All"`, "user", `"And?"`}, 200, "Done."},
		"a resumed session begins one": {[]string{"user", prompt, "assistant", `"All"`, "user", prompt}, 200, "I write it."},
		"one that failed after a tool": {[]string{"user", prompt, "assistant", called, "user", again}, 200, "I write it."},
		"a prompt in blocks":           {[]string{"user", `[{"type":"text","text":"[play: refuse]"}]`}, 500, "the play wants it so"},
		"what there is to wait for":    {[]string{"user", `"[play: wait] It is over."`}, 200, "I go on."},
		"no play":                      {[]string{"user", `"Hello"`}, 200, "Done."},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := ask(t, s, false, c.said...); status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("want %d with %q, got %d with %s", c.status, c.want, status, body)
			}
		})
	}
}

func TestNoTwoMessagesHaveTheSameName(t *testing.T) {
	s := httptest.NewServer(NewServer(plays))
	defer s.Close()
	_, first := ask(t, s, false, "user", prompt)
	if _, second := ask(t, s, false, "user", prompt); first == second {
		t.Errorf("want another one, got %s", second)
	}
}

func TestAStreamHoldsTheSameMessage(t *testing.T) {
	s := httptest.NewServer(NewServer(plays))
	defer s.Close()
	var events []string
	_, body := ask(t, s, true, "user", prompt)
	for line := range strings.Lines(body) {
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			events = append(events, strings.TrimSpace(name))
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok && !json.Valid([]byte(data)) {
			t.Errorf("no JSON: %s", data)
		}
	}
	block := []string{"content_block_start", "content_block_delta", "content_block_stop"}
	want := append(append(append(append([]string{"message_start"}, block...), block...), block...), "message_delta", "message_stop")
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestRequestsAreKept(t *testing.T) {
	model := NewServer(plays)
	s := httptest.NewServer(model)
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	found := make(chan Request)
	go func() {
		r, _ := model.Await(ctx, func(r Request) bool { return r.Turn == 1 })
		found <- r
	}()
	ask(t, s, false, "user", prompt)
	ask(t, s, false, "user", prompt, "assistant", called, "user", result)
	if r := <-found; r.Play != "write" || r.Turn != 1 || !strings.Contains(string(r.Body), "tool_result") {
		t.Errorf("want the second request, got %s", r.Body)
	}
	if n := len(model.Requests()); n != 2 {
		t.Errorf("want two requests, got %d", n)
	}
}

func TestWhoeverHangsUpHasEnded(t *testing.T) {
	model := NewServer(plays)
	s := httptest.NewServer(model)
	defer s.Close()
	ctx, hangUp := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		question := strings.NewReader(`{"messages": [{"role": "user", "content": "[play: wait]"}]}`)
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/v1/messages", question)
		if err != nil {
			t.Error(err)
			return
		}
		r.Header.Set("X-Api-Key", "k")
		if answer, err := s.Client().Do(r); err == nil {
			_ = answer.Body.Close()
			t.Error("want silence, got an answer")
		}
	}()
	open, err := model.Await(t.Context(), func(Request) bool { return true })
	if err != nil || !open.Ended.IsZero() || open.From != "127.0.0.1" {
		t.Errorf("want an open request from 127.0.0.1, got %+v (%v)", open, err)
	}
	hangUp()
	<-gone
	if r, err := model.Await(t.Context(), func(r Request) bool { return !r.Ended.IsZero() }); err != nil || r.Ended.Before(r.Began) {
		t.Errorf("want its end, got %+v (%v)", r, err)
	}
}
