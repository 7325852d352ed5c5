// Package apiserver is what an API server promises, in memory and without a clock of its own: versions, conflicts, UIDs,
// finalizers, preconditions, a status that is written apart, and a log of changes that watches follow.
//
//	client calls ──► verbs.go ──► store.go ──► log ──► informers, controllers
//	                    ▲
//	                    └── rules.go: what the API server refuses (the CEL rules of the status, in Go)
//
// What is stored is never changed in place: readers may keep it.
package apiserver
