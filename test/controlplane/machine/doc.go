// Package machine describes a machine on which real containers run: a kubelet
// and a containerd in namespaces of their own, on this Linux.
//
//	outside                        │ the machine
//	                               │
//	kube-apiserver ── 198.18.K.1 ──┼── 198.18.K.2   kubelet, containerd
//	your stubs        LINK         │   198.18.K.129 bridge of the pods
//	                               │   198.18.K.130 ... pods
//	DIR/var ───────────────────────┼── /var         images, volumes, logs
//	                               │   /run         sockets, nobody else's
//	/sys/fs/cgroup/runfleet-<hash> │               the pods' cgroups
//
// machine.sh is the first process of its process id namespace. So the kernel
// ends everything in it when it ends, and it is ended with whoever started it:
// processes, mounts and network are gone after a crash too. Cgroups and files
// are not; Remove sees to the first.
//
// Pods reach the outside by 198.18.K.1 alone: nothing is forwarded or
// translated, and no firewall is touched. It is also the address at which pods
// ask for names; nobody answers there unless a test does.
package machine
