// Package programs finds the programs of a control plane or builds them.
//
// Which versions is said in one place, ../binaries/go.mod. A program is taken
// from the first of
//
//  1. the directory in KUBEBUILDER_ASSETS,
//  2. what setup-envtest has downloaded already, if it is of the same minor
//     version (only etcd, kube-apiserver and kubectl),
//  3. the cache, ${XDG_CACHE_HOME:-~/.cache}/runfleet/<hash>, where <hash> is of
//     everything that decides what the built program is,
//  4. a build with the go command, published into that cache.
//
// What only real nodes need besides (containerd, runc, CNI plugins) is taken as
// installed, else unpacked from Debian's packages into the cache.
//
// Whatever it is, it is linked into bin/k8s of the checkout, for people.
package programs

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/runfleet/runfleet/test/controlplane/disk"
)

// The names of the programs.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kwok              = "kwok"
	Kubectl           = "kubectl"
	Kubelet           = "kubelet"
	Pause             = "pause"
)

// packages says where the source of each program is. It is also the list of
// the names that exist.
var packages = map[string]string{
	Etcd:              "go.etcd.io/etcd/server/v3",
	APIServer:         "k8s.io/kubernetes/cmd/kube-apiserver",
	ControllerManager: "k8s.io/kubernetes/cmd/kube-controller-manager",
	Scheduler:         "k8s.io/kubernetes/cmd/kube-scheduler",
	Kwok:              "sigs.k8s.io/kwok/cmd/kwok",
	Kubectl:           "k8s.io/kubernetes/cmd/kubectl",
	Kubelet:           "k8s.io/kubernetes/cmd/kubelet",
	Pause:             "github.com/runfleet/runfleet/test/controlplane/binaries/pause",
}

// API are the programs that serve the Kubernetes API, enough for tests that
// write what controllers would write themselves.
func API() []string { return []string{Etcd, APIServer} }

// All are the programs of a cluster in which Jobs run to their end, and kubectl
// to look at it.
func All() []string {
	return []string{Etcd, APIServer, ControllerManager, Scheduler, Kwok, Kubectl}
}

// Node are the programs of a cluster in which Jobs run in real containers.
func Node() []string {
	return []string{
		Etcd, APIServer, ControllerManager, Scheduler, Kubectl,
		Kubelet, Pause, Containerd, Shim, Ctr, Runc, Bridge, HostLocal, Loopback,
	}
}

// A Set is where programs are: name to absolute path.
type Set map[string]string

// Options say how to find programs. The zero value suits tests.
type Options struct {
	// Progress takes a line for each build. Nil means standard error.
	Progress io.Writer
	// Free tells the free disk space before a build. Nil means disk.Free.
	Free disk.Gauge
}

// Need returns the places of the named programs and builds those that are
// nowhere. Several processes may ask at once: each program is built once.
func Need(ctx context.Context, o Options, names ...string) (Set, error) {
	if o.Progress == nil {
		o.Progress = os.Stderr
	}
	if o.Free == nil {
		o.Free = disk.Free
	}
	b, err := newBuilder(o)
	if err != nil {
		return nil, err
	}
	set := Set{}
	for _, name := range names {
		if packages[name] == "" && debian[name] == "" {
			return nil, fmt.Errorf("unknown program %q", name)
		}
		if set[name], err = b.find(ctx, name); err != nil {
			return nil, err
		}
		b.link(name, set[name])
	}
	return set, nil
}

func (b *builder) find(ctx context.Context, name string) (string, error) {
	if debian[name] != "" {
		if path := installed(name); path != "" {
			return path, nil
		}
		return b.unpack(ctx, name)
	}
	if path := b.asset(name); path != "" {
		return path, nil
	}
	path := filepath.Join(b.cache, name)
	if executable(path) {
		return path, nil
	}
	return path, b.build(ctx, name, path)
}

// link is for people only, so that it cannot fail: a checkout that is read-only
// runs its tests all the same.
func (b *builder) link(name, target string) {
	dir := filepath.Join(b.checkout, "bin", "k8s")
	link := filepath.Join(dir, name)
	if at, err := os.Readlink(link); err == nil && at == target {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return
	}
	// A new link is moved over the old one, so that no moment is without.
	fresh := fmt.Sprintf("%s.%d", link, os.Getpid())
	_ = os.Remove(fresh)
	if os.Symlink(target, fresh) == nil && os.Rename(fresh, link) != nil {
		_ = os.Remove(fresh)
	}
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
