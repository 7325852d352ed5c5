// Command matrix writes the last column of the fault matrix in docs/faults.md: which tests cover a fault, as their names say.
//
//	go run ./test/faults/matrix    from the root of the repository; `make generate` does it
//
// A spec covers the faults that its text begins with, such as "F3 F4: while a Job is being created ..."; the simulation injects
// those whose names it prints, such as "F9 storm". A fault whose step is done and that nothing covers is an error.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	document = "docs/faults.md"
	sim      = "test/sim"
)

// tests are the directories whose tests are read.
var tests = []string{"render", "test"}

// done are the steps of the matrix in which every fault must be covered by now.
var done = []string{"lifecycle", "fencing", "files", "traces"}

var (
	specOf  = regexp.MustCompile(`^((?:F\d+ )*F\d+): `)
	faultIn = regexp.MustCompile(`^(F\d+) [a-zA-Z]`)
	rowOf   = regexp.MustCompile(`^\| (F\d+) \|`)
)

// coverage is what covers one fault.
type coverage struct {
	specs    map[string]int // by file: how many
	injected []string       // by the simulation
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	covered, err := collect()
	if err != nil {
		return fmt.Errorf("reading the names of the tests: %w", err)
	}
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	out, err := fill(string(text), covered)
	if err != nil {
		return err
	}
	return os.WriteFile(document, []byte(out), 0o644)
}

func collect() (map[string]*coverage, error) {
	covered := map[string]*coverage{}
	for _, directory := range tests {
		err := filepath.WalkDir(directory, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
				return err
			}
			return read(filepath.ToSlash(path), covered)
		})
		if err != nil {
			return nil, err
		}
	}
	return covered, nil
}

// read adds what the texts of one file cover.
func read(path string, covered map[string]*coverage) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		text, ok := literal(n)
		if found := specOf.FindStringSubmatch(text); ok && found != nil && strings.HasSuffix(path, "_test.go") {
			for id := range strings.FieldsSeq(found[1]) {
				of(covered, id).specs[path]++
			}
		}
		if found := faultIn.FindStringSubmatch(text); ok && found != nil && strings.HasPrefix(path, sim+"/") {
			c := of(covered, found[1])
			if !slices.Contains(c.injected, text) {
				c.injected = append(c.injected, text)
			}
		}
		return true
	})
	return nil
}

func of(all map[string]*coverage, id string) *coverage {
	if all[id] == nil {
		all[id] = &coverage{specs: map[string]int{}}
	}
	return all[id]
}

func literal(n ast.Node) (string, bool) {
	l, ok := n.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// fill writes the last column of every row of the matrix.
func fill(text string, covered map[string]*coverage) (string, error) {
	var errs []error
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		found := rowOf.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if len(cells) < 4 {
			errs = append(errs, fmt.Errorf("%s:%d: a row of the matrix has five columns", document, i+1))
			continue
		}
		step, by := strings.TrimSpace(strings.Trim(cells[3], "|")), words(covered[found[1]])
		if by == "" && slices.Contains(done, step) {
			errs = append(errs, fmt.Errorf("%s: no test's name says that it covers it", found[1]))
		}
		lines[i] = "|" + strings.Join(cells[:3], " | ") + " | " + step + " | " + cmp.Or(by, "not yet") + " |"
	}
	return strings.Join(lines, "\n"), errors.Join(errs...)
}

// words names what covers a fault, with links from docs.
func words(c *coverage) string {
	if c == nil {
		return ""
	}
	var parts []string
	if len(c.injected) > 0 {
		slices.Sort(c.injected)
		parts = append(parts, "[simulation](simulation.md): "+strings.Join(c.injected, ", "))
	}
	for _, path := range slices.Sorted(maps.Keys(c.specs)) {
		name := strings.TrimSuffix(strings.TrimPrefix(path, "test/"), "_test.go")
		link := fmt.Sprintf("[%s](../%s)", strings.TrimPrefix(name, "integration/"), path)
		if n := c.specs[path]; n > 1 {
			link += fmt.Sprintf(" ×%d", n)
		}
		parts = append(parts, link)
	}
	return strings.Join(parts, "; ")
}
