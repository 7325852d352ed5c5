//go:build e2e

package runs

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/e2e/forge"
)

// badInput is a run that cannot succeed, in a scene of its own.
type badInput struct {
	what, name string
	elsewhere  bool // it gets the image and the storage class of elsewhere
	create     func(w *scene) v1.Run
	reason     v1.FailureClass
	says       []string // beside the member
}

// elsewhere is a configuration whose image nobody serves, and whose storage class no member has.
func elsewhere() string {
	image := "agent:\n  image: {repository: " + closed() + "/agent, tag: \"1\", pullPolicy: IfNotPresent}\n"
	_, others, _ := strings.Cut(strings.TrimPrefix(configured, "\nagent:\n"), "\n")
	return image + others + "storage: {storageClassName: gone}\n"
}

// closed is an address of this machine where nobody listens, as the members see it: the port was free a moment ago.
func closed() string {
	GinkgoHelper()
	l, err := net.Listen("tcp", east.Outside()+":0")
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// How many seconds a run on east waits for its agent: as few as a run may ask for, where it waits in vain.
const (
	inVain  = 30
	patient = 300
)

func (w *scene) badDocs(seconds int32, edits ...func(*v1.DocsRunSpec)) v1.Run {
	GinkgoHelper()
	return w.docs("bad", w.name, func(r *v1.DocsRun) {
		r.Spec.Placement, r.Spec.ProvisioningDeadlineSeconds = &v1.Placement{Cluster: east.Name()}, &seconds
		for _, edit := range edits {
			edit(&r.Spec)
		}
	})
}

func (w *scene) badCode(seconds int32, edits ...func(*v1.CodeRunSpec)) v1.Run {
	GinkgoHelper()
	return w.code("bad", w.name, func(r *v1.CodeRun) {
		r.Spec.Placement, r.Spec.ProvisioningDeadlineSeconds = &v1.Placement{Cluster: east.Name()}, &seconds
		for _, edit := range edits {
			edit(&r.Spec)
		}
	})
}

// strangersKey is a private key that no host knows.
func strangersKey(ctx context.Context) string {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "key")
	out, err := exec.CommandContext(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s", out)
	key, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	return string(key)
}

// quota limits a resource of the scene's namespace on east, and returns when that holds.
func (w *scene) quota(name corev1.ResourceName) {
	GinkgoHelper()
	q := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "limit", Namespace: w.name},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{name: resource.MustParse("0")}},
	}
	Expect(east.Create(w.ctx, q)).To(Succeed())
	Eventually(func() (corev1.ResourceList, error) {
		return q.Status.Hard, east.Get(w.ctx, client.ObjectKeyFromObject(q), q)
	}).Should(HaveKey(name))
}

// meshed lets the API server of east change each pod of the scene's namespace as an injector of sidecars would, which the
// namespace's Pod Security Standard does not take. It returns when that happens.
func (w *scene) meshed() {
	GinkgoHelper()
	once, ignored := admissionv1.NeverReinvocationPolicy, admissionv1.Fail
	policy := &admissionv1.MutatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: w.name}, Spec: admissionv1.MutatingAdmissionPolicySpec{
		ReinvocationPolicy: once, FailurePolicy: &ignored,
		MatchConstraints: &admissionv1.MatchResources{
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: w.name}},
			ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}}},
		},
		Mutations: []admissionv1.Mutation{{
			PatchType:          admissionv1.PatchTypeApplyConfiguration,
			ApplyConfiguration: &admissionv1.ApplyConfiguration{Expression: "Object{spec: Object.spec{hostNetwork: true}}"},
		}},
	}}
	binding := &admissionv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: policy.ObjectMeta, Spec: admissionv1.MutatingAdmissionPolicyBindingSpec{PolicyName: policy.Name},
	}
	for _, o := range []client.Object{policy, binding} {
		Expect(east.Create(w.ctx, o)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(east.Delete(ctx, o)).To(Succeed()) })
	}
	Eventually(func() error {
		return east.Create(w.ctx, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "any", Namespace: w.name},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "any", Image: "any"}}},
		}, client.DryRunAll)
	}).Should(MatchError(ContainSubstring("hostNetwork=true")))
}

var badInputs = []badInput{
	{what: "has an SSH key that the host does not know", name: "wrong-key", create: func(w *scene) v1.Run {
		w.secret("github-ssh-stranger", map[string]string{"ssh-privatekey": strangersKey(w.ctx)})
		w.secret("github-token-stranger", map[string]string{"token": forge.Token})
		return w.badCode(patient, func(s *v1.CodeRunSpec) { s.GitHubUser = "stranger" })
	}, reason: v1.ClassRepositoryUnreachable, says: []string{"Permission denied", "key ssh-privatekey of the Secret github-ssh-stranger"}},

	{what: "has a token that the host does not know", name: "wrong-token", create: func(w *scene) v1.Run {
		w.secret("github-token-stranger", map[string]string{"token": "ghs_stranger"})
		return w.badDocs(patient, func(s *v1.DocsRunSpec) { s.GitHubUser = "stranger" })
	}, reason: v1.ClassRepositoryUnreachable, says: []string{"Authentication failed", "key token of the Secret github-token-stranger"}},

	{what: "has a host where nobody answers over HTTPS", name: "closed-https", create: func(w *scene) v1.Run {
		return w.badDocs(patient, func(s *v1.DocsRunSpec) { s.RepositoryURL = v1.RepositoryURL("https://" + closed() + "/octo/shop.git") })
	}, reason: v1.ClassRepositoryUnreachable, says: []string{"/octo/shop.git cannot be reached", "onnect", "Check the address"}},

	{what: "has a host where nobody answers over SSH", name: "closed-ssh", create: func(w *scene) v1.Run {
		return w.badCode(patient, func(s *v1.CodeRunSpec) {
			s.RepositoryURL = v1.RepositoryURL("ssh://git@" + closed() + "/octo/shop.git")
		})
	}, reason: v1.ClassRepositoryUnreachable, says: []string{"/octo/shop.git cannot be reached", "Connection refused", "Check the address"}},

	{what: "has a repository that is not there over HTTPS", name: "absent-https", create: func(w *scene) v1.Run {
		return w.badDocs(patient, func(s *v1.DocsRunSpec) { s.RepositoryURL = v1.RepositoryURL(repos.URL + "/octo/absent.git") })
	}, reason: v1.ClassRepositoryUnreachable, says: []string{"/octo/absent.git cannot be reached", "not found", "Check the address"}},

	{what: "has a repository that is not there over SSH", name: "absent-ssh", create: func(w *scene) v1.Run {
		return w.badCode(patient, func(s *v1.CodeRunSpec) { s.RepositoryURL = v1.RepositoryURL(repos.SSH + "/octo/absent.git") })
	}, reason: v1.ClassRepositoryUnreachable, says: []string{"/octo/absent.git cannot be reached", "does not appear to be a git repository", "Check the address"}},

	{what: "has a branch that is not there", name: "branchless", create: func(w *scene) v1.Run {
		return w.badDocs(patient, func(s *v1.DocsRunSpec) { s.SourceBranch = "nowhere" })
	}, reason: v1.ClassPrerequisiteMissing, says: []string{"There is no branch nowhere in https://", "create it, or name another one"}},

	{what: "has an image that cannot be pulled", name: "imageless", elsewhere: true, create: func(w *scene) v1.Run {
		return w.badDocs(inVain)
	}, reason: v1.ClassImage, says: []string{"pod bad-", "Pull", "/agent:1", "Correct the image or its pull secret"}},

	{what: "F21: has a volume that nobody makes", name: "volumeless", elsewhere: true, create: func(w *scene) v1.Run {
		return w.badCode(inVain)
	}, reason: v1.ClassProvisioningDeadlineExceeded, says: []string{"Job bad-", "PersistentVolumeClaim workspace-shop", `storageclass.storage.k8s.io "gone" not found`, "a volume"}},

	{what: "F21: has a quota on volumes", name: "volumes-quota", create: func(w *scene) v1.Run {
		w.quota(corev1.ResourcePersistentVolumeClaims)
		return w.badCode(inVain)
	}, reason: v1.ClassProvisioningDeadlineExceeded, says: []string{"Job bad-", "workspace-shop", "exceeded quota: limit", "a quota"}},

	{what: "has a quota on pods", name: "pods-quota", create: func(w *scene) v1.Run {
		w.quota(corev1.ResourcePods)
		return w.badDocs(inVain)
	}, reason: v1.ClassProvisioningDeadlineExceeded, says: []string{"Job bad-", "FailedCreate", "exceeded quota: limit", "a quota"}},

	{what: "has a quota on Jobs", name: "jobs-quota", create: func(w *scene) v1.Run {
		w.quota("count/jobs.batch")
		return w.badDocs(inVain)
	}, reason: v1.ClassProvisioningDeadlineExceeded, says: []string{"Job bad-", "exceeded quota: limit", "a quota"}},

	{what: "has a pod that the namespace's Pod Security Standard does not take", name: "insecure", create: func(w *scene) v1.Run {
		w.meshed()
		return w.badDocs(inVain)
	}, reason: v1.ClassProvisioningDeadlineExceeded, says: []string{"Job bad-", "FailedCreate", `violates PodSecurity "restricted`, "hostNetwork=true", "an admission rule"}},
}

// configure changes the operator's configuration, and returns when it is in force.
func configure(ctx context.Context, text string) {
	GinkgoHelper()
	inForce(func() { Expect(hub.Configure(ctx, v1.SystemNamespace, text)).To(Succeed()) }, "configuration")
}

// inForce waits until the operator uses what is changed.
func inForce(change func(), what string) {
	GinkgoHelper()
	Eventually(operator.Ready).Should(BeTrue(), "what it reads at its start is no change")
	changes := func() int { return strings.Count(operator.Says(), "Using a changed "+what) }
	before := changes()
	change()
	Eventually(changes).Should(BeNumerically(">", before))
}

// Most of them wait for a deadline: all of them wait at the same time.
var _ = Describe("A run with bad input", Ordered, ContinueOnFailure, func() {
	scenes, created := map[string]*scene{}, map[string]v1.Run{}

	BeforeAll(func(ctx SpecContext) {
		begin := func(elsewhere bool) {
			for _, b := range badInputs {
				if b.elsewhere == elsewhere {
					scenes[b.name] = newScene(context.WithoutCancel(ctx), b.name, tasks)
					created[b.name] = b.create(scenes[b.name])
				}
			}
		}
		configure(ctx, elsewhere())
		DeferCleanup(func(ctx SpecContext) { Expect(hub.Configure(ctx, v1.SystemNamespace, configured)).To(Succeed()) })
		begin(true)
		for name, run := range created { // an attempt is rendered with the configuration that it was committed with
			Eventually(func() (int32, error) {
				return run.RunStatus().Attempt, hub.Get(ctx, client.ObjectKeyFromObject(run), run)
			}).Should(BeEquivalentTo(1), name)
		}
		configure(ctx, configured)
		begin(false)
	}, NodeTimeout(3*time.Minute))

	for _, b := range badInputs {
		It(b.what+": it fails in time, and says where, why and what to do", func(_ SpecContext) {
			s := scenes[b.name].await(created[b.name], v1.PhaseFailed)
			GinkgoWriter.Println(b.name, s.Reason, s.Message)
			words := []gomegatypes.GomegaMatcher{ContainSubstring("member east")}
			for _, w := range b.says {
				words = append(words, ContainSubstring(w))
			}
			Expect(s).To(And(HaveField("Reason", string(b.reason)), HaveField("Message", And(words...)), HaveField("Attempts", HaveLen(1))))
			Expect(s.FinishedAt.Sub(s.Attempts[0].CreatedAt.Time)).To(BeNumerically("<", 90*time.Second), "the provisioning deadline, and what ending takes")
			Expect(asked(b.name)).To(BeEmpty(), "no token is spent")
		}, SpecTimeout(4*time.Minute))
	}
})
