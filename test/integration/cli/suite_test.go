package cli

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/controlplane"
	"github.com/runfleet/runfleet/test/integration/bed"
)

var (
	plane      *controlplane.ControlPlane
	hub        client.Client
	program    *bed.Program
	kubeconfig string            // with the contexts of the suite
	bare       map[string]result // what verbs said before the CRDs were installed
)

// patience bounds what is awaited, on a machine that does much else.
const patience = time.Minute

func TestMain(m *testing.M) {
	controlplane.TestMain(m, func(c *controlplane.ControlPlane) { plane = c })
}

func TestCLI(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(patience)
	RunSpecs(t, "the verbs for people")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	var err error
	program, err = bed.Build(ctx, GinkgoT().TempDir())
	Expect(err).NotTo(HaveOccurred())

	s := runtime.NewScheme()
	utilruntime.Must(v1.AddToScheme(s))
	utilruntime.Must(scheme.AddToScheme(s))
	utilruntime.Must(apiextensions.AddToScheme(s))
	hub, err = client.New(plane.Config(), client.Options{Scheme: s})
	Expect(err).NotTo(HaveOccurred())
	kubeconfig = filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(clientcmd.WriteToFile(*contexts(), kubeconfig)).To(Succeed())

	bare = map[string]result{}
	for _, verb := range []string{"get", "wait shop", "cancel shop", "retry dr/shop", "create docs shop --repository a/b --github-user u"} {
		bare[verb] = callLine("", verb)
	}
	install(ctx)
})

// contexts are an administrator in two namespaces, somebody without rights, a stranger, and a server that is not there.
func contexts() *clientcmdapi.Config {
	nobody, err := plane.User("nobody")
	Expect(err).NotTo(HaveOccurred())
	stranger := rest.AnonymousClientConfig(plane.Config())
	stranger.BearerToken = "not-a-token-of-anybody"
	dead := plane.Config()
	dead.Host = "https://127.0.0.1:1"
	k := clientcmdapi.NewConfig()
	for name, c := range map[string]*rest.Config{"hub": plane.Config(), "nobody": nobody, "stranger": stranger, "dead": dead} {
		k.Clusters[name] = &clientcmdapi.Cluster{Server: c.Host, CertificateAuthorityData: c.CAData}
		k.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: c.CertData, ClientKeyData: c.KeyData, Token: c.BearerToken}
		k.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	}
	k.Contexts["elsewhere"] = &clientcmdapi.Context{Cluster: "hub", AuthInfo: "hub", Namespace: "elsewhere"}
	k.CurrentContext = "hub"
	return k
}

// install applies what "runfleet crds" prints, as kubectl would, and waits until it is served.
func install(ctx context.Context) {
	printed := callLine("", "crds")
	Expect(printed.Code).To(BeZero())
	for doc := range documents(printed.Stdout) {
		crd := &apiextensions.CustomResourceDefinition{}
		Expect(utilyaml.UnmarshalStrict([]byte(doc), crd)).To(Succeed())
		Expect(hub.Create(ctx, crd)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(hub.Get(ctx, client.ObjectKeyFromObject(crd), crd)).To(Succeed())
			g.Expect(crd.Status.Conditions).To(ContainElement(And(
				HaveField("Type", apiextensions.Established), HaveField("Status", apiextensions.ConditionTrue))))
		}).Should(Succeed())
	}
	for _, list := range []client.ObjectList{&v1.DocsRunList{}, &v1.CodeRunList{}, &v1.MemberClusterList{}} {
		Eventually(func() error { return hub.List(ctx, list) }).Should(Succeed())
	}
}

// at is a moment that lies some minutes back.
func at(minutes int) *metav1.MicroTime {
	return new(metav1.NewMicroTime(time.Now().Add(-time.Duration(minutes) * time.Minute)))
}
