package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/goccy/go-graphviz"

	"github.com/runfleet/runfleet/fsm"
)

// drawSVG draws a table.
func drawSVG(ctx context.Context, t fsm.Table) ([]byte, error) { return drawDOT(ctx, t.Name, t.DOT()) }

// drawDOT draws a table's DOT. Graphviz is compiled to WebAssembly and estimates the widths of texts from its own tables,
// so the same picture, byte for byte, comes out on every machine, whatever its fonts.
func drawDOT(ctx context.Context, name, dot string) (svg []byte, err error) {
	g, err := graphviz.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("starting Graphviz: %w", err)
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	graph, err := graphviz.ParseBytes([]byte(dot))
	if err != nil {
		return nil, fmt.Errorf("reading the DOT of %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, graph.Close()) }()
	var b bytes.Buffer
	if err := g.Render(ctx, graph, graphviz.SVG, &b); err != nil {
		return nil, fmt.Errorf("drawing %s: %w", name, err)
	}
	return indented(b.Bytes()), nil
}

// label is a text that begins with two no-break spaces, by which Graphviz keeps it off its line.
var label = regexp.MustCompile(`(<text text-anchor="start" x=")(-?[0-9.]+)("[^>]*>)\x{a0}\x{a0}([^<]*?)\x{a0}*</text>`)

// indented moves labels to the right by the two spaces that they begin with: not every program that shows an SVG shows
// spaces there, and then the label touches its line.
func indented(svg []byte) []byte {
	const two = 5.56 // in Helvetica of 10 points
	return label.ReplaceAllFunc(svg, func(text []byte) []byte {
		m := label.FindSubmatch(text)
		x, err := strconv.ParseFloat(string(m[2]), 64)
		if err != nil {
			return text
		}
		return fmt.Appendf(nil, "%s%s%s%s</text>", m[1], strconv.FormatFloat(x+two, 'f', 2, 64), m[3], m[4])
	})
}
