package secrets

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

const (
	missing = string(v1.ClassSecretMissing)
	soon    = 20 * time.Second // within which what is looked up is told, also on a machine that does much else
)

var _ = Describe("A Secret that is missing where they are looked up", func() {
	It("behaviour 31: is told with its member and what creates it, before there is a Job, and the run goes on when it is there", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop", "east")
		Eventually(status(ctx, run)).WithTimeout(soon).Should(be(v1.PhaseProvisioning, missing,
			"Secret anthropic-api-key is not in namespace "+ns+" on member east: runfleet secrets create --member east -n "+ns+" --api-key-file FILE",
			"Secret github-token-octo or github-pat-octo is not in namespace "+ns+" on member east: runfleet secrets create --member east -n "+ns+
				" --user octo --token-file FILE"))
		Expect(conditionOf(run.Status.Conditions, v1.ConditionInputsReady)).To(And(
			HaveField("Status", metav1.ConditionFalse), HaveField("Reason", v1.ReasonSecretMissing), HaveField("Message", HavePrefix("Secret anthropic-api-key is not"))))

		put(ctx, east, ns, "anthropic-api-key", nil)
		Eventually(status(ctx, run)).Should(And(be(v1.PhaseProvisioning, missing, "Secret github-token-octo"), Not(HaveField("Message", ContainSubstring("anthropic")))))
		Expect(jobs(ctx, east, ns)()).To(BeEmpty())
		put(ctx, east, ns, "github-pat-octo", nil) // the older name is enough
		Eventually(status(ctx, run)).Should(HaveField("Phase", v1.PhaseSucceeded))
		Expect(run.Status.Attempts).To(HaveLen(1))
	})

	It("behaviour 31: is an attempt's failure only at the provisioning deadline", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		put(ctx, east, ns, "anthropic-api-key", nil)
		run := code(ctx, ns, "late", "east", func(s *v1.CodeRunSpec) {
			s.GitHubApp, s.GitHubUser, s.ProvisioningDeadlineSeconds = "Shop-Agents[bot]", "", new(int32(30))
		})
		const how = "--app shop-agents --app-id ID --private-key FILE"
		Eventually(status(ctx, run)).WithTimeout(soon).Should(be(v1.PhaseProvisioning, missing, "Secret github-app-shop-agents is not in", how))
		Eventually(status(ctx, run)).Should(be(v1.PhaseFailed, missing, "Secret github-app-shop-agents is not in namespace "+ns+" on member east", how))
		Expect(run.Status.FinishedAt.Sub(run.Status.Attempts[0].CreatedAt.Time)).To(BeNumerically(">=", 30*time.Second))
		Expect(jobs(ctx, east, ns)()).To(BeEmpty())
	})

	It("behaviour 31: is unknown, not missing, where the member does not say", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		Expect(east.Delete(ctx, lookupRight.DeepCopy())).To(Succeed())
		DeferCleanup(func(ctx SpecContext) {
			Expect(client.IgnoreAlreadyExists(east.Create(ctx, lookupRight.DeepCopy()))).To(Succeed())
		})
		user, err := client.New(east.Agent, client.Options{})
		Expect(err).NotTo(HaveOccurred())
		forbidden := func() bool {
			return apierrors.IsForbidden(user.Get(ctx, client.ObjectKey{Namespace: ns, Name: "any"}, &corev1.Secret{}))
		}
		Eventually(forbidden).Should(BeTrue())
		put(ctx, east, ns, "database", nil, v1.LabelAgents, v1.AgentsAllowed)
		careful := code(ctx, ns, "careful", "east", names("database"))
		Eventually(status(ctx, careful)).Should(be(v1.PhaseProvisioning, v1.ReasonProvisioning, "asking member east whether the run may name the Secret database", "forbidden"))
		plain := docs(ctx, ns, "plain", "east") // its pod will say what is missing; this one's never does
		Eventually(status(ctx, plain)).Should(HaveField("Phase", v1.PhaseSucceeded))
		Expect(jobs(ctx, east, ns)()).To(HaveLen(1))
		usual(ctx, east, ns)
		Expect(east.Create(ctx, lookupRight.DeepCopy())).To(Succeed())
		Eventually(status(ctx, careful)).Should(HaveField("Phase", v1.PhaseSucceeded))
	})

	It("behaviour 31: needs a right on the member, and the member says so", func(ctx SpecContext) {
		lookUp(ctx, "west", v1.SecretLookupEnabled)
		Expect(awaitMember(ctx, "west", v1.ReasonPreflightFailed)).To(Equal("the user of the kubeconfig may not get secrets, in every namespace: " +
			"grant it the ClusterRole runfleet-lookup of docs/members.md, or set spec.secretLookup to Disabled"))
		lookUp(ctx, "west", v1.SecretLookupDisabled)
		awaitMember(ctx, "west", v1.ReasonMemberReady)
	})
})

var _ = Describe("A Secret that is missing where they are not looked up", func() {
	It("behaviour 31: is told from the reason for which the pod waits", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "sim-no-secret", "west")
		Eventually(status(ctx, run)).WithTimeout(soon).Should(be(v1.PhaseProvisioning, missing,
			"CreateContainerConfigError", "(namespace "+ns+" on member west): create it there"))
		Expect(conditionOf(run.Status.Conditions, v1.ConditionInputsReady)).To(And(
			HaveField("Reason", v1.ReasonSecretMissing), HaveField("Message", ContainSubstring("on member west"))))
	})

	It("behaviour 31: is told from what the node warned of, with what creates it", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "sim-never-starts", "west", func(s *v1.DocsRunSpec) { s.RepositoryURL = "git@github.com:example/shop.git" })
		pods := &corev1.PodList{}
		Eventually(func() []corev1.Pod {
			Expect(west.List(ctx, pods, client.InNamespace(ns))).To(Succeed())
			return pods.Items
		}).Should(HaveLen(1))
		pod := pods.Items[0]
		Expect(west.Create(ctx, &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Name: pod.Name + ".1", Namespace: ns},
			InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: ns, Name: pod.Name, UID: pod.UID},
			Type:           corev1.EventTypeWarning, Reason: "FailedMount",
			Message:       `MountVolume.SetUp failed for volume "credentials" : secret "github-ssh-octo" not found`,
			LastTimestamp: metav1.Now(), ReportingController: "kubelet", ReportingInstance: "west-node-1", Action: "Mount",
		})).To(Succeed())
		Eventually(status(ctx, run)).Should(be(v1.PhaseProvisioning, missing, `secret "github-ssh-octo" not found`,
			"(namespace "+ns+" on member west): runfleet secrets create --member west -n "+ns+" --user octo --ssh-key FILE"))
	})
})

var _ = Describe("A Secret that a run names in envFromSecrets", func() {
	const refused = string(v1.ClassRefused)

	It("behaviour 32: arrives where configuration and label permit it, on a member that looks", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		usual(ctx, east, ns)
		put(ctx, east, ns, "database", nil, v1.LabelAgents, v1.AgentsAllowed)
		put(ctx, east, ns, "team-a", nil, v1.LabelAgents, v1.AgentsAllowed)
		run := code(ctx, ns, "permitted", "", names("database", "team-a"))
		Eventually(status(ctx, run)).Should(HaveField("Phase", v1.PhaseSucceeded))
		Expect(run.Status.Cluster).To(Equal("east"))
		var got []string
		for _, v := range jobs(ctx, east, ns)()[0].Spec.Template.Spec.Containers[0].Env {
			if strings.HasPrefix(v.Name, "FROM_") {
				got = append(got, v.Name+"="+v.ValueFrom.SecretKeyRef.Name+"/"+v.ValueFrom.SecretKeyRef.Key)
			}
		}
		Expect(got).To(ConsistOf("FROM_0=database/value", "FROM_1=team-a/value"))
	})

	It("behaviour 32: is refused at once where its label does not permit it", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		usual(ctx, east, ns)
		put(ctx, east, ns, "database", nil, v1.LabelAgents, "no")
		run := code(ctx, ns, "refused", "east", names("database"))
		Eventually(status(ctx, run)).WithTimeout(soon).Should(be(v1.PhaseFailed, refused, "spec.envFromSecrets names the Secret "+ns+"/database on member east, "+
			"which does not permit it: its owner labels it orchestrator.platform/agents=allowed, then raise spec.contextVersion"))
		Expect(jobs(ctx, east, ns)()).To(BeEmpty())
	})

	It("behaviour 32: is refused at once where nobody may look", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		usual(ctx, west, ns)
		put(ctx, west, ns, "database", nil, v1.LabelAgents, v1.AgentsAllowed)
		run := code(ctx, ns, "blind", "west", names("database"))
		Eventually(status(ctx, run)).WithTimeout(soon).Should(be(v1.PhaseFailed, refused, "spec.envFromSecrets names the Secret database, and member west "+
			"cannot be asked whether its label permits that: set spec.secretLookup of that MemberCluster to Enabled"))
		Expect(jobs(ctx, west, ns)()).To(BeEmpty())
	})

	It("behaviour 32: is refused before anything is made where the configuration does not list it", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		usual(ctx, east, ns)
		put(ctx, east, ns, "other", nil, v1.LabelAgents, v1.AgentsAllowed)
		run := code(ctx, ns, "unlisted", "east", names("other"))
		Eventually(status(ctx, run)).WithTimeout(soon).Should(be(v1.PhaseFailed, string(v1.ClassRenderFailed),
			"the configuration does not let runs name the Secret other", "secrets.envAllowed"))
		Expect(jobs(ctx, east, ns)()).To(BeEmpty())
	})

	It("behaviour 32: is told as missing where it is, with the label that it needs", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		usual(ctx, east, ns)
		run := code(ctx, ns, "absent", "east", names("database"))
		Eventually(status(ctx, run)).WithTimeout(soon).Should(be(v1.PhaseProvisioning, missing, "Secret database is not in namespace "+ns+
			" on member east: create it there, labelled orchestrator.platform/agents=allowed"))
	})
})
