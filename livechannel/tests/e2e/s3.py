#!/usr/bin/env python3
"""s3.py: the suites of the SDKs again, over a store that is no folder: an S3-compatible server on loopback.

The service's conditional writes are the store's own (If-Match). Two nodes on the store are a cluster there, too.
"""

import os
import subprocess
import sys
import urllib.request

from common import HERE, ROOT, Checks, Node, free_port, push, wait_for

checks = Checks()
port = free_port()
endpoint = f"http://127.0.0.1:{port}"
moto = subprocess.Popen([os.path.join(os.path.dirname(sys.executable), "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
env = {"AWS_ENDPOINT": endpoint, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
os.environ.update(env)


def answers():
    try:
        return urllib.request.urlopen(endpoint, timeout=2).status
    except OSError:
        return None


def suite(name, command):
    """Runs a suite on a prefix of its own."""
    run = subprocess.run([*command, f"s3://store/{name}"], capture_output=True, text=True, timeout=300)
    failed = [line for line in run.stdout.splitlines() if line.startswith("FAIL")]
    checks.check(run.returncode == 0, f"{name} over S3: {run.stdout.splitlines()[-1] if run.stdout else 'nothing'}", "\n".join([*failed, run.stderr]))


def conformance():
    """The tests that every registry has to pass, over this one."""
    run = subprocess.run(["cargo", "test", "-q", "-p", "hls-segmenter-livechannel", "--lib", "every_registry_conforms", "--", "--nocapture"], cwd=ROOT,
                         env={**os.environ, "LIVECHANNEL_TEST_S3": "store"}, capture_output=True, text=True, timeout=600)
    checks.check(run.returncode == 0 and "s3://store/conformance-" in run.stdout, "the registry conforms over S3", run.stdout + run.stderr)


def cluster():
    """One node is killed, the other goes on with the channel."""
    a, b = (Node("s3://store/cluster", "--lease", "3") for _ in range(2))
    try:
        a.put("bkt", "ch")
        first = push(f"rtmp://127.0.0.1:{a.rtmp}/bkt/live/ch")
        wait_for(lambda: a.metric("stored_segments_total") >= 3, 20)
        a.kill()
        first.wait()
        # The encoder is kept waiting until the other node has watched the channel for a lease.
        encoder = push(f"rtmp://127.0.0.1:{b.rtmp}/bkt/live/ch")
        wait_for(lambda: b.metric("stored_segments_total") >= 2, 20)
        text = b.get("/bkt/ch/playlist.m3u8").decode()
        encoder.terminate()
        encoder.wait()
        checks.check(text.count("#EXT-X-DISCONTINUITY\n") == 1, "a node that is killed is followed by the other, behind one DISCONTINUITY", text)
        names = [line for line in text.splitlines() if line.endswith(".ts")]
        sound = all(len(body) % 188 == 0 and body for body in (b.get(f"/bkt/ch/{name}") for name in names))
        checks.check(len(names) >= 4 and sound, "and every listed segment is there")
    finally:
        a.kill()
        checks.equal(b.stop(), 0, "the service ends well")


try:
    wait_for(answers, 20)
    made = urllib.request.Request(f"{endpoint}/store", method="PUT")
    checks.equal(urllib.request.urlopen(made, timeout=10).status, 200, "the store is there")
    suite("oss2", [sys.executable, os.path.join(HERE, "oss2_client.py")])
    suite("ali-oss", ["node", os.path.join(HERE, "ali_oss.mjs")])
    conformance()
    cluster()
finally:
    moto.terminate()
    moto.wait()
checks.close()
