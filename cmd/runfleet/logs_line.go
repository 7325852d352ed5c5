package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// streamLine is one line of the agent's stream (claude --output-format stream-json), as far as people read it.
type streamLine struct {
	Type    string `json:"type"`
	Subtype string `json:"subtype"`
	Parent  string `json:"parent_tool_use_id"` // the call that the subagent works for which says this
	Message struct {
		ID      string `json:"id"`
		Content blocks `json:"content"`
	} `json:"message"`

	// Of a system line.
	Model     string `json:"model"`
	SessionID string `json:"session_id"`
	Cwd       string `json:"cwd"`
	Attempt   int    `json:"attempt"` // of a request to the model
	Retries   int    `json:"max_retries"`
	Status    int    `json:"error_status"`

	// Of the result, the last line.
	IsError    bool     `json:"is_error"`
	Result     string   `json:"result"`
	Errors     []string `json:"errors"`
	Turns      int      `json:"num_turns"`
	CostUSD    float64  `json:"total_cost_usd"`
	DurationMS float64  `json:"duration_ms"`
	Usage      struct {
		Input   int64 `json:"input_tokens"`
		Created int64 `json:"cache_creation_input_tokens"`
		Cached  int64 `json:"cache_read_input_tokens"`
		Output  int64 `json:"output_tokens"`
	} `json:"usage"`
}

// block is a part of a message: text, thinking, the call of a tool or its result.
type block struct {
	Type     string         `json:"type"`
	Text     string         `json:"text"`
	Thinking string         `json:"thinking"`
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Input    map[string]any `json:"input"`
	CallID   string         `json:"tool_use_id"`
	Content  blocks         `json:"content"`
	IsError  bool           `json:"is_error"`
}

// blocks are the content of a message or of a result. A text alone stands for one block.
type blocks []block

// UnmarshalJSON implements json.Unmarshaler. What is neither has no blocks: a form that nobody knows yet spoils no line.
func (b *blocks) UnmarshalJSON(data []byte) error {
	*b = nil
	switch data[0] {
	case '"':
		*b = blocks{{Type: "text"}}
		return json.Unmarshal(data, &(*b)[0].Text)
	case '[':
		var all []json.RawMessage
		if err := json.Unmarshal(data, &all); err != nil {
			return err
		}
		for _, one := range all {
			var read block
			_ = json.Unmarshal(one, &read) // what has another form than ours is left out
			*b = append(*b, read)
		}
	}
	return nil
}

// text is what the blocks say, one after the other.
func (b blocks) text() string {
	var all []byte
	for _, one := range b {
		said := one.Text
		if one.Type != "text" {
			said = "(" + one.Type + ")"
		}
		all = append(append(all, said...), '\n')
	}
	return string(bytes.TrimSpace(all))
}

// parseLine reads a line of the log. What is no object with a type was printed by something else than the agent; broken says
// that the agent has printed it, but not as it should.
func parseLine(line []byte) (read streamLine, ok, broken bool) {
	line = bytes.TrimSpace(line)
	if !bytes.HasPrefix(line, []byte("{")) {
		return streamLine{}, false, false
	}
	err := json.Unmarshal(line, &read)
	var odd *json.UnmarshalTypeError
	if errors.As(err, &odd) && read.Type != "" {
		err = nil // a field of another form than ours; the others were read
	}
	return read, err == nil && read.Type != "", err != nil && bytes.HasPrefix(line, []byte(`{"`))
}

// eachLine calls take for each line of a log without its end, however long it is. The last one may lack its end: it is whole
// only if nothing is missing.
func eachLine(r io.Reader, take func(line []byte, whole bool) error) error {
	for buffered := bufio.NewReader(r); ; {
		line, err := buffered.ReadBytes('\n')
		whole := err == nil
		if len(line) > 0 {
			if err := take(bytes.TrimSuffix(line, []byte("\n")), whole); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading the log: %w", err)
		}
	}
}
