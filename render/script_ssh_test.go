package render

import (
	"net"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"testing"
)

// sshd serves the stage's repository to whoever has the key in the stage's credentials, with a real sshd. It returns the
// line by which ssh knows it, and who to log in as and where.
func sshd(s stage) (knownHost, authority string) {
	s.t.Helper()
	program, err := exec.LookPath("sshd")
	if err != nil {
		program = "/usr/sbin/sshd" // which is not on everybody's path
	}
	for _, key := range []string{"host-key", "key"} {
		if out, err := exec.CommandContext(s.t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", s.path(key)).CombinedOutput(); err != nil {
			s.t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	s.write("credentials/ssh-privatekey", s.read("key"))
	listener, err := (&net.ListenConfig{}).Listen(s.t.Context(), "tcp", "127.0.0.1:0")
	s.must(err)
	s.t.Cleanup(func() { _ = listener.Close() })
	address, _ := listener.Addr().(*net.TCPAddr)
	s.write("sshd.conf", "HostKey "+s.path("host-key")+"\nAuthorizedKeysFile "+s.path("key.pub")+
		"\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"+
		"SetEnv FORWARDED=no\n")
	if os.Geteuid() == 0 {
		s.must(os.MkdirAll("/run/sshd", 0o755)) // an empty directory, without which a root's sshd does not start
	}
	go s.accept(listener, program)
	me, err := user.Current()
	s.must(err)
	key := strings.Join(strings.Fields(s.read("host-key.pub"))[:2], " ")
	return "[127.0.0.1]:" + strconv.Itoa(address.Port) + " " + key + "\n", me.Username + "@127.0.0.1:" + strconv.Itoa(address.Port)
}

// accept gives each connection an sshd of its own, as inetd does: so there is none to wait for, and none that stays.
func (s stage) accept(listener net.Listener, program string) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return // the test is over
		}
		tcp, _ := connection.(*net.TCPConn)
		file, err := tcp.File()
		if err == nil {
			cmd := exec.Command(program, "-i", "-e", "-f", s.directory+"/sshd.conf")
			cmd.Stdin, cmd.Stdout = file, file
			if err = cmd.Start(); err == nil {
				go func() { _ = cmd.Wait() }()
			}
			_ = file.Close()
		}
		_ = connection.Close()
		if err != nil {
			return // the script tells that nobody answers
		}
	}
}

func TestBehaviour30ARealSSHServerIsKnownByItsKeyOrNotUsed(t *testing.T) {
	for name, test := range map[string]struct {
		change func(s stage, known string) // what there is for ssh
		code   int
		result string
		reason string
	}{
		"its key": {func(s stage, known string) { s.write("config/known-hosts", known) }, 0, "succeeded", ""},
		"another key": {func(s stage, known string) {
			s.write("config/known-hosts", strings.Fields(known)[0]+" "+strings.Join(strings.Fields(s.read("key.pub"))[:2], " ")+"\n")
		}, 1, "repositoryUnreachable", "Host key verification failed. fatal: Could not read from remote repository. Put the key of the host into shared_known-hosts.hbs"},
		"no key of it": {func(stage, string) {}, 1, "repositoryUnreachable", "Put the key of the host into shared_known-hosts.hbs of the ConfigMap runfleet-templates"},
		"another user's key": {func(s stage, known string) {
			s.write("config/known-hosts", known)
			s.write("credentials/ssh-privatekey", s.read("host-key"))
		}, 1, "repositoryUnreachable", "The host refuses the key ssh-privatekey of the Secret github-ssh-octocat on the member."},
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, func(t *testing.T, s stage) {
				known, authority := sshd(s)
				s.env["REPOSITORY_URL"] = "ssh://" + authority + s.path("origin.git")
				s.env["DOCS_REPOSITORY_URL"], s.env["RUNFLEET_LOGIN"] = s.env["REPOSITORY_URL"], "octocat"
				s.env["SSH_AUTH_SOCK"] = s.path("nobody") // an agent's socket that must not be asked
				test.change(s, known)
				s.agent("echo code >main.c")
				code, o := s.run("agent")
				s.wants(code, o, test.code, test.result, test.reason)
				if (test.code == 0) != (s.published(ownBranch, "auth-api/main.c") == "code\n") {
					t.Errorf("what is pushed must go with the result, got branches %s", s.branches())
				}
				out, err := exec.CommandContext(t.Context(), "ssh", "-G", "-F", s.path("home/.ssh/config"), "example.com").Output()
				if err != nil || !strings.Contains(string(out), "forwardagent no\n") || !strings.Contains(string(out), "identityagent none\n") {
					t.Errorf("no agent is asked or forwarded: %v: %s", err, out)
				}
			})
		})
	}
}
