package arch

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// root is the top level of the repository as seen from here.
const root = "../.."

func TestFilesImportOnlyWhatTheirPlaceMay(t *testing.T) {
	for _, finding := range checkFiles(t, os.DirFS(root)) {
		t.Error(finding)
	}
}

func TestPackagesReachOnlyWhatTheirPlaceMay(t *testing.T) {
	for _, finding := range checkGraph(listGraph(t)) {
		t.Error(finding)
	}
}

// TestRulesSpeakOfPlacesThatExist keeps a renamed directory from silently losing its rules.
func TestRulesSpeakOfPlacesThatExist(t *testing.T) {
	var places []string
	for _, r := range importRules {
		places = append(append(places, r.in...), r.except...)
	}
	for _, r := range graphRules {
		places = append(places, r.in)
	}
	for _, r := range callRules {
		places = append(append(places, r.in...), r.except...)
	}
	for _, place := range places {
		dir, _ := strings.CutSuffix(strings.TrimSuffix(place, "..."), "/")
		if dir == "" || slices.ContainsFunc(planned, func(p string) bool { return within(dir, p+"/...") }) {
			continue
		}
		if _, err := os.Stat(path.Join(root, dir)); err != nil {
			t.Errorf("a rule speaks of %s, which does not exist: correct the rule or list the place as planned", place)
		}
	}
}

// checkFiles parses every Go file of the repository, whatever its build tags, and returns what breaks a rule.
func checkFiles(t *testing.T, repo fs.FS) []string {
	t.Helper()
	var findings []string
	for name, file := range goFiles(t, repo) {
		for _, r := range importRules {
			if !inAny(name, r.in) || inAny(name, r.except) || isTest(name) && !r.tests {
				continue
			}
			for _, spec := range file.Imports {
				imported := strings.Trim(spec.Path.Value, `"`)
				if coveredByAny(imported, r.bans) || r.only != nil && !coveredByAny(imported, r.only) {
					findings = append(findings, fmt.Sprintf("%s imports %s: %s", name, imported, r.why))
				}
			}
		}
		for _, r := range callRules {
			if inAny(name, r.in) && !inAny(name, r.except) && !isTest(name) {
				findings = append(findings, checkCalls(name, file, r)...)
			}
		}
	}
	slices.Sort(findings)
	return findings
}

// checkCalls finds the forbidden functions under whatever name the file imports their package, and the forbidden methods, called or
// passed on.
func checkCalls(name string, file *ast.File, r callRule) []string {
	local := ""
	for _, spec := range file.Imports {
		if strings.Trim(spec.Path.Value, `"`) == r.pkg {
			local = path.Base(r.pkg)
			if spec.Name != nil {
				local = spec.Name.Name
			}
		}
	}
	var findings []string
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if (r.pkg == "" || ok && local != "" && x.Name == local) && slices.Contains(r.calls, sel.Sel.Name) {
			findings = append(findings, fmt.Sprintf("%s uses %s.%s: %s", name, r.pkg, sel.Sel.Name, r.why))
		}
		return true
	})
	return findings
}

// goFiles parses the Go files of the main module, by their path in the repository.
func goFiles(t *testing.T, repo fs.FS) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := fs.WalkDir(repo, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && errors.Is(err, fs.ErrNotExist):
			return nil // another test's temporary file
		case err != nil:
			return err
		case d.IsDir():
			return skipDir(repo, name)
		case path.Ext(name) != ".go":
			return nil
		}
		src, err := fs.ReadFile(repo, name)
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		files[name], err = parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// skipDir leaves out hidden directories, what is built, test data, and modules of their own.
func skipDir(repo fs.FS, name string) error {
	base := path.Base(name)
	if name != "." && (strings.HasPrefix(base, ".") || name == "bin" || base == "testdata") {
		return fs.SkipDir
	}
	if _, err := fs.Stat(repo, path.Join(name, "go.mod")); err == nil && name != "." {
		return fs.SkipDir
	}
	return nil
}

// listed is the part of `go list -json` that is read here.
type listed struct {
	ImportPath string   `json:"ImportPath"`
	Imports    []string `json:"Imports"`
}

// listGraph returns what each package of this module, and each that it needs, imports.
func listGraph(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-deps", "-json=ImportPath,Imports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("listing the packages: %v", err)
	}
	graph := map[string][]string{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return graph
		} else if err != nil {
			t.Fatalf("reading the list of packages: %v", err)
		}
		graph[p.ImportPath] = p.Imports
	}
}

// checkGraph follows the imports of every package that a rule speaks of and returns the shortest way to what it bans.
func checkGraph(graph map[string][]string) []string {
	var findings []string
	for pkg := range graph {
		dir, ours := strings.CutPrefix(pkg, module+"/")
		for _, r := range graphRules {
			if !ours || !within(dir+"/x.go", r.in) {
				continue
			}
			for reached, way := range reach(graph, pkg) {
				if coveredByAny(reached, r.bans) || r.only != nil && !coveredByAny(reached, r.only) {
					findings = append(findings, fmt.Sprintf("%s reaches %s by %s: %s", dir, reached, way, r.why))
				}
			}
		}
	}
	slices.Sort(findings)
	return findings
}

// reach walks breadth first and returns every package that can be reached, with the way to it.
func reach(graph map[string][]string, from string) map[string]string {
	ways := map[string]string{from: path.Base(from)}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, next := range graph[queue[0]] {
			if _, seen := ways[next]; !seen {
				ways[next] = ways[queue[0]] + " > " + next
				queue = append(queue, next)
			}
		}
	}
	return ways
}

func isTest(name string) bool { return strings.HasSuffix(name, "_test.go") }

func inAny(name string, places []string) bool {
	return slices.ContainsFunc(places, func(p string) bool { return within(name, p) })
}

// within reports whether a file lies in a place.
func within(name, place string) bool {
	if tree, ok := strings.CutSuffix(place, "..."); ok {
		return strings.HasPrefix(name+"/", tree)
	}
	return name == place || path.Dir(name) == place
}

func coveredByAny(imported string, paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return covers(p, imported) })
}

// covers reports whether an import path, as the rules write it, speaks of an imported package.
func covers(p, imported string) bool {
	if p == "std" {
		first, _, _ := strings.Cut(imported, "/")
		return !strings.Contains(first, ".")
	}
	if exact, ok := strings.CutSuffix(p, "$"); ok {
		return imported == exact
	}
	return imported == p || strings.Contains(p, ".") && strings.HasPrefix(imported, p+"/")
}
