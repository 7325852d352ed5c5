//go:build faults

package fencing

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/test/integration/bed"
)

// typed does in a shell what a message says, with kubectl in the path and a cluster's administrator's rights, as somebody on
// call would, and returns what was said.
func typed(ctx context.Context, on *bed.Cluster, command string) string {
	GinkgoHelper()
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(kubectl)+":"+os.Getenv("PATH"), "KUBECONFIG="+on.KubeconfigPath(), "KUBECACHEDIR="+program.Dir)
	said, err := cmd.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s\n%s", command, said)
	return string(said)
}

// confirmation is the command in a message that confirms a member's new identity.
var confirmation = regexp.MustCompile(`kubectl patch membercluster \S+ .* -p '[^']*'`)

var _ = Describe("A member whose kubeconfig leads to another cluster", Ordered, func() {
	var (
		w                    *scene
		goesOn, waits, moves *v1.DocsRun
		command              string
	)

	BeforeAll(func(ctx SpecContext) {
		w = newScene(life, "retargeted", Fail)
		w.fencing(7)
		w.schedule("east")
		w.Eventually(w.member("east")).Should(HavePrefix("True"))
		goesOn = w.docs("sim-slow-10s-goes-on", long)
		waits = w.docs("sim-hang-waits", short)
		moves = w.docs("sim-hang-once-moves", short, lost(v1.ClusterLostReschedule))
		for _, run := range []v1.Run{goesOn, waits, moves} {
			w.await(run, v1.PhaseRunning)
		}
		w.schedule("west")
		write(ctx, "east", bed.KubeconfigOf(hub.Admin, ""))
	})

	It("F13 F14: is refused, with both identities and the command that confirms the new one", func(ctx SpecContext) {
		w.Eventually(w.member("east")).Should(HavePrefix("False " + v1.ReasonIdentityChanged))
		said := typed(ctx, hub, "kubectl describe mc east")
		for _, part := range []string{string(identity(ctx, east)), string(identity(ctx, hub)), v1.ReasonIdentityChanged} {
			w.Expect(said).To(ContainSubstring(part))
		}
		w.Expect(strings.Fields(typed(ctx, hub, "kubectl get mc east --no-headers"))[1:3]).To(Equal([]string{"False", v1.ReasonIdentityChanged}))
		command = confirmation.FindString(said)
		w.Expect(command).NotTo(BeEmpty(), said)
	})

	It("F13: leaves its runs as they are, and says so", func() {
		for _, run := range []v1.Run{goesOn, waits, moves} {
			w.Eventually(w.reachable(run)).Should(Equal("False IdentityChanged: member east is another cluster than before"))
			w.Expect(run.RunStatus()).To(HaveValue(be(v1.PhaseRunning)))
		}
	})

	It("F13: takes the new identity by the command as it was printed, and the runs of the old one are not looked for there", func(ctx SpecContext) {
		w.Expect(typed(ctx, hub, command)).To(ContainSubstring("patched"))
		w.Eventually(w.member("east")).Should(HavePrefix("False " + v1.ReasonCordoned))
		w.Consistently(w.reachable(goesOn)).Should(HavePrefix("False IdentityChanged"))
		s := w.await(waits, v1.PhaseFailed, string(v1.ClassClusterLost))
		w.fenced(s.Attempts[0])
		s = w.await(moves, v1.PhaseSucceeded)
		w.fenced(s.Attempts[0])
		w.Expect(s.Attempts[1].Cluster).To(Equal("west"))
		for _, run := range []v1.Run{goesOn, waits, moves} {
			w.Expect(w.things(hub, run)()).To(Equal([3]int{}), "on the stranger")
		}
	})

	It("F13 F14: and is led back goes on where it was, by the same command", func(ctx SpecContext) {
		write(ctx, "east", bed.KubeconfigOf(east.Agent, toEast.Address()))
		w.Eventually(w.member("east")).Should(HavePrefix("False " + v1.ReasonIdentityChanged))
		again := confirmation.FindString(typed(ctx, hub, "kubectl describe mc east"))
		w.Expect(again).To(Equal(command))
		typed(ctx, hub, again)
		s := w.await(goesOn, v1.PhaseSucceeded)
		w.Expect(s.Attempts).To(HaveExactElements(HaveField("EndedBy", v1.EndJobFinished)))
		w.Eventually(w.status(waits)).Should(HaveField("Attempts", ConsistOf(HaveField("OutcomeRecorded", HaveValue(BeTrue())))))
		w.Expect(waits.Status).To(be(v1.PhaseFailed, string(v1.ClassClusterLost)))
	})
})
