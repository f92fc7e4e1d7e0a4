#!/usr/bin/env bash
# Installs what `make check` and the GStreamer element need and the machine lacks: Debian packages, and cbindgen.
set -euo pipefail
packages=()
need() { command -v "$1" >/dev/null || packages+=("$2"); }
need gcc gcc
need g++ g++
need make make
need valgrind valgrind
need pkg-config pkg-config
need python3 python3
need ffmpeg ffmpeg
need gst-launch-1.0 gstreamer1.0-tools
for package in libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
    gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav; do
    dpkg -s "$package" >/dev/null 2>&1 || packages+=("$package")
done
if [ ${#packages[@]} -gt 0 ]; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    export DEBIAN_FRONTEND=noninteractive
    for try in 1 2 3; do
        if "${as_root[@]}" apt-get update -q && "${as_root[@]}" apt-get install -q -y --no-install-recommends "${packages[@]}"; then
            break
        fi
        [ "$try" -lt 3 ] || { echo "deps: apt-get failed three times"; exit 1; }
        sleep 5
    done
fi
command -v cbindgen >/dev/null || cargo install --quiet --locked cbindgen@0.29.4
gcc --version | head -n 1
valgrind --version
cbindgen --version
