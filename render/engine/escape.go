package engine

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
)

// helpers write a value so that it stays one value of the format, whatever is in it.
var helpers = map[string]func(any) string{
	"":           func(v any) string { return visible(printed(v)) },
	"code":       func(v any) string { return codeSpan(visible(printed(v))) },
	"json":       func(v any) string { return encoded(v, jsonEscape) },
	"jsonString": func(v any) string { return unquoted(encoded(printed(v), jsonEscape)) },
	"yaml":       func(v any) string { return encoded(v, yamlEscape) },
	"shell":      func(v any) string { return shellWord(printed(v)) },
}

func helperNames() []string { return []string{"code", "json", "jsonString", "shell", "yaml"} }

// printed is a text or a number; the check of names lets nothing else through.
func printed(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		return ""
	}
}

// hidden are characters that nobody sees and that can make a reader see another text than the program that reads it:
// controls, bidirectional marks, invisible operators, tags, separators of lines that are no newlines. The two joiners stay,
// since scripts and emoji are written with them, and so do tabs and newlines.
func hidden(r rune) bool {
	const joiner, nonJoiner = '\u200d', '\u200c'
	switch {
	case r == '\n' || r == '\t' || r == joiner || r == nonJoiner:
		return false
	case 0xe0100 <= r && r <= 0xe01ef: // variation selectors that no emoji needs: they can carry a whole hidden text
		return true
	default:
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
			unicode.Noncharacter_Code_Point, unicode.Other_Default_Ignorable_Code_Point)
	}
}

// visible is the text with its hidden characters written out, such as [U+202E]. Text and Markdown have no escape of their
// own for them. A line that ends as on Windows ends as elsewhere.
func visible(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return escapeHidden(s, func(r rune) string { return fmt.Sprintf("[U+%04X]", r) })
}

func escapeHidden(s string, escape func(rune) string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			b.WriteString(escape(r))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// encoded is the value as JSON on one line, which is YAML too. Hidden characters are written by number: the same value for
// whoever parses it, and seen by whoever reads it. They can only stand in strings: all else is ASCII.
func encoded(v any, escape func(rune) string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // what ValuesOf makes can always be encoded
		return "null"
	}
	return escapeHidden(strings.TrimSuffix(b.String(), "\n"), escape)
}

func jsonEscape(r rune) string {
	if high, low := utf16.EncodeRune(r); r > 0xffff {
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

func yamlEscape(r rune) string { return fmt.Sprintf(`\U%08x`, r) }

func unquoted(s string) string { return s[1 : len(s)-1] }

// shellWord is the value between single quotes, in which a shell changes nothing. No shell can hold a NUL.
func shellWord(s string) string {
	s = strings.ReplaceAll(s, "\x00", "[U+0000]")
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

var backticks = regexp.MustCompile("`+")

// codeSpan is a code span of Markdown: on one line, between more backticks than stand together in the value.
func codeSpan(s string) string {
	s = strings.ReplaceAll(s, "\n", " ") // as Markdown shows it anyway; a line of its own could be read as a heading
	longest := 0
	for _, run := range backticks.FindAllString(s, -1) {
		longest = max(longest, len(run))
	}
	fence := strings.Repeat("`", longest+1)
	if s == "" || strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		s = " " + s + " " // Markdown takes one off each end
	}
	return fence + s + fence
}
