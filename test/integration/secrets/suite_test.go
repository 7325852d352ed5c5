package secrets

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/test/controlplane"
	"github.com/runfleet/runfleet/test/integration/bed"
	"github.com/runfleet/runfleet/test/otlp"
)

var (
	hub, east, west *bed.Cluster // Secrets are looked up on east, and not on west
	operator        *bed.Replica
	traces          *otlp.Receiver // of the operator
	program         *bed.Program
	lookupRight     *rbacv1.ClusterRoleBinding // on east
	canaries        = bed.Canaries{}           // what must never be seen, by what it is
)

const settings = `
agent:
  image: {repository: registry.example.com/agent, tag: "1"}
secrets: {envAllowed: [database, "team-*"]}
deadlines: {docsSeconds: 300, codeSeconds: 300, minSeconds: 1, maxSeconds: 900, provisioningSeconds: 120}
timing: {settleSeconds: 2, slackSeconds: 1, graceSeconds: 1, escalateAfterSeconds: 2, maxSkewSeconds: 1, clusterLostGraceSeconds: 5,
  backoffBaseSeconds: 1, backoffMaxSeconds: 2, resyncSeconds: 300}
`

func TestSecrets(t *testing.T) {
	RegisterFailHandler(Fail)
	ctrl.SetLogger(GinkgoLogr)
	SetDefaultEventuallyTimeout(time.Minute)
	SetDefaultEventuallyPollingInterval(100 * time.Millisecond)
	RunSpecs(t, "secrets")
}

// The log of the operator stays where something went wrong.
var _ = ReportAfterSuite("logs", func(r Report) { program.Discard(r.SuiteSucceeded) })

var _ = BeforeSuite(func(ctx SpecContext) {
	scratch, err := os.MkdirTemp("", "runfleet-secrets-")
	Expect(err).NotTo(HaveOccurred())
	program, err = bed.Build(ctx, scratch)
	Expect(err).NotTo(HaveOccurred())
	clusters, err := bed.StartClusters(ctx, map[string]int{"hub": 0, "east": 1, "west": 1})
	for _, c := range clusters {
		DeferCleanup(c.Stop)
	}
	Expect(err).NotTo(HaveOccurred())
	hub, east, west = clusters["hub"], clusters["east"], clusters["west"]

	Expect(hub.Configure(ctx, v1.SystemNamespace, settings)).To(Succeed())
	Expect(hub.Register(ctx, "east", bed.KubeconfigOf(east.Agent, ""), nil)).To(Succeed())
	lookupRight, err = mayLookUp(ctx, east, "runfleet")
	Expect(err).NotTo(HaveOccurred())
	lookUp(ctx, "east", v1.SecretLookupEnabled)
	byToken, err := tokenUser(ctx, west)
	Expect(err).NotTo(HaveOccurred())
	canaries["the token of a kubeconfig"] = []byte(byToken.BearerToken)
	Expect(hub.Register(ctx, "west", bed.KubeconfigOf(byToken, ""), nil)).To(Succeed())

	traces, err = otlp.Listen(context.WithoutCancel(ctx))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(traces.Close)
	canaries["the header for the collector"] = bed.Canary("header")
	GinkgoT().Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization="+url.PathEscape(string(canaries["the header for the collector"])))
	operator, err = program.StartOperator(hub, "-v", "10", "--otlp-endpoint", traces.Endpoint()) // all that a person can ever ask for
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(operator.Stop)
	for _, name := range []string{"east", "west"} {
		awaitMember(ctx, name, v1.ReasonMemberReady)
	}
}, NodeTimeout(5*time.Minute))

var _ = AfterSuite(func() {
	if operator != nil {
		Expect(operator.Crash()).To(Succeed(), "%s", operator.Log)
		requests, err := east.Audit()
		Expect(err).NotTo(HaveOccurred())
		requests = slices.DeleteFunc(requests, func(r controlplane.Request) bool { // a person asks that by runfleet secrets create
			return r.Verb == "patch" && r.Resource == "secrets" && r.Code == http.StatusForbidden
		})
		bed.ExpectRights(requests, fleet.LookupPermissions, slices.Concat(fleet.Permissions, fleet.LookupPermissions))
	}
})

// mayLookUp gives a user of a member the right to look Secrets up.
func mayLookUp(ctx context.Context, c *bed.Cluster, user string) (*rbacv1.ClusterRoleBinding, error) {
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "runfleet-lookup"}, Rules: fleet.LookupPermissions}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: role.ObjectMeta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}
	return binding, errors.Join(c.Create(ctx, role), c.Create(ctx, binding.DeepCopy()))
}

// tokenUser is a service account of a member with the rights of docs/members.md, which comes with a token.
func tokenUser(ctx context.Context, c *bed.Cluster) (*rest.Config, error) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "runfleet", Namespace: metav1.NamespaceDefault}}
	_, err := c.NewUser(ctx, "system:serviceaccount:default:runfleet", fleet.Permissions)
	if err := errors.Join(err, c.Create(ctx, account)); err != nil {
		return nil, err
	}
	request := &authenticationv1.TokenRequest{}
	if err := c.SubResource("token").Create(ctx, account, request); err != nil {
		return nil, err
	}
	return &rest.Config{
		Host: c.Admin.Host, BearerToken: request.Status.Token, TLSClientConfig: rest.TLSClientConfig{CAData: c.Admin.CAData},
	}, nil
}

// lookUp sets whether Secrets are looked up on a member.
func lookUp(ctx context.Context, member string, to v1.SecretLookup) {
	GinkgoHelper()
	m := &v1.MemberCluster{ObjectMeta: metav1.ObjectMeta{Name: member}}
	Expect(hub.Patch(ctx, m, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"secretLookup":"`+string(to)+`"}}`)))).To(Succeed())
}

// awaitMember returns what a member says once it is ready, or not, for a reason.
func awaitMember(ctx context.Context, name, reason string) string {
	GinkgoHelper()
	var message string
	Eventually(func(g Gomega) {
		m := &v1.MemberCluster{}
		g.Expect(hub.Get(ctx, client.ObjectKey{Name: name}, m)).To(Succeed())
		ready := conditionOf(m.Status.Conditions, v1.ConditionMemberReady)
		g.Expect(ready.Reason).To(Equal(reason), ready.Message)
		message = ready.Message
	}).Should(Succeed())
	return message
}
