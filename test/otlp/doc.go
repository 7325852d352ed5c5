// Package otlp is a receiver of OpenTelemetry's protocol that remembers what it was sent: where tests and the demo have a
// collector. It takes gRPC and HTTP on one port, without TLS.
package otlp
