package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
)

// Page is a page that was opened.
type Page struct {
	browser *Browser
	session string
	width   int
}

// Open opens an address in a window of some width, and waits until it is there.
func (b *Browser) Open(ctx context.Context, address string, width int, dark bool) (*Page, error) {
	var target struct {
		TargetID  string `json:"targetId"`
		SessionID string `json:"sessionId"`
	}
	if err := b.call(ctx, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return nil, err
	}
	if err := b.call(ctx, "", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target); err != nil {
		return nil, err
	}
	p := &Page{browser: b, session: target.SessionID, width: width}
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	const height = 900
	for _, c := range []struct {
		method string
		params map[string]any
	}{
		{"Page.enable", nil},
		{"Network.enable", nil},
		{"Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}},
		{"Emulation.setEmulatedMedia", map[string]any{"features": []map[string]any{{"name": "prefers-color-scheme", "value": scheme}}}},
		{"Page.navigate", map[string]any{"url": address}},
	} {
		if err := b.call(ctx, p.session, c.method, c.params, nil); err != nil {
			return nil, err
		}
	}
	return p, b.await(ctx, p.session, "Page.loadEventFired")
}

// Requests are the addresses that the page asked for, its own first.
func (p *Page) Requests() []string {
	p.browser.mu.Lock()
	defer p.browser.mu.Unlock()
	var out []string
	for _, e := range p.browser.events {
		var said struct {
			Request struct {
				URL string `json:"url"`
			} `json:"request"`
		}
		if e.SessionID == p.session && e.Method == "Network.requestWillBeSent" && json.Unmarshal(e.Params, &said) == nil {
			out = append(out, said.Request.URL)
		}
	}
	return out
}

// Evaluate runs an expression of JavaScript in the page, and reads its value.
func (p *Page) Evaluate(ctx context.Context, expression string, value any) error {
	var got struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		ExceptionDetails *struct {
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	params := map[string]any{"expression": expression, "returnByValue": true}
	if err := p.browser.call(ctx, p.session, "Runtime.evaluate", params, &got); err != nil {
		return err
	}
	if got.ExceptionDetails != nil {
		return fmt.Errorf("evaluating: %s", got.ExceptionDetails.Exception.Description)
	}
	return json.Unmarshal(got.Result.Value, value)
}

// Screenshot writes the whole page, from its head to its foot, as a PNG.
func (p *Page) Screenshot(ctx context.Context, file string) error {
	var height int
	if err := p.Evaluate(ctx, "document.documentElement.scrollHeight", &height); err != nil {
		return err
	}
	var shot struct {
		Data []byte `json:"data"`
	}
	params := map[string]any{
		"format": "png", "captureBeyondViewport": true,
		"clip": map[string]any{"x": 0, "y": 0, "width": p.width, "height": height, "scale": 1},
	}
	if err := p.browser.call(ctx, p.session, "Page.captureScreenshot", params, &shot); err != nil {
		return err
	}
	return os.WriteFile(file, shot.Data, 0o644)
}
