//go:build docs

package docs

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/runfleet/runfleet/test/controlplane"
)

const (
	root    = "../.."
	minutes = 4 // a page may take, and whoever waits in it for nothing is told so
)

func TestEveryCommandOfEveryPageRuns(t *testing.T) {
	preludes, err := filepath.Glob("testdata/preludes/*.sh")
	if err != nil {
		t.Fatal(err)
	}
	unused := map[string]bool{}
	for _, p := range preludes {
		unused[filepath.Base(p)] = filepath.Base(p) != "common.sh"
	}
	tools := build(t)
	for _, name := range pages(t) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		p, err := read(string(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, u := range p.unrun {
			t.Logf("%s:%s", name, u)
		}
		if p.blocks == 0 {
			continue
		}
		prelude := strings.ReplaceAll(strings.TrimSuffix(name, ".md"), "/", "-") + ".sh"
		unused[prelude] = false
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told(t, name, p.script, prelude, tools)
		})
	}
	for prelude := range unused {
		if unused[prelude] {
			t.Errorf("testdata/preludes/%s belongs to no page", prelude)
		}
	}
}

// pages are the documents of the checkout, as git knows them.
func pages(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "-C", root, "ls-files", "-co", "--exclude-standard", "*.md").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// build makes runfleet, once for all pages.
func build(t *testing.T) (directory string) {
	t.Helper()
	directory = t.TempDir()
	cmd := exec.Command("go", "build", "-trimpath", "-o", directory, "./cmd/runfleet")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return directory
}

// told runs a page's script in a copy of the checkout.
func told(t *testing.T, name, script, prelude, tools string) {
	t.Helper()
	checkout := filepath.Join(t.TempDir(), "runfleet")
	copied(t, checkout)
	environment := append(surroundings(t), "PAGE="+name, "PATH="+tools+":"+filepath.Join(checkout, "bin", "k8s")+":"+os.Getenv("PATH"))
	preludes, err := filepath.Abs("testdata/preludes")
	if err != nil {
		t.Fatal(err)
	}
	first := `. "` + filepath.Join(preludes, "common.sh") + `"`
	if text, err := os.ReadFile(filepath.Join(preludes, prelude)); err == nil {
		environment = append(environment, clusters(t, string(text))...)
		first += `; . "` + filepath.Join(preludes, prelude) + `"`
	} else if !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), filepath.Base(name))
	if err := os.WriteFile(file, []byte(first+script), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), minutes*time.Minute)
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "bash", file)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = checkout, environment, &said, &said
	cmd.Stdin = strings.NewReader("typed by a person\n")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it left in the background ends with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	err = cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, said.String())
	}
}

// copied copies the checkout as git sees it, with what is not committed yet.
func copied(t *testing.T, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `git ls-files -z -co --exclude-standard | tar --null --files-from=- -c | tar -x -C "$0"`, to)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// surroundings keep what is run from this user's own files, but for the caches of builds.
func surroundings(t *testing.T) []string {
	t.Helper()
	home := t.TempDir()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	values := strings.Split(strings.TrimSpace(string(out)), "\n")
	return append(os.Environ(), "HOME="+home, "TMPDIR="+home, "XDG_CACHE_HOME="+cache, "GOCACHE="+values[0], "GOMODCACHE="+values[1],
		"GOPROXY="+values[2], "GOFLAGS=-trimpath", "KUBECONFIG="+filepath.Join(home, "kubeconfig"))
}

// clusters starts those that a prelude names in its first line: "# clusters: hub eu-1 eu-2".
func clusters(t *testing.T, prelude string) []string {
	t.Helper()
	line, _, _ := strings.Cut(prelude, "\n")
	names, found := strings.CutPrefix(line, "# clusters: ")
	if !found {
		t.Fatal(`the first line of a prelude is "# clusters:" and their names, the hub's first`)
	}
	var all *clientcmdapi.Config
	for name := range strings.FieldsSeq(names) {
		config, err := clientcmd.Load(controlplane.ForTest(t, controlplane.Options{Name: name, Nodes: 1}).Kubeconfig())
		if err != nil {
			t.Fatal(err)
		}
		chosen := config.Contexts[config.CurrentContext]
		if all == nil { // the hub's context is the current one
			all = clientcmdapi.NewConfig()
			all.CurrentContext = name
		}
		all.Clusters[name], all.AuthInfos[name] = config.Clusters[chosen.Cluster], config.AuthInfos[chosen.AuthInfo]
		all.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*all, file); err != nil {
		t.Fatal(err)
	}
	return []string{"KUBECONFIG=" + file}
}
