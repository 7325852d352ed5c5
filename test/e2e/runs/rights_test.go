//go:build e2e

package runs

import (
	"context"
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// tooMuch is what the operator may do nowhere: read what is secret, enter what runs, and give itself more.
var tooMuch = []authorizationv1.ResourceAttributes{
	{Namespace: "team", Verb: "get", Resource: "secrets"},
	{Namespace: "team", Verb: "list", Resource: "secrets"},
	{Namespace: "team", Verb: "create", Resource: "pods"},
	{Namespace: "team", Verb: "create", Resource: "pods", Subresource: "exec"},
	{Namespace: "team", Verb: "get", Resource: "pods", Subresource: "log"},
	{Namespace: "team", Verb: "create", Resource: "serviceaccounts", Subresource: "token"},
	{Namespace: "team", Verb: "update", Group: "batch", Resource: "jobs"},
	{Namespace: "team", Verb: "delete", Resource: "persistentvolumeclaims"},
	{Verb: "create", Group: rbacv1.GroupName, Resource: "clusterrolebindings"},
	{Verb: "escalate", Group: rbacv1.GroupName, Resource: "clusterroles"},
	{Verb: "impersonate", Resource: "users"},
	{Verb: "get", Resource: "nodes"},
	{Verb: "delete", Resource: "namespaces"},
}

// memberConfig is how the operator comes to a member.
func memberConfig(ctx context.Context, member *bed.Cluster) *rest.Config {
	GinkgoHelper()
	secret := &corev1.Secret{}
	Expect(hub.Get(ctx, client.ObjectKey{Namespace: v1.SystemNamespace, Name: member.Name()}, secret)).To(Succeed())
	config, err := clientcmd.RESTConfigFromKubeConfig(secret.Data["kubeconfig"])
	Expect(err).NotTo(HaveOccurred())
	Expect(config.BearerToken).NotTo(BeEmpty())
	return config
}

// memberUser asks a member what the user of the kubeconfig on the hub may do there.
func memberUser(ctx context.Context, member *bed.Cluster) func(authorizationv1.ResourceAttributes) bool {
	GinkgoHelper()
	user, err := client.New(memberConfig(ctx, member), client.Options{Scheme: bed.Kinds})
	Expect(err).NotTo(HaveOccurred())
	return func(a authorizationv1.ResourceAttributes) bool {
		GinkgoHelper()
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &a}}
		Expect(user.Create(ctx, review)).To(Succeed())
		return review.Status.Allowed
	}
}

var _ = Describe("The user of an installed operator", Label(onlyInstalled), func() {
	It("may do what it needs on hub and members, and nothing that leads further", func(ctx SpecContext) {
		for _, member := range []*bed.Cluster{east, west} {
			user := memberUser(ctx, member)
			for _, rule := range fleet.Permissions {
				for _, verb := range rule.Verbs {
					for _, resource := range rule.Resources {
						Expect(user(authorizationv1.ResourceAttributes{Namespace: "team", Verb: verb, Group: rule.APIGroups[0], Resource: resource})).To(
							BeTrue(), "%s %s on %s", verb, resource, member.Name())
					}
				}
			}
			for _, further := range tooMuch {
				Expect(user(further)).To(BeFalse(), "%+v on %s", further, member.Name())
			}
		}
		account := fmt.Sprintf("system:serviceaccount:%s:runfleet", v1.SystemNamespace)
		onHub := append(slices.Clone(tooMuch),
			authorizationv1.ResourceAttributes{Namespace: v1.SystemNamespace, Verb: "delete", Resource: "secrets"},
			authorizationv1.ResourceAttributes{Namespace: "team", Verb: "create", Group: "batch", Resource: "jobs"},
			authorizationv1.ResourceAttributes{Namespace: "team", Verb: "list", Resource: "pods"},
			authorizationv1.ResourceAttributes{Namespace: "team", Verb: "create", Group: v1.GroupVersion.Group, Resource: "coderuns"},
		)
		for _, further := range onHub {
			review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: account, ResourceAttributes: &further}}
			Expect(hub.Create(ctx, review)).To(Succeed())
			Expect(review.Status.Allowed).To(BeFalse(), "%+v on the hub", further)
		}
	})
})
