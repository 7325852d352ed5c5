// Package runs tells whole runs: the built operator, a hub and two members with real nodes, the real agent program in its
// image, real git over HTTPS and SSH, and a model that says what the test wants. It needs root on Linux: make e2e.
package runs
