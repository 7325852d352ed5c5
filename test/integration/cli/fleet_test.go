package cli

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// stands says how the operator sees a member.
func stands(ctx context.Context, name, reason, message string, change func(*v1.MemberCluster)) {
	GinkgoHelper()
	m := &v1.MemberCluster{}
	Expect(hub.Get(ctx, client.ObjectKey{Name: name}, m)).To(Succeed())
	if change != nil {
		change(m)
		Expect(hub.Update(ctx, m)).To(Succeed())
	}
	ready := metav1.ConditionFalse
	if reason == v1.ReasonMemberReady {
		ready = metav1.ConditionTrue
	}
	m.Status.KubernetesVersion, m.Status.CredentialsLeft, m.Status.LastSeen = "v1.36.3", "29d", &metav1.Time{Time: at(1).Time}
	m.Status.Conditions = []metav1.Condition{{
		Type: v1.ConditionMemberReady, Status: ready, Reason: reason, Message: message, ObservedGeneration: m.Generation,
		LastTransitionTime: metav1.NewTime(time.Now()),
	}}
	Expect(hub.Status().Update(ctx, m)).To(Succeed())
}

var _ = Describe("fleet list", func() {
	BeforeEach(func(ctx SpecContext) {
		Expect(callLine("", "fleet list")).To(Equal(result{0, "", "No members: runfleet fleet join adds one.\n"}))
		Expect(callLine("", "fleet cordon eu-1")).To(Equal(result{6, "", "runfleet: there is no member \"eu-1\", and no other: runfleet fleet join adds one\n"}))
		member(ctx, "eu-1", "1", nil)
		member(ctx, "production-frankfurt-2", "2", nil)
		stands(ctx, "eu-1", v1.ReasonMemberReady, "takes runs", func(m *v1.MemberCluster) {
			m.Labels, m.Spec.MaxRuns = map[string]string{"region": "eu", "tier": "a"}, new(int32(20))
		})
		stands(ctx, "production-frankfurt-2", v1.ReasonCredentialsRefused, "its API server does not know the token: join it again", func(m *v1.MemberCluster) {
			m.Labels = map[string]string{"region": "eu", "topology.kubernetes.io/zone": "eu-central-1a"}
		})
	})

	It("and cordon say what they may not do", func() {
		for verb, says := range map[string]string{"list": "listing memberclusters: .*cannot list", "cordon eu-1": "reading member eu-1: .*cannot get"} {
			got := callLine("", "fleet "+verb+" --context nobody")
			Expect(got).To(HaveField("Code", 1), verb)
			Expect(got.Stderr).To(MatchRegexp(`^runfleet: `+says+` resource "memberclusters".*\n$`), verb)
		}
	})

	It("shows the members, and wide why one is not ready", func() {
		line := func(s string, n int) string { return strings.Join(strings.Fields(strings.Split(s, "\n")[n]), " ") }
		narrow := callLine("", "fleet list").Stdout
		Expect(line(narrow, 0)).To(Equal("NAME READY REASON VERSION RUNS EXPIRES AGE LABELS"))
		Expect(line(narrow, 1)).To(MatchRegexp(`^eu-1 True MemberReady v1\.36\.3 0/20 29d 0s region=eu,tier=a$`))
		wide := callLine("", "fleet list -o wide").Stdout
		Expect(line(wide, 0)).To(Equal("NAME READY REASON VERSION SCHEDULING RUNS EXPIRES AGE LAST SEEN LABELS MESSAGE"))
		Expect(line(wide, 2)).To(MatchRegexp(`^production-frankfurt-2 False CredentialsRefused v1\.36\.3 Enabled 0 29d 0s \d+m?s? ` +
			`region=eu,topology\.kubernetes\.io/zone=eu-central-1a its API server does not know the token: join it again$`))
	})

	It("prints names, and the objects as they are", func() {
		Expect(callLine("", "fleet list -o name").Stdout).To(Equal("membercluster/eu-1\nmembercluster/production-frankfurt-2\n"))
		var list v1.MemberClusterList
		Expect(json.Unmarshal([]byte(callLine("", "fleet list -o json").Stdout), &list)).To(Succeed())
		Expect(list.Items).To(HaveLen(2))
		Expect(list.Items[1].Status.Conditions[0].Reason).To(Equal(v1.ReasonCredentialsRefused))
		Expect(callLine("", "fleet list -o yaml").Stdout).To(MatchRegexp(`\n +reason: CredentialsRefused\n`))
	})

	It("paints what is well and what somebody has to see to", func(ctx SpecContext) {
		m := &v1.MemberCluster{}
		Expect(hub.Get(ctx, client.ObjectKey{Name: "production-frankfurt-2"}, m)).To(Succeed())
		for left, shown := range map[string]string{"29d": "29d", "<1h": "\x1b[31m<1h\x1b[0m", "expired": "\x1b[31mexpired\x1b[0m"} {
			m.Status.CredentialsLeft = left
			Expect(hub.Status().Update(ctx, m)).To(Succeed())
			Expect(newScreen(200, 24).call("", "fleet list")).To(And(MatchRegexp(` %s +0s `, regexp.QuoteMeta(shown)),
				MatchRegexp(`eu-1 +\x1b\[32mTrue\x1b\[0m`), MatchRegexp(`frankfurt-2 +\x1b\[31mFalse\x1b\[0m`)), left)
		}
	})

	It("is what cordon goes by, of several members and to the first that there is not", func() {
		Expect(callLine("", "fleet cordon eu-1 production-frankfurt-2")).To(Equal(result{0, "eu-1 cordoned\nproduction-frankfurt-2 cordoned\n", ""}))
		Expect(callLine("", "fleet uncordon eu-1 eu-2 production-frankfurt-2")).To(Equal(result{6, "eu-1 uncordoned\n",
			"runfleet: unknown member \"eu-2\": did you mean \"eu-1\"? Members: eu-1, production-frankfurt-2\nSee 'runfleet fleet uncordon --help'.\n"}))
		Expect(callLine("", "fleet uncordon eu-1").Stdout).To(Equal("eu-1 was uncordoned already\n"))
	})

	It("fits a terminal, and there cuts what is longest", func() {
		Expect(newScreen(80, 24).call("", "fleet list -o wide")).To(ContainSubstring("its API server does not know the token: join it again"))
		for _, width := range []uint16{20, 60, 78, 80, 120} {
			for l := range strings.Lines(codes.ReplaceAllString(newScreen(width, 24).call("", "fleet list"), "")) {
				Expect(utf8.RuneCountInString(strings.TrimSpace(l))).To(BeNumerically("<=", width), l)
				if width > 20 && !strings.HasPrefix(l, "NAME") {
					Expect(l).To(MatchRegexp(`^(eu-1|production-frankfurt-2) .*(True|False)`), "%d", width)
				}
			}
		}
	})
})
