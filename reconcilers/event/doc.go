// Package event says in Events of Kubernetes what happened. Every reason that is no trigger of the tables is a value of this package,
// with what it means, and only they can be said: so docs/telemetry.md, which is written from them, leaves none out.
package event
