#!/usr/bin/env bash
# Lets the judge of ../shared, a second opinion from outside this repository, look at the output for its streams, and
# checks the values of its field streams. Without that folder there is nothing to do. Arguments go to judge_matrix.py.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
shared=$(cd "$here/../../.." && pwd)/shared

if [ ! -f "$shared/judge/hlscheck.py" ] || [ ! -d "$shared/streams" ]; then
    echo "judge: no ../shared/judge and ../shared/streams here, nothing judged"
    exit 0
fi
python3 "$here/judge_matrix.py" "$shared" "$@"
if [ -f "$shared/field/check.py" ]; then
    engine=$(realpath "$here/../../target/release/flv2hls")
    python3 "$shared/field/check.py" \
        --engine "$engine {flv} {out} --playlist-log {log} --frag-duration {fd} --frag-count {fc}"
fi
