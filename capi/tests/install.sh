#!/usr/bin/env bash
# Installs into a folder of its own, as a packager does, and builds and runs a program with what pkg-config says.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
make --silent install DESTDIR="$root" prefix=/usr
export PKG_CONFIG_PATH=$root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
[ "$(pkg-config --modversion hls_segmenter)" = 0.1.0 ]
# shellcheck disable=SC2046
gcc -std=c11 examples/flv2hls.c $(pkg-config --cflags --libs hls_segmenter) -o "$root/shared"
# shellcheck disable=SC2046
gcc -std=c11 examples/flv2hls.c $(pkg-config --cflags hls_segmenter) "$root/usr/lib/libhls_segmenter.a" \
    $(pkg-config --static --libs-only-l hls_segmenter | sed 's/-lhls_segmenter//') -o "$root/static"
readelf -d "$root/shared" | grep -q 'NEEDED.*libhls_segmenter\.so\.0\]'
mkdir "$root/a" "$root/b"
LD_LIBRARY_PATH=$root/usr/lib "$root/shared" ../testdata/bframes.flv "$root/a" >/dev/null
"$root/static" ../testdata/bframes.flv "$root/b" >/dev/null
diff -r "$root/a" "$root/b"
make --silent uninstall DESTDIR="$root" prefix=/usr
[ -z "$(find "$root/usr" -name '*hls_segmenter*')" ]
echo "install: 1 passed, 0 failed"
