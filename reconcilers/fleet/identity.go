package fleet

import (
	"cmp"
	"strings"
	"time"

	"github.com/runfleet/runfleet/api/v1"
	"k8s.io/apimachinery/pkg/types"
)

// claim is that a member leads to a cluster. Invariant: claims of one cluster are ordered, and only the first holds.
type claim struct {
	name     string
	object   types.UID // of the MemberCluster that claims
	uid      types.UID // of the cluster that is claimed
	recorded bool      // in the status of its MemberCluster, or on the way there
	created  time.Time
}

// before orders the claims of one cluster: a recorded one is never displaced by a newcomer, since runs may execute there;
// otherwise the MemberCluster that was created first has it, then the first by name.
func (c claim) before(o claim) bool {
	if c.recorded != o.recorded {
		return c.recorded
	}
	return cmp.Or(c.created.Compare(o.created), strings.Compare(c.name, o.name)) < 0
}

// claimed is the claim that a MemberCluster makes by itself: the identity that was recorded or, for the hub, is known.
func (p *Provider) claimed(o *v1.MemberCluster) claim {
	c := claim{name: o.Name, object: o.UID, uid: o.Status.ClusterUID, created: o.CreationTimestamp.Time}
	if c.uid == "" && o.Spec.Connection == v1.ConnectionHub {
		c.uid = p.HubUID
	}
	c.recorded = c.uid != ""
	return c
}

// claim lets a member have the cluster that answered it, unless another has it: then it returns that one's name.
func (p *Provider) claim(o *v1.MemberCluster, uid types.UID) (rival string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	had, registered := p.claims[o.Name]
	if !registered || had.object != o.UID { // deleted while it answered: nobody would ever take its claim back
		return ""
	}
	mine := p.claimed(o)
	if mine.uid == "" {
		mine.uid, mine.recorded = uid, had.recorded && had.uid == uid
	}
	p.claims[o.Name] = mine
	for _, other := range p.claims {
		if other.name != mine.name && other.uid == uid && other.before(mine) {
			return other.name
		}
	}
	mine.recorded = true
	p.claims[o.Name] = mine
	return ""
}

// judge says whether a member is the cluster that it was, and the only one that leads there.
func (p *Provider) judge(o *v1.MemberCluster, uid types.UID) *trouble {
	recorded := o.Status.ClusterUID
	if recorded != "" && recorded != uid {
		return troubled(v1.ReasonIdentityChanged, "the kubeconfig now leads to the cluster %s; it was %s. If that is meant, "+
			"confirm it with kubectl patch membercluster %s --subresource=status --type=merge -p '{\"status\":{\"clusterUID\":\"\"}}', "+
			"or delete and create the MemberCluster", uid, recorded, o.Name)
	}
	if rival := p.claim(o, uid); rival != "" {
		return troubled(v1.ReasonDuplicateIdentity,
			"MemberCluster %s leads to the same cluster (%s) and was first: delete one of the two", rival, uid)
	}
	return nil
}
