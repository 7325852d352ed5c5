// Package v1 is the API group orchestrator.platform/v1: what a person asks for, and what Runfleet answers.
//
// A person writes the spec of a [DocsRun] or a [CodeRun] on the hub; only the operator writes its status, and the
// API server itself refuses a status that breaks the transition table (package lifecycle). A [MemberCluster] names a
// cluster that executes runs.
//
//	spec (the person)                status (the operator)
//	  what to do, where, how long      phase ── one state of the table
//	  contextVersion ───────────────►  contextVersion: the version being worked on
//	  cancel, suspend                  attempt, cluster ──► attempts[attempt]: one ConfigMap, one Job on one member
//	                                   history[]: the rows of the table that fired
//
// +kubebuilder:object:generate=true
// +groupName=orchestrator.platform
package v1
