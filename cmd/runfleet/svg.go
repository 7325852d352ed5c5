package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/goccy/go-graphviz"

	"github.com/runfleet/runfleet/fsm"
)

// drawSVG draws a table's DOT. Graphviz is compiled to WebAssembly and estimates the widths of texts from its own tables,
// so the same picture, byte for byte, comes out on every machine, whatever its fonts.
func drawSVG(ctx context.Context, t fsm.Table) (svg []byte, err error) {
	g, err := graphviz.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("starting Graphviz: %w", err)
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	graph, err := graphviz.ParseBytes([]byte(t.DOT()))
	if err != nil {
		return nil, fmt.Errorf("reading the DOT of %s: %w", t.Name, err)
	}
	defer func() { err = errors.Join(err, graph.Close()) }()
	var b bytes.Buffer
	if err := g.Render(ctx, graph, graphviz.SVG, &b); err != nil {
		return nil, fmt.Errorf("drawing %s: %w", t.Name, err)
	}
	return b.Bytes(), nil
}
