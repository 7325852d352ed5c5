package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const (
	configExample = "../../docs/examples/config.yaml"
	docsManifest  = `{apiVersion: orchestrator.platform/v1, kind: DocsRun, metadata: {name: shop}, spec: {
  repositoryUrl: example/shop, workingDirectory: ., sourceBranch: main, githubUser: octo, promptModification: "Keep it short."}}
`
)

// examples are the runs of docs/examples.
func examples(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../docs/examples/runs/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	return append(files, "../../docs/examples/docsrun.yaml", "../../docs/examples/coderun.yaml")
}

func manifestFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "run.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// What is printed is what the operator would create, nothing less.
func TestRenderPrintsEveryObject(t *testing.T) {
	noCluster(t)
	for _, file := range examples(t) {
		for _, attempt := range []string{"1", "2"} {
			got := call("render", "-f", file, "--config", configExample, "--attempt", attempt)
			if got.Code != exitOK {
				t.Fatalf("%s: exit code %d: %s", file, got.Code, got.Stderr)
			}
			in := renderInput{files: []string{file}, config: configExample, attempt: int32(attempt[0] - '0')}
			renderings, err := in.render(nil)
			if err != nil {
				t.Fatal(err)
			}
			var want, printed []any
			for _, r := range renderings {
				for _, o := range r.objects {
					want = append(want, o)
				}
			}
			for document := range strings.SplitSeq(strings.TrimPrefix(got.Stdout, "---\n"), "\n---\n") {
				printed = append(printed, parsed(t, document))
			}
			if diff := cmp.Diff(want, printed); diff != "" {
				t.Errorf("%s (-rendered +printed):\n%s", file, diff)
			}
			for _, r := range renderings {
				for _, f := range r.files {
					if !strings.Contains(got.Stderr, "  "+f.name+" ") || len(f.where) == 0 || f.mode == 0 {
						t.Errorf("%s: the table does not say enough of %+v:\n%s", file, f, got.Stderr)
					}
				}
			}
		}
	}
}

func parsed(t *testing.T, document string) any {
	t.Helper()
	for kind, o := range map[string]any{"PersistentVolumeClaim": &corev1.PersistentVolumeClaim{}, "ConfigMap": &corev1.ConfigMap{}, "Job": &batchv1.Job{}} {
		if !strings.Contains(document, "\nkind: "+kind+"\n") {
			continue
		}
		if err := yaml.UnmarshalStrict([]byte(document), o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	t.Fatalf("no object: %s", document)
	return nil
}

// I11: the same bytes in every process and however often.
func TestRenderingIsTheSameEverywhere(t *testing.T) {
	noCluster(t)
	args := []string{"render", "--config", configExample, "--attempt", "3"}
	for _, file := range examples(t) {
		args = append(args, "-f", file)
	}
	want := call(args...)
	if want.Code != exitOK {
		t.Fatal(want.Stderr)
	}
	for range 5 {
		if diff := cmp.Diff(want, call(args...)); diff != "" {
			t.Fatal(diff)
		}
	}
	for range 5 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
		cmd.Env = append(os.Environ(), asRunfleet+"=1")
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s", err, stderr.String())
		}
		if diff := cmp.Diff(want, result{exitOK, stdout.String(), stderr.String()}); diff != "" {
			t.Fatal(diff)
		}
	}
}

// asRunfleet makes the test binary be runfleet, for tests that need several processes.
const asRunfleet = "RUNFLEET_TEST_AS_RUNFLEET"

func TestMain(m *testing.M) {
	if os.Getenv(asRunfleet) != "" {
		os.Exit(run(context.Background(), os.Args, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestRenderSaysWhatItMadeUp(t *testing.T) {
	noCluster(t)
	file := manifestFile(t, docsManifest+"---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}\n")
	got := call("render", "-f", file, "--attempt", "2")
	_, notes, _ := strings.Cut(got.Stderr, "Made up")
	want := `, as no cluster was asked:
  the image registry.example.com/agent:1.0.0
  the run's UID 00000000-0000-4000-8000-000000000001
  the member member-1
  the time 2026-01-02T03:04:05Z
  the failure of attempt 1
  the hub's UID 00000000-0000-4000-8000-000000000002
Warning: ` + file + `: ConfigMap other is no run and left out
`
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Error(diff)
	}
}

func TestRenderRefuses(t *testing.T) {
	noCluster(t)
	good := manifestFile(t, docsManifest)
	bad := manifestFile(t, strings.NewReplacer("sourceBranch: main", "sourceBranch: 'my branch'", "example/shop", "'https://x:y@example.com/shop'").Replace(docsManifest))
	unknown := manifestFile(t, strings.Replace(docsManifest, "githubUser", "branch: x, githubUser", 1))
	original := manifestFile(t, strings.Replace(docsManifest, "orchestrator.platform", "agents.platform", 1))
	secret := manifestFile(t, `{apiVersion: orchestrator.platform/v1, kind: CodeRun, metadata: {name: fix}, spec: {taskId: 7, service: auth, repositoryUrl: example/shop,
  model: opus, githubApp: bot, envFromSecrets: [{name: DATABASE, secretName: database, secretKey: url}]}}`)
	greedy := manifestFile(t, strings.Replace(docsManifest, "githubUser", "pod: {priorityClassName: top, resources: {limits: {memory: 64Gi}}}, githubUser", 1))
	none := manifestFile(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}\n")
	config := manifestFile(t, "agent: {image: {tag: '1'}}\n")
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"what the API server refuses", []string{"-f", bad}, exitFail, bad + ": docsrun/shop: the API server would refuse it:\n" +
			"  spec.repositoryUrl: must not contain a user name, password or token: put credentials into the Secret of the GitHub user and write https://host/path\n" +
			`  spec.sourceBranch: a branch must not contain a space, a control character or any of ~ ^ : ? * [ \: write a name such as feature/login` + "\n"},
		{"a field that is not there", []string{"-f", unknown}, exitFail, unknown + ": docsrun/shop: the API server would refuse it:\n" +
			`  DocsRun in version "v1" cannot be handled as a DocsRun: strict decoding error: unknown field "spec.branch"` + "\n"},
		{"a run of the original", []string{"-f", original}, exitFail, original + ": docsrun/shop is of the original system (agents.platform/v1): runfleet convert -f " + original + " makes a run of it\n"},
		{"a Secret that runs may not name", []string{"-f", secret, "--config", configExample}, exitFail, "rendering attempt 1 of CodeRun/default/fix: " +
			"spec.envFromSecrets: the configuration does not let runs name the Secret database: an administrator adds it, or a pattern such as team-*, to secrets.envAllowed"},
		{"a pod that runs may not ask for", []string{"-f", greedy, "--config", configExample}, exitFail, "rendering attempt 1 of DocsRun/default/shop: " +
			"spec.pod.priorityClassName: the configuration does not let runs choose top: leave it out; an administrator can add it to overrides.priorityClassNames\n" +
			"spec.pod.resources.limits.memory: 64Gi is more than the 4Gi that the configuration lets runs ask for: lower it; an administrator can raise overrides.maxResources\n"},
		{"no run", []string{"-f", none}, exitFail, none + ": there is no run in it: it needs a DocsRun or CodeRun of orchestrator.platform/v1\n"},
		{"no file", []string{"-f", "absent.yaml"}, exitFail, "reading manifests: stat absent.yaml: no such file or directory\n"},
		{"a configuration that is none", []string{"-f", good, "--config", config}, exitFail, config + " is no valid configuration:\n  agent.image.repository: is not set"},
		{"nothing", nil, exitUsage, "name a file with a run: -f FILE, or -f - for standard input\n"},
		{"one input twice", []string{"-f", "-", "--config", "-"}, exitUsage, "standard input is read once: name a file for the other\n"},
		{"no attempt", []string{"-f", good, "--attempt", "0"}, exitUsage, `invalid argument "0" for "--attempt" flag: attempts count from 1`},
		{"a form of output", []string{"-f", good, "-o", "yaml"}, exitUsage, "-o names a directory here, and the objects are YAML anyway: for a directory of this name write -o ./yaml\n"},
	} {
		got := call(append([]string{"render"}, c.args...)...)
		if got.Code != c.code || got.Stdout != "" || !strings.HasPrefix(got.Stderr, "runfleet: "+c.says) {
			t.Errorf("%s: exit code %d, stdout %q, says\n%s\nnot\n%s", c.name, got.Code, got.Stdout, got.Stderr, c.says)
		}
	}
}

func TestRenderWritesFilesUnderTheirNames(t *testing.T) {
	noCluster(t)
	directory := filepath.Join(t.TempDir(), "new", "out")
	file := manifestFile(t, docsManifest)
	got := call("render", "-f", file, "-o", directory)
	if got.Code != exitOK || !strings.HasPrefix(got.Stdout, "Attempt 1 of docsrun/shop in namespace default, on member member-1\n") {
		t.Fatalf("%+v", got)
	}
	in := renderInput{files: []string{file}}
	renderings, err := in.render(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{sums: ""}
	for _, f := range renderings[0].files {
		want[f.name] = f.text
	}
	for _, o := range renderings[0].objects {
		text, _, err := yamlOf(o, true)
		if err != nil {
			t.Fatal(err)
		}
		want["objects/"+strings.Replace(nameOf(o), "/", "-", 1)+".yaml"] = string(text)
	}
	have := tree(t, directory)
	have[sums] = ""
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}

	// Again, as another attempt: the objects of the first are gone, since nobody changed them.
	if got := call("render", "-f", file, "-o", directory, "--attempt", "2"); got.Code != exitOK {
		t.Fatalf("%+v", got)
	}
	have = tree(t, directory)
	if have["objects/job-shop-00000000-2.yaml"] == "" || have["objects/job-shop-00000000-1.yaml"] != "" || !strings.Contains(have["prompt.md"], "Attempt 1") {
		t.Errorf("%v", have)
	}
}

func tree(t *testing.T, directory string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(directory), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(directory, name))
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestRenderLeavesAloneWhatIsNotItsOwn(t *testing.T) {
	noCluster(t)
	file := manifestFile(t, docsManifest)
	outside := t.TempDir()
	for _, c := range []struct {
		name string
		make func(t *testing.T, directory string)
		says string
	}{
		{"a file of somebody", func(t *testing.T, d string) { put(t, d, "CLAUDE.md", "mine") },
			"has files that no rendering wrote, or that were changed since: CLAUDE.md: name another directory, or remove them"},
		{"a file that was changed", func(t *testing.T, d string) {
			call("render", "-f", file, "-o", d)
			put(t, d, "prompt.md", "mine")
		}, "has files that no rendering wrote, or that were changed since: prompt.md: "},
		{"sums of something else", func(t *testing.T, d string) { put(t, d, sums, "mine") }, "its SHA256SUMS is of something else"},
		{"a link in the place of a file", func(t *testing.T, d string) { link(t, outside, filepath.Join(d, "prompt.md")) }, "prompt.md is no regular file"},
		{"a link in the place of a directory", func(t *testing.T, d string) { link(t, outside, filepath.Join(d, "objects")) }, "escapes from parent"},
		{"a file in the place of the directory", func(t *testing.T, d string) {
			if err := os.Remove(d); err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Dir(d), filepath.Base(d), "mine")
		}, "not a directory"},
	} {
		directory := t.TempDir()
		c.make(t, directory)
		got := call("render", "-f", file, "-o", directory)
		if got.Code != exitFail || got.Stdout != "" || !strings.Contains(got.Stderr, c.says) {
			t.Errorf("%s: %+v", c.name, got)
		}
		if left := tree(t, outside); len(left) > 0 {
			t.Errorf("%s: written outside: %v", c.name, left)
		}
	}
}

func put(t *testing.T, directory, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, name string) {
	t.Helper()
	if err := os.Symlink(to, name); err != nil {
		t.Fatal(err)
	}
}

// A hook is written executable, a name that would lead out of the directory not at all.
func TestNoNameLeadsOut(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "out")
	if err := replaceFiles(directory, map[string]writtenFile{"hooks/x.sh": {[]byte("x"), 0o755}, "y": {[]byte("y"), 0o644}}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(directory, "hooks/x.sh"))
	if err != nil || info.Mode().Perm()&0o100 == 0 {
		t.Errorf("%v, %v", info, err)
	}
	for _, name := range []string{"../z", "hooks/../../z", "/z"} {
		if err := replaceFiles(directory, map[string]writtenFile{name: {[]byte("z"), 0o644}}); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	// What an earlier list of sums names is removed only below the directory.
	put(t, filepath.Dir(directory), "z", "mine")
	put(t, directory, sums, hexSum([]byte("mine"))+"  ../z\n")
	if err := replaceFiles(directory, map[string]writtenFile{"y": {[]byte("y"), 0o644}}); err != nil {
		t.Error(err)
	}
	if have := tree(t, filepath.Dir(directory))["z"]; have != "mine" {
		t.Errorf("a file outside is now %q", have)
	}
}

func TestFilesAreWhereThePodHasThem(t *testing.T) {
	m := &corev1.ConfigMap{Data: map[string]string{"hooks-a.sh": "a", "settings.json": "s", "unused": ""}}
	m.Name = "inputs"
	m.Kind = "ConfigMap"
	pod := corev1.PodSpec{
		Volumes: []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			DefaultMode: new(int32(0o444)),
			Sources: []corev1.VolumeProjection{{ConfigMap: &corev1.ConfigMapProjection{
				LocalObjectReference: corev1.LocalObjectReference{Name: "inputs"},
				Items:                []corev1.KeyToPath{{Key: "hooks-a.sh", Path: "hooks/a.sh", Mode: new(int32(0o555))}, {Key: "settings.json", Path: "settings.json"}},
			}}},
		}}}},
		Containers: []corev1.Container{{VolumeMounts: []corev1.VolumeMount{
			{Name: "config", MountPath: "/config"}, {Name: "config", MountPath: "/etc/s.json", SubPath: "settings.json"}, {Name: "x", MountPath: "/x"},
		}}},
	}
	want := []renderedFile{
		{object: "configmap/inputs", name: "hooks/a.sh", mode: 0o555, where: []string{"/config/hooks/a.sh"}, text: "a"},
		{object: "configmap/inputs", name: "settings.json", mode: 0o444, where: []string{"/config/settings.json", "/etc/s.json"}, text: "s"},
		{object: "configmap/inputs", name: "unused"},
	}
	if diff := cmp.Diff(want, filesOf(m, pod), cmp.AllowUnexported(renderedFile{})); diff != "" {
		t.Error(diff)
	}
}

func TestNothingCommandsTheTerminal(t *testing.T) {
	for text, want := range map[string]string{
		"a\tb\nü ─\n": "a\tb\nü ─\n", "\x1b[31mred": `\x1b[31mred`, "a\u202eb": `a\u202eb`, "a\rb\u0000": `a\rb\x00`, "a\u2028b": `a\u2028b`,
	} {
		if got := visible(text); got != want {
			t.Errorf("%q is shown as %q, not %q", text, got, want)
		}
	}
}
