package cli

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

const canary = "ghp_c4n4ry0123456789"

// file writes a file for one spec.
func file(text string) string {
	GinkgoHelper()
	name := filepath.Join(GinkgoT().TempDir(), "secret")
	Expect(os.WriteFile(name, []byte(text), 0o600)).To(Succeed())
	return name
}

func inPEM(kind string, data []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}))
}

// data is what a Secret holds.
func data(ctx context.Context, ns, name string) map[string]string {
	GinkgoHelper()
	s := &corev1.Secret{}
	Expect(hub.Get(ctx, client.ObjectKey{Namespace: ns, Name: name}, s)).To(Succeed())
	Expect(s.Labels).NotTo(HaveKey(v1.LabelAgents), "no run may name it")
	out := map[string]string{}
	for k, v := range s.Data {
		out[k] = string(v)
	}
	return out
}

// as is a kubeconfig of the suite's with another current context.
func as(context string) []byte {
	GinkgoHelper()
	k := contexts()
	k.CurrentContext = context
	out, err := clientcmd.Write(*k)
	Expect(err).NotTo(HaveOccurred())
	return out
}

// discreet fails where a call prints a secret, in either form.
func discreet(r result) result {
	GinkgoHelper()
	for _, form := range []string{canary, base64.StdEncoding.EncodeToString([]byte(canary)), "PRIVATE KEY"} {
		Expect(r.Stdout + r.Stderr).NotTo(ContainSubstring(form))
	}
	return r
}

var _ = Describe("secrets create", func() {
	BeforeEach(func(ctx SpecContext) {
		system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: v1.SystemNamespace}}
		Expect(client.IgnoreAlreadyExists(hub.Create(ctx, system))).To(Succeed())
	})

	It("behaviour 30: makes the Secrets that the pods of a user and of an App name, and says what it changed", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		member(ctx, "local", identity(ctx), nil)
		_, key, err := ed25519.GenerateKey(rand.Reader)
		Expect(err).NotTo(HaveOccurred())
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		Expect(err).NotTo(HaveOccurred())
		ssh := inPEM("PRIVATE KEY", pkcs8)
		user := "secrets create --member local --user Octo_Cat --ssh-key " + file(strings.ReplaceAll(strings.TrimSpace(ssh), "\n", "\r\n")) + " --token-file "
		first := user + file(canary+"\n")
		table := func(key, token string) result {
			return result{0, "MEMBER SECRET RESULT\nlocal github-ssh-octo-cat " + key + "\nlocal github-token-octo-cat " + token + "\n", ""}
		}
		Expect(plain(discreet(callLine(ns, first)))).To(Equal(table("created", "created")))
		Expect(data(ctx, ns, "github-ssh-octo-cat")).To(Equal(map[string]string{"ssh-privatekey": ssh}))
		Expect(data(ctx, ns, "github-token-octo-cat")).To(Equal(map[string]string{"token": canary}))
		Expect(plain(callLine(ns, first))).To(Equal(table("unchanged", "unchanged")))
		Expect(plain(callLine(ns, user+file(canary+"new")))).To(Equal(table("unchanged", "updated")))
		Expect(data(ctx, ns, "github-token-octo-cat")).To(Equal(map[string]string{"token": canary + "new"}))

		app, err := rsa.GenerateKey(rand.Reader, 2048)
		Expect(err).NotTo(HaveOccurred())
		private := inPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(app))
		Expect(plain(discreet(callLine(ns, "secrets create --member local --app docs-app[bot] --app-id 123456 --private-key "+file(private)))).Stdout).To(
			HaveSuffix("local github-app-docs-app created\n"))
		Expect(data(ctx, ns, "github-app-docs-app")).To(Equal(map[string]string{"app-id": "123456", "private-key": private}))
	})

	It("names the Secret of the API key as the operator's configuration does, and reads standard input", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		member(ctx, "local", identity(ctx), nil)
		call := func() result {
			cmd := command(ns, "secrets", "create", "--all-members", "--api-key-file", "-")
			cmd.Stdin = strings.NewReader(canary + "\n")
			return discreet(finish(cmd))
		}
		Expect(call().Stderr).To(ContainSubstring("task-controller-config"), "there is no configuration")
		config := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: v1.ConfigMapName, Namespace: v1.SystemNamespace},
			Data: map[string]string{v1.ConfigMapKey: "agent: {image: {repository: registry.example.com/agent, tag: a}}\n" +
				"secrets: {apiKeySecretName: models, apiKeySecretKey: the-key}"},
		}
		Expect(hub.Create(ctx, config)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(hub.Delete(ctx, config)).To(Succeed()) })
		Expect(plain(call())).To(Equal(result{0, "MEMBER SECRET RESULT\nlocal models created\n", ""}))
		Expect(data(ctx, ns, "models")).To(Equal(map[string]string{"the-key": canary}))
	})

	It("writes to all members that it can, says why not to the others, and goes by one's own contexts", func(ctx SpecContext) {
		ns, uid := newNamespace(ctx), identity(ctx)
		config, err := plane.User("reader")
		Expect(err).NotTo(HaveOccurred())
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "reader"}, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}},
		}}
		binding := &rbacv1.ClusterRoleBinding{
			ObjectMeta: role.ObjectMeta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "reader"},
			Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "reader"}},
		}
		Expect(hub.Create(ctx, role)).To(Succeed())
		Expect(hub.Create(ctx, binding)).To(Succeed())
		k := contexts()
		k.AuthInfos["reader"] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
		k.Contexts["reader"] = &clientcmdapi.Context{Cluster: "hub", AuthInfo: "reader"}
		k.CurrentContext = "reader"
		reader, err := clientcmd.Write(*k)
		Expect(err).NotTo(HaveOccurred())
		member(ctx, "dead", "d", as("dead"))
		member(ctx, "elsewhere", uid, reader) // which is also a context of the person
		member(ctx, "hub", "another", as("hub"))
		member(ctx, "local", uid, nil)

		line := "secrets create --all-members --user octo --token-file " + file(canary)
		const failed = "runfleet: incomplete: 3 of 4 members lack a Secret; the same call goes on where it ended\n"
		Expect(plain(discreet(callLine(ns, line)))).To(Equal(result{1, "MEMBER SECRET RESULT\n" +
			"dead github-token-octo failed: https://127.0.0.1:1 does not answer while reading its identity (namespace kube-system): dial: connect: connection refused\n" +
			"elsewhere github-token-octo failed: the operator's user may not write Secrets in namespace " + ns + ": --own-contexts goes by the context elsewhere of your own kubeconfig\n" +
			"hub github-token-octo failed: its kubeconfig leads to the cluster " + string(uid) + ", and it was another: see kubectl describe mc hub\n" +
			"local github-token-octo created\n", failed}))
		own := plain(discreet(callLine(ns, line+" --own-contexts")))
		Expect(own.Code).To(Equal(1))
		Expect(own.Stdout).To(ContainSubstring("elsewhere github-token-octo unchanged\nhub github-token-octo failed: your context hub leads to the cluster " + string(uid) + ", and the member is another\n"))
		Expect(own.Stderr).To(Equal("runfleet: incomplete: 2 of 4 members lack a Secret; the same call goes on where it ended\n"))

		Expect(callLine(ns, "secrets create --member lokal --user octo --token-file "+file(canary)).Stderr).To(HavePrefix(
			`runfleet: unknown member "lokal": did you mean "local"? Members: dead, elsewhere, hub, local`))
		Expect(plain(discreet(callLine("no-such", "secrets create --member local --user octo --token-file "+file(canary)))).Stdout).To(
			HaveSuffix("local github-token-octo failed: it has no namespace no-such: create it there, or name another with -n\n"))
	})
})

// plain is a result with one blank between the columns.
func plain(r result) result {
	var lines []string
	for _, line := range words(r.Stdout) {
		lines = append(lines, strings.Join(line, " "))
	}
	r.Stdout = strings.Join(append(lines, ""), "\n")
	return r
}
