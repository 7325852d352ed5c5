# Runfleet's verbs. `make test` needs Go, git, make, a POSIX shell, jq, curl, openssl and sshd; a target that needs another
# program says so in its help line, and .ci/run installs that program before it calls the target.

SHELL := /bin/sh
GO ?= go
TOOL := $(GO) tool -modfile=.ci/tools.mod

# What `make generate` writes. `make verify` compares exactly these with what is committed.
GENERATED := api/v1/zz_generated.deepcopy.go api/crds docs/fsm docs/faults.md docs/api.md docs/telemetry.md

# Where fleet-up keeps its fleet, and how many members it starts.
FLEET ?= .runfleet/fleet
MEMBERS ?= 2
NODES ?= kwok

# The agents of demo: simulated, or real ones in containers, which need what e2e needs.
AGENT ?= simulated

# How long soak may go on with larger models, as Go writes durations. The model as it is comes first, in some minutes.
SOAK ?= 1h

# How long fuzz may search, in seconds, over all its targets.
FUZZTIME ?= 60

# How many stories sim tells.
SEEDS ?= 10000

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list.
	@awk 'BEGIN { FS = ":.*## " } /^## / { printf "\n%s\n", substr($$0, 4) } \
	  /^[a-z][a-z-]*:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

## See it work

.PHONY: demo
demo: build ## Run docs/examples on a hub and two members, live; KEEP=1 keeps the fleet; AGENT=real as of e2e.
	@$(GO) build -trimpath -o bin/demo ./test/demo
	@bin/demo -agent "$(AGENT)" $(if $(filter-out 0,$(KEEP)),-keep)

.PHONY: fleet-up
fleet-up: ## Start a hub and MEMBERS=2 members under FLEET=.runfleet/fleet; prints JSON.
	@$(GO) run ./test/controlplane/fleetbox up $(if $(strip $(MEMBERS)),--members "$(MEMBERS)") --nodes "$(NODES)" --dir "$(FLEET)"

.PHONY: fleet-down
fleet-down: ## Stop the fleet that fleet-up started and leave nothing of it.
	@$(GO) run ./test/controlplane/fleetbox down --dir "$(FLEET)"

## Build and test

.PHONY: build
build: ## Build bin/runfleet.
	@$(GO) build -trimpath -o bin/runfleet ./cmd/runfleet

.PHONY: test
test: ## Run the tests, but those of faults; builds the control planes it needs on its first run.
	@# The longest first. Verify vets; nobody debugs these programs. Suites wait for half of their time, so twice as many as there are
	@# cores; and a fifth of what API servers and compilers do is collecting garbage, unless they may use more memory.
	@GOGC=400 GOMEMLIMIT=1GiB $(GO) test -p $$((2 * $$(getconf _NPROCESSORS_ONLN))) -vet=off -ldflags='-s -w' -timeout 14m \
	  ./test/integration/operator ./...

.PHONY: chart
chart: ## Compare what the chart makes with what Helm makes of it (its first run builds Helm); install and uninstall it.
	@cd test/helm && $(GO) test -count=1 ./... # a module of its own, with Helm in it; Go's cache does not see the product's files
	@$(GO) test -tags chart -timeout 6m ./test/integration/install

.PHONY: monitoring
monitoring: ## Hold alerts and dashboard against Prometheus' own packages, and against what an operator tells after the demo's runs.
	@cd test/prometheus && $(GO) test -count=1 ./... # a module of its own; it executes the product, of which Go's cache knows nothing

.PHONY: backends
backends: ## Read traces back from a real Jaeger behind a real Collector, as docs/examples has them (its first run builds them).
	@$(GO) test -tags backends -count=1 -timeout 15m ./test/backends && $(GO) test -tags backends -count=1 -timeout 4m -run Jaeger ./cmd/runfleet

.PHONY: race
race: ## Run the tests of the machine under the race detector (needs a C compiler).
	@CGO_ENABLED=1 $(GO) test -race -short -skip ModelCheck -timeout 8m ./fsm/... ./reconcilers ./reconcilers/fleet \
	  ./test/controlplane/process ./test/controlplane/filelock

.PHONY: soak
soak: ## Check the model whole, which `make test` has no time for, then a larger one for SOAK=1h at most.
	@RUNFLEET_SOAK=$(SOAK) $(GO) test -tags soak -run Soak -v -count=1 -timeout 0 ./fsm/lifecycle

.PHONY: sim
sim: ## Tell SEEDS=10000 stories of the reconcilers in a fleet that fails (docs/simulation.md).
	@$(GO) run ./test/sim -seeds $(SEEDS)

.PHONY: fuzz
fuzz: ## Search for values that become syntax, and templates that break, for FUZZTIME=60 seconds.
	@for target in FuzzTemplate=./render/engine FuzzCodeRun=./render FuzzDocsRun=./render; do \
	  $(GO) test -run '^$$' -fuzz "^$${target%=*}\$$" -fuzztime "$$(($(FUZZTIME) / 3))s" "$${target#*=}" || exit 1; \
	done

.PHONY: faults
faults: ## Break real processes: kill at every row, lose members, set the hub back, upgrade (10 minutes).
	@failed=0; \
	  $(GO) test -tags faults -v -count=1 -timeout 14m ./test/faults ./test/integration/fencing ./test/integration/restore || failed=1; \
	  $(GO) test -tags faults -v -count=1 -timeout 6m ./test/integration/operator -ginkgo.label-filter left || failed=1; \
	  $(GO) test -tags faults -v -count=1 -timeout 4m ./test/integration/fleet -ginkgo.focus 'Each right' || failed=1; \
	  exit $$failed # one that fails keeps no other from being told

.PHONY: e2e
e2e: ## Real agents in containers on real nodes; FOCUS= picks runs (root on Linux, mmdebstrap, npm, sshd).
	@$(if $(FOCUS),,$(GO) test -tags e2e -v -count=1 -timeout 10m -run 'Real' ./test/controlplane/fleetbox) # looks at the whole machine, so alone
	@$(if $(FOCUS),,$(GO) test -tags e2e -v -count=1 -timeout 20m -run 'Real|Machine|Image' ./test/controlplane ./test/e2e ./test/e2e/forge)
	@$(GO) test -tags e2e -v -count=1 -timeout 20m ./test/e2e/runs $(if $(FOCUS),-ginkgo.focus "$(FOCUS)")

.PHONY: docs
docs: ## Type what README and docs tell people to type, on fleets of simulated nodes (needs bash; 3 minutes).
	@$(GO) test -tags docs -v -count=1 -timeout 12m -parallel 2 ./test/docs $(if $(FOCUS),-run 'EveryCommand/$(FOCUS)')

.PHONY: look
look: ## Open the page of runfleet trace in a browser, wide, narrow, light and dark; pictures in bin/look (needs chromium).
	@$(GO) test -tags look -count=1 -timeout 4m -run TestPages ./cmd/runfleet && echo "look at bin/look/*.png"

.PHONY: installed
installed: ## The operator in pods of the hub, as the chart installs it, with real agents (needs what e2e needs).
	@$(GO) test -tags e2e -v -count=1 -timeout 10m ./test/e2e/runs -installed $(if $(FOCUS),-ginkgo.focus "$(FOCUS)")

.PHONY: bench
bench: build ## Measure what runs cost beside a plain client that creates the same Jobs (not in CI, 5 minutes).
	@$(GO) run ./test/bench

.PHONY: bench-traces
bench-traces: build ## Measure what a collector costs that never answers: 300 runs with and without, in turn (not in CI, 5 minutes).
	@$(GO) run ./test/bench -collector

## Before a commit

.PHONY: generate
generate: generate-crds generate-docs ## Write every generated file: deep copies, CRDs, pictures, tables.

.PHONY: generate-crds
generate-crds: ## Write api/v1's deep copies and api/crds, with the table's rules in them.
	@$(TOOL) controller-gen object crd:crdVersions=v1 paths=./api/v1/... output:crd:dir=./api/crds
	@$(GO) run ./cmd/runfleet fsm crds

.PHONY: generate-docs
generate-docs: ## Write docs/fsm, the table explained and drawn, docs/api.md, the tables of docs/telemetry.md, and who covers which fault.
	@$(GO) run ./cmd/runfleet fsm docs
	@$(TOOL) crd-ref-docs --log-level ERROR --source-path api/v1 --config .ci/api-docs/config.yaml --templates-dir .ci/api-docs/templates \
	  --renderer markdown --output-path docs/api.md
	@$(GO) run ./test/faults/matrix
	@$(GO) run ./reconcilers/telemetry/page

.PHONY: golden
golden: ## Rewrite every golden file; then read the diff.
	@failed=0; \
	  $(GO) test ./fsm -update || failed=1; \
	  $(GO) test ./cmd/runfleet -update || failed=1; \
	  $(GO) test ./fsm/lifecycle/explain ./fsm/lifecycle/story -update || failed=1; \
	  $(GO) test ./fsm/lifecycle -run 'TestStories|TestMatrices' -rewrite || failed=1; \
	  $(GO) test ./render -run 'TestTheSamplesRenderToTheGoldenFiles|TestTheDocumentationSaysEveryName' -update || failed=1; \
	  $(GO) test ./reconcilers/config -update || failed=1; \
	  exit $$failed # one test that has no golden file keeps no other from being rewritten

.PHONY: verify
verify: ## Fail if a generated file (it rewrites them), a format or a go.mod is not as it should be.
	@GO="$(GO)" MAKE="$(MAKE)" GENERATED="$(GENERATED)" sh .ci/verify.sh

.PHONY: lint
lint: shellcheck ## Run every linter: shellcheck, and those of .golangci.yml (the first run builds them: 2 minutes).
	@$(TOOL) golangci-lint-kube-api-linter run

.PHONY: shellcheck
shellcheck: ## Check every shell script (needs shellcheck).
	@git ls-files -co --exclude-standard '*.sh' .ci/run | sort -u | xargs shellcheck -x -P SCRIPTDIR

.PHONY: clean
clean: ## Remove bin; built control planes stay in the cache.
	@rm -rf bin
