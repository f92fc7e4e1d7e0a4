#!/usr/bin/env bash
# Compares instructions per TS packet through C with those of Rust, by callgrind, both built alike (profile capi).
#
# The border costs the same for every tag, however many packets it has: more than 150 instructions for a tag fail, and
# more than 5 % for a packet of input a. Smaller tags show it more.
#
# A program runs with one pass and with three; half the difference is one pass, and what it takes to start is gone. The
# inputs are those of benches/instructions.sh: a 6 Mbit/s, b 600 kbit/s, c audio alone.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
target=${TARGET:?}
build=${BUILD:?}
cd "$here"
cargo build --profile capi --quiet -p hls-segmenter-capi --example cost
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rust=$target/capi/examples/cost
"$rust" make "$scratch"

# count PROGRAM FILE: instructions of one pass; packets go to $scratch/packets.
count() {
    local runs=()
    for passes in 1 3; do
        valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" "$2" $passes >"$scratch/packets" 2>"$scratch/log"
        runs+=("$(awk '/Collected/ { print $NF }' "$scratch/log")")
    done
    echo $(((runs[1] - runs[0]) / 2))
}

passed=0 failed=0
printf '%-3s %10s %10s %8s %14s\n' in rust c ratio more_per_tag
for name in a b c; do
    in_rust=$(count "$rust" "$scratch/$name.flv")
    in_c=$(count "$build/cost" "$scratch/$name.flv")
    read -r packets tags <"$scratch/packets"
    if awk -v n=$name -v r="$in_rust" -v c="$in_c" -v p=$((packets / 3)) -v t="$tags" 'BEGIN {
        printf "%-3s %10.1f %10.1f %8.4f %14.1f\n", n, r / p, c / p, c / r, (c - r) / t
        exit (n == "a" && c > r * 1.05) || (c - r) / t > 150
    }'; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "cost: $passed passed, $failed failed"
[ $failed -eq 0 ]
