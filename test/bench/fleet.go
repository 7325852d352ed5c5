package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers"
	"github.com/runfleet/runfleet/test/controlplane"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The users whose requests are told apart.
const (
	operatorUser = "bench-operator"
	clientUser   = "bench-client"
)

// testFleet is a hub, two members and an operator.
type testFleet struct {
	dir      string
	planes   []*controlplane.ControlPlane // the hub first
	clients  []client.WithWatch           // of the bench's own user, in the same order
	operator *exec.Cmd
	metrics  string // URL of the operator's metrics
}

var memberNames = []string{"member-1", "member-2"}

func startFleet(ctx context.Context) (*testFleet, error) {
	dir, err := os.MkdirTemp("", "runfleet-bench-")
	if err != nil {
		return nil, fmt.Errorf("making a directory: %w", err)
	}
	f := &testFleet{dir: dir}
	if err := f.start(ctx); err != nil {
		f.stop()
		return nil, err
	}
	return f, nil
}

func (f *testFleet) start(ctx context.Context) error {
	for i, name := range append([]string{"hub"}, memberNames...) {
		nodes := 2
		if i == 0 {
			nodes = 0
		}
		plane, err := controlplane.Start(ctx, controlplane.Options{
			Name: name, Dir: filepath.Join(f.dir, name), Nodes: nodes,
			Audited: []string{operatorUser, clientUser}, // both sides of the comparison pay for it
		})
		if err != nil {
			return fmt.Errorf("starting %s: %w", name, err)
		}
		f.planes = append(f.planes, plane)
		c, err := f.clientOf(plane)
		if err != nil {
			return err
		}
		f.clients = append(f.clients, c)
	}
	if err := f.install(ctx); err != nil {
		return fmt.Errorf("preparing the hub: %w", err)
	}
	return f.startOperator(ctx)
}

func (f *testFleet) clientOf(plane *controlplane.ControlPlane) (client.WithWatch, error) {
	config, err := plane.User(clientUser, "system:masters")
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	scheme, err := reconcilers.Scheme()
	if err != nil {
		return nil, err
	}
	return client.NewWithWatch(config, client.Options{Scheme: scheme})
}

// install creates kinds, configuration and members on the hub.
func (f *testFleet) install(ctx context.Context) error {
	if err := installCRDs(ctx, f.planes[0].Config()); err != nil {
		return err
	}
	hub := f.clients[0]
	meta := metav1.ObjectMeta{Namespace: v1.SystemNamespace, Name: v1.ConfigMapName}
	objects := []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: v1.SystemNamespace}},
		&corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{v1.ConfigMapKey: configuration}},
	}
	for i, name := range memberNames {
		kubeconfig, err := kubeconfigOf(f.planes[i+1])
		if err != nil {
			return err
		}
		objects = append(objects,
			&corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Namespace: v1.SystemNamespace, Name: name}, Data: map[string][]byte{"kubeconfig": kubeconfig},
			},
			&v1.MemberCluster{
				ObjectMeta: metav1.ObjectMeta{Name: name},
				Spec:       v1.MemberClusterSpec{KubeconfigSecretRef: &v1.KubeconfigSecretRef{Name: name, Key: "kubeconfig"}},
			})
	}
	for _, o := range objects {
		if err := hub.Create(ctx, o); err != nil {
			return fmt.Errorf("creating %T %s: %w", o, o.GetName(), err)
		}
	}
	return nil
}

const configuration = `agent: {image: {repository: registry.example.com/agent, tag: "1"}}`

// kubeconfigOf is a kubeconfig of the operator's own user, so that its requests are told from all others.
func kubeconfigOf(plane *controlplane.ControlPlane) ([]byte, error) {
	config, err := plane.User(operatorUser, "system:masters")
	if err != nil {
		return nil, err
	}
	return clientcmd.Write(asKubeconfig(config))
}

func asKubeconfig(c *rest.Config) clientcmdapi.Config {
	const name = "bench"
	k := clientcmdapi.NewConfig()
	k.Clusters[name] = &clientcmdapi.Cluster{Server: c.Host, CertificateAuthorityData: c.CAData}
	k.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: c.CertData, ClientKeyData: c.KeyData}
	k.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	k.CurrentContext = name
	return *k
}

// startOperator starts the operator as its users do, and returns once both members take runs.
func (f *testFleet) startOperator(ctx context.Context, flags ...string) error {
	address, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	f.metrics = "http://" + address + "/metrics"
	// Hub, members and both clients share the cores: nobody is to take over.
	flags = append([]string{"--metrics-address", address, "--lease-duration", "60s", "--renew-deadline", "50s"}, flags...)
	f.operator, err = f.replica(ctx, "operator", flags...)
	if err != nil {
		return err
	}
	return f.awaitMembers(ctx)
}

// replica starts one process of the operator. Who starts it ends it.
func (f *testFleet) replica(ctx context.Context, name string, flags ...string) (*exec.Cmd, error) {
	kubeconfig, err := kubeconfigOf(f.planes[0])
	if err != nil {
		return nil, err
	}
	file := filepath.Join(f.dir, name+".kubeconfig")
	if err := os.WriteFile(file, kubeconfig, 0o600); err != nil {
		return nil, fmt.Errorf("writing the operator's kubeconfig: %w", err)
	}
	log, err := os.Create(filepath.Join(f.dir, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("making the operator's log: %w", err)
	}
	defer log.Close()
	flags = append([]string{"operator", "--kubeconfig", file, "--health-address", "0"}, flags...)
	cmd := exec.CommandContext(ctx, "bin/runfleet", flags...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the operator: %w", err)
	}
	return cmd, nil
}

// end ends a process and waits for it.
func end(cmd *exec.Cmd, s os.Signal) {
	if cmd != nil && cmd.Process != nil {
		_ = cmd.Process.Signal(s)
		_ = cmd.Wait()
	}
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("choosing a port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// stop ends everything and removes the directory, unless the operator's log is worth a look.
func (f *testFleet) stop() {
	end(f.operator, syscall.SIGTERM)
	for _, p := range f.planes {
		_ = p.Stop()
	}
	_ = os.RemoveAll(f.dir)
}

// rss is the operator's peak resident set in MiB, as the kernel counts it.
func (f *testFleet) rss() (float64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.operator.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("reading the operator's memory: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
			kib, err := strconv.ParseFloat(fields[1], 64)
			return kib / 1024, err
		}
	}
	return 0, errors.New("the kernel does not tell the operator's memory")
}
