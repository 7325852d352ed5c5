// Package api tests the CustomResourceDefinitions on a real API server: what is accepted, what is refused and in which
// words, and that a status can only move along the rows of the transition table.
package api
