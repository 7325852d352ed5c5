package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// templatesIn writes templates into a directory of their own.
func templatesIn(t *testing.T, files map[string]string) string {
	t.Helper()
	directory := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(directory, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, directory, name, text)
	}
	return directory
}

// One set in the three forms that it may have makes the same.
func TestTemplatesAreReadFromWhereTheyAreWritten(t *testing.T) {
	noCluster(t)
	file := manifestFile(t, docsManifest)
	forms := []string{
		templatesIn(t, map[string]string{"docs_prompt.md.hbs": "Mine, {{name}}.\n", "docs_hooks_mine.sh.hbs": "echo mine\n", ".git/config": "x"}),
		templatesIn(t, map[string]string{"docs/prompt.md.hbs": "Mine, {{name}}.\n", "docs/hooks/mine.sh.hbs": "echo mine\n", ".hidden": "x"}),
		manifestFile(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: other}, data: {a: b}}\n---\n"+
			`{apiVersion: v1, kind: ConfigMap, metadata: {name: runfleet-templates}, data: {docs_prompt.md.hbs: "Mine, {{name}}.\n", docs_hooks_mine.sh.hbs: "echo mine\n"}}`),
	}
	want := call("render", "-f", file, "--templates", forms[0])
	if want.Code != exitOK || !strings.Contains(want.Stdout, "prompt.md: |\n    Mine, shop.\n") {
		t.Fatalf("%+v", want)
	}
	if !strings.Contains(want.Stderr, "  hooks/mine.sh ") || !strings.Contains(want.Stderr, " 0555  /config/hooks/mine.sh\n") {
		t.Error(want.Stderr)
	}
	for _, form := range forms[1:] {
		if diff := cmp.Diff(want, call("render", "-f", file, "--templates", form)); diff != "" {
			t.Errorf("%s: %s", form, diff)
		}
	}
	directory := filepath.Join(t.TempDir(), "out")
	call("render", "-f", file, "--templates", forms[0], "-o", directory)
	if info, err := os.Stat(filepath.Join(directory, "hooks", "mine.sh")); err != nil || info.Mode().Perm()&0o100 == 0 {
		t.Errorf("%v, %v: the hook cannot be executed", info, err)
	}
}

func TestDiffComparesSetsOfTemplates(t *testing.T) {
	noCluster(t)
	file := manifestFile(t, docsManifest)
	mine := templatesIn(t, map[string]string{"docs_prompt.md.hbs": "Mine, {{name}}.\n"})
	got := call("diff", "-f", file, "--templates", "built-in", "--templates", mine)
	if got.Code != exitDifferent || !strings.Contains(got.Stdout, "--- /config/prompt.md\t(built-in)\n+++ /config/prompt.md\t("+mine+")\n") ||
		!strings.Contains(got.Stdout, "\n+Mine, shop.\n") {
		t.Errorf("%+v", got)
	}
}

func TestTemplatesThatCannotWorkAreRefused(t *testing.T) {
	noCluster(t)
	file := manifestFile(t, docsManifest)
	unknown := templatesIn(t, map[string]string{"docs_prompt.md.hbs": "Hello\n{{nobody}}\n"})
	foreign := templatesIn(t, map[string]string{"docs_prompt.md.hbs": "Hello\n", "README.md": "mine"})
	twice := templatesIn(t, map[string]string{"docs_prompt.md.hbs": "Hello\n", "docs/prompt.md.hbs": "Hello\n"})
	none := manifestFile(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: other}, data: {a: b}}\n")
	for _, c := range []struct{ name, templates, says string }{
		{"a name that there is not", unknown, unknown + " is no valid set of templates:\n  docs_prompt.md.hbs:2: unknown name nobody"},
		{"a file that is none", foreign, foreign + " is no valid set of templates:\n  README.md: "},
		{"one that is there twice", twice, "reading templates in " + twice + ": docs_prompt.md.hbs is there twice, once with a directory in its name\n"},
		{"binary data", templatesIn(t, map[string]string{"docs_prompt.md.hbs": "a\xff"}), "reading templates in "},
		{"binary data in a ConfigMap", manifestFile(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: other}, binaryData: {a: aGk=}}\n"), ""},
		{"an empty directory", t.TempDir(), "reading templates in "},
		{"another ConfigMap", none, none + ": there is no ConfigMap with templates in it: a key is one such as code_prompt.md.hbs\n"},
		{"nothing", "absent", "reading templates: stat absent: no such file or directory\n"},
	} {
		got := call("render", "-f", file, "--templates", c.templates)
		if got.Code != exitFail || got.Stdout != "" || !strings.HasPrefix(got.Stderr, "runfleet: "+c.says) {
			t.Errorf("%s: %+v\nsays not %s", c.name, got, c.says)
		}
	}
}
