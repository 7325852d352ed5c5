package programs

import (
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
)

// fromAssets are the programs that setup-envtest brings.
var fromAssets = map[string]bool{Etcd: true, APIServer: true, Kubectl: true}

// asset returns the program that setup-envtest has put on this machine, or "".
func (b *builder) asset(name string) string {
	if !fromAssets[name] {
		return ""
	}
	for _, dir := range b.assetDirs() {
		if path := filepath.Join(dir, name); executable(path) {
			return path
		}
	}
	return ""
}

// assetDirs lists the directories to look in, best first. What a person names
// in KUBEBUILDER_ASSETS is taken whatever its version; of what merely lies
// around only our own minor version will do, because a controller manager must
// not be newer than the API server it talks to.
func (b *builder) assetDirs() []string {
	var dirs []string
	if dir := os.Getenv("KUBEBUILDER_ASSETS"); dir != "" {
		if abs, err := filepath.Abs(dir); err == nil {
			dirs = append(dirs, abs)
		}
	}
	minor := b.kubernetes[1:strings.LastIndex(b.kubernetes, ".")]
	found, _ := filepath.Glob(filepath.Join(envtestHome(), "k8s", minor+".*-"+runtime.GOOS+"-"+runtime.GOARCH))
	// Longer names first: 1.36.10 comes after 1.36.9 in no other simple order.
	sort.Slice(found, func(i, j int) bool {
		if len(found[i]) != len(found[j]) {
			return len(found[i]) > len(found[j])
		}
		return found[i] > found[j]
	})
	return append(dirs, found...)
}

// envtestHome is where setup-envtest keeps what it downloaded.
func envtestHome() string {
	home, _ := os.UserHomeDir()
	switch {
	case runtime.GOOS == "darwin":
		return filepath.Join(home, "Library", "Application Support", "io.kubebuilder.envtest")
	case os.Getenv("XDG_DATA_HOME") != "":
		return filepath.Join(os.Getenv("XDG_DATA_HOME"), "kubebuilder-envtest")
	default:
		return filepath.Join(home, ".local", "share", "kubebuilder-envtest")
	}
}
