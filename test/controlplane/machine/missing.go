package machine

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Missing says what this machine lacks to run others, all of it at once, or nil.
func Missing() error {
	return missing(runtime.GOOS, os.Geteuid(), cgroupRoot, exec.LookPath)
}

func missing(system string, user int, cgroups string, look func(string) (string, error)) error {
	if system != "linux" {
		return errors.New("real nodes need Linux, and this is " + system)
	}
	var lacks []string
	if user != 0 {
		lacks = append(lacks, "root (for namespaces, mounts and cgroups)")
	}
	if gone := missingControllers(cgroups); len(gone) > 0 {
		lacks = append(lacks, "the cgroup controllers "+strings.Join(gone, ", ")+" below "+cgroups)
	}
	for _, tool := range []struct{ name, from string }{
		{"ip", "iproute2"}, {"nsenter", "util-linux"}, {"mount", "mount"},
	} {
		if _, err := look(tool.name); err != nil {
			lacks = append(lacks, "the program "+tool.name+" (package "+tool.from+")")
		}
	}
	if len(lacks) == 0 {
		return nil
	}
	return errors.New("real nodes need what is missing here: " + strings.Join(lacks, "; "))
}
