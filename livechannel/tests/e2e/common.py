"""What the Python tests of the service share: a node, an encoder, and how a check is told."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
TESTDATA = os.path.join(ROOT, "testdata")
PROGRAM = os.environ.get("LIVECHANNEL") or os.path.join(ROOT, "target/debug/livechannel")

if not os.access(PROGRAM, os.X_OK):
    sys.exit(f"{PROGRAM} is not there: cargo build -p hls-segmenter-livechannel")


def free_port():
    """Returns a port that nobody listens at."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Node:
    """A process of the service."""

    def __init__(self, store, *options, http=None, rtmp=None, env=None):
        self.http, self.rtmp = http or free_port(), rtmp or free_port()
        self.log = tempfile.NamedTemporaryFile("w+", suffix=".log", delete=False)
        command = [PROGRAM, "--http", f"127.0.0.1:{self.http}", "--rtmp", f"127.0.0.1:{self.rtmp}", "--store", store, "--bucket", "live,bkt", *options]
        self.process = subprocess.Popen(command, stderr=self.log, env={**os.environ, **(env or {})})
        self.wait()

    def wait(self):
        """Waits until it answers."""
        for _ in range(200):
            try:
                return self.get("/-/health")
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        sys.exit(f"the service does not start:\n{self.logged()}")

    def get(self, path, **headers):
        """Returns the body of a resource."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read()

    def status(self, method, path, body=None, **headers):
        """Returns status, headers and body of any response."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", data=body, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def metric(self, name):
        """Returns a counter, all its labels together."""
        found = re.findall(rf"^livechannel_{name}(?:\{{.*\}})? (\S+)$", self.get("/-/metrics").decode(), re.M)
        return sum(float(value) for value in found)

    def put(self, bucket, channel, frag_duration=1, frag_count=5, extra=""):
        """Makes a channel without a signature."""
        body = ("<LiveChannelConfiguration><Target><Type>HLS</Type>"
                f"<FragDuration>{frag_duration}</FragDuration><FragCount>{frag_count}</FragCount></Target>{extra}</LiveChannelConfiguration>")
        status, _, answer = self.status("PUT", f"/{bucket}/{channel}?live", body.encode())
        assert status == 200, answer

    def kill(self):
        """Ends it without a word."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends it well and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)

    def logged(self):
        """Returns what it has said."""
        with open(self.log.name, encoding="utf8") as log:
            return log.read()


def push(url, seconds=None, source=None, realtime=True, size="320x180", gop=25, quiet=True):
    """Starts ffmpeg as an encoder; of a capture, or of a test pattern."""
    command = ["ffmpeg", "-v", "error", "-nostdin"]
    command += ["-re"] if realtime else []
    if source:
        command += ["-i", os.path.join(TESTDATA, source), "-c", "copy"]
    else:
        command += ["-f", "lavfi", "-i", f"testsrc2=s={size}:r=25", "-f", "lavfi", "-i", "sine=f=440:r=44100"]
        command += ["-t", str(seconds)] if seconds else []
        command += ["-c:v", "libx264", "-preset", "ultrafast", "-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0",
                    "-b:v", "300k", "-c:a", "aac", "-ac", "1", "-b:a", "64k"]
    command += ["-flvflags", "no_duration_filesize", "-f", "flv", url]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def wait_for(what, seconds=15, step=0.1):
    """Waits until `what()` is true; returns the last value."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)


class Checks:
    """Counts checks and prints one line for each."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, what, detail=""):
        """Tells one check; `detail` is printed when it fails."""
        self.passed += bool(good)
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'} {what}" + ("" if good or not detail else f": {detail}"), flush=True)
        return good

    def equal(self, got, want, what):
        """Tells whether two values are equal."""
        return self.check(got == want, what, f"{got!r}, not {want!r}")

    def close(self):
        """Prints the sum and ends the program, with 1 if a check failed or none was made."""
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)


class Scratch:
    """A folder that is gone afterwards."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="livechannel-")
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)
