// Package original proves what becomes of the runs that the original system left on a hub. The hub first serves the kinds as
// the original did, runs in every state lie there, and its controller's Deployment; then Runfleet's kinds take their place and
// the operator starts, with the rights of docs/examples/operator.yaml and no more.
package original
