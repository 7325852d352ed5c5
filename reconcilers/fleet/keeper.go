package fleet

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/multicluster-runtime/pkg/multicluster"
)

// keeper keeps one member: it connects, probes, and says how the member fares. Everything that may wait for the member
// waits in its goroutine, or in that of the one link it prepares, and has a bound.
type keeper struct {
	*Provider
	name   string
	uid    types.UID // of the MemberCluster object
	since  time.Time
	log    logr.Logger
	cancel context.CancelFunc
	wake   chan struct{}

	// Under Provider.mu.
	mail      *registration // the newest, until the goroutine has taken it
	serving   *link         // what Get returns; only the goroutine changes it
	published Member

	// What follows is the goroutine's own.
	registration
	handed bool     // a registration has come
	failed *trouble // why there is no link by the present connection; nil while that was not tried
	silent *trouble // why serving did not answer its last probe
	lacks  *trouble // which permissions serving lost

	answering types.UID // who answered last
	knows     bool      // the last question for the identity was answered
	answers   bool      // the last probe of serving was answered, in time and as itself
	heard     time.Time // when that was last so
	seen      time.Time // when any connection last answered as itself
	version   string    // of the API server
	outdated  string    // why that version is refused
	probes    int       // of serving that were answered
	misses    wait.Backoff
	active    int32     // runs there, as last counted
	countAt   time.Time // when to count again
	renewed   bool      // runs have to look again, whatever else changed

	renewal   renewal
	preparing *link
	prepared  chan preparation
	backoff   wait.Backoff
	dialAt    time.Time
	probeAt   time.Time
}

// preparation is how preparing a link ended.
type preparation struct {
	link    *link
	trouble *trouble
}

// keeper returns that of a MemberCluster, and begins it if need be; nil when the provider ends. A name that now means
// another object begins anew.
func (p *Provider) keeper(o *v1.MemberCluster) *keeper {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k := p.keepers[o.Name]; k != nil {
		if k.uid == o.UID {
			return k
		}
		k.cancel()
	}
	if p.ended {
		return nil
	}
	ctx, cancel := context.WithCancel(p.ctx)
	now := p.Clock.Now()
	k := &keeper{
		Provider: p, name: o.Name, uid: o.UID, since: now, cancel: cancel, wake: make(chan struct{}, 1),
		log:       log.FromContext(ctx).WithName("fleet").WithValues("MemberCluster", klog.KRef("", o.Name)),
		published: stranger(o, now), registration: registration{object: o}, renewed: true,
		renewal: newRenewal(), prepared: make(chan preparation, 1), backoff: p.pause(3 * p.ProbeInterval),
	}
	p.keepers[o.Name], p.claims[o.Name] = k, p.claimed(o)
	p.running.Go(func() { k.run(ctx) })
	return k
}

// pause is the wait after something failed: a tenth of ProbeInterval at first, and longer each time.
func (p *Provider) pause(longest time.Duration) wait.Backoff {
	return wait.Backoff{Duration: p.ProbeInterval / 10, Cap: longest, Factor: 2, Jitter: 0.2, Steps: 32}
}

// remove ends the keeper of a member that is no longer registered.
func (p *Provider) remove(name string) {
	p.mu.Lock()
	k := p.keepers[name]
	delete(p.keepers, name)
	delete(p.claims, name)
	p.mu.Unlock()
	if k == nil {
		return
	}
	k.cancel()
	k.log.Info("Member was removed")
	p.refresh()
	p.OnChange(name)
}

// hand gives the keeper the newest registration and returns at once.
func (k *keeper) hand(r registration) {
	k.mu.Lock()
	k.mail = &r
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// run is the keeper's life. One pass does what is due; what it says and writes follows from what it knows then.
func (k *keeper) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return // every link ends with ctx
		case <-k.wake:
			k.take()
		case p := <-k.prepared:
			k.adopt(p)
		case err := <-k.renewal.done:
			k.renewedToken(err)
		case <-timer.C:
		}
		if k.wantsLink() && !time.Now().Before(k.dialAt) {
			k.dial(ctx)
		}
		if k.serving != nil && !time.Now().Before(k.probeAt) {
			k.probe(ctx)
		}
		if k.renewalDue(k.Clock.Now()) {
			k.renew(ctx)
		}
		if ctx.Err() != nil {
			return // what was cut short says nothing about the member
		}
		k.publish()
		k.report(ctx)
		timer.Reset(k.rest())
	}
}

// rest is how long nothing is due.
func (k *keeper) rest() time.Duration {
	rest := k.ProbeInterval
	if k.wantsLink() {
		rest = min(rest, time.Until(k.dialAt))
	}
	if k.serving != nil {
		rest = min(rest, time.Until(k.probeAt))
	}
	return max(rest, 0)
}

// wantsLink says that the present connection has no link, and none is being prepared.
func (k *keeper) wantsLink() bool {
	return k.connection != nil && k.preparing == nil && (k.serving == nil || k.serving.digest != k.digest())
}

// take looks at what the hub says now. Another connection is tried at once; the old one serves until that works.
func (k *keeper) take() {
	k.mu.Lock()
	mail := k.mail
	k.mail = nil
	k.mu.Unlock()
	if mail == nil {
		return
	}
	if older(mail.object, k.object) { // what the keeper wrote itself came back faster than the hub's cache has it
		mail.object = k.object
	}
	if mail.object.Status.ClusterUID != k.object.Status.ClusterUID { // a person confirmed another identity
		k.dialAt, k.probeAt = time.Now(), time.Now()
	}
	if looksUp(mail.object) != looksUp(k.object) { // other permissions are needed
		k.probeAt = time.Now()
	}
	same := k.handed && mail.digest() == k.digest()
	k.registration, k.handed = *mail, true
	if same && mail.trouble == nil {
		return
	}
	k.preparing.close()
	k.preparing, k.failed, k.renewal.failed = nil, nil, ""
	k.backoff, k.dialAt = k.pause(3*k.ProbeInterval), time.Now()
	if mail.trouble != nil {
		k.fail(mail.trouble)
	}
}

// fail notes why there is no link by the present connection, and when to try again.
func (k *keeper) fail(t *trouble) {
	k.failed = t
	k.dialAt = time.Now().Add(k.backoff.Step())
	if t.ends() {
		k.serve(nil)
	}
}

// serve makes a link the one that Get returns, nil for none, and ends the one before. There is no moment without one in
// between.
func (k *keeper) serve(l *link) {
	old := k.serving
	k.replace(l)
	k.answers, k.silent, k.lacks, k.probes, k.misses = false, nil, nil, 0, k.pause(k.ProbeInterval)
	k.renewed = k.renewed || old != l
	if l != nil {
		k.probeAt = time.Now()
		// The controllers leave the old link as they engage with the new one.
		if err := k.aware.Engage(l.ctx, multicluster.ClusterName(k.name), l.cluster); err != nil {
			k.log.Error(err, "Engaging the member failed")
			k.replace(nil)
			l.close()
			k.dialAt = time.Now().Add(k.backoff.Step())
		}
	}
	old.close()
}

func (k *keeper) replace(l *link) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l != nil { // an index that came while the link was being prepared
		_ = addIndexes(l.ctx, l.cluster, k.indexes[l.indexed:])
	}
	k.serving = l
}
