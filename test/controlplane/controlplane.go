package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"k8s.io/client-go/rest"

	"github.com/runfleet/runfleet/test/controlplane/machine"
	"github.com/runfleet/runfleet/test/controlplane/process"
	"github.com/runfleet/runfleet/test/controlplane/programs"
)

// Options say what to start. The zero value is an API server with its etcd, in
// a directory of its own: what most tests want.
type Options struct {
	// Name of the cluster, also of the context in its kubeconfig. Defaults to
	// "hub".
	Name string
	// Dir takes everything the control plane writes. It must be empty or absent,
	// and Stop removes it. Defaults to a fresh temporary directory.
	Dir string
	// Nodes is the number of simulated nodes. With none there are only etcd and
	// kube-apiserver, and Jobs stay as they are written. With any there are also
	// kube-controller-manager, kube-scheduler and kwok, and Jobs run as the
	// package stages says.
	Nodes int
	// Containerd asks for one real node instead: a kubelet and a containerd, so
	// that Jobs run in containers. It needs root on Linux; machine.Missing says
	// what lacks.
	Containerd bool
	// Audited are the users whose requests Audit tells.
	Audited []string
	// Programs are those to run. Defaults to what programs.Need finds or builds.
	Programs programs.Set
	// Progress takes the lines of builds. Defaults to standard error.
	Progress io.Writer
}

// A ControlPlane runs until Stop, or until the process that started it ends.
type ControlPlane struct {
	opts       Options
	dir        string
	release    func()
	authority  *authority
	url        string
	config     *rest.Config
	kubeconfig []byte
	outside    string

	mu      sync.Mutex
	running []*component
	stopped bool
	ends    []func() // what to end before the programs
	crashes chan *process.Crash
}

// Start starts a control plane and returns when it serves: the namespace
// default exists and, if there are nodes, they are Ready and a Job would run.
// The end of ctx cuts the start short; afterwards it has no meaning. When Start
// returns an error, nothing is left of what it began.
func Start(ctx context.Context, o Options) (*ControlPlane, error) {
	if o.Name == "" {
		o.Name = "hub"
	}
	if o.Containerd {
		if err := machine.Missing(); err != nil {
			return nil, err
		}
	}
	if o.Programs == nil {
		set, err := programs.Need(ctx, programs.Options{Progress: o.Progress}, o.needs()...)
		if err != nil {
			return nil, err
		}
		o.Programs = set
	}
	dir, release, err := claim(o.Dir)
	if err != nil {
		return nil, err
	}
	c := &ControlPlane{opts: o, dir: dir, release: release, crashes: make(chan *process.Crash, 8)}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", o.Name, err), c.Stop())
	}
	return c, nil
}

func (o Options) needs() []string {
	switch {
	case o.Containerd:
		return programs.Node()
	case o.Nodes == 0:
		return programs.API()
	}
	return []string{programs.Etcd, programs.APIServer, programs.ControllerManager, programs.Scheduler, programs.Kwok}
}

// works tells whether Jobs run.
func (o Options) works() bool { return o.Nodes > 0 || o.Containerd }

// start brings the components up, each as soon as what it needs is there.
func (c *ControlPlane) start(ctx context.Context) error {
	if err := errors.Join(c.writeCredentials(), c.writeAuditPolicy()); err != nil {
		return err
	}
	etcd := c.etcd()
	if err := c.run(ctx, etcd); err != nil {
		return err
	}
	if err := c.run(ctx, c.apiServer(etcd.url)); err != nil {
		return err
	}
	if err := c.writeKubeconfig(); err != nil {
		return err
	}
	switch {
	case c.opts.Containerd:
		if err := c.startMachine(ctx); err != nil {
			return err
		}
	case c.opts.Nodes > 0:
		if err := c.startNodes(ctx); err != nil {
			return err
		}
	}
	return c.awaitNamespace(ctx)
}

// Name is the name of the cluster.
func (c *ControlPlane) Name() string { return c.opts.Name }

// Config returns a client configuration of an administrator, the caller's to
// change.
func (c *ControlPlane) Config() *rest.Config { return rest.CopyConfig(c.config) }

// Kubeconfig returns the administrator's kubeconfig, whole in itself.
func (c *ControlPlane) Kubeconfig() []byte { return append([]byte(nil), c.kubeconfig...) }

// KubeconfigPath is the file that holds Kubeconfig.
func (c *ControlPlane) KubeconfigPath() string { return c.file("kubeconfig") }

// Dir is the directory that holds everything, the logs among it.
func (c *ControlPlane) Dir() string { return c.dir }

// Components lists what runs, in the order it was started.
func (c *ControlPlane) Components() []Component {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]Component, 0, len(c.running))
	for _, r := range c.running {
		list = append(list, Component{Name: r.name, PID: r.process.PID(), Log: r.process.Log, Health: r.probeURL()})
	}
	return list
}

// Crashes delivers each component that ends without having been asked to. It is
// not restarted: whoever tests with it wants to see why.
func (c *ControlPlane) Crashes() <-chan *process.Crash { return c.crashes }

// Stop ends every process and removes the directory. It may be called twice.
func (c *ControlPlane) Stop() error {
	c.mu.Lock()
	running, ends := c.running, c.ends
	c.running, c.ends, c.stopped = nil, nil, true
	c.mu.Unlock()
	for _, end := range slices.Backward(ends) {
		end()
	}
	for _, m := range slices.Backward(running) {
		m.process.Stop()
	}
	if c.release == nil {
		return nil
	}
	defer c.release()
	return Remove(c.dir)
}

// Remove removes what the control plane in dir has left, once its programs are
// ended or the process that started them is.
func Remove(dir string) error {
	if err := machine.Remove(filepath.Join(dir, machineDir)); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing %s: %w", dir, err)
	}
	return nil
}

// atEnd has something done before the programs are ended, the last first.
func (c *ControlPlane) atEnd(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends = append(c.ends, do)
}

func (c *ControlPlane) file(name string) string { return filepath.Join(c.dir, name) }

func (c *ControlPlane) writeCredentials() error {
	var err error
	if c.authority, err = newAuthority(c.opts.Name); err != nil {
		return err
	}
	server, err := c.authority.server()
	if err != nil {
		return err
	}
	kubelets, err := c.authority.client("kube-apiserver", "system:masters")
	if err != nil {
		return err
	}
	accounts, err := serviceAccountKey()
	if err != nil {
		return err
	}
	return c.write(map[string][]byte{
		"ca.crt":              c.authority.pem,
		"server.crt":          server.cert,
		"server.key":          server.key,
		"kubelet-client.crt":  kubelets.cert,
		"kubelet-client.key":  kubelets.key,
		"service-account.key": accounts,
	})
}

func (c *ControlPlane) write(files map[string][]byte) error {
	for name, data := range files {
		if err := os.WriteFile(c.file(name), data, 0o600); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

func (c *ControlPlane) writeKubeconfig() error {
	var err error
	if c.config, err = c.User("admin", "system:masters"); err != nil {
		return err
	}
	if c.kubeconfig, err = kubeconfig(c.opts.Name, c.config); err != nil {
		return err
	}
	return c.write(map[string][]byte{"kubeconfig": c.kubeconfig})
}
