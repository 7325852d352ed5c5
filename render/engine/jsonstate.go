package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// jsonState is where a reader of JSON is. A template can be read in several states at once, one for each way in which the
// blocks before came out; whatever follows must be right in all of them. So a template that is accepted makes JSON for
// every view, and always of one of the shapes that it shows.
type jsonState struct {
	open  string // the braces and brackets that are open, innermost last
	wants jsonWant
	word  string // the number or word, or the \u escape, that is being read
	taken string // which conditions held on the way here: " a=true b=false", of those that are asked more than once
}

// jsonWant is what may come next, as a person calls it.
type jsonWant string

const (
	wantValue      jsonWant = "a value"
	wantFirstValue jsonWant = "a value or ]" // after [
	wantFirstName  jsonWant = "a name or }"  // after {
	wantName       jsonWant = "a name"       // after a comma in an object
	wantColon      jsonWant = "a colon"
	wantComma      jsonWant = "a comma or the end" // after a value
	inString       jsonWant = "the end of the string"
	inName         jsonWant = "the end of the name"
	inWord         jsonWant = "the end of the number or word"
	inEscape       jsonWant = "the rest of the escape"
	inNameEscape   jsonWant = "the rest of the escape in a name"
)

type jsonStates map[jsonState]bool

func (s jsonState) midEscape() bool { return s.wants == inEscape || s.wants == inNameEscape }

// when is the state if a condition holds, or does not. It cannot be if the contrary held on the way here.
func (s jsonState) when(p path, holds bool, asked map[string]int) (next jsonState, ok bool) {
	condition := " " + p.String() + "="
	if asked[p.String()] < 2 {
		return s, true
	}
	if strings.Contains(s.taken+" ", fmt.Sprintf("%s%t ", condition, !holds)) {
		return s, false
	}
	if !strings.Contains(s.taken, condition) {
		words := append(strings.Fields(s.taken), fmt.Sprintf("%s=%t", p, holds))
		slices.Sort(words)
		s.taken = " " + strings.Join(words, " ")
	}
	return s, true
}

// after is the state after one more byte.
func (s jsonState) after(b byte) (next jsonState, ok bool) {
	switch {
	case s.wants == inString || s.wants == inName:
		return s.afterInString(b)
	case s.midEscape():
		return s.afterInEscape(b)
	case s.wants == inWord:
		if strings.IndexByte(" \t\r\n,]}", b) < 0 {
			s.word += string(b)
			return s, len(s.word) <= 64
		}
		if s = s.endWord(); s.wants != wantComma {
			return s, false
		}
	}
	if strings.IndexByte(" \t\r\n", b) >= 0 {
		return s, true
	}
	return s.afterMark(b)
}

// endWord ends a number or word, if one is being read. One that is none leaves the state as it is.
func (s jsonState) endWord() jsonState {
	if s.wants == inWord && json.Valid([]byte(s.word)) {
		s.wants, s.word = wantComma, ""
	}
	return s
}

func (s jsonState) afterInString(b byte) (jsonState, bool) {
	switch {
	case b == '"' && s.wants == inName:
		s.wants = wantColon
	case b == '"':
		s.wants = wantComma
	case b == '\\' && s.wants == inName:
		s.wants = inNameEscape
	case b == '\\':
		s.wants = inEscape
	default:
		return s, b >= ' '
	}
	return s, true
}

func (s jsonState) afterInEscape(b byte) (jsonState, bool) {
	s.word += string(b)
	if s.word[0] == 'u' && len(s.word) < len("u0000") {
		return s, true
	}
	ok := json.Valid([]byte(`"\` + s.word + `"`))
	s.word = ""
	if s.wants == inNameEscape {
		s.wants = inName
	} else {
		s.wants = inString
	}
	return s, ok
}

// afterMark is the state after what is neither white space nor within a string or word.
func (s jsonState) afterMark(b byte) (jsonState, bool) {
	last := len(s.open) - 1
	wantsValue := s.wants == wantValue || s.wants == wantFirstValue
	switch {
	case wantsValue && b == '"':
		s.wants = inString
	case wantsValue && b == '{':
		s.open, s.wants = s.open+"{", wantFirstName
	case wantsValue && b == '[':
		s.open, s.wants = s.open+"[", wantFirstValue
	case (s.wants == wantName || s.wants == wantFirstName) && b == '"':
		s.wants = inName
	case s.wants == wantColon && b == ':':
		s.wants = wantValue
	case last >= 0 && s.wants == wantComma && b == ',':
		s.wants = map[byte]jsonWant{'{': wantName, '[': wantValue}[s.open[last]]
	case last >= 0 && b == '}' && s.open[last] == '{' && (s.wants == wantComma || s.wants == wantFirstName),
		last >= 0 && b == ']' && s.open[last] == '[' && (s.wants == wantComma || s.wants == wantFirstValue):
		s.open, s.wants = s.open[:last], wantComma
	case wantsValue && strings.IndexByte(",:]}", b) < 0:
		s.wants, s.word = inWord, string(b)
	default:
		return s, false
	}
	return s, true
}
