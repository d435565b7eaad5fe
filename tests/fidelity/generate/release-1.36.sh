#!/bin/sh
# The same with Kubernetes 1.36.3, which differs in names and signatures: sh release-1.36.sh FOLDER [FLAGS of the generator]
# Builds in FOLDER and writes its vectors there.
set -eu
folder=${1:?where to build}
shift
here=$(cd "$(dirname "$0")" && pwd)
control_plane=$here/../../referee/control-plane
mkdir -p "$folder"
cp "$here"/*.go "$here"/*.s "$folder"
sed 's#^module .*#module kubound.dev/fidelity/generate#' "$control_plane/release-1.36.mod" >"$folder/go.mod"
cp "$control_plane/release-1.36.sum" "$folder/go.sum"
patch -s -d "$folder" -p1 <"$here/release-1.36.patch"
cd "$folder"
go build -mod=mod -trimpath -o generate .
./generate -out . "$@"
