package controlplane

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/runfleet/runfleet/test/controlplane/programs"
	"github.com/runfleet/runfleet/test/controlplane/stages"
)

// leaseSeconds keeps the nodes Ready: kwok renews a Lease every quarter of it,
// and the controller manager calls a node lost after fifty seconds without.
const leaseSeconds = 40

// startNodes starts what makes Jobs run, and the nodes that they run on.
func (c *ControlPlane) startNodes(ctx context.Context) error {
	config, err := stages.Config()
	if err != nil {
		return err
	}
	if err := c.write(map[string][]byte{"kwok.yaml": config}); err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(c.config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	// All at once: each mostly waits for its own first lists.
	parts := []*component{c.controllerManager(), c.scheduler(), c.kwok()}
	ended := make(chan error, len(parts))
	for _, m := range parts {
		go func() { ended <- c.run(ctx, m) }()
	}
	err = c.createNodes(ctx, client)
	for range parts {
		// The first error is the one; the others must still have ended, or their
		// processes would be started after Stop.
		if e := <-ended; err == nil {
			err = e
		}
	}
	if err != nil {
		return err
	}
	return c.awaitNodes(ctx, client, c.opts.Nodes)
}

func (c *ControlPlane) kwok() *component {
	k := &component{name: programs.Kwok, ports: 1, path: "/healthz"}
	k.args = func() []string {
		k.url = "https://" + k.address(0)
		return []string{
			"--kubeconfig=" + c.file("kubeconfig"),
			"--config=" + c.file("kwok.yaml"),
			"--manage-all-nodes=true",
			fmt.Sprintf("--node-lease-duration-seconds=%d", leaseSeconds),
			"--server-address=" + k.address(0),
			"--tls-cert-file=" + c.file("server.crt"),
			"--tls-private-key-file=" + c.file("server.key"),
		}
	}
	return k
}

func (c *ControlPlane) createNodes(ctx context.Context, client kubernetes.Interface) error {
	for i := range c.opts.Nodes {
		node := simulatedNode(fmt.Sprintf("%s-node-%d", c.opts.Name, i+1))
		if _, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("creating node %s: %w", node.Name, err)
		}
	}
	class := &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{
			Name:        stages.Class,
			Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		Provisioner: "kubernetes.io/no-provisioner",
	}
	if _, err := client.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("creating storage class %s: %w", class.Name, err)
	}
	return nil
}

// simulatedNode has room for more than any test asks for.
func simulatedNode(name string) *corev1.Node {
	room := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("10000"),
		corev1.ResourceMemory:           resource.MustParse("100Ti"),
		corev1.ResourceEphemeralStorage: resource.MustParse("1Pi"),
		corev1.ResourcePods:             resource.MustParse("1000000"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"},
			Labels: map[string]string{
				corev1.LabelHostname:   name,
				corev1.LabelOSStable:   "linux",
				corev1.LabelArchStable: "amd64",
			},
		},
		Status: corev1.NodeStatus{
			Allocatable: room,
			Capacity:    room,
			NodeInfo: corev1.NodeSystemInfo{
				Architecture: "amd64", OperatingSystem: "linux",
				KubeletVersion: "simulated", ContainerRuntimeVersion: "simulated",
			},
		},
	}
}

// awaitNodes returns when a Pod would find a node: all are Ready and the
// controller manager has taken the taint of new nodes off.
func (c *ControlPlane) awaitNodes(ctx context.Context, client kubernetes.Interface, want int) error {
	return c.until(ctx, "the nodes to be Ready", func(ctx context.Context) bool {
		list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false
		}
		ready := 0
		for _, node := range list.Items {
			for _, condition := range node.Status.Conditions {
				if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue && len(node.Spec.Taints) == 0 {
					ready++
				}
			}
		}
		return ready == want
	})
}
