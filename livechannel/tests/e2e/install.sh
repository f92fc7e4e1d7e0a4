#!/usr/bin/env bash
# Installs what the service's end-to-end tests need beside that of ../../../tests/e2e/install.sh: a C++ compiler for
# the codec, the npm packages of this folder, and the Python packages in a folder of their own.
set -euo pipefail
cd "$(dirname "$0")"

packages=()
command -v g++ >/dev/null || packages+=(g++)
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
if [ ${#packages[@]} -gt 0 ]; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" apt-get install -q -y --no-install-recommends "${packages[@]}"
fi

# The copies tell what was installed.
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
