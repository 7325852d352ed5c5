//go:build pins

// This file keeps the versions of the libraries that later steps build on fixed in go.mod before their first
// importer exists; each line goes when the package named beside it is written.

package arch

import (
	_ "sigs.k8s.io/multicluster-runtime" // reconcilers
)
