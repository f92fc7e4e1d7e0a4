#!/usr/bin/env bash
# Installs what the end-to-end tests need and the machine lacks: Debian packages, and the npm packages of this folder.
set -euo pipefail
cd "$(dirname "$0")"

packages=()
need() { command -v "$1" >/dev/null || packages+=("$2"); }
need ffmpeg ffmpeg
need chromium chromium
need node nodejs
need npm npm
need python3 python3
need gcc gcc
need valgrind valgrind

if [ ${#packages[@]} -gt 0 ]; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    export DEBIAN_FRONTEND=noninteractive
    for try in 1 2 3; do
        if "${as_root[@]}" apt-get update -q && "${as_root[@]}" apt-get install -q -y --no-install-recommends "${packages[@]}"; then
            break
        fi
        [ "$try" -lt 3 ] || { echo "install: apt-get failed three times"; exit 1; }
        sleep 5
    done
fi

# The copy beside the modules tells which lock file they were installed from.
if ! cmp -s package-lock.json node_modules/.from-lock; then
    npm ci --no-audit --no-fund || { sleep 5; npm ci --no-audit --no-fund; }
    cp package-lock.json node_modules/.from-lock
fi

ffmpeg -version | head -n 1
chromium --version
echo "node $(node --version)"
