#!/usr/bin/env python3
"""cpu.py [ROUNDS]: CPU time of hlssegsink beside GStreamer's own hlssink2, in paired runs of the same pipeline.

A capture of 6 Mbit/s is demultiplexed and parsed into one or the other, or into fakesinks; BUILD is the folder of
libgsthlsseg.so. Medians of the ratios of paired runs are told; a machine's load changes both sides of a pair.
"""

import os
import statistics
import subprocess
import sys
import tempfile

os.environ["GST_PLUGIN_PATH"] = os.environ["BUILD"]
SECONDS = 60
SEGMENT = 5


def make(path):
    """Makes 60 s of picture noise with sound."""
    encode = (
        "ffmpeg -v error -f lavfi -i testsrc2=s=640x360:r=30,noise=alls=30:allf=t -f lavfi -i sine=r=44100"
        f" -t {SECONDS} -c:v libx264 -preset ultrafast -b:v 6M -maxrate 6M -bufsize 6M -g 30 -pix_fmt yuv420p -c:a aac -ac 2 {path}"
    )
    subprocess.run(encode.split(), check=True)


def cpu(pipeline):
    """Returns the CPU time of a pipeline, in seconds. hlssink2 of GStreamer 1.22 has a race in which the end of the
    stream is lost behind the last segment; such a run is made again."""
    for _ in range(5):
        command = ["timeout", "6", "gst-launch-1.0", "-q", *pipeline.split()]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        _, status, used = os.wait4(process.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            return used.ru_utime + used.ru_stime
        if code != 124:
            sys.exit(f"{pipeline}: {process.stderr.read()}")
        print("     a run did not end and is made again")
    sys.exit(f"{pipeline}: did not end")


def segments(out):
    """Empties a folder and returns how many segments it had, and their bytes."""
    sizes = []
    for name in os.listdir(out):
        path = os.path.join(out, name)
        if name.endswith(".ts"):
            sizes.append(os.path.getsize(path))
        os.remove(path)
    return len(sizes), sum(sizes)


def main(rounds):
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["GST_REGISTRY"] = os.path.join(scratch, "registry")
        source, out = os.path.join(scratch, "source.flv"), os.path.join(scratch, "out")
        os.makedirs(out)
        make(source)
        demux = f"filesrc location={source} ! flvdemux name=d"
        # hlssink2 collects a whole group of pictures before it goes on: queues of a second would be a deadlock.
        queue = "queue max-size-time=10000000000 max-size-buffers=0 max-size-bytes=0"
        tail = f"d.video ! {queue} ! h264parse ! {{0}} d.audio ! {queue} ! aacparse ! {{1}}"
        files = f"location={out}/%05d.ts playlist-location={out}/playlist.m3u8 playlist-length=5 target-duration={SEGMENT}"
        ways = {
            "nothing": f"{demux} " + tail.format("fakesink", "fakesink"),
            "hlssink2": f"{demux} " + tail.format("hls.video", "hls.audio") + f" hlssink2 name=hls max-files=0 {files}",
            "hlssegsink": f"{demux} " + tail.format("hls.video", "hls.audio") + f" hlssegsink name=hls keep-all=1 {files}",
            "hlssegflvsink": f"filesrc location={source} ! hlssegflvsink keep-all=1 {files}",
        }
        times = {way: [] for way in ways}
        made = {}
        for _ in range(rounds + 1):
            for way, pipeline in ways.items():
                times[way].append(cpu(pipeline))
                made[way] = segments(out)
        for way, used in times.items():
            used.pop(0)  # the first run reads the registry and warms the file
            count, size = made[way]
            print(f"{way:14} {statistics.median(used) * 1000:7.0f} ms of CPU for {SECONDS} s, {count} segments, {size} bytes")
        passed = failed = 0
        for way in ("hlssegsink", "hlssegflvsink"):
            whole = statistics.median(a / b for a, b in zip(times[way], times["hlssink2"]))
            line = f"{way} takes {whole:.2f} of hlssink2's CPU"
            if way == "hlssegsink":
                bare = [(a - n, b - n) for a, b, n in zip(times[way], times["hlssink2"], times["nothing"])]
                line += f", {statistics.median(a / b for a, b in bare):.2f} without demultiplexer and parsers"
            good = whole < 1 and made[way][0] == made["hlssink2"][0]
            passed, failed = passed + good, failed + (not good)
            print(line)
        print(f"{passed} passed, {failed} failed")
        sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
