package fleet

import (
	"context"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
)

// reviewEvery is after how many probes version and permissions are looked at again: every five minutes.
const reviewEvery = 30

// dial opens a link by the present connection, asks who answers, and lets the rest be prepared.
func (k *keeper) dial(ctx context.Context) {
	k.mu.Lock()
	more := slices.Clone(k.indexes)
	k.mu.Unlock()
	l, t := open(ctx, &connection{config: attentive(k.connection.config, k.WatchIdle), digest: k.connection.digest}, more)
	if t != nil {
		k.fail(t)
		return
	}
	l.lookup = looksUp(k.object)
	if l.uid, t = k.identify(ctx, l); t == nil {
		t = k.judge(k.object, l.uid)
	}
	if t == nil && !k.record(ctx, l.uid) {
		l.close()
		k.dialAt = time.Now().Add(k.backoff.Step())
		return
	}
	if t != nil {
		l.close()
		k.fail(t)
		return
	}
	k.preparing = l
	k.running.Go(func() {
		p := preparation{link: l, trouble: l.prepare(k.RequestTimeout, k.SyncTimeout, &k.running)}
		select {
		case k.prepared <- p:
		case <-ctx.Done():
		}
	})
}

// identify asks a link who answers, and remembers it.
func (k *keeper) identify(ctx context.Context, l *link) (types.UID, *trouble) {
	uid, t := l.identify(ctx, k.ProbeTimeout)
	if k.knows = t == nil; k.knows {
		k.answering = uid
	}
	return uid, t
}

// record writes down who the member is, if nobody has. Until that is done nothing is sent to it: otherwise another
// cluster could take its place unnoticed.
func (k *keeper) record(ctx context.Context, uid types.UID) bool {
	k.seen = k.Clock.Now()
	if k.object.Status.ClusterUID == uid {
		return true
	}
	next := k.object.DeepCopy()
	next.Status.ClusterUID = uid
	if err := k.write(ctx, next); err != nil {
		if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			k.log.Error(err, "Recording the identity failed")
		}
		return false
	}
	k.log.Info("Member was identified", "clusterUID", uid)
	return true
}

// adopt takes a link into service, or notes why it cannot be.
func (k *keeper) adopt(p preparation) {
	if p.link != k.preparing {
		p.link.close() // another connection was asked for meanwhile
		return
	}
	k.preparing = nil
	if p.trouble != nil {
		p.link.close()
		k.fail(p.trouble)
		return
	}
	k.failed, k.backoff = nil, k.pause(3*k.ProbeInterval)
	k.serve(p.link)
}

// probe asks the serving link whether it answers, and as whom.
func (k *keeper) probe(ctx context.Context) {
	l := k.serving
	uid, t := k.identify(ctx, l)
	if t != nil { // ask again soon: most silences are short, and runs wait for the next answer
		k.answers, k.silent, k.probeAt = false, t, time.Now().Add(k.misses.Step())
		return
	}
	k.probeAt, k.misses = time.Now().Add(k.ProbeInterval), k.pause(k.ProbeInterval)
	if t := k.judge(k.object, uid); t != nil {
		k.fail(t)
		return
	}
	if uid != l.uid { // confirmed as the new identity, but the caches hold the old cluster's objects
		k.serve(nil)
		return
	}
	if !k.record(ctx, uid) {
		return
	}
	k.answers, k.silent, k.heard = true, nil, k.seen
	k.review(ctx, l)
}

// review looks again at version and permissions: at first, every five minutes, when an informer met a refusal, when other
// permissions are needed than before, and until what was lacking is there.
func (k *keeper) review(ctx context.Context, l *link) {
	due := k.probes%reviewEvery == 0
	k.probes++
	if due || k.outdated != "" {
		if version := l.askVersion(ctx, k.ProbeTimeout); version != "" {
			k.version = version
			k.outdated, _ = CheckVersion(version, false)
		}
		due = due && k.probes > 1 // the permissions were asked for a moment ago
	}
	select {
	case err := <-l.refused:
		due = due || err != nil
	default:
	}
	if lookup := looksUp(k.object); lookup != l.lookup {
		l.lookup, due = lookup, true
	}
	if due || k.lacks != nil {
		k.lacks = l.preflight(ctx, k.RequestTimeout)
	}
}
