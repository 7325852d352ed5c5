package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Browser is a Chromium that runs.
type Browser struct {
	cmd  *exec.Cmd
	to   io.WriteCloser
	temp string

	mu      sync.Mutex
	last    int
	waiting map[int]chan answer
	events  []event
	changed chan struct{} // closed with every event, and made anew
}

// answer is what the browser says to a command.
type answer struct {
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// event is what it says by itself.
type event struct {
	Method    string          `json:"method"`
	SessionID string          `json:"sessionId"`
	Params    json.RawMessage `json:"params"`
}

// Start starts Chromium, found in the PATH as chromium, with a profile that is thrown away.
func Start(ctx context.Context) (*Browser, error) {
	temp, err := os.MkdirTemp("", "runfleet-browser-")
	if err != nil {
		return nil, fmt.Errorf("making a profile: %w", err)
	}
	theirIn, to, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe to the browser: %w", err)
	}
	from, theirOut, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe from the browser: %w", err)
	}
	args := []string{
		"--headless", "--remote-debugging-pipe", "--user-data-dir=" + temp, "--disable-gpu", "--hide-scrollbars", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // it refuses to be root otherwise
	}
	b := &Browser{
		cmd: exec.CommandContext(ctx, "chromium", append(args, "about:blank")...), to: to, temp: temp,
		waiting: map[int]chan answer{}, changed: make(chan struct{}),
	}
	b.cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4, as it expects them
	err = b.cmd.Start()
	_, _ = theirIn.Close(), theirOut.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting chromium: %w", err), os.RemoveAll(temp))
	}
	go b.listen(from)
	return b, nil
}

// Close ends the browser and removes its profile.
func (b *Browser) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := b.call(ctx, "", "Browser.close", nil, nil); err != nil {
		_ = b.cmd.Process.Kill()
	}
	_ = b.cmd.Wait() // however it ended
	_ = b.to.Close()
	return os.RemoveAll(b.temp)
}

// listen hands out what the browser says, until it ends.
func (b *Browser) listen(from io.ReadCloser) {
	defer from.Close()
	r := bufio.NewReader(from)
	for {
		text, err := r.ReadBytes(0)
		if err != nil {
			b.lost()
			return
		}
		var said struct {
			answer
			event

			ID int `json:"id"`
		}
		if json.Unmarshal(text[:len(text)-1], &said) != nil {
			continue
		}
		b.mu.Lock()
		if wait := b.waiting[said.ID]; said.ID != 0 && wait != nil {
			wait <- said.answer
			delete(b.waiting, said.ID)
		}
		if said.Method != "" {
			b.events = append(b.events, said.event)
			close(b.changed)
			b.changed = make(chan struct{})
		}
		b.mu.Unlock()
	}
}

// lost answers everybody who still waits.
func (b *Browser) lost() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, wait := range b.waiting {
		close(wait)
	}
	b.waiting = nil
}

// call sends a command and reads its result.
func (b *Browser) call(ctx context.Context, session, method string, params, result any) error {
	b.mu.Lock()
	if b.waiting == nil {
		b.mu.Unlock()
		return fmt.Errorf("%s: the browser has ended", method)
	}
	b.last++
	id, wait := b.last, make(chan answer, 1)
	b.waiting[id] = wait
	b.mu.Unlock()
	if params == nil {
		params = struct{}{}
	}
	text, err := json.Marshal(map[string]any{"id": id, "sessionId": session, "method": method, "params": params})
	if session == "" {
		text, err = json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	}
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	case a, ok := <-wait:
		switch {
		case !ok:
			return fmt.Errorf("%s: the browser has ended", method)
		case a.Error != nil:
			return fmt.Errorf("%s: %s", method, a.Error.Message)
		case result != nil:
			return json.Unmarshal(a.Result, result)
		}
		return nil
	}
}

// await waits for an event of a session.
func (b *Browser) await(ctx context.Context, session, method string) error {
	for {
		b.mu.Lock()
		changed := b.changed
		for _, e := range b.events {
			if e.SessionID == session && e.Method == method {
				b.mu.Unlock()
				return nil
			}
		}
		b.mu.Unlock()
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", method, ctx.Err())
		case <-changed:
		}
	}
}
