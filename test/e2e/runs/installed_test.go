//go:build e2e

package runs

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// inPods has the operator installed by the chart, on a node of the hub.
var inPods = flag.Bool("installed", false, "install the operator on the hub instead of running it as a process")

const replicas = 2

// installed is the operator in the pods of a Deployment.
type installed struct {
	clientset *kubernetes.Clientset

	mu     sync.Mutex
	logs   map[types.UID]string // files, of every pod that there ever was
	exits  map[string]int32     // by pod, of those that have ended
	faults []string
}

// follow keeps what every pod of the operator says, and how it ends, until ctx ends.
func (o *installed) follow(ctx context.Context) error {
	var err error
	if o.clientset, err = kubernetes.NewForConfig(hub.Admin); err != nil {
		return err
	}
	o.logs, o.exits = map[types.UID]string{}, map[string]int32{}
	options := cache.Options{DefaultNamespaces: map[string]cache.Config{v1.SystemNamespace: {}}}
	return hub.Follow(ctx, options, func(seen client.Object, _ bool) {
		if pod, ok := seen.(*corev1.Pod); ok && len(pod.Status.ContainerStatuses) == 1 {
			o.note(ctx, pod, pod.Status.ContainerStatuses[0])
		}
	}, &corev1.Pod{})
}

func (o *installed) note(ctx context.Context, pod *corev1.Pod, s corev1.ContainerStatus) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s.State.Running != nil && o.logs[pod.UID] == "" {
		o.logs[pod.UID] = filepath.Join(program.Dir, pod.Name+".log")
		go o.record(ctx, pod.Name, o.logs[pod.UID])
	}
	if s.State.Terminated != nil {
		o.exits[pod.Name] = s.State.Terminated.ExitCode
	}
	if s.RestartCount > 0 || s.State.Terminated != nil && s.State.Terminated.ExitCode != 0 {
		o.faults = append(o.faults, fmt.Sprintf("%s restarted %d times: %+v %+v", pod.Name, s.RestartCount, s.State.Terminated, s.LastTerminationState.Terminated))
	}
}

// record writes what a pod says into a file, from its first word to its last.
func (o *installed) record(ctx context.Context, pod, path string) {
	stream, err := o.clientset.CoreV1().Pods(v1.SystemNamespace).GetLogs(pod, &corev1.PodLogOptions{Follow: true}).Stream(ctx)
	if err == nil {
		defer func() { _ = stream.Close() }()
		var f *os.File
		if f, err = os.Create(path); err == nil {
			_, err = io.Copy(f, stream)
			err = errors.Join(err, f.Close())
		}
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(GinkgoWriter, "the log of %s: %v\n", pod, err)
	}
}

// Says implements operators.
func (o *installed) Says() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all strings.Builder
	for _, path := range o.logs {
		text, _ := os.ReadFile(path) // not yet there: it has said nothing
		all.Write(text)
	}
	return all.String()
}

// Crashed implements operators.
func (o *installed) Crashed() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.faults, "\n")
}

// Metrics implements operators.
func (o *installed) Metrics() string {
	GinkgoHelper()
	var all strings.Builder
	for _, pod := range o.pods() {
		all.WriteString(o.proxied("pods/" + pod.Name + ":8080"))
	}
	return all.String()
}

// proxied are the metrics of a pod or a Service, by way of the API server.
func (o *installed) proxied(what string) string {
	GinkgoHelper()
	path := "/api/v1/namespaces/" + v1.SystemNamespace + "/" + what + "/proxy/metrics"
	text, err := o.clientset.CoreV1().RESTClient().Get().AbsPath(path).DoRaw(context.Background())
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

func (o *installed) pods() []corev1.Pod {
	GinkgoHelper()
	list := &corev1.PodList{}
	Expect(hub.List(context.Background(), list, client.InNamespace(v1.SystemNamespace))).To(Succeed())
	return list.Items
}

// leader is the name of the pod that leads, "" while none does.
func (o *installed) leader() string {
	GinkgoHelper()
	lease := &coordinationv1.Lease{}
	Expect(hub.Get(context.Background(), client.ObjectKey{Namespace: v1.SystemNamespace, Name: "runfleet"}, lease)).To(Succeed())
	if lease.Spec.HolderIdentity == nil {
		return ""
	}
	name, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_")
	return name
}

func (o *installed) deployment() (*appsv1.Deployment, error) {
	d := &appsv1.Deployment{}
	return d, hub.Get(context.Background(), client.ObjectKey{Namespace: v1.SystemNamespace, Name: "runfleet"}, d)
}

// Ready implements operators: it is rolled out.
func (o *installed) Ready() bool {
	d, err := o.deployment()
	return err == nil && d.Status.ObservedGeneration == d.Generation && d.Status.UpdatedReplicas == replicas &&
		d.Status.AvailableReplicas == replicas && d.Status.Replicas == replicas
}

// Stop implements operators.
func (o *installed) Stop() {
	GinkgoHelper()
	o.scale(0)
	Eventually(o.pods, "45s").Should(BeEmpty(), "they have 30 s to end")
}

// Start implements operators.
func (o *installed) Start() {
	GinkgoHelper()
	o.scale(replicas)
}

func (o *installed) scale(to int) {
	GinkgoHelper()
	d, err := o.deployment()
	Expect(err).NotTo(HaveOccurred())
	patch := fmt.Sprintf(`{"spec":{"replicas":%d}}`, to)
	Expect(hub.Patch(context.Background(), d, client.RawPatch(types.MergePatchType, []byte(patch)))).To(Succeed())
}

// command runs a program against the hub, with what it reads from standard input, and returns what it prints. It may warn of nothing.
func command(ctx context.Context, input []byte, path string, args ...string) []byte {
	GinkgoHelper()
	c := exec.CommandContext(ctx, path, args...)
	c.Env = append(os.Environ(), "KUBECONFIG="+hub.KubeconfigPath(), "KUBECACHEDIR="+program.Dir)
	c.Stdin = bytes.NewReader(input)
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	Expect(err).NotTo(HaveOccurred(), "%v: %s", args, said.String())
	Expect(said.String()).NotTo(ContainSubstring("Warning"))
	return out
}
