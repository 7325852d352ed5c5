package machine

import (
	"bytes"
	"net"
	"path/filepath"
	"strconv"
	"text/template"

	"github.com/runfleet/runfleet/test/controlplane/programs"
)

// PauseImage is the image of every pod's first container.
const PauseImage = "localhost/pause:1"

// The ports at which a machine's components tell their health, in a network of
// its own so that nobody else is on them.
const (
	containerdPort = 1338
	kubeletPort    = 10248
)

// ContainerdHealth is the URL that answers when containerd serves.
func (m *Machine) ContainerdHealth() string {
	return "http://" + net.JoinHostPort(m.Network.Machine(), strconv.Itoa(containerdPort)) + "/v1/metrics"
}

// KubeletHealth is the URL that answers when the kubelet is well.
func (m *Machine) KubeletHealth() string {
	return "http://" + net.JoinHostPort(m.Network.Machine(), strconv.Itoa(kubeletPort)) + "/healthz"
}

// containerdConfig keeps containerd off /opt and, where the kernel refuses to
// make anybody less likely to be killed, from asking for that.
func (m *Machine) containerdConfig() []byte {
	return m.fill(`version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"]

[grpc]
  address = "/run/containerd/containerd.sock"

[metrics]
  address = "{{.Address}}:{{.ContainerdPort}}"

[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd-opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{{.Pause}}"
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{{.CNI}}"
    conf_dir = "/var/lib/cni/net.d"
`)
}

// podNetwork needs no firewall: the outside knows the way back to the pods.
func (m *Machine) podNetwork() []byte {
	return m.fill(`{
  "cniVersion": "0.4.0",
  "name": "pods",
  "type": "bridge",
  "bridge": "pods",
  "isGateway": true,
  "ipam": {
    "type": "host-local",
    "dataDir": "/run/cni",
    "ranges": [[{"subnet": "{{.Prefix}}.128/25"}]],
    "routes": [{"dst": "0.0.0.0/0"}]
  }
}
`)
}

// kubeletConfig lets the kubelet run with either version of cgroups and beside
// swap, evict nothing by itself and leave its own priority as it is. Names would
// be asked for at the outside, where a test may serve them.
func (m *Machine) kubeletConfig() []byte {
	return m.fill(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: {{.Address}}
healthzBindAddress: {{.Address}}
healthzPort: {{.KubeletPort}}
tlsCertFile: /var/lib/kubelet/server.crt
tlsPrivateKeyFile: /var/lib/kubelet/server.key
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: /var/lib/kubelet/ca.crt}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /{{.Cgroup}}
clusterDNS: ["{{.Outside}}"]
clusterDomain: cluster.local
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
evictionHard: {}
imageGCHighThresholdPercent: 100
makeIPTablesUtilChains: false
oomScoreAdj: 0
resolvConf: ""
volumePluginDir: /var/lib/kubelet/volume-plugins
`)
}

func (m *Machine) fill(text string) []byte {
	var b bytes.Buffer
	// The templates are ours and fill strings and numbers: they do not fail.
	_ = template.Must(template.New("").Parse(text)).Execute(&b, map[string]any{
		"Address":        m.Network.Machine(),
		"Outside":        m.Network.Outside(),
		"Prefix":         m.Network.prefix(),
		"ContainerdPort": containerdPort,
		"KubeletPort":    kubeletPort,
		"Pause":          PauseImage,
		"CNI":            filepath.Dir(m.Programs[programs.Bridge]),
		"Cgroup":         m.cgroup(),
	})
	return b.Bytes()
}
