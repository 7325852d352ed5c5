package controlplane

import (
	"fmt"

	"github.com/runfleet/runfleet/test/controlplane/programs"
)

// etcd keeps the cluster's objects. It does not sync to disk: its data is gone
// with the control plane anyway.
func (c *ControlPlane) etcd() *component {
	// The name is asked for again by the probe, so that an etcd of somebody else
	// on a port that we lost to it is never taken for ours.
	member := c.opts.Name + "-" + token()
	e := &component{name: programs.Etcd, ports: 2, member: member}
	e.args = func() []string {
		client, peer := "http://"+e.address(0), "http://"+e.address(1)
		e.url = client
		return []string{
			"--name=" + member,
			"--data-dir=" + c.file("etcd"),
			"--listen-client-urls=" + client,
			"--advertise-client-urls=" + client,
			"--listen-peer-urls=" + peer,
			"--initial-advertise-peer-urls=" + peer,
			"--initial-cluster=" + member + "=" + peer,
			"--unsafe-no-fsync",
			"--log-level=warn",
		}
	}
	return e
}

func (c *ControlPlane) apiServer(etcd string) *component {
	a := &component{name: programs.APIServer, ports: 1, path: "/readyz"}
	a.args = func() []string {
		a.url = "https://" + a.address(0)
		c.url = a.url
		args := []string{
			"--etcd-servers=" + etcd,
			"--bind-address=127.0.0.1",
			"--secure-port=" + fmt.Sprint(a.port[0]),
			// An address of this machine alone is no use as an endpoint of the
			// kubernetes service, and nothing in the simulated pods would call it.
			"--advertise-address=127.0.0.1",
			"--endpoint-reconciler-type=none",
			"--service-cluster-ip-range=" + serviceRange,
			"--tls-cert-file=" + c.file("server.crt"),
			"--tls-private-key-file=" + c.file("server.key"),
			"--client-ca-file=" + c.file("ca.crt"),
			"--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-key-file=" + c.file("service-account.key"),
			"--service-account-signing-key-file=" + c.file("service-account.key"),
			"--authorization-mode=Node,RBAC",
			"--allow-privileged=true",
			// As much as the machine can do: what is measured here is Runfleet.
			"--max-requests-inflight=2000",
			"--max-mutating-requests-inflight=1000",
			"--profiling=false",
		}
		if c.opts.Containerd {
			args = append(args, c.askKubelets()...)
		}
		if !c.opts.works() {
			// Nobody makes the service accounts that this would insist on.
			args = append(args, "--disable-admission-plugins=ServiceAccount")
		}
		return append(args, c.auditArgs()...)
	}
	return a
}

// clientLimits lift what would otherwise be the first limit that any test of
// throughput meets.
func clientLimits() []string {
	return []string{"--kube-api-qps=2000", "--kube-api-burst=4000"}
}

// secured are the arguments by which a component serves its health, with the
// control plane's certificate so that a probe knows whom it asked.
func (c *ControlPlane) secured(m *component) []string {
	m.url = "https://" + m.address(0)
	return []string{
		"--kubeconfig=" + c.file("kubeconfig"),
		"--leader-elect=false",
		"--bind-address=127.0.0.1",
		"--secure-port=" + fmt.Sprint(m.port[0]),
		"--tls-cert-file=" + c.file("server.crt"),
		"--tls-private-key-file=" + c.file("server.key"),
		"--profiling=false",
	}
}

func (c *ControlPlane) controllerManager() *component {
	m := &component{name: programs.ControllerManager, ports: 1, path: "/healthz"}
	m.args = func() []string {
		return append(append(c.secured(m), clientLimits()...),
			"--concurrent-job-syncs=20",
			// Its default is made below /usr.
			"--flex-volume-plugin-dir="+c.file("volume-plugins"),
			"--root-ca-file="+c.file("ca.crt"),
			"--service-account-private-key-file="+c.file("service-account.key"),
		)
	}
	return m
}

func (c *ControlPlane) scheduler() *component {
	s := &component{name: programs.Scheduler, ports: 1, path: "/healthz"}
	s.args = func() []string { return append(c.secured(s), clientLimits()...) }
	return s
}
