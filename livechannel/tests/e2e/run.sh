#!/usr/bin/env bash
# Every end-to-end test of the service, one after the other. LIVECHANNEL says which program, if not target/debug's; it is built
# with feature etcd.
set -euo pipefail
cd "$(dirname "$0")"

for test in oss2_client.py ali_oss.mjs page.mjs codecs.py low_latency.mjs outage.py failover.py s3.py etcd.py; do
    printf '\n--- %s (at %d s)\n' "$test" "$SECONDS"
    case $test in
    *.py) .venv/bin/python "$test" ;;
    *.mjs) node "$test" ;;
    esac
done
