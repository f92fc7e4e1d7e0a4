"""What the Python end-to-end tests share: where things are, how the engine is run, how a check is told."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TESTDATA = os.path.join(ROOT, "testdata")
ENGINE = os.environ.get("FLV2HLS") or os.path.join(ROOT, "target/release/flv2hls")

if not os.access(ENGINE, os.X_OK):
    sys.exit(f"{ENGINE} is not there: cargo build --release -p flv2hls")


def streams(only=""):
    """Returns the names of the captures whose name contains `only`."""
    return sorted(n for n in os.listdir(TESTDATA) if n.endswith(".flv") and only in n)


def segment(source, out, *options, stdin=None):
    """Runs flv2hls into the new folder `out` and returns its exit code and what it said on standard error."""
    os.makedirs(out)
    run = subprocess.run([ENGINE, source, out, *options], stdin=stdin, capture_output=True, timeout=120)
    return run.returncode, run.stderr.decode("utf8", "replace").strip()


def playlist_lines(path):
    """Returns the lines of a playlist."""
    with open(path, encoding="utf8") as file:
        return file.read().splitlines()


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

    def close(self):
        """Prints the sum and ends the program, with 1 if a check failed or none was made."""
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)
