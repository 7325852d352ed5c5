// Package cli tests the verbs for people on a real API server: the built binary, what it prints, how it exits, and what
// it leaves in the cluster. No operator runs; the tests write statuses along the edges that the CRDs permit.
package cli
