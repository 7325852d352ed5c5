package cli

import (
	"context"
	"encoding/json"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// member registers a member under a name until the spec ends: the hub itself, or what a kubeconfig leads to. The operator
// knows it as the cluster of that UID.
func member(ctx context.Context, name string, uid types.UID, kubeconfig []byte) {
	GinkgoHelper()
	m := &v1.MemberCluster{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1.MemberClusterSpec{Connection: v1.ConnectionHub}}
	if kubeconfig != nil {
		m.Spec = v1.MemberClusterSpec{KubeconfigSecretRef: &v1.KubeconfigSecretRef{Name: name}}
		secret := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: v1.SystemNamespace}, Data: map[string][]byte{"kubeconfig": kubeconfig},
		}
		Expect(hub.Create(ctx, secret)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(hub.Delete(ctx, secret)).To(Succeed()) })
	}
	Expect(hub.Create(ctx, m)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(hub.Delete(ctx, m)).To(Succeed()) })
	m.Status.ClusterUID = uid
	Expect(hub.Status().Update(ctx, m)).To(Succeed())
}

func identity(ctx context.Context) types.UID {
	GinkgoHelper()
	ns := &corev1.Namespace{}
	Expect(hub.Get(ctx, client.ObjectKey{Name: metav1.NamespaceSystem}, ns)).To(Succeed())
	return ns.UID
}

// made is the metadata of an object that a hub made for attempt 1 of a run.
func made(by types.UID, run v1.Run, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Namespace: run.GetNamespace(),
		Labels: map[string]string{
			v1.LabelManaged: "true", v1.LabelHub: string(by), v1.LabelRunUID: string(run.GetUID()), v1.LabelAttempt: "1",
		},
		Annotations: map[string]string{v1.AnnotationHome: "DocsRun/" + run.GetNamespace() + "/" + run.GetName()},
	}
}

// agent is a Job as nobody controls it here: what its status says is written by the spec.
func agent(ctx context.Context, meta metav1.ObjectMeta, suspended bool, change func(*batchv1.JobStatus)) {
	GinkgoHelper()
	job := &batchv1.Job{ObjectMeta: meta, Spec: batchv1.JobSpec{
		Suspend: &suspended, ActiveDeadlineSeconds: new(int64(3600)),
		Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			Containers:    []corev1.Container{{Name: "agent", Image: "registry.example.com/agent"}},
		}},
	}}
	Expect(hub.Create(ctx, job)).To(Succeed())
	if change != nil {
		change(&job.Status)
		Expect(hub.Status().Update(ctx, job)).To(Succeed())
	}
}

var _ = Describe("orphans", func() {
	It("shows what no run accounts for, and with --all why the rest is there", func(ctx SpecContext) {
		ns, uid := newNamespace(ctx), identity(ctx)
		member(ctx, "local", uid, nil)
		Expect(callLine(ns, "orphans")).To(Equal(result{0, "", "No orphans in namespace " + ns + " on any of 1 members.\n"}))
		Expect(callLine(ns, "orphans --all")).To(Equal(result{0, "", "Nothing of Runfleet's in namespace " + ns + " on any of 1 members.\n"}))

		kept := docs(ctx, ns, "kept")
		tell(ctx, kept, func(s *v1.RunStatus) {
			s.Phase, s.Attempt, s.Attempts = v1.PhaseProvisioning, 1, []v1.Attempt{{Number: 1, Cluster: "local"}}
		})
		lead(ctx, kept, v1.PhaseRunning)
		agent(ctx, made(uid, kept, "kept-1"), false, nil)
		gone := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: "gone", Namespace: ns, UID: "0b5e0e3c-7d0b-4a4e-9c62-1d6a3f0f5a11"}}
		start := metav1.Date(2026, 1, 2, 3, 4, 5, 0, at(0).Location())
		agent(ctx, made(uid, gone, "gone-1"), false, func(s *batchv1.JobStatus) { s.Active, s.StartTime = 1, &start })
		Expect(hub.Create(ctx, &corev1.ConfigMap{ObjectMeta: made(uid, gone, "gone-1")})).To(Succeed())
		late := gone.DeepCopy()
		late.Name, late.UID = "late", "1c6f1f4d-8e1c-4b5f-8d73-2e7b4a1a6b22"
		agent(ctx, made(uid, late, "late-1"), true, nil)
		agent(ctx, made("another", late, "foreign-1"), true, nil)
		Expect(hub.Create(ctx, &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Name: "workspace-shop", Namespace: ns, Labels: map[string]string{v1.LabelManaged: "true", v1.LabelHub: string(uid)}},
			Spec: corev1.PersistentVolumeClaimSpec{
				AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
			},
		})).To(Succeed())

		orphaned := "MEMBER  NAMESPACE  OBJECT  RUN  ATTEMPT  STATE  AGE  WHY\n" +
			"local NS job/gone-1 docsrun/gone 1 running 0s its run is gone, and its agent lives: it ends by itself at 2026-01-02T04:04:05Z at the latest. " +
			"To end it now, on member local: kubectl -n NS delete job gone-1\n" +
			"local NS configmap/gone-1 docsrun/gone 1 - 0s its run is gone: it is swept when its agent has ended\n" +
			"local NS job/late-1 docsrun/late 1 suspended 0s its run is gone: it is swept within the hour\n"
		got := callLine(ns, "orphans")
		Expect(got.Stderr).To(BeEmpty())
		Expect(got.Code).To(BeZero())
		Expect(words(got.Stdout)).To(Equal(words(strings.ReplaceAll(orphaned, "NS", ns))))
		all := callLine(ns, "orphans --all").Stdout
		Expect(words(all)).To(ConsistOf(append(words(got.Stdout),
			[]string{"local", ns, "job/kept-1", "docsrun/kept", "1", "running", "0s", "attempt", "1", "is", "active:", "the", "run", "is", "Running"},
			strings.Fields("local "+ns+" job/foreign-1 docsrun/late 1 suspended 0s another hub's: another"),
			strings.Fields("local "+ns+" persistentvolumeclaim/workspace-shop - - - 0s a workspace is kept for the next run of its service"),
		)))
		Expect(callLine(newNamespace(ctx), "orphans").Stdout).To(BeEmpty())
		Expect(callLine("", "orphans").Stdout).To(ContainSubstring("job/late-1"), "in all namespaces")

		Expect(callLine(ns, "orphans -o name").Stdout).To(Equal(strings.ReplaceAll("local/NS/job/gone-1\nlocal/NS/configmap/gone-1\nlocal/NS/job/late-1\n", "NS", ns)))
		Expect(callLine(ns, "orphans -o wide").Stdout).To(ContainSubstring(string(late.UID)))
		for output, read := range map[string]func([]byte, any) error{
			"json": json.Unmarshal, "yaml": func(data []byte, into any) error { return yaml.Unmarshal(data, into) },
		} {
			var list struct{ Items []map[string]any }
			Expect(read([]byte(callLine(ns, "orphans -o "+output).Stdout), &list)).To(Succeed())
			Expect(list.Items).To(HaveLen(3))
			Expect(list.Items[0]).To(And(
				HaveKeyWithValue("member", "local"), HaveKeyWithValue("kind", "Job"), HaveKeyWithValue("run", "docsrun/gone"),
				HaveKeyWithValue("runUID", string(gone.UID)), HaveKeyWithValue("orphan", true), HaveKeyWithValue("state", "running"),
				HaveKeyWithValue("ends", "2026-01-02T04:04:05Z")))
		}
		Expect(callLine(newNamespace(ctx), "orphans -o json").Stdout).To(ContainSubstring(`"items": []`))
	})

	It("names each member that could not be asked, and why, and shows what the others said", func(ctx SpecContext) {
		ns, uid := newNamespace(ctx), identity(ctx)
		Expect(callLine(ns, "orphans")).To(Equal(result{0, "", "No members: a MemberCluster object registers one.\n"}))
		system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: v1.SystemNamespace}}
		Expect(client.IgnoreAlreadyExists(hub.Create(ctx, system))).To(Succeed())
		member(ctx, "local", uid, nil)
		k := contexts()
		k.CurrentContext = "dead"
		dead, err := clientcmd.Write(*k)
		Expect(err).NotTo(HaveOccurred())
		k.CurrentContext = "nobody"
		forbidden, err := clientcmd.Write(*k)
		Expect(err).NotTo(HaveOccurred())
		k.CurrentContext = "hub"
		moved, err := clientcmd.Write(*k)
		Expect(err).NotTo(HaveOccurred())
		member(ctx, "dead", "d", dead)
		member(ctx, "forbidden", uid, forbidden)
		member(ctx, "garbage", "g", []byte("clusters: nonsense"))
		member(ctx, "moved", "another", moved)
		member(ctx, "new", "", moved)
		gone := &v1.DocsRun{ObjectMeta: metav1.ObjectMeta{Name: "gone", Namespace: ns, UID: "0b5e0e3c-7d0b-4a4e-9c62-1d6a3f0f5a11"}}
		agent(ctx, made(uid, gone, "gone-1"), true, nil)

		got := callLine(ns, "orphans -o name")
		Expect(got.Code).To(Equal(1))
		Expect(got.Stdout).To(Equal("local/" + ns + "/job/gone-1\n"))
		host := plane.Config().Host
		Expect(strings.Split(strings.TrimSpace(got.Stderr), "\n")).To(HaveExactElements(
			"member dead was not asked: https://127.0.0.1:1 does not answer while reading its identity (namespace kube-system): dial: connect: connection refused",
			"member forbidden was not asked: "+host+" forbids reading its identity (namespace kube-system): grant the member's user the ClusterRole of docs/members.md",
			"member garbage was not asked: key kubeconfig of Secret runfleet-system/garbage is not a kubeconfig: check it with kubectl config view --kubeconfig=FILE",
			"member moved was not asked: its kubeconfig leads to the cluster "+string(uid)+", and it was another: see kubectl describe mc moved",
			"member new was not asked: the operator has not found out yet which cluster it is: see kubectl describe mc new",
			"runfleet: incomplete: 5 of 6 members could not be asked",
		))
		Expect(callLine(newNamespace(ctx), "orphans").Stderr).To(HavePrefix("No orphans on the members that could be asked.\n"))
	})

	It("needs the hub, and says what it lacks", func(ctx SpecContext) {
		member(ctx, "local", identity(ctx), nil)
		Expect(callLine("", "orphans --context nobody").Stderr).To(HavePrefix("runfleet: listing memberclusters: memberclusters.orchestrator.platform is forbidden: "))
		Expect(callLine("", "orphans --context dead").Stderr).To(HavePrefix("runfleet: listing memberclusters: the API server https://127.0.0.1:1 cannot be reached"))
	})
})

// words are the words of a table, line by line.
func words(table string) [][]string {
	var lines [][]string
	for line := range strings.Lines(table) {
		lines = append(lines, strings.Fields(line))
	}
	return lines
}
