package model

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// reply is one message of the model.
type reply struct {
	model, id string
	turn      Turn
	read      int // tokens of input
}

type object = map[string]any

// blocks are the content: text, then calls.
func (a reply) blocks() []object {
	var blocks []object
	if a.turn.Say != "" {
		blocks = append(blocks, object{"type": "text", "text": a.turn.Say})
	}
	for i, c := range a.turn.Calls {
		blocks = append(blocks, object{"type": "tool_use", "id": fmt.Sprintf("toolu_%s_%d", a.id, i), "name": c.Tool, "input": c.Input})
	}
	return blocks
}

func (a reply) stop() string {
	if len(a.turn.Calls) > 0 {
		return "tool_use"
	}
	return "end_turn"
}

// whole is the message in one piece.
func (a reply) whole() object {
	return object{
		"id": a.id, "type": "message", "role": "assistant", "model": a.model, "content": a.blocks(),
		"stop_reason": a.stop(), "stop_sequence": nil, "usage": object{"input_tokens": a.read, "output_tokens": 42},
	}
}

// stream sends the message as server-sent events, each flushed, as the API does.
func (a reply) stream(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/event-stream")
	to := http.NewResponseController(w)
	send := func(event string, data object) {
		data["type"] = event
		text, err := json.Marshal(data)
		if err != nil { // plays hold nothing that JSON cannot
			text = []byte(err.Error())
		}
		fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, text)
		_ = to.Flush()
	}
	start := a.whole()
	start["content"], start["stop_reason"] = []object{}, nil
	send("message_start", object{"message": start})
	for i, b := range a.blocks() {
		empty, delta := object{"type": "text", "text": ""}, object{"type": "text_delta", "text": b["text"]}
		if b["type"] == "tool_use" {
			input, err := json.Marshal(b["input"])
			if err != nil {
				input = []byte(err.Error())
			}
			empty = object{"type": "tool_use", "id": b["id"], "name": b["name"], "input": object{}}
			delta = object{"type": "input_json_delta", "partial_json": string(input)}
		}
		send("content_block_start", object{"index": i, "content_block": empty})
		send("content_block_delta", object{"index": i, "delta": delta})
		send("content_block_stop", object{"index": i})
	}
	send("message_delta", object{"delta": object{"stop_reason": a.stop(), "stop_sequence": nil}, "usage": object{"output_tokens": 42}})
	send("message_stop", object{})
}
