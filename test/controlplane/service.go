package controlplane

import (
	"context"
	"fmt"
	"strings"
)

const (
	// serviceRange is where a cluster's Services have their addresses.
	serviceRange = "10.0.0.0/24"
	// serviceAddress is the first of them, which Kubernetes gives to the Service
	// kubernetes: there pods look for the API server.
	serviceAddress = "10.0.0.1"
)

// serveAPIServer lets the pods of a machine reach the API server as they do
// everywhere, by the address of the Service kubernetes. It is what a kube-proxy
// would do for this one Service, and ends with the machine's first process.
func (c *ControlPlane) serveAPIServer(ctx context.Context, containerd *component) error {
	p := containerd.process
	listener, err := listenIn(ctx, fmt.Sprintf("/proc/%d/ns/net", p.PID()), serviceAddress+":443")
	if err != nil {
		return fmt.Errorf("listening for the pods: %w", err)
	}
	closeGate := passOn(ctx, listener, strings.TrimPrefix(c.url, "https://"))
	go func() {
		<-p.Done() // an open socket would keep the machine's network, and its cable
		closeGate()
	}()
	return nil
}
