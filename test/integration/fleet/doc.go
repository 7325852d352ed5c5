// Package fleet tests the registry of members on real API servers: one hub and two members. Each trap of
// multicluster-runtime that this operator can meet (docs/decisions/0005-our-own-provider.md) has a spec here that fails
// without its remedy.
package fleet
