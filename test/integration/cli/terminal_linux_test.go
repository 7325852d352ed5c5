package cli

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	v1 "github.com/runfleet/runfleet/api/v1"
)

// screen is a terminal of some width that a verb is started on. It keeps every byte that it was sent.
type screen struct {
	master, slave *os.File
	mu            sync.Mutex
	sent          strings.Builder
}

func newScreen(width, height uint16) *screen {
	GinkgoHelper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	Expect(err).NotTo(HaveOccurred())
	fd := int(master.Fd())
	Expect(unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)).To(Succeed())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	Expect(err).NotTo(HaveOccurred())
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	Expect(err).NotTo(HaveOccurred())
	s := &screen{master: master, slave: slave}
	s.resize(width, height)
	go s.read()
	DeferCleanup(func() { _, _ = slave.Close(), master.Close() })
	return s
}

func (s *screen) resize(width, height uint16) {
	GinkgoHelper()
	Expect(unix.IoctlSetWinsize(int(s.slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: height})).To(Succeed())
}

func (s *screen) read() {
	buffer := make([]byte, 4096)
	for {
		n, err := s.master.Read(buffer)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.sent.Write(buffer[:n])
		s.mu.Unlock()
	}
}

// text is what was sent, with the line ends of a file.
func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.ReplaceAll(young(s.sent.String()), "\r\n", "\n")
}

// start starts a verb on the screen, with more in its environment.
func (s *screen) start(namespace, line string, env ...string) *exec.Cmd {
	GinkgoHelper()
	cmd := command(namespace, strings.Fields(line)...)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.slave, s.slave, s.slave
	Expect(cmd.Start()).To(Succeed())
	DeferCleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

func (s *screen) call(namespace, line string, env ...string) string {
	GinkgoHelper()
	Expect(s.start(namespace, line, env...).Wait()).To(Succeed())
	const end = "-- end of the call --" // after everything that the verb wrote, so that nothing of it is still under way
	_, err := s.slave.WriteString(end)
	Expect(err).NotTo(HaveOccurred())
	Eventually(s.text).Should(ContainSubstring(end))
	said, _, _ := strings.Cut(s.text(), end)
	return said
}

var codes = regexp.MustCompile("\x1b\\[[0-9;?]*[a-zA-Z]")

var _ = Describe("On a terminal", func() {
	It("phases have colours, unless their owner wants none", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "fine", v1.PhaseProvisioning, v1.PhaseSucceeded)
		docs(ctx, ns, "poor", v1.PhaseProvisioning, v1.PhaseFailed)
		coloured := newScreen(120, 24).call(ns, "get")
		Expect(coloured).To(And(ContainSubstring("\x1b[32mSucceeded\x1b[0m"), ContainSubstring("\x1b[31mFailed\x1b[0m"), ContainSubstring("\x1b[1mNAME\x1b[0m")))
		plain := codes.ReplaceAllString(coloured, "")
		Expect(newScreen(120, 24).call(ns, "get", "NO_COLOR=1")).To(Equal(plain))
		Expect(newScreen(120, 24).call(ns, "get", "TERM=dumb")).To(Equal(plain))
		Expect(callLine(ns, "get").Stdout).To(Equal(plain), "a pipe is never coloured")
	})

	It("the table fits", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop", v1.PhaseProvisioning)
		tell(ctx, run, func(s *v1.RunStatus) { s.Message = strings.Repeat("Die Prüfung läuft. ", 20) })
		for _, width := range []uint16{20, 40, 60, 80, 120, 200} {
			text := newScreen(width, 24).call(ns, "get", "NO_COLOR=1")
			for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
				if width >= 60 {
					Expect(len([]rune(line))).To(BeNumerically("<=", width), line)
				}
				Expect(strings.Contains(line, "…")).To(Equal(width >= 80 && strings.HasPrefix(line, "docsrun")), line)
			}
		}
		Expect(newScreen(80, 24).call(ns, "get -o wide")).To(ContainSubstring(strings.TrimSpace(run.Status.Message)), "wide is whole")
	})

	It("get --watch draws in place, whatever the size", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		run := docs(ctx, ns, "shop")
		s := newScreen(100, 6)
		cmd := s.start(ns, "get -w", "NO_COLOR=1")
		const head = "\rNAME          PHASE    CLUSTER  ATTEMPT  AGE  REASON\x1b[K\n"
		Eventually(s.text).Should(HavePrefix(head + "\rdocsrun/shop  Pending  -        -        0s   -\x1b[K\n\x1b[J"))
		lead(ctx, run, v1.PhaseProvisioning)
		Eventually(s.text).Should(ContainSubstring("\x1b[2A\rNAME          PHASE         CLUSTER"))
		for name := range strings.SplitSeq("abcdefgh", "") {
			docs(ctx, ns, name)
		}
		Eventually(s.text).Should(ContainSubstring("\r… and 6 more\x1b[K\n\x1b[J"))
		s.resize(30, 6)
		Eventually(s.text).Should(ContainSubstring("\rNAME          PHASE         C…\x1b[K"))
		Expect(cmd.Process.Signal(os.Interrupt)).To(Succeed())
		Expect(cmd.Wait()).To(Succeed())
	})

	It("wait paints what it tells", func(ctx SpecContext) {
		ns := newNamespace(ctx)
		docs(ctx, ns, "shop", v1.PhaseProvisioning, v1.PhaseSucceeded)
		Expect(newScreen(40, 24).call(ns, "wait shop")).To(Equal("docsrun/shop  \x1b[32mSucceeded\x1b[0m     it is Succeeded\n"))
	})
})
