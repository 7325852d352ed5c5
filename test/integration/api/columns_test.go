package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// What kubectl get shows, with -o wide behind the bar. kubectl asks the API server for exactly this table.
var _ = DescribeTable("behaviour 53: kubectl get shows of a", func(ctx SpecContext, kind, want string) {
	o := base(kind)
	Expect(hub.Create(ctx, o)).To(Succeed())
	var object client.Object
	if kind == "MemberCluster" {
		member := &v1.MemberCluster{}
		Expect(hub.Get(ctx, client.ObjectKeyFromObject(o), member)).To(Succeed())
		member.Status.KubernetesVersion, member.Status.ActiveRuns = "v1.36.3", 3
		member.Status.CredentialsLeft = "29d"
		member.Status.Conditions = []metav1.Condition{{
			Type: "Ready", Status: "False", Reason: v1.ReasonCordoned, LastTransitionTime: metav1.Now(),
		}}
		object = member
	} else {
		run := create(ctx, kind)
		s := run.RunStatus()
		s.Phase, s.Cluster, s.Attempt = v1.PhaseProvisioning, "eu-1", 1
		s.Reason, s.PullRequestURL = "ClusterChosen", "https://github.com/example/shop/pull/9"
		object = run
	}
	Expect(hub.Status().Update(ctx, object)).To(Succeed())
	Expect(columns(ctx, object, kind)).To(Equal(want))
},
	Entry("DocsRun", "DocsRun",
		"Name=* Phase=Provisioning Cluster=eu-1 Attempt=1 Age=* | Reason=ClusterChosen Pull Request=https://github.com/example/shop/pull/9"),
	Entry("CodeRun", "CodeRun",
		"Name=* Task=7 Service=auth-api Model=sonnet Phase=Provisioning Cluster=eu-1 Attempt=1 Age=* | Reason=ClusterChosen Pull Request=https://github.com/example/shop/pull/9"),
	Entry("MemberCluster", "MemberCluster",
		"Name=* Ready=False Reason=Cordoned Version=v1.36.3 Runs=3 Expires=29d Age=* | Scheduling=Enabled Last Seen=<nil>"),
)

func columns(ctx SpecContext, o client.Object, kind string) string {
	path := "/apis/orchestrator.platform/v1/"
	if o.GetNamespace() != "" {
		path += "namespaces/" + o.GetNamespace() + "/"
	}
	path += strings.ToLower(kind) + "s/" + o.GetName()
	transport, err := rest.HTTPClientFor(config)
	Expect(err).NotTo(HaveOccurred())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, config.Host+path, nil)
	Expect(err).NotTo(HaveOccurred())
	req.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	resp, err := transport.Do(req)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = resp.Body.Close() }()

	var table metav1.Table
	Expect(json.NewDecoder(resp.Body).Decode(&table)).To(Succeed())
	Expect(table.Rows).To(HaveLen(1))
	var normal, wide []string
	for i, c := range table.ColumnDefinitions {
		cell := fmt.Sprintf("%s=%v", c.Name, table.Rows[0].Cells[i])
		switch {
		case c.Name == "Name" || c.Name == "Age":
			normal = append(normal, c.Name+"=*")
		case c.Priority > 0:
			wide = append(wide, cell)
		default:
			normal = append(normal, cell)
		}
	}
	return strings.Join(normal, " ") + " | " + strings.Join(wide, " ")
}

var _ = Describe("The short names and categories", func() {
	It("are those of the original", func() {
		for file, want := range map[string]string{
			"orchestrator.platform_docsruns.yaml":       "dr docsrun docsruns DocsRun DocsRunList Namespaced [runs]",
			"orchestrator.platform_coderuns.yaml":       "cr coderun coderuns CodeRun CodeRunList Namespaced [runs]",
			"orchestrator.platform_memberclusters.yaml": "mc membercluster memberclusters MemberCluster MemberClusterList Cluster []",
		} {
			crd, err := definition(file)
			Expect(err).NotTo(HaveOccurred())
			n := crd.Spec.Names
			Expect(fmt.Sprintf("%s %s %s %s %s %s %v", strings.Join(n.ShortNames, ","), n.Singular, n.Plural, n.Kind, n.ListKind, crd.Spec.Scope, n.Categories)).To(Equal(want))
		}
	})
})
