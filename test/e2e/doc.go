// Package e2e tests what runs in real containers: on real nodes of package
// controlplane, from the images of cmd/runfleet/images. It needs root on Linux, and
// mmdebstrap and npm for the agent's image; `make e2e` runs it.
package e2e
