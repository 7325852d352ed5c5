//go:build e2e

package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/controlplane/programs"
	"github.com/runfleet/runfleet/test/e2e/model"
	"github.com/runfleet/runfleet/test/e2e/settings"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// The agent works until the other replica leads.
var _ = func() bool {
	plays["outlive"] = model.Play{
		{Say: "I write the service.", Calls: []model.Call{write("shop/main.go", "package main\n")}},
		{Say: "It is implemented.", After: 15 * time.Second},
	}
	return true
}()

// kubectl is the program.
func kubectl(ctx context.Context) string {
	GinkgoHelper()
	set, err := programs.Need(ctx, programs.Options{}, programs.Kubectl)
	Expect(err).NotTo(HaveOccurred())
	return set[programs.Kubectl]
}

// install does what docs/install.md says, on a namespace that is as strict as can be, and registers the members.
func install(ctx context.Context) *installed {
	GinkgoHelper()
	strict := map[string]string{}
	for _, mode := range []string{"enforce", "warn", "audit"} {
		strict["pod-security.kubernetes.io/"+mode] = "restricted"
	}
	Expect(hub.TeamNamespace(ctx, v1.SystemNamespace, strict)).To(Succeed())
	o := &installed{}
	life, end := context.WithCancel(context.Background())
	DeferCleanup(end)
	Expect(o.follow(life)).To(Succeed())

	config := map[string]any{}
	Expect(yaml.Unmarshal([]byte(configured), &config)).To(Succeed())
	values, err := json.Marshal(map[string]any{
		"image": "localhost/runfleet:1", "imagePullPolicy": "Never", "probeInterval": "1s", "log": map[string]any{"verbosity": 2},
		"config": config, "templates": settings.Templates(repos.CA, repos.KnownHosts),
	})
	Expect(err).NotTo(HaveOccurred())
	command(ctx, values, program.Path, "install", "-f", "-")
	Expect(o.Ready()).To(BeTrue(), "the Deployment is rolled out when install ends")
	for _, member := range []*bed.Cluster{east, west} {
		join(ctx, member)
	}
	return o
}

// uninstall takes all of it away again, with all runs, and nothing of them is left on the members.
func uninstall(ctx context.Context) {
	GinkgoHelper()
	command(ctx, nil, program.Path, "uninstall", "--delete-runs", "--crds", "--yes")
	kinds := &apiextensions.CustomResourceDefinitionList{}
	Expect(hub.List(ctx, kinds)).To(Succeed())
	Expect(kinds.Items).To(HaveEach(HaveField("DeletionTimestamp", Not(BeNil()))), "they go, or are gone")
	pods := &corev1.PodList{}
	Expect(hub.List(ctx, pods, client.InNamespace(v1.SystemNamespace))).To(Succeed())
	Expect(pods.Items).To(BeEmpty())
	for _, member := range []*bed.Cluster{east, west} {
		for _, list := range []client.ObjectList{&batchv1.JobList{}, &corev1.ConfigMapList{}} {
			Expect(member.List(ctx, list, client.HasLabels{v1.LabelRunUID})).To(Succeed())
			Expect(list).To(HaveField("Items", BeEmpty()), member.Name())
		}
	}
}

// join makes a member as its administrator would, by the way that pods of the hub can take, and waits until it is ready.
func join(ctx context.Context, member *bed.Cluster) {
	GinkgoHelper()
	file := filepath.Join(program.Dir, member.Name()+".kubeconfig")
	Expect(os.WriteFile(file, bed.KubeconfigOf(member.OutsideConfig(), ""), 0o600)).To(Succeed())
	command(ctx, nil, program.Path, "fleet", "join", member.Name(), "--kubeconfig", file)
	Expect(os.Remove(file)).To(Succeed(), "it is an administrator's")
}

var _ = Describe("An installed operator", Label(onlyInstalled), func() {
	var o *installed
	BeforeEach(func() {
		o, _ = operator.(*installed)
		Eventually(o.Ready).Should(BeTrue())
		Eventually(o.leader).ShouldNot(BeEmpty())
	})

	It("has two replicas of which one leads, and tells its metrics by the Service", func() {
		Expect(o.pods()).To(And(HaveLen(replicas), HaveEach(HaveField("Status.ContainerStatuses", HaveExactElements(HaveField("RestartCount", BeZero()))))))
		Expect(o.leader()).To(BeElementOf(o.pods()[0].Name, o.pods()[1].Name))
		leads := 0
		for _, pod := range o.pods() {
			if strings.Contains(o.proxied("pods/"+pod.Name+":8080"), `leader_election_master_status{name="runfleet"} 1`) {
				leads++
			}
		}
		Expect(leads).To(Equal(1))
		Eventually(o.proxied).WithArguments("services/runfleet-metrics:metrics").Should(ContainSubstring("\nrunfleet_"))
		for _, pod := range o.pods() {
			memory := number(o.proxied("pods/"+pod.Name+":8080"), "process_resident_memory_bytes")
			AddReportEntry("memory", fmt.Sprintf("%s: %.0f MiB, %.1f s of CPU", pod.Name, memory/(1<<20), number(o.proxied("pods/"+pod.Name+":8080"), "process_cpu_seconds_total")))
			Expect(memory).To(BeNumerically("<", 128<<20), "what the chart asks for")
		}
	})

	It("loses its leader in the middle of a run, and another one goes on at once, with the same agent", func(ctx SpecContext) {
		w := newScene(ctx, "taken-over", tasks)
		run := w.code("code", "outlive")
		Eventually(func() int { return len(asked("outlive")) }).Should(Equal(2), "it works")
		w.await(run, v1.PhaseRunning)
		first, second := o.leader(), ""
		for _, pod := range o.pods() {
			if pod.Name != first {
				second = pod.Name
			}
		}
		began := time.Now()
		Expect(o.evict(ctx, first)).To(Succeed())
		Expect(apierrors.IsTooManyRequests(o.evict(ctx, second))).To(BeTrue(), "the budget lets one be away")
		Eventually(o.leader).Should(Not(Or(BeEmpty(), Equal(first))), "who asks first: the other one, or the one in place of the first")
		AddReportEntry("taken over", time.Since(began).String())
		Expect(time.Since(began)).To(BeNumerically("<", 10*time.Second), "it gave the lead back; the lease is 15 s")
		s := w.await(run, v1.PhaseSucceeded)
		Expect(s.Attempts).To(HaveExactElements(HaveField("EndedBy", v1.EndJobFinished)))
		Expect(w.pods(byName[s.Cluster], run)).To(HaveLen(1))
		Expect(asked("outlive")).To(HaveExactElements(HaveField("Turn", 0), HaveField("Turn", 1)), "no second agent has spoken")
		Expect(repos.Pulls(w.repo)).To(HaveLen(1))
		Eventually(o.Ready).Should(BeTrue())
		Expect(o.exit(first)).To(HaveValue(BeZero()), "it ended by itself, in time")
	}, SpecTimeout(4*time.Minute))
})

// number is the value of a metric without labels, -1 where there is none.
func number(metrics, name string) float64 {
	for line := range strings.Lines(metrics) {
		if text, found := strings.CutPrefix(line, name+" "); found {
			if n, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
				return n
			}
		}
	}
	return -1
}

func (o *installed) evict(ctx context.Context, pod string) error {
	return hub.SubResource("eviction").Create(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: pod, Namespace: v1.SystemNamespace}}, &policyv1.Eviction{})
}

// exit is the exit code of a pod that has ended.
func (o *installed) exit(pod string) *int32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if code, ended := o.exits[pod]; ended {
		return &code
	}
	return nil
}
