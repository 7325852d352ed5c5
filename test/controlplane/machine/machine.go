package machine

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/runfleet/runfleet/test/controlplane/programs"
)

//go:embed machine.sh
var script []byte

// Volumes is where volumes lie below a machine's directory, and as the machine
// calls it with a slash before it.
const Volumes = "var/lib/volumes"

// A Machine is how one is run. Nothing of it is needed to remove it again.
type Machine struct {
	// Name of the node.
	Name string
	// Dir takes everything that the machine writes.
	Dir string
	// Network it is in.
	Network Network
	// Services is an address that whoever starts the machine serves in its network,
	// for the pods.
	Services string
	// Programs it runs, of programs.Node.
	Programs programs.Set
}

// Files are those that the kubelet shows others, and whom it trusts.
type Files struct {
	Kubeconfig []byte // by which it reaches the API server
	Authority  []byte // who signed those that may ask it
	Cert, Key  []byte // what it shows them
}

// Prepare makes the machine's directory and its cgroup.
func (m *Machine) Prepare(f Files) error {
	if err := m.hidden(); err != nil {
		return err
	}
	if err := makeCgroups(cgroupRoot, m.cgroup()); err != nil {
		return err
	}
	for _, name := range []string{"var/log", "var/tmp", "var/lib/containerd", Volumes} {
		if err := os.MkdirAll(m.file(name), 0o755); err != nil {
			return fmt.Errorf("making the machine %s: %w", m.Name, err)
		}
	}
	for name, data := range map[string][]byte{
		"machine.sh":                  script,
		"link":                        []byte(m.Network.Link()),
		"var/lib/containerd.toml":     m.containerdConfig(),
		"var/lib/cni/net.d/pods.json": m.podNetwork(),
		"var/lib/kubelet/config.yaml": m.kubeletConfig(),
		"var/lib/kubelet/kubeconfig":  f.Kubeconfig,
		"var/lib/kubelet/ca.crt":      f.Authority,
		"var/lib/kubelet/server.crt":  f.Cert,
		"var/lib/kubelet/server.key":  f.Key,
	} {
		path := filepath.Join(m.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("making the machine %s: %w", m.Name, err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return fmt.Errorf("making the machine %s: %w", m.Name, err)
		}
	}
	return nil
}

// hidden finds programs that the machine would not see, since /var and /run there are its own.
func (m *Machine) hidden() error {
	for _, path := range m.Programs {
		if strings.HasPrefix(path, "/var/") || strings.HasPrefix(path, "/run/") {
			return fmt.Errorf("making the machine %s: %s lies where a machine has its own files: "+
				"set XDG_CACHE_HOME to a place outside /var and /run", m.Name, path)
		}
	}
	return nil
}

// Containerd is the command that starts the machine and containerd in it.
func (m *Machine) Containerd() []string {
	return []string{
		"/bin/sh", m.file("machine.sh"),
		m.file("var"), fmt.Sprint(os.Getpid()), m.Network.Link(), m.Network.prefix(), m.Services, m.Name, m.path(),
	}
}

// Kubelet is the command that starts the kubelet in a machine whose first
// process is pid.
func (m *Machine) Kubelet(pid int) []string {
	return []string{
		"nsenter", "--target", fmt.Sprint(pid), "--mount", "--pid", "--net", "--ipc", "--uts", "--",
		m.Programs[programs.Kubelet],
		"--config=/var/lib/kubelet/config.yaml",
		"--kubeconfig=/var/lib/kubelet/kubeconfig",
		"--root-dir=/var/lib/kubelet",
		"--hostname-override=" + m.Name,
		"--node-ip=" + m.Network.Machine(),
	}
}

// path is where the machine's programs find each other.
func (m *Machine) path() string {
	var dirs []string
	for _, name := range []string{programs.Containerd, programs.Shim, programs.Runc} {
		if dir := filepath.Dir(m.Programs[name]); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return strings.Join(dirs, ":")
}

func (m *Machine) file(name string) string { return filepath.Join(m.Dir, name) }

func (m *Machine) cgroup() string { return cgroupOf(m.Dir) }

// cgroupOf names the cgroup of the machine in dir, so that whoever knows the
// directory can remove it.
func cgroupOf(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return "runfleet-" + hex.EncodeToString(sum[:6])
}
