// Package runs tells whole runs: the built operator, a hub and two members with real nodes, the real agent program in its
// image, real git over HTTPS and SSH, and a model that says what the test wants. It needs root on Linux: make e2e.
//
// With -installed the operator is no process: the chart installs it on a node of the hub, and the specs that this changes are told
// again, with some of its own: make installed.
package runs
