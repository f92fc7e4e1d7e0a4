#!/usr/bin/env python3
"""etcd.py: the registry in etcd, which is started here on loopback; segments lie in a folder.

The tests of registries; failover.py; a take-over within the lease and a second; what an idle and a live channel cost;
changes made on one node, which the other hears of at once; and an etcd that does not answer, where no publication may
go on. LIVECHANNEL has to be a program that was built with feature etcd.
"""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

from common import HERE, ROOT, Checks, Node, Scratch, free_port, push, wait_for

LEASE = 4

checks = Checks()


class Etcd:
    """A cluster of one."""

    def __init__(self, folder):
        self.folder, self.port, self.peers = folder, free_port(), free_port()
        self.start()

    def start(self):
        """Starts it, on the data that there are."""
        at, peers = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.peers}"
        command = ["etcd", "--data-dir", self.folder, "--listen-client-urls", at, "--advertise-client-urls", at, "--listen-peer-urls", peers,
                   "--initial-advertise-peer-urls", peers, "--initial-cluster", f"default={peers}"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not wait_for(self.answers, 20):
            sys.exit("etcd does not start")

    def answers(self):
        """Says whether it has a leader."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2) as response:
                return b"true" in response.read()
        except OSError:
            return False

    def requests(self):
        """Returns how many transactions and reads it has answered."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as response:
            text = response.read().decode()
        count = {"Txn": 0, "Range": 0}
        for method, value in re.findall(r'^grpc_server_handled_total\{.*grpc_method="(Txn|Range)".*\} (\S+)$', text, re.M):
            count[method] += int(float(value))
        return count

    def address(self, prefix):
        """Returns it as a registry."""
        return f"etcd://127.0.0.1:{self.port}/{prefix}"

    def kill(self):
        """Ends it without a word."""
        self.process.kill()
        self.process.wait()


def conformance(etcd):
    """The tests that every registry has to pass, over this one, and this one's own."""
    run = subprocess.run(["cargo", "test", "-q", "-p", "hls-segmenter-livechannel", "--features", "etcd", "--lib", "registry", "--", "--nocapture"], cwd=ROOT,
                         env={**os.environ, "LIVECHANNEL_TEST_ETCD": f"127.0.0.1:{etcd.port}"}, capture_output=True, text=True, timeout=900)
    address = f"etcd://127.0.0.1:{etcd.port}/"
    checks.check(run.returncode == 0 and address + "conformance-" in run.stdout, "the registry conforms over etcd", run.stdout + run.stderr)
    checks.equal(run.stdout.count(address + "test-"), 4, "and its own tests have seen an etcd")


def failover(etcd):
    """Nodes that are killed at any moment: the suite of failover.py."""
    run = subprocess.run([sys.executable, os.path.join(HERE, "failover.py")], env={**os.environ, "LIVECHANNEL_REGISTRY": etcd.address("failover")},
                         capture_output=True, text=True, timeout=300)
    print(run.stdout, end="")
    checks.check(run.returncode == 0, "failover.py over etcd", run.stdout + run.stderr)


def live(node):
    """Says whether a channel is live on a node."""
    return node.metric("live_channels") == 1


def cost(etcd, node):
    """What a channel costs that nobody publishes to, and one that is live; the lease is 30 s."""
    time.sleep(1)
    before = etcd.requests()
    time.sleep(5)
    checks.equal(etcd.requests(), before, "an idle channel costs no request")
    encoder = push(f"rtmp://127.0.0.1:{node.rtmp}/bkt/live/ch")
    wait_for(lambda: node.metric("stored_segments_total") >= 2, 20)
    before, stored = etcd.requests(), node.metric("stored_segments_total")
    time.sleep(15)
    after, stored = etcd.requests(), node.metric("stored_segments_total") - stored
    writes, reads = after["Txn"] - before["Txn"], after["Range"] - before["Range"]
    # A renewal each 10 s and a look at the configuration each 7.5 s, beside the segments.
    checks.check(writes <= stored + 3 and reads <= 3, f"{stored:.0f} segments in 15 s cost {writes} transactions and {reads} reads")
    return encoder


def news(a, b, encoder):
    """What one node is told, the other knows at once: a look at the configuration would come after 7.5 s."""
    checks.check(live(a), "the channel is live")
    # Where the last look was is not known: three times, so that it was not chance.
    for number in range(3):
        begun = time.monotonic()
        checks.equal(b.status("PUT", "/bkt/ch?live&status=disabled")[0], 200, "it is disabled on the other node")
        ended = wait_for(lambda: not live(a), 20, 0.02)
        took = time.monotonic() - begun
        checks.check(ended and took < 1, f"round {number + 1}: and ends after {took:.2f} s")
        encoder.wait()
        checks.equal(b.status("PUT", "/bkt/ch?live&status=enabled")[0], 200, "it is enabled there")
        encoder = push(f"rtmp://127.0.0.1:{a.rtmp}/bkt/live/ch")
        wait_for(lambda: live(a), 10)
    encoder.terminate()
    encoder.wait()
    wait_for(lambda: not live(a), 10)
    b.put("bkt", "ch", frag_duration=7)
    checks.check(b"<FragDuration>7</FragDuration>" in a.get("/bkt/ch?live"), "a configuration that one node was given is the other's at once")


def takeover(etcd, store):
    """One node is killed; how long the other, whose encoder is there at once, waits before it is live."""
    a, b = (Node(store, "--registry", etcd.address("takeover"), "--lease", str(LEASE)) for _ in range(2))
    try:
        a.put("bkt", "over")
        first = push(f"rtmp://127.0.0.1:{a.rtmp}/bkt/live/over")
        wait_for(lambda: a.metric("stored_segments_total") >= 2, 20)
        a.kill()
        second = push(f"rtmp://127.0.0.1:{b.rtmp}/bkt/live/over")
        first.wait()
        wait_for(lambda: b.metric("rtmp_connections") == 1, 10, 0.02)
        begun = time.monotonic()
        again = wait_for(lambda: live(b), 20, 0.02)
        took = time.monotonic() - begun
        checks.check(again and took <= LEASE + 1, f"{took:.1f} s after its encoder came the other node is live, lease {LEASE} s")
        second.terminate()
        second.wait()
    finally:
        a.kill()
        checks.equal(b.stop(), 0, "the service ends well")


def silence(etcd, store):
    """An etcd that does not answer, and one that was killed."""
    node = Node(store, "--registry", etcd.address("silence"), "--lease", str(LEASE))
    try:
        node.put("bkt", "quiet")
        encoder = push(f"rtmp://127.0.0.1:{node.rtmp}/bkt/live/quiet")
        wait_for(lambda: node.metric("stored_segments_total") >= 3, 20)
        etcd.process.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        encoder.wait()
        took = time.monotonic() - begun
        checks.check(took <= LEASE + 1, f"without etcd an encoder is sent away after {took:.1f} s, lease {LEASE} s")
        begun = time.monotonic()
        status = node.status("PUT", "/bkt/quiet?live&status=enabled")[0]
        checks.check(status >= 500 and time.monotonic() - begun < 10, f"changes are refused: {status}")
        listed = node.get("/bkt/quiet/playlist.m3u8").decode()
        checks.check(".ts" in listed, "what was stored is still played, from the store")
        etcd.process.send_signal(signal.SIGCONT)
        etcd.kill()
        etcd.start()
        encoder = push(f"rtmp://127.0.0.1:{node.rtmp}/bkt/live/quiet")
        again = wait_for(lambda: live(node) and node.get("/bkt/quiet/playlist.m3u8").decode().count("#EXT-X-DISCONTINUITY\n") == 1, 20)
        checks.check(again, "an etcd that was killed and started again goes on with the list", node.logged())
        encoder.terminate()
        encoder.wait()
    finally:
        etcd.process.send_signal(signal.SIGCONT)
        checks.equal(node.stop(), 0, "the service ends well")


with Scratch() as scratch:
    etcd = Etcd(os.path.join(scratch, "etcd"))
    store = os.path.join(scratch, "store")
    try:
        conformance(etcd)
        failover(etcd)
        a, b = (Node(store, "--registry", etcd.address("news"), "--lease", "30") for _ in range(2))
        try:
            a.put("bkt", "ch")
            news(a, b, cost(etcd, a))
        finally:
            checks.equal([a.stop(), b.stop()], [0, 0], "the nodes end well")
        takeover(etcd, os.path.join(scratch, "takeover"))
        silence(etcd, os.path.join(scratch, "silence"))
    finally:
        etcd.kill()
checks.close()
