package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runfleet/runfleet/test/controlplane/box"
	"github.com/runfleet/runfleet/test/controlplane/programs"
)

// asFleetbox makes this test's binary behave as the command, so that the tests
// run real processes and build nothing.
const asFleetbox = "RUNFLEET_TEST_AS_FLEETBOX"

// patience bounds every wait for something that happens by itself.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(asFleetbox) != "" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// result is what one run of the command left to see.
type result struct {
	code           int
	stdout, stderr string
}

// lastLine is what a person reads last on standard error.
func (r result) lastLine() string {
	lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
	return lines[len(lines)-1]
}

// command prepares one run of the command. A box that it makes ends with the
// test, whatever else happens.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	if dir := slices.Index(args, "--dir") + 1; args[0] == "up" && dir > 0 {
		t.Cleanup(func() { fleetbox(t, "down", "--dir", args[dir]) })
	}
	checkout, err := programs.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), asFleetbox+"=1"), env...)
	if env != nil {
		// Strange surroundings are not to reach bin/k8s of this checkout.
		cmd.Dir = t.TempDir()
		for _, file := range []string{"go.mod", "test/controlplane/binaries/go.mod", "test/controlplane/binaries/go.sum"} {
			copyFile(t, filepath.Join(checkout, file), filepath.Join(cmd.Dir, file))
		}
	}
	return cmd
}

func fleetbox(t *testing.T, args ...string) result {
	t.Helper()
	return fleetboxIn(t, nil, args...)
}

// fleetboxIn runs the command with further variables in its environment.
func fleetboxIn(t *testing.T, env []string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := command(t, env, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// up makes a box.
func up(t *testing.T, dir string, args ...string) result {
	t.Helper()
	r := fleetbox(t, append([]string{"up", "--dir", dir}, args...)...)
	if r.code != 0 {
		t.Fatalf("up ended with %d:\n%s", r.code, r.stderr)
	}
	return r
}

func record(t *testing.T, dir string) *box.Record {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "box.json"))
	if err != nil {
		t.Fatal(err)
	}
	r := &box.Record{}
	if err := json.Unmarshal(data, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// groups are the process groups of a box's programs.
func groups(r *box.Record) []int {
	var pids []int
	for _, parts := range r.Components {
		for _, p := range parts {
			pids = append(pids, p.PID)
		}
	}
	return pids
}

func pidOf(t *testing.T, r *box.Record, cluster, component string) int {
	t.Helper()
	for _, p := range r.Components[cluster] {
		if p.Name == component {
			return p.PID
		}
	}
	t.Fatalf("%s has no %s", cluster, component)
	return 0
}

// awaitNoProcess fails unless the supervisor and all its programs are gone soon.
func awaitNoProcess(t *testing.T, r *box.Record) {
	t.Helper()
	for _, pid := range append(groups(r), r.Supervisor) {
		await(t, "process group gone", func() bool {
			return errors.Is(syscall.Kill(-pid, 0), syscall.ESRCH)
		})
	}
}

func awaitAbsent(t *testing.T, path string) {
	t.Helper()
	await(t, path+" gone", func() bool {
		_, err := os.Stat(path)
		return errors.Is(err, os.ErrNotExist)
	})
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// script writes a program for the shell.
func script(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}
