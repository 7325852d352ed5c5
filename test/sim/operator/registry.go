package operator

import (
	"slices"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"github.com/runfleet/runfleet/reconcilers/fleet"
	"github.com/runfleet/runfleet/test/sim/member"
	"k8s.io/apimachinery/pkg/types"
)

// Registration is a MemberCluster and its kubeconfig as they are on the hub: a name, and where it leads.
type Registration struct {
	Name string
	// Removed says that there is no MemberCluster of the name.
	Removed bool
	// Leads is the cluster that answers there.
	Leads *member.Member
	// Recorded is who it is supposed to be, "" until somebody answered.
	Recorded types.UID
	// Kubeconfig counts them: another one asks for another connection.
	Kubeconfig int
	// Unusable says that the kubeconfig is refused as it stands. The connection by the one before serves on.
	Unusable bool
	Terms
}

// Terms are what a person says of the runs that a member takes.
type Terms struct {
	Cordoned bool
	MaxRuns  *int32
	Labels   map[string]string
}

// keeper is what one process knows of one registration. It concludes what the keeper of package fleet does, when the
// story lets it look: that one lives in goroutines and by the clock.
type keeper struct {
	o            *Operator
	registration *Registration
	serving      *connection
	known        fleet.Member // what the registry says
	registered   bool
}

// Review lets the process look at a registration and at who answers there: after a change on the hub, or at its next probe.
func (o *Operator) Review(name string) {
	if !o.Leads {
		return
	}
	o.after(0, func() {
		k := o.keeper(name)
		was, served := k.known, k.serving
		k.review()
		if fleet.Matters(was, k.known) || served != k.serving || k.known.Name != was.Name {
			o.Beat(true) // before its runs: perhaps it remembers more than the hub
			o.mail.MemberChanged(name)
			o.Sweep(name)
		}
	})
}

func (o *Operator) keeper(name string) *keeper {
	return o.keepers[slices.IndexFunc(o.keepers, func(k *keeper) bool { return k.registration.Name == name })]
}

// review looks once. As in package fleet a connection serves until another one took its place, was withdrawn, or leads
// to another cluster than the recorded one.
func (k *keeper) review() {
	r := k.registration
	k.registered = !r.Removed
	if r.Removed {
		k.serve(nil)
		k.known = fleet.Member{} // another MemberCluster of the name begins anew
		return
	}
	if k.known.Name == "" {
		k.known = fleet.Member{Name: r.Name, SilentSince: k.o.Time.Now()}
	}
	trouble := ""
	if k.serving == nil || k.serving.kubeconfig != r.Kubeconfig {
		trouble = k.dial()
	}
	k.probe()
	k.known.Recorded, k.known.Cordoned, k.known.MaxRuns, k.known.Labels = r.Recorded, r.Cordoned, r.MaxRuns, r.Labels
	switch {
	case trouble != "":
	case !k.known.Answers:
		trouble = v1.ReasonUnreachable
	case r.Cordoned:
		trouble = v1.ReasonCordoned
	}
	k.known.NotReady, k.known.Message = trouble, trouble
}

// dial makes the connection that the registration asks for, or says why there is none.
func (k *keeper) dial() (trouble string) {
	r := k.registration
	switch link := k.o.Weather.link(r.Leads.Name); {
	case r.Unusable:
		return v1.ReasonKubeconfigRefused
	case link.broken() != nil:
		return v1.ReasonUnreachable
	}
	if trouble := k.judge(r.Leads.UID); trouble != "" {
		return trouble
	}
	c := k.o.connect(r.Leads.Server)
	c.uid, c.kubeconfig = k.known.UID, r.Kubeconfig
	k.serve(c)
	return ""
}

// judge says whether who answered is who should.
func (k *keeper) judge(uid types.UID) (trouble string) {
	r := k.registration
	if k.o.Plant.Names && r.Recorded != "" {
		uid = r.Recorded
	}
	k.known.UID = uid
	taken := slices.ContainsFunc(k.o.Registry, func(o *Registration) bool { return o != r && !o.Removed && o.Recorded == uid })
	switch {
	case r.Recorded != "" && r.Recorded != uid:
		trouble = v1.ReasonIdentityChanged
	case taken:
		trouble = v1.ReasonDuplicateIdentity
	default:
		r.Recorded = uid
		return ""
	}
	k.serve(nil)
	return trouble
}

// probe asks the connection that serves whether it answers, and as whom.
func (k *keeper) probe() {
	answers := false
	if c := k.serving; c != nil && c.link.broken() == nil {
		switch trouble := k.judge(c.server.UID); {
		case trouble != "":
		case k.known.UID != c.uid: // confirmed as the new identity, but the caches hold the old cluster's objects
			k.serve(nil)
			answers = k.dial() == ""
		default:
			answers = true
		}
	}
	switch {
	case answers:
		k.known.SilentSince = time.Time{}
	case k.known.Answers:
		k.known.SilentSince = k.o.Time.Now()
	}
	k.known.Answers = answers
}

// serve takes a connection into service, nil for none, and ends the caches of the one before.
func (k *keeper) serve(c *connection) {
	o := k.o
	if old := k.serving; old != nil && old != c {
		o.informers = slices.DeleteFunc(o.informers, func(i *informer) bool { return i.of == old })
	}
	k.serving = c
	k.known.Cluster = fleet.Cluster{}
	if c != nil {
		k.known.Cluster = fleet.Cluster{Cached: c.cache, Live: c, Writer: c}
		o.watchMember(c)
	}
}

// Reaches says that the process holds a cluster to answer as itself.
func (o *Operator) Reaches(m *member.Member) bool {
	return o.Leads && slices.ContainsFunc(o.keepers, func(k *keeper) bool {
		return k.known.Answers && k.serving != nil && k.serving.server == m.Server
	})
}

// Replace lets another cluster answer where one did, to whoever asks there: its address leads to the other one now.
func (o *Operator) Replace(was, is *member.Member) {
	for _, k := range o.keepers {
		if c := k.serving; c != nil && c.server == was.Server {
			c.server, c.link = is.Server, o.Weather.link(is.Name)
		}
	}
	for _, i := range o.informers {
		if i.server == was.Server {
			i.server, i.link, i.broken, i.moved = is.Server, o.Weather.link(is.Name), true, true
		}
	}
}

// registry is the fleet as the operator sees it.
type registry struct{ o *Operator }

// Members implements reconcilers.Fleet.
func (r registry) Members() []fleet.Member {
	out := make([]fleet.Member, 0, len(r.o.keepers))
	for _, k := range r.o.keepers {
		if k.registered {
			out = append(out, k.known)
		}
	}
	return out
}

// Member implements reconcilers.Fleet.
func (r registry) Member(name string) (fleet.Member, bool) {
	for _, k := range r.o.keepers {
		if k.registered && k.known.Name == name {
			return k.known, true
		}
	}
	return fleet.Member{}, false
}
