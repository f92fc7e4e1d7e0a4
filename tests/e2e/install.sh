#!/usr/bin/env bash
# Installs what the end-to-end tests need and the machine lacks: Debian packages, the npm packages of this folder, and an
# ffmpeg that reads Enhanced RTMP, in a folder of its own.
set -euo pipefail
cd "$(dirname "$0")"

packages=()
need() { command -v "$1" >/dev/null || packages+=("$2"); }
need ffmpeg ffmpeg
need chromium chromium
need firefox-esr firefox-esr
need node nodejs
need npm npm
need python3 python3
need gcc gcc
need valgrind valgrind

python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)

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

if ! cmp -s requirements.txt .venv/from-requirements; then
    rm -rf .venv
    python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt ||
        { sleep 5; .venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt; }
    cp requirements.txt .venv/from-requirements
fi

ffmpeg -version | head -n 1
chromium --version
firefox-esr --version
echo "node $(node --version)"
