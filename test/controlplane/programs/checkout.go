package programs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Checkout returns the root of the product's module that the working directory
// is in. Tests run in the directory of their package and `go run` in the
// caller's, so that this finds the checkout in both.
func Checkout() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("looking for the checkout: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(mod, []byte("module github.com/runfleet/runfleet\n")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("looking for the checkout: " + start + " is not inside one of github.com/runfleet/runfleet")
		}
	}
}

// version tells the pinned version of a program, for people.
func (b *builder) version(name string) string {
	mod, err := os.ReadFile(filepath.Join(b.module, "go.mod"))
	if err != nil {
		return ""
	}
	module, _, _ := strings.Cut(packages[name], "/cmd/")
	pin := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(module) + ` (v\S+)`)
	if m := pin.FindSubmatch(mod); m != nil {
		return string(m[1])
	}
	return ""
}
