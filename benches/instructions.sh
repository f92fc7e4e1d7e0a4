#!/usr/bin/env bash
# Counts instructions per TS packet and per tag with callgrind, and compares them with benches/baseline.txt.
#
#   benches/instructions.sh            inputs made by rule, against the baseline; more than 3 % above it fails
#   benches/instructions.sh FOLDER     inputs of make_inputs.sh, the first SECONDS that were made; no comparison
#   benches/instructions.sh --accept   writes the baseline
#
# A program runs with one pass and with three; half the difference is one pass, and what it takes to start is gone.
set -euo pipefail
cd "$(dirname "$0")/.."
inputs=rule accept=no
case ${1:-} in
    --accept) accept=yes ;;
    "") ;;
    *) inputs=$(realpath "$1") ;;
esac
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

program=$(cargo bench --quiet --bench instructions --no-run --message-format=json |
    python3 -c 'import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("executable") and message["target"]["name"] == "instructions":
        print(message["executable"])')

# count NAME PART PASSES: instructions of the whole program; what it says of the input goes to $scratch/said. libc copies and clears much at
# once with `rep movsb` and `rep stosb`, of which callgrind takes each byte for an instruction: it is told to use others.
count() {
    local most=1000000000
    GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=$most:glibc.cpu.x86_rep_stosb_threshold=$most valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$inputs" "$2" "$3" >"$scratch/said" 2>"$scratch/log"
    awk '/Collected/ { print $NF }' "$scratch/log"
}

printf '%-3s %-8s %14s %12s\n' in part per_packet per_tag | tee "$scratch/table"
for name in a b c; do
    for part in strided reader null memory packets vec bytes buf vectored fmp4 parts; do
        one=$(count "$name" "$part" 1)
        three=$(count "$name" "$part" 3)
        read -r packets tags <"$scratch/said"
        awk -v n="$name" -v p="$part" -v i="$(((three - one) / 2))" -v packets="$packets" -v tags="$tags" \
            'BEGIN { printf "%-3s %-8s %14.1f %12.1f\n", n, p, i / packets, i / tags }'
    done
done | tee -a "$scratch/table"

awk '$2 == "memory" { ts[$1] = $3 }
    $2 == "fmp4" { fmp4 = $3; printf "%s: fMP4 into memory takes %.2f times the instructions of MPEG-TS\n", $1, $3 / ts[$1] }
    $2 == "parts" { printf "%s: with parts of half a second %.2f times as many\n", $1, $3 / fmp4 }' "$scratch/table"

[ "$inputs" = rule ] || exit 0
if [ $accept = yes ]; then
    cp "$scratch/table" benches/baseline.txt
    exit 0
fi
awk 'FNR == 1 { next }
    NR == FNR { base[$1, $2] = $3; next }
    base[$1, $2] > 0 && $3 > base[$1, $2] * 1.03 { printf "%s %s costs %.1f instructions per TS packet, %.1f %% more than the baseline\n", $1, $2, $3, 100 * ($3 / base[$1, $2] - 1); bad = 1 }
    base[$1, $2] > 0 && $3 < base[$1, $2] * 0.97 { printf "%s %s costs %.1f instructions per TS packet instead of %.1f: accept it\n", $1, $2, $3, base[$1, $2] }
    END { exit bad }' benches/baseline.txt "$scratch/table"
