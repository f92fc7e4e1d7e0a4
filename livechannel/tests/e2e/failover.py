#!/usr/bin/env python3
"""failover.py [ROUNDS]: two nodes on one store; the one that is live is killed at a random moment, again and again.

The encoder reconnects to whatever node takes it, a player polls throughout. What counts: no media sequence number
stands for two segments, no listed segment is missing or changes, each take-over is behind one DISCONTINUITY, and the
ingest is back within the lease. ROUNDS is 3, or what FAILOVER_ROUNDS says. Where the judge of ../shared is present, it
looks at what is stored, too. JUDGE_SEED repeats a run's moments.
"""

import hashlib
import os
import random
import re
import subprocess
import sys
import threading
import time
import urllib.error

from common import ROOT, Checks, Node, Scratch, free_port, push, wait_for

ROUNDS = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FAILOVER_ROUNDS", 3))
SEED = int(os.environ.get("JUDGE_SEED", time.time()))
LEASE = 4
# A reconnecting encoder tries twice a second, and takes half a second to start.
RECONNECT = 1.5
FRAG_DURATION, FRAG_COUNT = 1, 6

checks = Checks()


class Cluster:
    """Two nodes, of which one may be away."""

    def __init__(self, store):
        self.store = store
        self.ports = [(free_port(), free_port()) for _ in range(2)]
        self.nodes = [self.start(n) for n in range(2)]

    def start(self, n):
        http, rtmp = self.ports[n]
        return Node(self.store, "--node", f"node-{n}", "--lease", str(LEASE), http=http, rtmp=rtmp)

    def get(self, path):
        """Asks one node, then the other, as a load balancer does."""
        for n in random.sample(range(2), 2):
            try:
                return self.nodes[n].get(path)
            except urllib.error.HTTPError as error:
                if error.code >= 500:
                    continue
                raise
            except OSError:
                continue
        return None

    def live(self):
        """Returns the number of the node that takes the stream, or None."""
        for n, node in enumerate(self.nodes):
            try:
                if node.metric("rtmp_connections") and node.metric("live_channels"):
                    return n
            except OSError:
                continue
        return None


class Encoder(threading.Thread):
    """ffmpeg in a loop that reconnects, to one node after the other."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.cluster, self.over, self.process = cluster, False, None

    def run(self):
        turn = 0
        while not self.over:
            self.process = push(f"rtmp://127.0.0.1:{self.cluster.ports[turn % 2][1]}/bkt/live/ch")
            self.process.communicate()
            turn += 1
            time.sleep(0.1)

    def stop(self):
        self.over = True
        self.process.terminate()
        self.join()


class Player(threading.Thread):
    """Polls the playlist, keeps every version, and loads every segment as soon as it is listed."""

    def __init__(self, cluster, log):
        super().__init__(daemon=True)
        self.cluster, self.log, self.over = cluster, log, False
        self.versions, self.segments, self.faults = [], {}, []

    def run(self):
        while not self.over:
            self.poll()
            time.sleep(0.2)

    def poll(self):
        try:
            text = self.cluster.get("/bkt/ch/playlist.m3u8")
        except urllib.error.HTTPError as error:
            if self.versions:
                self.faults.append(f"playlist: {error}")
            return
        if text is None or (self.versions and text.decode() == self.versions[-1]):
            return
        self.versions.append(text.decode())
        with open(os.path.join(self.log, f"{len(self.versions):06}.m3u8"), "wb") as file:
            file.write(text)
        for sequence, name, _ in listed(text.decode()):
            known = self.segments.get(sequence)
            if known and known[0] != name:
                self.faults.append(f"segment {sequence} is {known[0]} and {name}")
            if not known:
                self.load(sequence, name)

    def load(self, sequence, name):
        try:
            body = self.cluster.get(f"/bkt/ch/{name}")
        except urllib.error.HTTPError as error:
            self.faults.append(f"segment {sequence}, {name}: {error}")
            return
        if body is None:
            return
        if not body or len(body) % 188 or body[0] != 0x47:
            self.faults.append(f"segment {sequence}, {name}: {len(body)} bytes")
        self.segments[sequence] = (name, hashlib.sha256(body).digest())


def listed(text):
    """Returns (media sequence number, name, behind a discontinuity) of every segment of a playlist."""
    sequence = int(re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", text)[1])
    out, behind = [], False
    for line in text.splitlines():
        behind = behind or line == "#EXT-X-DISCONTINUITY"
        if line and not line.startswith("#"):
            out.append((sequence + len(out), line, behind))
            behind = False
    return out


def judge(store, log):
    """Lets the judge of ../shared look at the stored folder."""
    program = os.path.join(os.path.dirname(ROOT), "shared/judge/hlscheck.py")
    if not os.path.exists(program):
        print("no ../shared/judge here, nothing judged")
        return
    run = subprocess.run([sys.executable, program, "--dir", os.path.join(store, "bkt/ch"), "--playlist-log", log, "--frag-duration", str(FRAG_DURATION),
                          "--frag-count", str(FRAG_COUNT)], capture_output=True, text=True, timeout=300)
    checks.check(run.returncode == 0, f"the judge has nothing to say: {run.stdout.splitlines()[-1] if run.stdout else ''}", run.stdout + run.stderr)


random.seed(SEED)
print(f"{ROUNDS} rounds, seed {SEED}")
with Scratch() as scratch:
    store, log = os.path.join(scratch, "store"), os.path.join(scratch, "log")
    os.makedirs(log)
    cluster = Cluster(store)
    cluster.nodes[0].put("bkt", "ch", FRAG_DURATION, FRAG_COUNT)
    encoder, player = Encoder(cluster), Player(cluster, log)
    encoder.start()
    player.start()
    away = []
    try:
        for number in range(ROUNDS):
            wait_for(lambda: cluster.live() is not None, LEASE + 10)
            have = len(player.versions)
            wait_for(lambda: len(player.versions) >= have + 2, 15)
            time.sleep(random.uniform(0, 2.5))
            victim = cluster.live()
            if not checks.check(victim is not None, f"round {number + 1}: a node is live"):
                continue
            cluster.nodes[victim].kill()
            killed = time.monotonic()
            back = wait_for(lambda: cluster.live() is not None, LEASE + 10, 0.05)
            away.append(time.monotonic() - killed)
            checks.check(back and away[-1] <= LEASE + RECONNECT, f"round {number + 1}: node-{victim} was killed, the ingest is back after {away[-1]:.1f} s")
            cluster.nodes[victim] = cluster.start(victim)
        have = len(player.versions)
        wait_for(lambda: len(player.versions) >= have + 3, 20)
    finally:
        encoder.stop()
        time.sleep(1.5)
        player.over = True
        player.join()
        codes = [node.stop() for node in cluster.nodes]
    checks.equal(codes, [0, 0], "the nodes end well")
    checks.check(not player.faults, "every listed segment was there, whole, and the only one of its number", "; ".join(player.faults[:5]))
    sequences = sorted(player.segments)
    seen = {sequence: behind for text in player.versions for sequence, _, behind in listed(text)}
    behind = [sequence for sequence in sorted(seen) if seen[sequence]]
    checks.equal(len(behind), ROUNDS, f"one DISCONTINUITY for each of {ROUNDS} take-overs")
    checks.check(sorted(seen) == list(range(sequences[0], sequences[-1] + 1)), f"{len(seen)} segments have consecutive numbers")
    changed = []
    for sequence, (name, digest) in player.segments.items():
        with open(os.path.join(store, "bkt/ch", name), "rb") as file:
            if hashlib.sha256(file.read()).digest() != digest:
                changed.append(name)
    checks.equal(changed, [], "no segment was written again")
    judge(store, log)
    print(f"ingest was away for {min(away):.1f} to {max(away):.1f} s, lease {LEASE} s; {len(player.versions)} versions of the playlist")
checks.close()
