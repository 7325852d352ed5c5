package fleet

import (
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
)

// config is an administrator's configuration by way of the front.
func (f *front) config() *rest.Config {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw})
	return &rest.Config{Host: f.URL, TLSClientConfig: rest.TLSClientConfig{CAData: ca}}
}

var _ = Describe("A member in trouble delays nobody, says why, and heals by itself:", func() {
	// healthy registers a member after those in trouble, and expects its events.
	healthy := func(ctx SpecContext, op *operator) {
		name := op.register(ctx, "west", kubeconfigOf(user(ctx, west)))
		Eventually(op.sawJob).WithArguments(name, job(ctx, west, ours)).Should(BeTrue())
	}

	It("one that accepts connections and never answers", func(ctx SpecContext) {
		op := begin(ctx, quick())
		d := detourTo(east.Admin)
		d.FallSilent()
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east), through(d.Address())))
		healthy(ctx, op)
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False Unreachable"))
		Expect(message(ctx, name, "Ready")).To(HaveSuffix("no answer in time"))
		Expect(op.found(ctx, name)).To(BeFalse())
		d.Heal()
		Eventually(op.answers(name)).Should(BeTrue())
		d.FallSilent() // it hangs while the operator ends, too
	})

	It("one that refuses connections", func(ctx SpecContext) {
		op := begin(ctx, quick())
		l, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		Expect(l.Close()).To(Succeed())
		name := op.register(ctx, "dead", kubeconfigOf(east.Admin, through(l.Addr().String())))
		healthy(ctx, op)
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False Unreachable"))
		Expect(condition(ctx, name, "Reachable")()).To(Equal("False Unreachable"))
		Expect(message(ctx, name, "Ready")).To(ContainSubstring("connection refused"))
		version := stored(ctx, name).ResourceVersion
		Consistently(func() string { return stored(ctx, name).ResourceVersion }, time.Second).
			Should(Equal(version), "the same trouble is written once")
	})

	It("one whose user may not touch Jobs, until it may", func(ctx SpecContext) {
		op := begin(ctx, quick())
		who := named("user")
		config, err := east.User(who)
		Expect(err).NotTo(HaveOccurred())
		grant(ctx, east, who, fleet.Permissions[1:])
		name := op.register(ctx, "east", kubeconfigOf(config))
		healthy(ctx, op)
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False PreflightFailed"))
		Expect(condition(ctx, name, "Reachable")()).To(Equal("True Reachable"))
		Expect(message(ctx, name, "Ready")).To(ContainSubstring(
			"may not get, list, watch, create, patch, delete jobs.batch, in every namespace: grant it the ClusterRole of docs/members.md"))
		Expect(stored(ctx, name).Status.ClusterUID).To(Equal(identity(ctx, east)), "it is recorded at the first answer")
		grant(ctx, east, who, fleet.Permissions[:1])
		Eventually(op.sawJob).WithArguments(name, job(ctx, east, ours)).Should(BeTrue())
	})

	It("one whose user may do nothing at all", func(ctx SpecContext) {
		op := begin(ctx, quick())
		config, err := east.User(named("user"))
		Expect(err).NotTo(HaveOccurred())
		name := op.register(ctx, "east", kubeconfigOf(config))
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False PreflightFailed"))
		Expect(condition(ctx, name, "Reachable")()).To(Equal("Unknown Unobserved"))
		Expect(message(ctx, name, "Ready")).To(ContainSubstring("forbids reading its identity (namespace kube-system)"))
	})

	It("one that loses a permission while runs execute there, until it has it again", func(ctx SpecContext) {
		op := begin(ctx, quick())
		who := named("user")
		config, err := east.User(who)
		Expect(err).NotTo(HaveOccurred())
		grant(ctx, east, who, fleet.Permissions[1:])
		role := grant(ctx, east, who, fleet.Permissions[:1])
		name := op.register(ctx, "east", kubeconfigOf(config))
		Eventually(op.answers(name)).Should(BeTrue())
		Expect(east.Delete(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: role}})).To(Succeed())
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False PreflightFailed"))
		Expect(op.answers(name)()).To(BeTrue(), "what executes there goes on")
		grant(ctx, east, who, fleet.Permissions[:1])
		Eventually(condition(ctx, name, "Ready")).Should(Equal("True MemberReady"))
	})

	It("one that does not serve Jobs, until it does", func(ctx SpecContext) {
		op := begin(ctx, quick())
		f := frontOf(east)
		f.hide("/apis/batch/")
		name := op.register(ctx, "east", kubeconfigOf(f.config()))
		healthy(ctx, op)
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False PreflightFailed"))
		Expect(op.found(ctx, name)).To(BeFalse())
		f.hide("")
		Eventually(op.sawJob).WithArguments(name, job(ctx, east, ours)).Should(BeTrue())
	})

	It("one that does not know the credentials", func(ctx SpecContext) {
		op := begin(ctx, quick())
		const token = "a-token-that-nobody-knows"
		name := op.register(ctx, "east", kubeconfigOf(&rest.Config{
			Host: east.Admin.Host, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAData: east.Admin.CAData},
		}))
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False CredentialsRefused"))
		Expect(condition(ctx, name, "Reachable")()).To(Equal("False CredentialsRefused"))
		Expect(message(ctx, name, "Ready")).NotTo(ContainSubstring(token))
	})

	It("one whose certificate nobody vouches for", func(ctx SpecContext) {
		op := begin(ctx, quick())
		name := op.register(ctx, "east", kubeconfigOf(east.Admin, func(c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			c.CertificateAuthorityData = west.Admin.CAData
		}))
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False Unreachable"))
		Expect(message(ctx, name, "Ready")).To(ContainSubstring("certificate signed by unknown authority"))
	})

	It("one with an exec plugin, which is never executed", func(ctx SpecContext) {
		op := begin(ctx, quick())
		trace := filepath.Join(GinkgoT().TempDir(), "executed")
		name := op.register(ctx, "east", kubeconfigOf(east.Admin, func(_ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
			u.Exec = &clientcmdapi.ExecConfig{
				APIVersion: "client.authentication.k8s.io/v1", Command: "sh", Args: []string{"-c", "touch " + trace},
				InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
			}
		}))
		healthy(ctx, op)
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False KubeconfigRefused"))
		Expect(message(ctx, name, "Ready")).To(ContainSubstring("has an exec plugin"))
		Expect(condition(ctx, name, "Reachable")()).To(Equal("Unknown Unobserved"))
		_, err := os.Stat(trace)
		Expect(err).To(MatchError(os.ErrNotExist))
		op.write(ctx, name, kubeconfigOf(user(ctx, east)))
		Eventually(op.answers(name)).Should(BeTrue())
	})

	It("one without a Secret, until there is one with the key", func(ctx SpecContext) {
		op := begin(ctx, quick())
		name := named("east")
		create(ctx, &v1.MemberCluster{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec:       v1.MemberClusterSpec{KubeconfigSecretRef: &v1.KubeconfigSecretRef{Name: name}},
		})
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False KubeconfigMissing"))
		Expect(hub.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: op.namespace}, Data: map[string][]byte{"config": []byte("x")},
		})).To(Succeed())
		Eventually(func() string { return message(ctx, name, "Ready") }).Should(ContainSubstring("has no key kubeconfig"))
		op.write(ctx, name, kubeconfigOf(user(ctx, east)))
		Eventually(op.answers(name)).Should(BeTrue())
	})

	It("one that goes dark after it was engaged", func(ctx SpecContext) {
		op := begin(ctx, quick())
		d := detourTo(east.Admin)
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east), through(d.Address())))
		Eventually(op.answers(name)).Should(BeTrue())
		before, dark := op.changesOf(name), time.Now()
		d.FallSilent()
		Eventually(op.answers(name)).Should(BeFalse())
		Expect(op.changesOf(name)).To(BeNumerically(">", before))
		m, _ := op.Member(name)
		Expect(m.SilentSince).To(BeTemporally("~", dark, 5*time.Second), "the last time it was heard of")
		Eventually(condition(ctx, name, "Reachable")).Should(Equal("False Unreachable"))
		Expect(op.found(ctx, name)).To(BeTrue(), "it stays engaged: its caches go on when it comes back")
		healthy(ctx, op)
		Expect(stored(ctx, name).Status.ClusterUID).To(Equal(identity(ctx, east)))

		before = op.changesOf(name)
		d.Heal()
		Eventually(op.answers(name)).Should(BeTrue())
		Expect(op.changesOf(name)).To(BeNumerically(">", before))
		m, _ = op.Member(name)
		Expect(m.SilentSince.IsZero()).To(BeTrue())
		Eventually(op.sawJob).WithArguments(name, job(ctx, east, ours)).Should(BeTrue())
	})
})
