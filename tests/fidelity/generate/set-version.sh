#!/bin/sh
# Makes the module depend on another release of Kubernetes: sh set-version.sh 1.33.4
set -eu
release=${1:?which release, for example 1.33.4}
staging=v0.${release#*.}
cd "$(dirname "$0")"
sed -i -E "s#(k8s.io/kubernetes) v[0-9.]+#\1 v$release#; s#(=> k8s.io/[a-z-]+) v[0-9.]+#\1 $staging#" go.mod
go mod tidy
