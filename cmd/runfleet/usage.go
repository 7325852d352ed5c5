package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// usageError is a call that cannot be meant as it was written. Its exit code is 2.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func isUsage(err error) bool {
	var u usageError
	return errors.As(err, &u)
}

// usage makes the complaints of a check on arguments usage errors.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usagef("%w", err)
		}
		return nil
	}
}

// pick finds a name whatever its case.
func pick[T ~string](kind, name string, names []T) (T, error) {
	var all []string
	for _, n := range names {
		if strings.EqualFold(string(n), name) {
			return n, nil
		}
		all = append(all, string(n))
	}
	return "", unknown(kind, name, all)
}

// unknown says which names there are, and which of them was probably meant.
func unknown(kind, name string, names []string) error {
	hint := "."
	if best := nearest(name, names); best != "" {
		hint = fmt.Sprintf(": did you mean %q?", best)
	}
	return usagef("unknown %s %q%s %s: %s", kind, name, hint, strings.ToUpper(kind[:1])+kind[1:]+"s", strings.Join(names, ", "))
}

// nearest is the name that takes the fewest typing errors, if they are few for its length (of four letters, one may be
// wrong); or the one that was begun.
func nearest(name string, names []string) string {
	name = strings.ToLower(name)
	best, fewest := "", 1+max(2, len(name)/3)
	for _, n := range names {
		lower := strings.ToLower(n)
		d := distance(name, lower)
		if len(name) > 1 && strings.HasPrefix(lower, name) {
			d = min(d, 1)
		}
		if d < fewest && (d <= 1 || min(len(name), len(lower)) > 4) {
			best, fewest = n, d
		}
	}
	return best
}

// distance counts the letters to add, remove or replace to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
