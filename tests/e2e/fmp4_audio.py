#!/usr/bin/env python3
"""fmp4_audio.py: Opus, FLAC, AC-3 and E-AC-3 in fMP4, AC-3 in MPEG-TS, as ffmpeg 9 sends and reads them.

Of what it encodes here it must decode the same frames from the playlist as from its own FLV, without a word.
"""

import os
import subprocess
import sys
import tempfile

from common import HERE, Checks, segment

PICTURES = ["-f", "lavfi", "-i", "testsrc2=size=192x108:rate=25:duration=6"]
SOUND = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=6"]
NOISE = ["-f", "lavfi", "-i", "anoisesrc=duration=6:amplitude=0.1:sample_rate=44100"]
VIDEO = ["-c:v", "libx264", "-g", "50", "-bf", "2", "-pix_fmt", "yuv420p"]
STREAMS = {
    "H.264 and Opus": [*PICTURES, *SOUND, *VIDEO, "-c:a", "libopus", "-b:a", "96k"],
    "H.264 and AC-3": [*PICTURES, *SOUND, *VIDEO, "-c:a", "ac3"],
    "H.264 and E-AC-3 of six channels": [*PICTURES, *SOUND, *VIDEO, "-ac", "6", "-c:a", "eac3"],
    "AV1 and Opus": [*PICTURES, *SOUND, "-c:v", "libsvtav1", "-preset", "10", "-g", "50", "-c:a", "libopus"],
    "H.264 and FLAC": [*PICTURES, *SOUND, *VIDEO, "-c:a", "flac"],
    "Opus in frames of 60 ms": [*SOUND, "-c:a", "libopus", "-frame_duration", "60"],
    "FLAC of 44.1 kHz, frames larger than audio is gathered in": [*NOISE, "-ac", "2", "-c:a", "flac"],
}


def ffmpeg_9():
    """Returns the path of ffmpeg 9, which writes Enhanced RTMP."""
    python = os.path.join(HERE, ".venv/bin/python")
    code = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def frame_hashes(ffmpeg, source, kind):
    """Returns the MD5 of every decoded frame of one stream, and what was complained of."""
    command = [ffmpeg, "-nostdin", "-v", "error", "-i", source, "-map", f"0:{kind}", "-fps_mode", "passthrough",
               "-f", "framemd5", "-"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    lines = [line for line in run.stdout.splitlines() if line and line[0] != "#"]
    return [line.split(",")[-1].strip() for line in lines], run.stderr.strip()


def check(checks, ffmpeg, name, source, out, container):
    """Segments a stream, and holds the frames that are decoded of it against those of its source."""
    code, said = segment(source, out, "--container", container, "--frag-duration", "2", "--frag-count", "100")
    checks.check(code == 0, f"{name} in {container}: flv2hls ends well", said[-200:])
    for kind in ("v", "a"):
        want, _ = frame_hashes(ffmpeg, source, kind)
        if not want:
            continue
        got, complaints = frame_hashes(ffmpeg, os.path.join(out, "playlist.m3u8"), kind)
        checks.check(want == got and not complaints, f"{name} in {container}: {len(want)} frames ({kind}) are the same",
                     f"{len(got)} frames; {complaints[:200]}")


def main():
    checks = Checks()
    ffmpeg = ffmpeg_9()
    with tempfile.TemporaryDirectory() as scratch:
        for nth, (name, arguments) in enumerate(STREAMS.items()):
            source, out = os.path.join(scratch, f"{nth}.flv"), os.path.join(scratch, f"{nth}")
            encode = [ffmpeg, "-nostdin", "-v", "error", *arguments, "-f", "flv", source]
            subprocess.run(encode, check=True, timeout=120, env={**os.environ, "SVT_LOG": "1"})
            check(checks, ffmpeg, name, source, out, "fmp4")
            if name == "H.264 and AC-3":
                check(checks, ffmpeg, name, source, out + "-ts", "ts")
    checks.close()


if __name__ == "__main__":
    sys.exit(main())
