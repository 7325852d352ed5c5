package fleet

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	clientauthentication "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// road is a proxy, as companies have one: it opens a connection to wherever it is asked for.
type road struct {
	*httptest.Server

	mu sync.Mutex
	to []string
}

func openRoad() *road {
	r := &road{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		there, err := net.Dial("tcp", req.Host)
		if req.Method != http.MethodConnect || err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		r.mu.Lock()
		r.to = append(r.to, req.Host)
		r.mu.Unlock()
		w.WriteHeader(http.StatusOK)
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			_ = there.Close()
			return
		}
		go func() { _, _ = io.Copy(here, there); _ = here.Close() }()
		go func() { _, _ = io.Copy(there, here); _ = there.Close() }()
	}))
	DeferCleanup(r.Close)
	return r
}

func (r *road) led() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.to...)
}

var _ = Describe("A person's way to the member that is not the operator's", func() {
	It("may be another address: the operator goes by --server, and says so where that leads nowhere", func(ctx SpecContext) {
		op := begin(ctx, quick())
		classOn(ctx, east)
		name, way := named("east"), detourTo(east.Admin)
		joined := op.joins(name, admin(east, nil), "--server", "https://"+way.Address())
		Expect(joined.Code).To(BeZero(), joined.Stderr)
		Expect(op.kubeconfig(ctx, name).Clusters[name].Server).To(Equal("https://" + way.Address()))
		way.Close()
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False Unreachable"))

		nowhere := op.joins(name, admin(east, nil), "--server", "https://"+way.Address(), "--timeout", "3s")
		Expect(nowhere.Code).To(Equal(5))
		Expect(nowhere.Stderr).To(MatchRegexp(`^runfleet: ` + name + ` was joined, and is not ready after 3s: Unreachable: .*` + way.Address() + `.*\n$`))
		again := op.joins(name, admin(east, nil))
		Expect(again.Code).To(BeZero(), again.Stderr)
		Expect(op.kubeconfig(ctx, name).Clusters[name].Server).To(Equal(east.Admin.Host), "without --server it is the person's")
	})

	It("must be one that an operator can go", func(ctx SpecContext) {
		op := begin(ctx, quick())
		classOn(ctx, east)
		for server, says := range map[string]string{
			"http://eu-1.example.com":               "--server must be a URL such as https://eu-1.example.com:6443",
			"eu-1.example.com:6443":                 "--server must be a URL such as https://eu-1.example.com:6443",
			"https://me:c4n4ry@eu-1.example.com":    "--server must have no credentials in it",
			"https://eu-1.example.com?token=c4n4ry": "--server must have no query and no fragment",
		} {
			got := op.joins(named("east"), admin(east, nil), "--server", server)
			Expect(got.Code).To(Equal(2), server)
			Expect(got.Stderr).To(HavePrefix("runfleet: "+says), server)
			Expect(got.Stderr).NotTo(ContainSubstring("c4n4ry"))
		}
		Expect(op.traces(ctx, east)).To(BeEmpty())
	})

	It("may have a proxy, where --server names a way without one", func(ctx SpecContext) {
		op, proxy := begin(ctx, quick()), openRoad()
		classOn(ctx, east)
		name := named("east")
		file := admin(east, nil, func(c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) { c.ProxyURL = proxy.URL })
		refused := op.joins(name, file)
		Expect(refused.Code).To(Equal(1))
		Expect(refused.Stderr).To(Equal("runfleet: nothing was created:\n  the kubeconfig has a proxy (proxy-url), and the operator needs a direct way to " +
			"the member: name it with --server\n"))
		Expect(op.traces(ctx, east)).To(BeEmpty())
		before := len(proxy.led())
		joined := op.joins(name, file, "--server", east.Admin.Host)
		Expect(joined.Code).To(BeZero(), joined.Stderr)
		Expect(len(proxy.led())).To(BeNumerically(">", before), "the person went by the proxy")
		Expect(op.kubeconfig(ctx, name).Clusters[name].ProxyURL).To(BeEmpty())
		proxy.Close()
		Consistently(condition(ctx, name, "Ready"), "1s").Should(Equal("True MemberReady"))

		stuck := op.leaves(name, file)
		Expect(stuck.Code).To(Equal(1))
		Expect(stuck.Stderr).To(HavePrefix("runfleet: nothing was removed (without a kubeconfig of the member only the hub is left): "))
		Expect(stored(ctx, name).Spec.Scheduling).To(Equal(v1.SchedulingEnabled))
		left := runfleet("fleet", "leave", name, "--system-namespace", op.namespace)
		Expect(left.Code).To(BeZero(), left.Stderr)
		Expect(op.traces(ctx, east)).To(ConsistOf("serviceaccount/runfleet", "clusterrole/runfleet-member", "clusterrolebinding/runfleet-member",
			"role/runfleet-renewal", "rolebinding/runfleet-renewal"), "nothing on the hub")
		Expect(left.Stdout).To(HaveSuffix("this removes it:\nkubectl --kubeconfig FILE -n runfleet-system delete " +
			"clusterrolebindings,clusterroles,rolebindings,roles,serviceaccounts,namespaces -l orchestrator.platform/joined=true\n"))
		Expect(op.joins(name, admin(east, nil)).Code).To(BeZero(), "it may come back, and leave as a whole")
		Expect(op.leaves(name, admin(east, nil)).Code).To(BeZero())
		Expect(op.traces(ctx, east)).To(BeEmpty())
	})

	It("may have a plugin for credentials, which runs for this call alone", func(ctx SpecContext) {
		op := begin(ctx, quick())
		classOn(ctx, east)
		name, file := named("east"), filepath.Join(GinkgoT().TempDir(), "credential.json")
		credential := clientauthentication.ExecCredential{Status: &clientauthentication.ExecCredentialStatus{
			ClientCertificateData: string(east.Admin.CertData), ClientKeyData: string(east.Admin.KeyData), Token: east.Admin.BearerToken,
		}}
		credential.APIVersion, credential.Kind = clientauthentication.SchemeGroupVersion.String(), "ExecCredential"
		text, err := json.Marshal(credential)
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(file, text, 0o600)).To(Succeed())
		plugin := func(command string) string {
			return admin(east, nil, func(_ *clientcmdapi.Cluster, u *clientcmdapi.AuthInfo) {
				*u = clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
					APIVersion: credential.APIVersion, Command: command, Args: []string{file}, InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
					InstallHint: "ask your administrator for it",
				}}
			})
		}
		missing := op.joins(name, plugin("no-such-plugin"))
		Expect(missing.Code).To(Equal(1))
		Expect(missing.Stderr).To(And(MatchRegexp(`^runfleet: .*no-such-plugin not found.*\n$`), ContainSubstring("ask your administrator for it")))
		Expect(op.traces(ctx, east)).To(BeEmpty())
		joined := op.joins(name, plugin("cat"))
		Expect(joined.Code).To(BeZero(), joined.Stderr)
		for _, u := range op.kubeconfig(ctx, name).AuthInfos {
			Expect(*u).To(Equal(clientcmdapi.AuthInfo{Token: u.Token, Extensions: u.Extensions}))
		}
	})
})
