package fleet

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// aged is a proxy before an API server that says another version, and streams no lists, which none of old does. asked, if any, is
// told of each request.
func aged(s *bed.Cluster, version string, asked ...func(*http.Request)) func(*clientcmdapi.Cluster, *clientcmdapi.AuthInfo) {
	target, err := url.Parse(s.Admin.Host)
	Expect(err).NotTo(HaveOccurred())
	transport, err := rest.TransportFor(s.Admin)
	Expect(err).NotTo(HaveOccurred())
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport, proxy.FlushInterval = transport, -1
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, tell := range asked {
			tell(r)
		}
		switch {
		case r.URL.Path == "/version":
			_, _ = w.Write([]byte(`{"gitVersion":"` + version + `","major":"1","minor":"28"}`))
			return
		case r.URL.Query().Has("sendInitialEvents"):
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422,` +
				`"message":"sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"}`))
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	DeferCleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return func(c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
		c.Server, c.CertificateAuthorityData = server.URL, inPEM(server.Certificate().Raw)
	}
}

var _ = Describe("What is in the way of a member is told by name, and nothing is created", func() {
	It("whatever it is", func(ctx SpecContext) {
		op := begin(ctx, quick())
		nobody, err := east.User(named("nobody"))
		Expect(err).NotTo(HaveOccurred())
		grants, err := east.NewUser(ctx, named("grants"), []rbacv1.PolicyRule{
			{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"*"}, Verbs: []string{"get", "create", "update"}},
			{APIGroups: []string{""}, Resources: []string{"namespaces", "serviceaccounts", "serviceaccounts/token"}, Verbs: []string{"get", "create", "update"}},
			{APIGroups: []string{"storage.k8s.io"}, Resources: []string{"storageclasses"}, Verbs: []string{"list"}},
		})
		Expect(err).NotTo(HaveOccurred())
		before := op.traces(ctx, east)
		for what, c := range map[string]struct {
			file string
			args []string
			says []string
		}{
			"no namespace, and no storage class": {admin(east, nil), []string{"--namespace", "team-a,default"}, []string{
				"the member has no namespace team-a, where runs execute: create it there",
				"the member has no default storage class for workspaces",
			}},
			"no rights": {admin(east, nobody), nil, []string{
				"on the member you may not get namespaces",
				"get, create, update clusterroles.rbac.authorization.k8s.io",
				"create serviceaccounts/token in runfleet-system",
				"on the member you may not list storageclasses.storage.k8s.io",
				"get, list, watch, create, patch, delete jobs.batch",
			}},
			"rights that are not the person's to grant": {admin(east, grants), nil, []string{
				"on the member you may not grant what you do not have in every namespace: get, list, watch, create, patch, delete jobs.batch",
			}},
			"an old version": {admin(east, nil, aged(east, "v1.28.3")), nil, []string{
				"the member: Kubernetes v1.28.3 is too old: it lacks podReplacementPolicy and status.terminating of Jobs",
			}},
			"no operator": {admin(east, nil), []string{"--system-namespace", "nowhere"}, []string{"the hub has no namespace nowhere"}},
			"a stranger on the hub": {admin(east, nil), []string{"--hub-kubeconfig", admin(hub, reader(ctx))}, []string{
				"on the hub you may not get, create, update secrets in " + op.namespace + "; get, create, update memberclusters.orchestrator.platform",
			}},
			"a server without a check": {admin(east, nil, func(c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
				c.InsecureSkipTLSVerify, c.CertificateAuthorityData = true, nil
			}), nil, []string{"insecure-skip-tls-verify"}},
		} {
			got := op.joins(named("lacks"), c.file, c.args...)
			Expect(got.Code).To(Equal(1), what)
			Expect(got.Stdout).To(BeEmpty(), what)
			Expect(got.Stderr).To(HavePrefix("runfleet: nothing was created:\n  "), what)
			for _, says := range c.says {
				Expect(got.Stderr).To(ContainSubstring(says), what)
			}
			Expect(op.traces(ctx, east)).To(Equal(before), what)
		}
	})

	It("also another cluster of that name, and another name of that cluster", func(ctx SpecContext) {
		op := begin(ctx, quick())
		classOn(ctx, east)
		classOn(ctx, west)
		name, file := named("east"), admin(east, nil)
		Expect(op.joins(name, file).Code).To(BeZero())
		before := op.traces(ctx, west)
		Expect(op.joins(name, admin(west, nil)).Stderr).To(ContainSubstring(name + " is another cluster (" + string(identity(ctx, east))))
		Expect(op.joins(named("other"), file).Stderr).To(ContainSubstring("is the member " + name + " already"))
		Expect(op.traces(ctx, west)).To(Equal(before))
		Expect(strings.Split(op.leaves(name, admin(west, nil)).Stderr, ",")[0]).To(HavePrefix("runfleet: the kubeconfig leads to the cluster "))
		Expect(op.leaves(name, file).Code).To(BeZero())
	})
})

var _ = Describe("A member that is too old", func() {
	It("takes no run, and says what it lacks", func(ctx SpecContext) {
		op := begin(ctx, quick())
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east), aged(east, "v1.28.3")))
		Eventually(condition(ctx, name, "Ready")).Should(Equal("False VersionRefused"))
		Expect(message(ctx, name, "Ready")).To(HavePrefix("Kubernetes v1.28.3 is too old"))
		Expect(condition(ctx, name, "Reachable")()).To(Equal("True Reachable"))
		Expect(op.answers(name)()).To(BeTrue(), "what executes there is followed")
	})
})

var _ = Describe("A hub that is too old", func() {
	It("has no operator: it says so, with both versions, and ends", func() {
		got := runfleet("operator", "--kubeconfig", admin(hub, nil, aged(hub, "v1.28.3")), "--metrics-address", "0", "--health-address", "0")
		Expect(got.Code).To(Equal(1))
		Expect(got.Stderr).To(And(HavePrefix("runfleet: starting the operator: the hub: Kubernetes v1.28.3 is too old: it lacks "),
			HaveSuffix("; "+fleet.Oldest(true)+" is the oldest supported\n")))
		Expect(strings.Count(got.Stderr, "\n")).To(Equal(1))
	})
})

var _ = Describe("A join", func() {
	It("that finds Secret and MemberCluster changed under its hands changes them as they are now", func(ctx SpecContext) {
		op := begin(ctx, quick())
		classOn(ctx, east)
		name, file := named("east"), admin(east, nil)
		Expect(op.joins(name, file).Code).To(BeZero())
		var writes atomic.Int64
		var met sync.Map // what somebody else wrote just before join did, once each
		between := aged(hub, "v"+fleet.NewestTested+".0", func(r *http.Request) {
			if r.Method != http.MethodPut {
				return
			}
			writes.Add(1)
			if _, again := met.LoadOrStore(r.URL.Path, true); again {
				return
			}
			var o client.Object = &v1.MemberCluster{ObjectMeta: metav1.ObjectMeta{Name: name}}
			if strings.Contains(r.URL.Path, "/secrets/") {
				o = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: op.namespace}}
			}
			_ = hub.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"somebody":"else"}}}`)))
		})
		again := op.joins(name, file, "--labels", "region=eu", "--hub-kubeconfig", admin(hub, nil, between))
		Expect(again.Stderr).To(BeEmpty())
		Expect(again.Code).To(BeZero())
		Expect(writes.Load()).To(BeNumerically(">=", 4), "each was refused once")
		Expect(stored(ctx, name).Labels).To(Equal(map[string]string{"region": "eu", "somebody": "else"}))
	})
})

var _ = Describe("A member that is as old as is supported", func() {
	It("streams no lists, and is asked for all that is watched there by list", func(ctx SpecContext) {
		op := begin(ctx, quick())
		lists := make(chan string, 1000)
		name := op.register(ctx, "east", kubeconfigOf(user(ctx, east), aged(east, "v"+fleet.Oldest(false)+".0", func(r *http.Request) {
			if !r.URL.Query().Has("watch") {
				lists <- path.Base(r.URL.Path)
			}
		})))
		Eventually(condition(ctx, name, "Ready")).Should(Equal("True MemberReady"))
		var asked []string
		for len(lists) > 0 {
			asked = append(asked, <-lists)
		}
		Expect(asked).To(ContainElements("jobs", "pods", "configmaps", "persistentvolumeclaims", "namespaces"))
	})
})
