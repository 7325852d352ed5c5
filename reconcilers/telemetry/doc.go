// Package telemetry says what happened: an Event and a count for each committed transition. It is told after the commit
// and never before (A6), so that nothing is said which did not happen.
package telemetry
