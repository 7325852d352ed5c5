//go:build e2e

package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/runfleet/runfleet/test/controlplane/images"
	"github.com/runfleet/runfleet/test/controlplane/programs"
)

// traces are what real nodes leave on this machine while they run: cgroups, the
// ends of cables, mounts.
func traces(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("/sys/fs/cgroup/*/runfleet-*")
	if err != nil {
		t.Fatal(err)
	}
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if strings.HasPrefix(l.Name, "runfleet") {
			found = append(found, l.Name)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	return append(found, strings.Split(string(mounts), "\n")...)
}

// newTraces are those that were not there before.
func newTraces(t *testing.T, before []string) []string {
	t.Helper()
	known := map[string]bool{}
	for _, b := range before {
		known[b] = true
	}
	var fresh []string
	for _, now := range traces(t) {
		if !known[now] {
			fresh = append(fresh, now)
		}
	}
	return fresh
}

func probe(t *testing.T) string {
	t.Helper()
	tar, err := images.Probe(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return tar
}

// waiting starts a pod that says word and waits, on a cluster's real node.
func waiting(t *testing.T, kubeconfig, word string) {
	t.Helper()
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	pods := kubernetes.NewForConfigOrDie(cfg).CoreV1().Pods("default")
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: word},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "probe", Image: images.ProbeImage, Args: []string{"say", word, "wait"}}}},
	}
	if _, err := pods.Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, "pod "+word+" waiting", func() bool {
		got, err := pods.Get(t.Context(), word, metav1.GetOptions{})
		return err == nil && got.Status.Phase == corev1.PodRunning
	})
}

// logsOf is what kubectl logs says.
func logsOf(t *testing.T, kubeconfig, pod string) string {
	t.Helper()
	set, err := programs.Need(t.Context(), programs.Options{}, programs.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	cmd := command(t, nil, "logs", pod, "--kubeconfig", kubeconfig, "--cache-dir", t.TempDir())
	cmd.Path = set[programs.Kubectl]
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("kubectl logs: %v", err)
	}
	return string(out)
}

func running(t *testing.T, word string) bool {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if data, err := os.ReadFile(path); err == nil && string(data) == "/probe\x00say\x00"+word+"\x00wait\x00" {
			return true
		}
	}
	return false
}

func TestRealNodesLiveFromUpToDown(t *testing.T) {
	before := traces(t)
	dir := filepath.Join(t.TempDir(), "box")
	up(t, dir, "--members", "2", "--nodes", "containerd", "--hub-node", "--image", probe(t))
	r := record(t, dir)
	if s := fleetbox(t, "status", "--dir", dir); s.code != 0 || strings.Count(s.stdout, "  healthy\n") != 18 {
		t.Errorf("status ended with %d, want 0 and 18 healthy components:\n%s", s.code, s.stdout)
	}
	for _, c := range r.Clusters() {
		waiting(t, c.Kubeconfig, "on-"+c.Name)
		if got, want := logsOf(t, c.Kubeconfig, "on-"+c.Name), "on-"+c.Name+"\nwaiting\n"; got != want {
			t.Errorf("the logs on %s are %q, want %q", c.Name, got, want)
		}
	}
	for _, fresh := range newTraces(t, before) {
		if strings.HasPrefix(fresh, "/dev") || strings.Contains(fresh, " ") {
			t.Errorf("a mount of a node is seen outside: %s", fresh)
		}
	}
	if d := fleetbox(t, "down", "--dir", dir); d.code != 0 || d.stderr != "" {
		t.Errorf("down ended with %d: %s", d.code, d.stderr)
	}
	nothingLeft(t, r.Dir, before, "on-hub", "on-member-1", "on-member-2")
}

func nothingLeft(t *testing.T, dir string, before []string, words ...string) {
	t.Helper()
	if left := newTraces(t, before); len(left) > 0 {
		t.Errorf("left on this machine: %q", left)
	}
	for _, word := range words {
		if running(t, word) {
			t.Errorf("the container that said %s still runs", word)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", dir, err)
	}
}

func TestKilledSupervisorTakesItsRealNodesWithIt(t *testing.T) {
	before := traces(t)
	dir := filepath.Join(t.TempDir(), "box")
	up(t, dir, "--members", "1", "--nodes", "containerd")
	if bad := fleetbox(t, "load", "--dir", dir, os.Args[0]); bad.code != 1 || !strings.Contains(bad.stderr, "fleetbox: member-1: importing "+os.Args[0]+": ") {
		t.Errorf("loading what is no image ended with %d: %s", bad.code, bad.stderr)
	}
	if l := fleetbox(t, "load", "--dir", dir, probe(t)); l.code != 0 {
		t.Fatalf("load ended with %d: %s", l.code, l.stderr)
	}
	r := record(t, dir)
	waiting(t, r.Members[0].Kubeconfig, "orphan")
	if err := syscall.Kill(r.Supervisor, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "the container gone without anybody's help", func() bool { return !running(t, "orphan") })
	if d := fleetbox(t, "down", "--dir", dir); d.code != 0 {
		t.Errorf("down ended with %d: %s", d.code, d.stderr)
	}
	nothingLeft(t, dir, before, "orphan")
}

func TestRealNodesSayWhatTheyNeed(t *testing.T) {
	// Where anybody may run it.
	at, err := os.MkdirTemp("", "runfleet-fleetbox-") //nolint:usetesting // t.TempDir is for its owner alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(at) })
	cmd := command(t, nil, "up", "--nodes", "containerd", "--dir", filepath.Join(at, "box"))
	cmd.Path = filepath.Join(at, "fleetbox")
	copyFile(t, os.Args[0], cmd.Path)
	for _, path := range []string{at, cmd.Path} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, _ := cmd.CombinedOutput()
	if want := "fleetbox: real nodes need what is missing here: root (for namespaces, mounts and cgroups)\n"; string(out) != want || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("as nobody, up ended with %d: %q, want %q", cmd.ProcessState.ExitCode(), out, want)
	}
}
