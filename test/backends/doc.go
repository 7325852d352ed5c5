// Package backends runs what traces are sent to and read from, as the examples of docs configure it: Jaeger, and the OpenTelemetry
// Collector, which Jaeger is too. Both are one program, built from their own modules by ./jaeger, a module of its own: they choose no
// version for the product. What `runfleet trace --from` makes of them is tested in cmd/runfleet.
//
// Tempo is not built: its module has replacements, so that it can only be a main module. Its answers are tested by their format.
package backends
