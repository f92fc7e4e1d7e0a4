#!/usr/bin/env bash
# Links the core into a C program without std, alloc or an allocator, runs it, and looks for traces of a heap.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build="$root/target/no_std"

# Symbols that only code with a heap, with std or with unwinding asks for.
heap='__rust_(alloc|dealloc|realloc|no_alloc)|__rdl_|__rg_|alloc_error_handler|_ZN5alloc|_RNv.*5alloc|^(malloc|calloc|realloc|free|posix_memalign|aligned_alloc)$|_Unwind_|rust_eh_personality'

# Link-time optimisation drops the unwinding tables that the standard distribution of core brings along.
cargo build --quiet --release --manifest-path "$here/Cargo.toml" --target-dir "$build"
library="$build/release/libno_std_proof.a"
program="$build/release/no_std_proof"
gcc -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -O2 "$here/main.c" "$library" -Wl,--gc-sections -o "$program"

symbols=$(nm "$program" | awk '{ sub(/@.*/, "", $NF); print $NF }')
grep -qx segment_flv <<<"$symbols" || { echo "FAIL no_std: nm does not see the core"; exit 1; }
if found=$(grep -E "$heap" <<<"$symbols"); then
    echo "FAIL no_std: the program refers to" $found
    exit 1
fi
echo "ok   no_std: linked without a heap, $(size "$program" | awk 'NR == 2 { print $1 }') bytes of code"

"$program" "$root/testdata/bframes.flv"
echo "ok   no_std: segmented bframes.flv"
