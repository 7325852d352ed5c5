package docs

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// exception is a comment that says how the block after it is special.
var exception = regexp.MustCompile(`^<!-- (not run|refused): (.+) -->$`)

// page is what a page tells people to type.
type page struct {
	script string // bash, with a command on each line where the page has one
	blocks int    // that are run
	unrun  []string
}

// read makes the script of a page. It fails where a comment announces a block that does not follow, or a block is not closed.
func read(text string) (page, error) {
	var p page
	lines := strings.Split(text, "\n")
	out := make([]string, len(lines))
	special, why, open := "", "", false
	for i, line := range lines {
		switch mark := exception.FindStringSubmatch(line); {
		case open && line == "```":
			open = false
			if special == "refused" {
				out[i] = `); then echo "it was to be refused" >&2; false; fi`
			}
			special = ""
		case open:
			if special != "not run" {
				out[i] = line
			}
		case line == "```sh":
			open = true
			switch special {
			case "not run":
				p.unrun = append(p.unrun, fmt.Sprintf("%d: %s", i+1, why))
			case "refused":
				out[i] = "if ("
				fallthrough
			default:
				p.blocks++
			}
		case special != "":
			return page{}, fmt.Errorf("line %d: no block follows the comment %q", i+1, special)
		case mark != nil:
			special, why = mark[1], mark[2]
		}
	}
	if open || special != "" {
		return page{}, errors.New("the last block is not closed")
	}
	p.script = strings.Join(out, "\n")
	return p, nil
}
