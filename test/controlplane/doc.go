// Package controlplane starts real Kubernetes control planes on this machine,
// without containers and without a network beyond the loopback address.
//
//	   your process (a test, or fleetbox's supervisor)
//	        │ Start(ctx, Options{...})
//	        ▼
//	┌─ ControlPlane, one directory ─────────────────────────────────┐
//	│                                                               │
//	│   etcd ◄── kube-apiserver ◄── Config(), Kubeconfig(), User()  │
//	│                  ▲                                            │
//	│  ─ ─ ─ ─ ─ ─ ─ ─ ┼ ─ ─ only with Options.Nodes > 0 ─ ─ ─ ─ ─  │
//	│                  ├── kube-controller-manager   Jobs ─► Pods   │
//	│                  ├── kube-scheduler            Pods ─► nodes  │
//	│                  └── kwok, by package stages   Pods "run"     │
//	│                                                               │
//	│   ca.crt  server.crt  kubeconfig  logs/*.log  etcd/           │
//	└───────────────────────────────────────────────────────────────┘
//
// With Options.Containerd the last is a kubelet and a containerd instead, in
// namespaces of their own, and Pods run in containers: see package machine.
//
// The programs are those whose versions binaries/go.mod pins; package programs
// finds or builds them. Package box makes several control
// planes into a fleet that outlives its caller, and the command fleetbox is its
// face.
//
// # In tests
//
// A package that tests against an API server needs one line:
//
//	func TestMain(m *testing.M) {
//		controlplane.TestMain(m, func(hub *controlplane.ControlPlane) { cfg = hub.Config() })
//	}
//
// A test that wants a control plane of its own, or one in which Jobs run:
//
//	member := controlplane.ForTest(t, controlplane.Options{Name: "member-1", Nodes: 1})
//
// # What is promised
//
//   - Start returns when the control plane serves, or leaves nothing behind.
//   - Ports are free ones; a port lost to somebody else is replaced.
//   - Every program is in a process group of its own and ends with Stop, and on
//     Linux also when the process that called Start dies in any way.
//   - A program that ends by itself is told on Crashes, with the tail of its log.
package controlplane
