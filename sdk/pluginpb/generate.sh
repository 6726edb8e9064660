#!/usr/bin/env bash
# Writes plugin.pb.go and plugin_grpc.pb.go from plugin.proto, and what the SDKs for
# Python and Node.js have of both files.
# Needs protoc (apt-get install protobuf-compiler); fetches the two Go plugins,
# at versions that are part of the result.
set -euo pipefail
cd "$(dirname "$0")"
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
GOBIN=$tools go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
GOBIN=$tools go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.0
PATH=$tools:$PATH protoc \
  --go_out=. --go_opt=paths=source_relative \
  --go-grpc_out=. --go-grpc_opt=paths=source_relative \
  plugin.proto
protoc --python_out=../python/xrm/_pb plugin.proto goplugin.proto
cp plugin.proto goplugin.proto ../node/xrm/proto
