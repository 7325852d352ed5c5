package cli

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
)

// wire is a connection to the hub that can be cut.
type wire struct {
	kubeconfig string
	target     string
	listener   net.Listener

	mu      sync.Mutex
	refuses bool
	open    []net.Conn
}

// proxied is a wire for one spec.
func proxied() *wire {
	GinkgoHelper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	k := contexts()
	w := &wire{listener: listener, kubeconfig: filepath.Join(GinkgoT().TempDir(), "kubeconfig"), target: k.Clusters["hub"].Server[len("https://"):]}
	k.Clusters["hub"].Server = "https://" + listener.Addr().String()
	Expect(clientcmd.WriteToFile(*k, w.kubeconfig)).To(Succeed())
	go w.serve()
	DeferCleanup(func() {
		Expect(listener.Close()).To(Succeed())
		w.refuse()
	})
	return w
}

func (w *wire) serve() {
	for {
		in, err := w.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", w.target)
		if err != nil {
			_ = in.Close()
			continue
		}
		w.mu.Lock()
		w.open = append(w.open, in, out)
		if w.refuses {
			w.cut()
		}
		w.mu.Unlock()
		go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
		go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
	}
}

func (w *wire) cut() {
	for _, c := range w.open {
		_ = c.Close()
	}
	w.open = nil
}

// refuse cuts every connection, those to come too.
func (w *wire) refuse() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuses = true
	w.cut()
}

func (w *wire) accept() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuses = false
}

// allow lets a user do something with one object, or with all where it has no name.
func allow(ctx context.Context, namespace, user, resource, name string, verbs ...string) {
	GinkgoHelper()
	rule := rbacv1.PolicyRule{APIGroups: []string{"orchestrator.platform"}, Resources: []string{resource}, Verbs: verbs}
	if name != "" {
		rule.ResourceNames = []string{name}
	}
	meta := metav1.ObjectMeta{Name: user + "-" + resource, Namespace: namespace}
	Expect(hub.Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{rule}})).To(Succeed())
	Expect(hub.Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: meta.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
	})).To(Succeed())
}
