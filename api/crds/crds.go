// Package crds holds the CustomResourceDefinitions of orchestrator.platform/v1.
//
// controller-gen writes them from package api/v1; `runfleet fsm crds` then adds the rules of the transition table to
// their status. `make generate` does both.
package crds

import "embed"

// FS holds one YAML file per kind, named orchestrator.platform_{plural}.yaml.
//
//go:embed *.yaml
var FS embed.FS

// Files are the names of the files in FS, in the order in which they are installed.
var Files = []string{
	"orchestrator.platform_memberclusters.yaml",
	"orchestrator.platform_docsruns.yaml",
	"orchestrator.platform_coderuns.yaml",
}
