#!/bin/sh
# Writes *_pb2.py and *_pb2_grpc.py from proto/.
set -eu
cd "$(dirname "$0")"
exec ${PYTHON:-/usr/bin/python3} -m grpc_tools.protoc -I proto --python_out=. --grpc_python_out=. proto/plugin.proto proto/goplugin.proto
