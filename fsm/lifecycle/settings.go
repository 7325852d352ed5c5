package lifecycle

import "time"

// Settings are the operator's times and allowances. Each is a configuration key.
type Settings struct {
	Settle           time.Duration // between two live looks that prove an absence; exceeds the Job controller's read-to-create delay
	Slack            time.Duration // after a member's own limit, before the hub acts
	Grace            time.Duration // terminationGracePeriodSeconds of the pod
	EscalateAfter    time.Duration // after Grace: how long a pod that was told to end may still be there
	MaxSkew          time.Duration // clock skew between hub and members; used only where a start was never observed
	ClusterLostGrace time.Duration // how long a member may be silent before it is called lost
	BackoffBase      time.Duration
	BackoffMax       time.Duration
	Resync           time.Duration // an active run is looked at this often though nothing happens
	InfraAllowance   int32         // attempts per context version that the infrastructure may lose outside the budget
	MaxAttempts      int           // entries in status.attempts that are kept
}

// DefaultSettings are the values of docs/lifecycle.md.
func DefaultSettings() Settings {
	return Settings{
		Settle:           15 * time.Second,
		Slack:            time.Minute,
		Grace:            time.Minute,
		EscalateAfter:    30 * time.Second,
		MaxSkew:          10 * time.Minute,
		ClusterLostGrace: 5 * time.Minute,
		BackoffBase:      10 * time.Second,
		BackoffMax:       5 * time.Minute,
		Resync:           5 * time.Minute,
		InfraAllowance:   3,
		MaxAttempts:      20,
	}
}
