//go:build faults

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/runfleet/runfleet/test/controlplane/freeport"
	"github.com/runfleet/runfleet/test/controlplane/process"
)

// keeper keeps an operator running, as a Deployment would, and kills it when asked to.
type keeper struct {
	binary, kubeconfig, logs string

	mu       sync.Mutex
	current  *process.Process
	lives    int
	closing  chan struct{} // while a kill is due: closed when it is done
	kills    int           // how often the operator was killed
	points   int           // how many points that served
	ends     int           // how often it ended by itself
	ended    bool
	replaced chan struct{} // closed when the operator is left alone and another one is to be started
	left     []*process.Process
	running  sync.WaitGroup
}

const (
	// window is how long a kill waits for others that have a point, too: shorter than requestTime.
	window = 500 * time.Millisecond
	// requestTime is what the operator gives its own requests.
	requestTime = 1500 * time.Millisecond
)

// flags are the operator's: a Lease of two seconds, and everything that must be below it.
var flags = []string{
	"--lease-duration", "2s", "--renew-deadline", "1600ms", "--retry-period", "300ms", "--request-timeout", requestTime.String(),
	"--probe-interval", "1s", "--health-address", "0", "--log-format", "text", "-v", "2",
}

// newKeeper starts the first operator.
func newKeeper(binary, dir string, kubeconfig []byte) (*keeper, error) {
	k := &keeper{binary: binary, logs: dir, kubeconfig: filepath.Join(dir, "hub.kubeconfig"), replaced: make(chan struct{})}
	if err := os.WriteFile(k.kubeconfig, kubeconfig, 0o600); err != nil {
		return nil, err
	}
	if err := k.start(); err != nil {
		return nil, err
	}
	k.running.Go(k.keep)
	return k, nil
}

func (k *keeper) start() error {
	ports, err := freeport.Choose(1)
	if err != nil {
		return err
	}
	address := fmt.Sprintf("127.0.0.1:%d", ports[0])
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lives++
	name := fmt.Sprintf("operator-%d", k.lives)
	args := append([]string{"operator", "--kubeconfig", k.kubeconfig, "--metrics-address", address}, flags...)
	k.current, err = process.Start(process.Spec{Name: name, Path: k.binary, Args: args, Log: filepath.Join(k.logs, name+".log")})
	return err
}

// keep starts another operator whenever there is none.
func (k *keeper) keep() {
	for {
		k.mu.Lock()
		p, replaced := k.current, k.replaced
		k.mu.Unlock()
		select {
		case <-replaced:
		case <-p.Done():
		}
		k.mu.Lock()
		ended := k.ended
		if p.Crash() != nil {
			k.ends++
		}
		k.mu.Unlock()
		if ended {
			return
		}
		if p.Crash() != nil {
			time.Sleep(200 * time.Millisecond) // what ends by itself has a reason, which may last
		}
		if err := k.start(); err != nil {
			return // nothing more will happen, and every story will say so
		}
	}
}

// life is the number of the operator that lives now.
func (k *keeper) life() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lives
}

// strike kills the operator of that life, together with all who ask for it within the window, and returns when it is dead.
func (k *keeper) strike(life int) {
	k.mu.Lock()
	k.points++
	if life != k.lives {
		k.mu.Unlock()
		return // it died while the request was on its way
	}
	if k.closing == nil {
		closing := make(chan struct{})
		k.closing = closing
		victim := k.current
		time.AfterFunc(window, func() {
			victim.Stop() // by SIGKILL
			k.mu.Lock()
			k.kills++
			k.closing = nil
			k.mu.Unlock()
			close(closing)
		})
	}
	closing := k.closing
	k.mu.Unlock()
	<-closing
}

// leave sends the operator a signal, leaves it alone from then on, and starts another one beside it. It returns the first.
func (k *keeper) leave(signal syscall.Signal) *process.Process {
	k.mu.Lock()
	defer k.mu.Unlock()
	old := k.current
	_ = syscall.Kill(old.PID(), signal)
	close(k.replaced)
	k.replaced = make(chan struct{})
	k.left = append(k.left, old)
	return old
}

// replace has another program take over as a Deployment does it: the new one is started, and the old one is told to end.
func (k *keeper) replace(binary string) *process.Process {
	k.mu.Lock()
	k.binary = binary
	k.mu.Unlock()
	return k.leave(syscall.SIGTERM)
}

func (k *keeper) stop() {
	k.mu.Lock()
	k.ended = true
	all := append(slices.Clone(k.left), k.current)
	k.mu.Unlock()
	for _, p := range all {
		p.Stop()
	}
	k.running.Wait()
}
