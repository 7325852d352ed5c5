package bed

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"time"

	"github.com/onsi/gomega"
)

// Said is what a call of the command leaves behind.
type Said struct {
	Code           int // -1 where it hung
	Stdout, Stderr string
}

// Call calls the command to its end, as a person does whose own kubeconfig is a file and who has nothing else of this machine.
func (p *Program) Call(kubeconfig string, args ...string) Said {
	return Finish(p.Command(kubeconfig, args...))
}

// Command is such a call before it is started.
func (p *Program) Command(kubeconfig string, args ...string) *exec.Cmd {
	cmd := exec.Command(p.Path, args...) //nolint:noctx // who waits for it bounds it
	cmd.Env = []string{"KUBECONFIG=" + kubeconfig, "HOME=/nonexistent", "PATH=" + os.Getenv("PATH"), "TERM=xterm"}
	return cmd
}

// Finish runs a command to its end.
func Finish(cmd *exec.Cmd) Said {
	const patience = 5 * time.Minute
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	gomega.ExpectWithOffset(1, cmd.Start()).To(gomega.Succeed())
	hangs := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	hangs.Stop()
	if _, exit := errors.AsType[*exec.ExitError](err); !exit {
		gomega.ExpectWithOffset(1, err).NotTo(gomega.HaveOccurred())
	}
	return Said{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
