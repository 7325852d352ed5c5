package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/runfleet/runfleet/test/controlplane/box"
)

func TestFleetLivesFromUpToDown(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := filepath.Join(root, "made", "fleet")
	r := up(t, dir, "--members", "2")
	at := func(name string) box.Cluster {
		return box.Cluster{Name: name, Kubeconfig: filepath.Join(dir, name, "kubeconfig")}
	}
	want := box.Summary{Dir: dir, Hub: at("hub"), Members: []box.Cluster{at("member-1"), at("member-2")}}
	var got box.Summary
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
		t.Fatalf("standard output is no single JSON object: %v\n%s", err, r.stdout)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	for _, c := range append(got.Members, got.Hub) {
		if err := answers(t, c.Kubeconfig); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	s := fleetbox(t, "status", "--dir", dir)
	if s.code != 0 || strings.Count(s.stdout, "  healthy\n") != 15 {
		t.Errorf("status ended with %d, want 0 and 15 healthy components:\n%s", s.code, s.stdout)
	}
	ran := record(t, dir)
	if d := fleetbox(t, "down", "--dir", dir); d.code != 0 || d.stderr != "" {
		t.Errorf("down ended with %d: %s", d.code, d.stderr)
	}
	awaitNoProcess(t, ran)
	if left, _ := os.ReadDir(root); len(left) != 0 {
		t.Errorf("down left %v", left)
	}
}

// answers asks a cluster for its namespaces and nodes, and for leave to do more.
func answers(t *testing.T, kubeconfig string) error {
	t.Helper()
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	if _, err := client.CoreV1().Namespaces().Get(t.Context(), "default", metav1.GetOptions{}); err != nil {
		return err
	}
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	if len(nodes.Items) != 2 {
		t.Errorf("got %d nodes, want 2", len(nodes.Items))
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "made-by-test"}}
	_, err = client.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{})
	return err
}

func TestBoxesRunSideBySide(t *testing.T) {
	t.Parallel()
	// A directory that was there stays there.
	one, two := t.TempDir(), t.TempDir()
	up(t, one, "--members", "0", "--nodes", "none")
	up(t, two, "--members", "0", "--nodes", "none")
	if taken := fleetbox(t, "up", "--dir", one); taken.code != 1 || !strings.Contains(taken.stderr, "is taken by a running box (supervisor ") {
		t.Errorf("up in a taken directory ended with %d: %s", taken.code, taken.stderr)
	}
	if d := fleetbox(t, "down", "--dir", one); d.code != 0 {
		t.Errorf("down ended with %d: %s", d.code, d.stderr)
	}
	if left, err := os.ReadDir(one); err != nil || len(left) != 0 {
		t.Errorf("down left %v (%v), want the empty directory", left, err)
	}
	if l := fleetbox(t, "load", "--dir", two, os.Args[0]); l.code != 1 || l.stderr != "fleetbox: the box in "+two+" has no real node; start one with: --nodes containerd\n" {
		t.Errorf("load without a real node ended with %d: %s", l.code, l.stderr)
	}
	if s := fleetbox(t, "status", "--dir", two); s.code != 0 {
		t.Errorf("the other box is not healthy any more:\n%s", s.stdout)
	}
}

func TestCrashIsReportedWithItsLastWord(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "box")
	up(t, dir, "--members", "1", "--nodes", "none")
	r := record(t, dir)
	log := filepath.Join(dir, "member-1", "logs", "etcd.log")
	if err := os.WriteFile(log, []byte("the first thing etcd said\n{\"level\":\"warn\",\"msg\":\"the last thing etcd said\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pidOf(t, r, "member-1", "etcd"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "crash in the record", func() bool { return len(record(t, dir).Crashes) > 0 })
	s := fleetbox(t, "status", "--dir", dir)
	for _, want := range []string{"unhealthy", "ended: signal: killed", "etcd of member-1 ended", "Its log is " + log + " and says last:\n  the last thing etcd said\n"} {
		if !strings.Contains(s.stdout, want) {
			t.Errorf("status does not say %q:\n%s", want, s.stdout)
		}
	}
	if s.code != 1 {
		t.Errorf("status ended with %d, want 1", s.code)
	}
	if strings.Contains(s.stdout, "the first thing") {
		t.Errorf("status tells more than the last word:\n%s", s.stdout)
	}
	said, _ := os.ReadFile(filepath.Join(dir, "supervisor.log"))
	if !strings.Contains(string(said), "  the first thing etcd said\n") {
		t.Errorf("the supervisor's log does not tell the crash:\n%s", said)
	}
}

func TestKilledSupervisorTakesItsProgramsWithIt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "box")
	up(t, dir, "--members", "0", "--nodes", "none")
	r := record(t, dir)
	if err := syscall.Kill(pidOf(t, r, "hub", "etcd"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "crash in the record", func() bool { return len(record(t, dir).Crashes) > 0 })
	if err := syscall.Kill(r.Supervisor, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitNoProcess(t, r)
	if s := fleetbox(t, "status", "--dir", dir); s.code != 1 || !strings.Contains(s.stdout, "  dead, supervisor was ") || !strings.Contains(s.stdout, "Clear it with: go run ./test/controlplane/fleetbox down --dir "+dir+"\n") {
		t.Errorf("status ended with %d, want 1 and a dead box:\n%s", s.code, s.stdout)
	}
	if s := fleetbox(t, "status", "--dir", dir); !strings.Contains(s.stdout, "\n  etcd ended (signal: killed)") || strings.Contains(s.stdout, "\n    ") {
		t.Errorf("status wants the supervisor's own last words:\n%s", s.stdout)
	}
	if again := fleetbox(t, "up", "--dir", dir); again.code != 1 || !strings.Contains(again.stderr, "holds a box whose supervisor is gone") {
		t.Errorf("up in its directory ended with %d: %s", again.code, again.stderr)
	}
	if d := fleetbox(t, "down", "--dir", dir); d.code != 0 {
		t.Errorf("down ended with %d: %s", d.code, d.stderr)
	}
	awaitAbsent(t, dir)
}

func TestDownClearsAfterASupervisorThatIsKilledMeanwhile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "box")
	up(t, dir, "--members", "0", "--nodes", "none")
	r := record(t, dir)
	if err := syscall.Kill(r.Supervisor, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	down := command(t, nil, "down", "--dir", dir)
	if err := down.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the supervisor asked to end", func() bool { return asked(t, r.Supervisor) })
	if err := syscall.Kill(r.Supervisor, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := down.Wait(); err != nil {
		t.Errorf("down: %v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", dir, err)
	}
}

// asked tells whether SIGTERM waits for a process that is stopped.
func asked(t *testing.T, pid int) bool {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, pending, _ := strings.Cut(string(data), "ShdPnd:\t")
	pending, _, _ = strings.Cut(pending, "\n")
	set, err := strconv.ParseUint(pending, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return set&(1<<(syscall.SIGTERM-1)) != 0
}

func TestUpThatEndsEarlyLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"interrupted": syscall.SIGINT, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "box")
			cmd := command(t, nil, "up", "--dir", dir, "--members", "1", "--nodes", "none")
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stderr)
			await(t, "etcd started", func() bool {
				_, err := os.Stat(filepath.Join(dir, "hub", "logs", "etcd.log"))
				return err == nil
			})
			r := record(t, dir)
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			var last string
			for lines.Scan() {
				last = lines.Text()
			}
			_ = cmd.Wait()
			if sig == syscall.SIGINT && (cmd.ProcessState.ExitCode() != 130 || !strings.Contains(last, "interrupted")) {
				t.Errorf("ended with %d: %s", cmd.ProcessState.ExitCode(), last)
			}
			awaitNoProcess(t, r)
			awaitAbsent(t, dir)
		})
	}
}
