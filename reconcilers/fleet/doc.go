// Package fleet knows the members: it reads MemberCluster objects and their kubeconfigs, connects to each on its own, probes
// them, and chooses among them.
package fleet
