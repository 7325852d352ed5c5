// Package membership makes a cluster a member of a fleet and ends that, on behalf of a person: with the person's own rights on
// both clusters, for the operator has none to grant any.
//
//	look (both clusters) ──► lacks, all together ──► nothing is done
//	          └── none ──► member: namespace, user, exactly its rights, a token ──► hub: Secret, MemberCluster
package membership
