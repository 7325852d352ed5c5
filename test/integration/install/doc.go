// Package install tests the verbs install and uninstall, in `make chart`: a hub on which rollouts are real, and a member for the runs
// of the operator that they install.
package install
