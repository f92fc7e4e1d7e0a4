#!/usr/bin/env bash
# Makes include/hls_segmenter.h; with --check compares it with the committed one instead.
set -euo pipefail
cd "$(dirname "$0")"
command -v cbindgen >/dev/null || cargo install --quiet --locked cbindgen@0.29.4
made=$(mktemp)
trap 'rm -f "$made"' EXIT
cbindgen --quiet --config cbindgen.toml --output "$made" .
if [ "${1:-}" = --check ]; then
    diff -u include/hls_segmenter.h "$made" || { echo "FAIL header: run capi/header.sh"; exit 1; }
    echo "ok   header is what the code says"
else
    cp "$made" include/hls_segmenter.h
fi
