// Package bed is what the integration suites share: clusters with an administrator's client, the built command as a process,
// and ways to an API server that can be cut.
package bed
