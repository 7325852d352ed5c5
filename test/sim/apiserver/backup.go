package apiserver

import (
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Backup is what a cluster's store held at some moment.
type Backup [kinds][]client.Object

// Backup makes one. What is stored is never changed in place, so the objects need no copies.
func (s *Server) Backup() Backup {
	var b Backup
	for k := range s.tables {
		b[k] = slices.Clone(s.tables[k])
	}
	return b
}

// Restore sets the store back, as etcdutl snapshot restore does with --bump-revision: old objects have their old versions,
// and no version is given twice.
func (s *Server) Restore(b Backup) {
	for k := range s.tables {
		kind := Kind(k)
		for _, o := range slices.Clone(s.tables[k]) {
			if !slices.ContainsFunc(b[k], func(was client.Object) bool { return was.GetUID() == o.GetUID() }) {
				s.drop(kind, client.ObjectKeyFromObject(o))
			}
		}
		for _, was := range b[k] {
			if now := s.Find(kind, client.ObjectKeyFromObject(was)); now == nil || now.GetResourceVersion() != was.GetResourceVersion() {
				version := was.GetResourceVersion()
				s.put(kind, was)
				was.SetResourceVersion(version)
			}
		}
	}
}
