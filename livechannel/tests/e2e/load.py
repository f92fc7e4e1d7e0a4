#!/usr/bin/env python3
"""load.py CAPTURE [CHANNELS ...]: CPU and memory of a node under real-time publishers with one reader each.

Build first: cargo build --release -p hls-segmenter-livechannel --example load --bin livechannel. With --nginx CONF a
server of that configuration is measured the same way: RTMP at 127.0.0.1:2935, playlists at
http://127.0.0.1:2980/{}/index.m3u8. CAPTURE is FLV; the figures of the README are of 2 Mbit/s, 25 pictures a second.
"""

import argparse
import os
import re
import signal
import subprocess
import time

from common import ROOT, Node, Scratch

parser = argparse.ArgumentParser()
parser.add_argument("capture")
parser.add_argument("channels", type=int, nargs="*", default=[10, 50])
parser.add_argument("--seconds", type=int, default=40)
parser.add_argument("--nginx")
args = parser.parse_args()
release = os.path.join(os.environ.get("CARGO_TARGET_DIR") or os.path.join(ROOT, "target"), "release")
TICK = os.sysconf("SC_CLK_TCK")


def usage(pids):
    """Returns user seconds, system seconds and resident MiB of processes together."""
    user = system = resident = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        user, system = user + int(fields[11]) / TICK, system + int(fields[12]) / TICK
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            resident += int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) / 1024
    return user, system, resident


def measure(count, pids, options, extra=lambda: ""):
    user, system, idle = usage(pids)
    begun = time.monotonic()
    command = [os.path.join(release, "examples/load"), args.capture, "--channels", str(count), "--seconds", str(args.seconds), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        time.sleep(args.seconds - 3)
        after, memory = usage(pids), usage(pids)[2]
        wall = time.monotonic() - begun
        note = extra()
        told = load.communicate()[0].strip()
    if load.returncode:
        raise SystemExit(f"the load failed: {load.returncode}")
    cpu = (after[0] - user + after[1] - system) / wall * 100
    kernel = (after[1] - system) / max(after[0] - user + after[1] - system, 0.01) * 100
    print(f"{told}\n    CPU {cpu:.1f} % of one core ({cpu / count:.2f} % a channel, {kernel:.0f} % of it in the kernel), "
          f"{memory:.0f} MiB ({(memory - idle) / count:.2f} MiB a channel){note}", flush=True)


for count in args.channels:
    if args.nginx:
        server = subprocess.Popen(["nginx", "-g", "daemon off;", "-c", os.path.abspath(args.nginx)])
        time.sleep(1)
        children = subprocess.run(["pgrep", "-P", str(server.pid)], capture_output=True, text=True).stdout.split()
        measure(count, [server.pid, *children], ["--rtmp", "127.0.0.1:2935", "--http", "127.0.0.1:2980", "--playlist", "/{}/index.m3u8", "--plain"])
        server.send_signal(signal.SIGTERM)
        server.wait()
        continue
    with Scratch() as scratch:
        node = Node(scratch, env={"LIVECHANNEL_LOG": "error"})
        begun, before = time.monotonic(), node.metric("engine_seconds_total")
        measure(count, [node.process.pid], ["--rtmp", f"127.0.0.1:{node.rtmp}", "--http", f"127.0.0.1:{node.http}"],
                lambda: f", engine {(node.metric('engine_seconds_total') - before) / (time.monotonic() - begun) * 100:.1f} % of one core")
        node.stop()
