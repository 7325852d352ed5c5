package model

import (
	"encoding/json"
	"regexp"
	"time"
)

// Play is what the model does in one conversation, turn by turn. After its last turn it says that it is done.
type Play []Turn

// Turn is one answer of the model.
type Turn struct {
	Say    string        // text; may be empty where there are calls
	Calls  []Call        // tools that the agent is to use before it asks again
	Fail   int           // an HTTP status that is answered instead, every time
	After  time.Duration // silence before the answer
	Unless string        // a text: where the request holds it, there is neither failure nor silence
}

// Call is one use of a tool, such as Bash with {"command": "git status"}.
type Call struct {
	Tool  string
	Input map[string]any
}

// message is one of the conversation as the agent sends it.
type message struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"` // a text, or a list of blocks
}

// marker names a play in a prompt.
var marker = regexp.MustCompile(`\[play: ([a-z0-9-]+)\]`)

// cue finds the play that a conversation is in, and how many of its turns are over: those since the last message that names
// one, since a resumed session begins with all that was said before.
func cue(conversation []message) (play string, turn int) {
	for _, m := range conversation {
		found := marker.FindAllStringSubmatch(m.said(), -1)
		switch {
		case m.Role == "user" && len(found) > 0:
			play, turn = found[len(found)-1][1], 0
		case m.Role == "assistant":
			turn++
		}
	}
	return play, turn
}

// said is the text of a message, without the results of tools, whatever those hold: a session that ended with some goes on
// with a prompt in the same message.
func (m message) said() string {
	var text string
	if json.Unmarshal(m.Content, &text) == nil {
		return text
	}
	var blocks []struct {
		Text string `json:"text"` // in blocks of this type alone
	}
	_ = json.Unmarshal(m.Content, &blocks) // what is neither says nothing
	for _, b := range blocks {
		text += b.Text + "\n"
	}
	return text
}

// at is the turn that is due.
func (p Play) at(turn int) Turn {
	if turn < len(p) {
		return p[turn]
	}
	return Turn{Say: "Done."}
}
