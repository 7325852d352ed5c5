package machine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// patience is how long the kernel may take to end a machine whose first process
// is dead.
const patience = 20 * time.Second

// Remove waits until nothing of the machine in dir runs any more and removes its
// cgroups. The machine must have been ended before, or its starter have died. If
// dir holds no machine, nothing happens.
func Remove(dir string) error {
	link, err := os.ReadFile(filepath.Join(dir, "link"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("removing the machine in %s: %w", dir, err)
	}
	// The link goes with the last process of the network that it leads to.
	name := strings.TrimSpace(string(link))
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		left := removeCgroups(cgroupRoot, cgroupOf(dir))
		gone := !linked(name)
		if left == nil && gone {
			return nil
		}
		if time.Now().After(deadline) {
			if !gone {
				left = errors.Join(fmt.Errorf("something in the network behind %s still runs", name), left)
			}
			return fmt.Errorf("removing the machine in %s: %w", dir, left)
		}
		<-tick.C
	}
}
