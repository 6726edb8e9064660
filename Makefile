SHELL := /bin/bash
PLUGINS := $(notdir $(patsubst %/plugin.yaml,%,$(wildcard plugins/*/plugin.yaml)))

.DEFAULT_GOAL := help

.PHONY: help
help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/xrm and bin/plugins/NAME/
	go build -trimpath -buildvcs=auto -o bin/xrm ./cmd/xrm
	bin/xrm plugin build --to bin/plugins $(PLUGINS:%=plugins/%)

.PHONY: run
run: build ## Build, approve the plugins as they were built, and serve on http://127.0.0.1:8080/graphql
	bin/xrm plugin approve --yes $(PLUGINS)
	bin/xrm serve

.PHONY: test
# SQLite is C made Go, and its memory is its own: the race detector finds nothing in it, and took more than half of its
# time. It has to look at the rest of modernc.org: where a package that it does not look at has a copy of a generic
# function of Go's own, such as those of sync.Map, the linker may take that one for all, and races are found that are
# none. What only a debugger reads took half of the time that linking takes.
test: ## Run all tests; those of MongoDB need XRM_TEST_MONGO_URI (see make lab)
	@go run ./cmd/make/test -race -shuffle=on -timeout=30m -ldflags=-w -gcflags=modernc.org/...=-d=checkptr=0 -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/memory=-race=false ./...
	@test -n "$$XRM_TEST_MONGO_URI" || echo "Skipped: everything on MongoDB. To run it too: make lab, and export what it prints."

.PHONY: check
check: ## Everything that CI checks: format, vet, linters, tests
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "not formatted, run gofmt -w on: $$unformatted"; exit 1; }
	go vet ./...
	@if command -v golangci-lint >/dev/null; then golangci-lint run ./...; else echo "golangci-lint is not installed: skipped (see CONTRIBUTING.md)"; fi
	$(MAKE) test

.PHONY: bench
bench: ## Compare the API with the bare drivers, and measure plugins; BASE=COMMIT compares two versions over HTTP
ifdef BASE
	@go run ./cmd/make/compare $(BENCH) $(BASE)
else
	@test -n "$$XRM_TEST_MONGO_URI" || echo "XRM_TEST_MONGO_URI is not set, so MongoDB is left out (see make lab)"
	@set -o pipefail; go test -run '^$$' -bench . -benchmem ./core/graphql | awk -f core/graphql/bench.awk
	go test -run '^$$' -bench . ./cmd/xrm | grep -v '^time='
endif

.PHONY: lab
lab: ## Bring up the servers of the tests, MongoDB and mail, and say how to use them
	.ci/lab up mongo mail
	@.ci/lab env

.PHONY: dist
dist: ## Build the release of what is committed into dist/: linux amd64 and arm64, with checksums
	@go run ./cmd/make/dist

.PHONY: changelog
changelog: ## Fold .changes/unreleased into CHANGELOG.md: make changelog VERSION=v1.2.3
	@go run ./cmd/make/changelog $(VERSION)

.PHONY: notice
notice: ## Write NOTICE: the licenses of what the programs are linked with
	@go run ./cmd/make/notice

.PHONY: soak
soak: ## Run servers for an hour (SOAK="-for 5m") with kills and strangers, then change the model for as long (LIFE=5m)
	@go run ./cmd/make/soak $(SOAK)
	@go test ./cmd/xrm -v -run TestNoRecordIsFrozenFalsifiedOrLost -timeout 0 -life $(or $(LIFE),1h)
