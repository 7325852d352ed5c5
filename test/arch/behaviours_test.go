package arch

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// promised are the numbers of the behaviours to preserve or improve that the steps until now answer for. Each is in the
// name of a test, so that who wants to know whether behaviour 22 holds finds what proves it.
var promised = []int{
	1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 25, 26, 27, 30, 31, 32, 33, 34, 35, 49, 51, 52, 53, 54, 55,
}

func TestEveryPromisedBehaviourHasATestThatCarriesItsNumber(t *testing.T) {
	for _, n := range missing(t, os.DirFS(root), promised) {
		t.Errorf("no test is named \"behaviour %d: ...\"", n)
	}
}

func TestMissingFindsWhatIsPlanted(t *testing.T) {
	repo := fstest.MapFS{
		"a/a_test.go": {Data: []byte("It(\"behaviour 1: holds\")\nfunc TestBehaviours3To5(t *testing.T) {}")},
		"b/b_test.go": {Data: []byte("// behaviour 6: is only spoken of\n\"behaviours 7 and 8: both\": {},")},
		"c/c.go":      {Data: []byte(`"behaviour 9: in no test"`)},
	}
	if got := missing(t, repo, []int{1, 2, 3, 4, 5, 6, 7, 8, 9}); !slices.Equal(got, []int{2, 6, 9}) {
		t.Errorf("want 2, 6 and 9 to be missing, got %v", got)
	}
}

var (
	// named is where a test says its numbers: in the text of a spec or a case, or in the name of a function.
	named  = regexp.MustCompile(`"behaviours? ([0-9][0-9, and to]*):|func Test\w*Behaviours?([0-9](?:[0-9]|And|To)*)`)
	number = regexp.MustCompile(`[0-9]+`)
)

// missing returns the numbers that no test carries.
func missing(t *testing.T, repo fs.FS, numbers []int) []int {
	t.Helper()
	var found []int
	err := fs.WalkDir(repo, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return skipDir(repo, name)
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(repo, name)
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			found = append(found, numbersIn(strings.ToLower(m[1]+m[2]))...)
		}
		return err
	})
	if err != nil {
		t.Fatalf("looking for tests: %v", err)
	}
	return slices.DeleteFunc(slices.Clone(numbers), func(n int) bool { return slices.Contains(found, n) })
}

// numbersIn reads "3", "3, 4 and 5" and "3 to 5".
func numbersIn(text string) []int {
	var all []int
	for _, digits := range number.FindAllString(text, -1) {
		n, err := strconv.Atoi(digits)
		if err != nil {
			continue
		}
		if strings.Contains(text, "to") && len(all) > 0 {
			for i := all[len(all)-1] + 1; i < n; i++ {
				all = append(all, i)
			}
		}
		all = append(all, n)
	}
	return all
}
