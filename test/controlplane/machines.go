package controlplane

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/runfleet/runfleet/test/controlplane/images"
	"github.com/runfleet/runfleet/test/controlplane/machine"
	"github.com/runfleet/runfleet/test/controlplane/process"
	"github.com/runfleet/runfleet/test/controlplane/programs"
	"github.com/runfleet/runfleet/test/controlplane/volumes"
)

// machineDir is where a control plane's machine is, below its own directory.
const machineDir = "node"

// startMachine starts what makes Jobs run, and one real node for them.
func (c *ControlPlane) startMachine(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(c.config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	if err := c.startVolumes(ctx, client); err != nil {
		return err
	}
	parts := []func() error{
		func() error { return c.run(ctx, c.controllerManager()) },
		func() error { return c.run(ctx, c.scheduler()) },
		func() error { return c.runMachine(ctx) },
	}
	ended := make(chan error, len(parts))
	for _, start := range parts {
		go func() { ended <- start() }()
	}
	for range parts {
		if e := <-ended; err == nil {
			err = e
		}
	}
	if err != nil {
		return err
	}
	return c.awaitNodes(ctx, client, 1)
}

// startVolumes serves claims until the control plane stops.
func (c *ControlPlane) startVolumes(ctx context.Context, client kubernetes.Interface) error {
	p := &volumes.Provisioner{
		Client: client,
		Dir:    filepath.Join(c.file(machineDir), machine.Volumes),
		Path:   "/" + machine.Volumes,
		Log:    log.New(os.Stderr, c.opts.Name+": ", log.LstdFlags|log.LUTC),
	}
	if err := p.CreateClass(ctx); err != nil {
		return err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	c.atEnd(end)
	go func() {
		if err := p.Run(life); err != nil {
			p.Log.Print(err)
		}
	}()
	return nil
}

// runMachine starts the machine, in another network where somebody else took
// ours between our choice and its use, and then the kubelet in it.
func (c *ControlPlane) runMachine(ctx context.Context) error {
	for try := 1; ; try++ {
		network, err := machine.ChooseNetwork()
		if err != nil {
			return err
		}
		c.atEnd(network.Release)
		m := &machine.Machine{
			Name: c.opts.Name + "-node-1", Dir: c.file(machineDir), Network: network, Services: serviceAddress, Programs: c.opts.Programs,
		}
		containerd, err := c.startContainerd(ctx, m)
		if err == nil {
			return c.startKubelet(ctx, m, containerd)
		}
		if try == portTries || ctx.Err() != nil || !networkTaken(containerd) {
			return err
		}
	}
}

func networkTaken(m *component) bool {
	return m != nil && m.process != nil && strings.Contains(strings.Join(process.Tail(m.process.Log, 5), "\n"), "File exists")
}

func (c *ControlPlane) startContainerd(ctx context.Context, m *machine.Machine) (*component, error) {
	files, err := c.machineFiles(m.Network)
	if err != nil {
		return nil, err
	}
	if err := m.Prepare(files); err != nil {
		return nil, err
	}
	command := m.Containerd()
	containerd := &component{
		name: programs.Containerd, program: command[0], apart: true, url: m.ContainerdHealth(),
		args: func() []string { return command[1:] },
	}
	containerd.after = func(ctx context.Context) error { return c.serveAPIServer(ctx, containerd) }
	if err := c.run(ctx, containerd); err != nil {
		return containerd, err
	}
	pause := c.file(machineDir + "/pause.tar")
	if err := images.Program(pause, machine.PauseImage, c.opts.Programs[programs.Pause]); err != nil {
		return containerd, err
	}
	return containerd, c.Load(ctx, pause)
}

func (c *ControlPlane) startKubelet(ctx context.Context, m *machine.Machine, containerd *component) error {
	// What the kubelet asks of the API server passes by the machine's address of
	// the outside: the API server itself serves this machine's loopback alone.
	gate, err := openGate(ctx, m.Network.Outside()+":"+c.port(), strings.TrimPrefix(c.url, "https://"))
	if err != nil {
		return err
	}
	c.atEnd(gate)
	c.outside = m.Network.Outside()
	kubelet := &component{
		name: programs.Kubelet, program: "nsenter", url: m.KubeletHealth(),
		args: func() []string { return m.Kubelet(containerd.process.PID())[1:] },
	}
	return c.run(ctx, kubelet)
}

// machineFiles are the certificates of a node in that network.
func (c *ControlPlane) machineFiles(n machine.Network) (machine.Files, error) {
	node := c.opts.Name + "-node-1"
	server, err := c.authority.serverAt("kubelet", n.Machine())
	if err != nil {
		return machine.Files{}, err
	}
	config, err := c.User("system:node:"+node, "system:nodes")
	if err != nil {
		return machine.Files{}, err
	}
	config.Host = "https://" + n.Outside() + ":" + c.port()
	config.ServerName = "kubernetes"
	kubeconfig, err := kubeconfig(c.opts.Name, config)
	if err != nil {
		return machine.Files{}, err
	}
	return machine.Files{Kubeconfig: kubeconfig, Authority: c.authority.pem, Cert: server.cert, Key: server.key}, nil
}

// port is the API server's.
func (c *ControlPlane) port() string { return c.url[strings.LastIndex(c.url, ":")+1:] }

// askKubelets are the arguments by which the API server finds a kubelet, knows it
// and is known to it: for logs.
func (c *ControlPlane) askKubelets() []string {
	return []string{
		"--kubelet-preferred-address-types=InternalIP",
		"--kubelet-certificate-authority=" + c.file("ca.crt"),
		"--kubelet-client-certificate=" + c.file("kubelet-client.crt"),
		"--kubelet-client-key=" + c.file("kubelet-client.key"),
	}
}

// Load imports the images of tars, as `docker save` writes them or as OCI
// layouts, into the real node. Pods use them with any pull policy but Always.
func (c *ControlPlane) Load(ctx context.Context, tars ...string) error {
	for _, m := range c.Components() {
		if m.Name == programs.Containerd {
			for _, tar := range tars {
				if err := machine.Load(ctx, c.opts.Programs[programs.Ctr], m.PID, tar); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return errors.New("importing images: " + c.opts.Name + " has no real node")
}

// OutsideConfig is Config by the way that pods of any real node on this machine can
// take. It is nil where there is no real node.
func (c *ControlPlane) OutsideConfig() *rest.Config {
	if c.outside == "" {
		return nil
	}
	config := c.Config()
	config.Host = "https://" + c.outside + ":" + c.port()
	config.ServerName = "kubernetes"
	return config
}

// Outside is the address of this machine that pods of the real node reach, for
// the servers of a test. It is empty where there is no real node.
func (c *ControlPlane) Outside() string { return c.outside }
