package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	pipeWidth   = 240 // of a line that has to end somewhere where no terminal has a width
	errorLines  = 3   // of what a tool says went wrong
	leastColumn = 30  // below this a terminal wraps for itself
)

// transcript makes what people read of the lines of an agent's log. It knows no world: a line goes in, text comes out.
type transcript struct {
	page
	cwd    string            // where the agent works
	calls  map[string]string // the tool of each call without a result
	turns  map[string]bool   // the agent's messages so far
	result *streamLine       // what the agent says of itself at its end
	begun  bool              // whether there is something above
}

func newTranscript(p page) *transcript {
	return &transcript{page: p, calls: map[string]string{}, turns: map[string]bool{}}
}

// add is what there is to say about a line of the log; "" if nothing. A line is partial while the rest of it is under way.
func (t *transcript) add(line []byte, partial bool) string {
	if len(strings.TrimSpace(string(line))) == 0 {
		return ""
	}
	read, ok, broken := parseLine(line)
	var text string
	switch {
	case broken && partial:
		text = t.hint("(a line of %d bytes so far)", len(line))
	case broken:
		text = t.hint("(a line of %d bytes that cannot be read) %s", len(line), line[:min(len(line), pipeWidth)])
	case !ok:
		text = t.each(quiet, "", visible(strings.TrimRight(string(line), "\r")))
	default:
		text = t.say(read)
	}
	t.begun = t.begun || text != ""
	return text
}

// say tells one line of the stream.
func (t *transcript) say(l streamLine) string {
	switch l.Type {
	case "assistant":
		if l.Parent == "" {
			t.turns[l.Message.ID] = true
		}
		return t.blocks(l)
	case "user":
		return t.blocks(l)
	case "system":
		return t.system(l)
	case "result":
		t.result = &l
		return t.end(l)
	case "stream_event", "tool_progress", "rate_limit_event", "auth_status", "keep_alive": // they only say that something is under way
		return ""
	default:
		return t.hint("(%s)", l.Type)
	}
}

// system tells what the program says of itself. Most of that repeats what the agent's own lines say.
func (t *transcript) system(l streamLine) string {
	switch l.Subtype {
	case "init":
		t.cwd = cmp.Or(t.cwd, l.Cwd)
		return t.hint("model %s, session %s", l.Model, l.SessionID)
	case "api_retry":
		return t.hint("the model did not answer (%s), try %d of %d", answered(l.Status), l.Attempt, l.Retries)
	case "compact_boundary":
		return t.hint("(what was said before is summed up)")
	default:
		return ""
	}
}

func answered(status int) string {
	if status == 0 {
		return "no connection"
	}
	return fmt.Sprintf("HTTP %d", status)
}

// blocks tells a message of the agent, or what tools have answered.
func (t *transcript) blocks(l streamLine) string {
	var b strings.Builder
	bar := ""
	if l.Parent != "" {
		bar = "| " // a subagent speaks, beside whatever its master does meanwhile
	}
	for _, one := range l.Message.Content {
		switch one.Type {
		case "text":
			said := strings.TrimSpace(one.Text)
			if l.Type != "assistant" || said == "" { // what the program tells the agent
				break
			}
			if bar == "" && (t.begun || b.Len() > 0) {
				b.WriteString("\n")
			}
			b.WriteString(t.each(plain, bar, visible(said)))
		case "thinking":
			if thought := flat(one.Thinking); thought != "" {
				b.WriteString(t.short(quiet, bar+"  ", "thinks: "+thought, ""))
			}
		case "tool_use", "server_tool_use", "mcp_tool_use":
			name := flat(one.Name)
			t.calls[one.ID] = name
			b.WriteString(t.short(cyan, bar+"  ", name, " "+t.argument(one.Input)))
		case "tool_result":
			if one.IsError {
				b.WriteString(t.failure(bar, cmp.Or(t.calls[one.CallID], "a tool"), one.Content.text()))
			}
			delete(t.calls, one.CallID)
		}
	}
	return b.String()
}

// telling are the inputs by which a call is known, the best first.
var telling = []string{"command", "file_path", "notebook_path", "pattern", "path", "url", "query", "description", "skill"}

// argument is what a call is about: the input that tells most, or all of them.
func (t *transcript) argument(input map[string]any) string {
	for _, key := range telling {
		if said, ok := input[key].(string); ok && said != "" {
			return flat(strings.TrimPrefix(said, strings.TrimSuffix(t.cwd, "/")+"/"))
		}
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(input)) {
		value, err := json.Marshal(input[key])
		if err == nil {
			parts = append(parts, key+"="+string(value))
		}
	}
	return flat(strings.Join(parts, " "))
}

// failure tells what went wrong in a tool, in a few lines.
func (t *transcript) failure(bar, tool, said string) string {
	said = strings.TrimPrefix(strings.TrimSuffix(said, "</tool_use_error>"), "<tool_use_error>")
	room := errorLines * (cmp.Or(t.width, pipeWidth) - len(bar) - 4)
	return t.each(red, bar+"    ", cut(tool+" failed: "+flat(said), max(room, leastColumn)))
}

// end tells how the agent ended, by its own words.
func (t *transcript) end(l streamLine) string {
	colour, how := green, "done"
	if l.IsError {
		colour, how = red, "ended with "+strings.Replace(flat(l.Subtype), "success", "an error", 1) // it is well, and the model is not
		if said := flat(cmp.Or(strings.Join(l.Errors, "; "), l.Result)); said != "" {
			how += ": " + said
		}
	}
	took := (time.Duration(l.DurationMS) * time.Millisecond).Round(time.Second)
	u := l.Usage
	return "\n" + t.each(colour, "", how) + t.each(plain, "", fmt.Sprintf("%s, $%.2f, %s tokens read, %s written, in %s",
		counted(int64(l.Turns), "turn"), l.CostUSD, grouped(u.Input+u.Created+u.Cached), grouped(u.Output), took))
}

// soFar is what is known of an agent that has not ended.
func (t *transcript) soFar() string {
	if t.result != nil || len(t.turns) == 0 {
		return ""
	}
	return "\n" + t.hint("%s so far; what they cost the agent says at its end", counted(int64(len(t.turns)), "turn"))
}

// hint is a quiet line.
func (t *transcript) hint(format string, args ...any) string {
	return t.short(quiet, "", flat(fmt.Sprintf(format, args...)), "")
}

// short is one line, cut to the terminal: a lead, what it is about in a colour, and more.
func (t *transcript) short(colour, lead, what, more string) string {
	room := max(cmp.Or(t.width, pipeWidth)-columns(lead), leastColumn)
	what = cut(what, room)
	return paintOn(t.page, quiet, lead) + paintOn(t.page, colour, what) + strings.TrimRight(cut(more, room-columns(what)), " ") + "\n"
}

// each is a text in lines, wrapped between words on a terminal, each behind a lead.
func (t *transcript) each(colour, lead, text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		for _, part := range wrapped(line, t.width-columns(lead)) {
			b.WriteString(paintOn(t.page, quiet, lead) + paintOn(t.page, colour, part) + "\n")
		}
	}
	return b.String()
}

// wrapped breaks a line between words where it is longer than a terminal is wide.
func wrapped(line string, width int) []string {
	if width < leastColumn || columns(line) <= width {
		return []string{line}
	}
	var all []string
	at := ""
	for _, word := range strings.SplitAfter(line, " ") {
		if at != "" && columns(strings.TrimRight(at+word, " ")) > width {
			all, at = append(all, strings.TrimRight(at, " ")), ""
		}
		at += word
	}
	return append(all, at)
}

// flat makes one line of a text, and shows what would command the terminal.
func flat(s string) string { return visible(strings.Join(strings.Fields(s), " ")) }

func counted(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return grouped(n) + " " + what
}

// grouped writes a number with a comma between thousands.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
