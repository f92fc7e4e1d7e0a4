#!/usr/bin/env python3
"""outage.py: the store is away for ten seconds while ffmpeg publishes.

The encoder must not notice, and nothing may be missing: ten seconds fit the buffer. What the store says meanwhile is
that its folder is no folder. Where the judge of ../shared is present, it looks at what is stored.
"""

import os
import subprocess
import sys
import time

from common import ROOT, Checks, Node, Scratch, push, wait_for

AWAY = 10

checks = Checks()
with Scratch() as scratch:
    store = os.path.join(scratch, "store")
    node = Node(store, "--lease", "4")
    node.put("bkt", "ch", 1, 100)
    encoder = push(f"rtmp://127.0.0.1:{node.rtmp}/bkt/live/ch", 22)
    wait_for(lambda: node.metric("stored_segments_total") >= 3)
    os.rename(store, store + ".away")
    with open(store, "w", encoding="ascii"):
        time.sleep(AWAY)
    before = node.metric("stored_segments_total")
    os.remove(store)
    os.rename(store + ".away", store)
    checks.check(wait_for(lambda: node.metric("stored_segments_total") >= before + AWAY - 2, 8), "what waited is stored when the store is back")
    checks.equal(encoder.wait(40), 0, "the encoder noticed nothing")
    wait_for(lambda: not node.metric("live_channels"))
    retries = node.metric("store_retries_total")
    checks.check(retries > 3, f"the store was tried {retries:.0f} times in vain")
    checks.equal(node.metric("segments_lost_total"), 0, "no segment was lost")
    text = node.get("/bkt/ch/playlist.m3u8").decode()
    names = [line for line in text.splitlines() if line.endswith(".ts")]
    checks.check(len(names) in (22, 23) and "#EXT-X-DISCONTINUITY\n" not in text, f"{len(names)} segments of a second, without a break", text)
    checks.equal(node.stop(), 0, "the service ends well")
    judge = os.path.join(os.path.dirname(ROOT), "shared/judge/hlscheck.py")
    if os.path.exists(judge):
        run = subprocess.run([sys.executable, judge, "--dir", os.path.join(store, "bkt/ch"), "--frag-duration", "1", "--frag-count", "100"],
                             capture_output=True, text=True, timeout=120)
        checks.check(run.returncode == 0, f"the judge has nothing to say: {run.stdout.splitlines()[-1]}", run.stdout + run.stderr)
checks.close()
