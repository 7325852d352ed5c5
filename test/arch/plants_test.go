package arch

import (
	"fmt"
	"path"
	"strings"
	"testing"
	"testing/fstest"
)

// TestImportRulesFindWhatIsPlanted breaks every rule in every place it holds, and sees it silent where it does not.
func TestImportRulesFindWhatIsPlanted(t *testing.T) {
	for _, r := range importRules {
		imports := r.bans
		if r.only != nil {
			imports = append([]string{"example.com/stranger"}, imports...)
		}
		for _, imported := range imports {
			for _, place := range r.in {
				name := fileIn(place)
				if !found(checkFiles(t, planted(name, imported)), name, r.why) {
					t.Errorf("%s may import %s, though %s", name, imported, r.why)
				}
			}
			for _, place := range r.except {
				name := fileIn(place)
				if found(checkFiles(t, planted(name, imported)), name, r.why) {
					t.Errorf("%s may not import %s, though the rule excepts it", name, imported)
				}
			}
		}
		for _, imported := range r.only {
			name := fileIn(r.in[0])
			if imported = strings.TrimSuffix(imported, "$"); imported == "std" {
				imported = "strings"
			}
			if found(checkFiles(t, planted(name, imported)), name, r.why) {
				t.Errorf("%s may not import %s, though the rule lists it", name, imported)
			}
		}
	}
}

func TestImportRulesLeaveTestsAlone(t *testing.T) {
	if got := checkFiles(t, planted("fsm/lifecycle/x_test.go", "os")); len(got) > 0 {
		t.Errorf("a test of pure code may read its golden files, got %q", got)
	}
	if got := checkFiles(t, planted("fsm/lifecycle/x_test.go", stateless)); len(got) == 0 {
		t.Error("stateless is known to one file, and to no other test")
	}
}

func TestCallRulesFindWhatIsPlanted(t *testing.T) {
	for _, r := range callRules {
		for _, call := range r.calls {
			forms := []string{"import %[1]q\n\nvar _ = %[1]s.%[2]s\n", "import clock %[1]q\n\nvar _ = clock.%[2]s\n"}
			if r.pkg == "" {
				forms = []string{"%[1]svar _ = of().it.%[2]s\n"}
			}
			for _, form := range forms {
				src := fmt.Sprintf("package x\n\n"+form, r.pkg, call)
				planted := func(name string) bool {
					return found(checkFiles(t, fstest.MapFS{name: {Data: []byte(src)}}), name, r.why)
				}
				if name := fileIn(r.in[0]); !planted(name) {
					t.Errorf("%s may use %s.%s, though %s", name, r.pkg, call, r.why)
				}
				for _, place := range r.except {
					if planted(fileIn(place)) {
						t.Errorf("%s may not use %s, though the rule excepts it", place, call)
					}
				}
			}
		}
	}
}

func TestGraphRulesFindWhatIsPlanted(t *testing.T) {
	for _, r := range graphRules {
		bans := r.bans
		if r.only != nil {
			bans = []string{"example.com/stranger"}
		}
		for _, banned := range bans {
			pkg := module + "/" + path.Dir(fileIn(r.in))
			graph := map[string][]string{pkg: {"strings", "example.com/between"}, "example.com/between": {banned + "/deep"}}
			if !found(checkGraph(graph), "reaches "+banned, r.why) {
				t.Errorf("%s may reach %s, though %s", pkg, banned, r.why)
			}
		}
	}
}

// planted is a repository of one file that imports one package.
func planted(name, imported string) fstest.MapFS {
	return fstest.MapFS{name: {Data: fmt.Appendf(nil, "package x\n\nimport _ %q\n", imported)}}
}

// fileIn names a file of a place.
func fileIn(place string) string {
	switch tree, ok := strings.CutSuffix(place, "..."); {
	case ok:
		return path.Join(tree, "deep/planted.go")
	case path.Ext(place) == ".go":
		return place
	default:
		return path.Join(place, "planted.go")
	}
}

// found reports whether a finding names both what broke a rule and why that is one.
func found(findings []string, what, why string) bool {
	for _, f := range findings {
		if strings.Contains(f, what) && strings.Contains(f, why) {
			return true
		}
	}
	return false
}
