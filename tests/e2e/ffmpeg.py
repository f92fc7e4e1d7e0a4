#!/usr/bin/env python3
"""ffmpeg.py [NAME]: what goes in comes out, as an independent demuxer and decoder see it.

Every capture of testdata/ is segmented. ffmpeg must read the playlist without a word, and decode the same frames
from it as from the capture; ffprobe must know every segment by itself. Then the same through a pipe.
"""

import filecmp
import json
import os
import subprocess
import sys
import tempfile

from common import TESTDATA, ENGINE, Checks, playlist_lines, segment, streams

# All of a capture stays in the window.
KEEP = ["--keep-all", "--frag-count", "100", "--frag-duration", "2"]


def ffmpeg(*arguments):
    """Runs ffmpeg and returns its output and the lines it complained with."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return run.stdout, [line for line in run.stderr.splitlines() if line.strip()]


def frame_hashes(source, selector):
    """Returns the MD5 of every decoded frame of one stream; timestamps are not compared."""
    arguments = ["-i", source, "-map", f"0:{selector}", "-fps_mode", "passthrough", "-f", "framemd5", "-"]
    text, _ = ffmpeg(*arguments)
    return [line.split(",")[-1].strip() for line in text.splitlines() if line and line[0] != "#"]


def tracks(source):
    """Returns what ffprobe knows of the streams of a file, by kind, and its complaints."""
    wanted = "stream=codec_type,codec_name,width,height,sample_rate,channels"
    command = ["ffprobe", "-v", "error", "-show_entries", wanted, "-of", "json", source]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    found = {s["codec_type"]: s for s in json.loads(run.stdout or "{}").get("streams", [])}
    return found, run.stderr.strip()


def complete(track):
    """Says whether a stream's parameters could be found out."""
    if track["codec_type"] == "video":
        return track.get("width", 0) > 0 and track.get("height", 0) > 0
    return int(track.get("sample_rate", 0)) > 0 and track.get("channels", 0) > 0


def same_frames(checks, name, source, playlist):
    """Compares the decoded frames of a capture and of its playlist."""
    for kind in tracks(source)[0]:
        want, got = (frame_hashes(path, f"{kind[0]}:0") for path in (source, playlist))
        first = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
        detail = f"{len(want)} frames in the capture, {len(got)} in the playlist, first difference at {first}"
        checks.check(want and want == got, f"{name}: {len(want)} {kind} frames are the same", detail)


def segments(playlist):
    """Returns the paths of the segments that a playlist lists."""
    folder = os.path.dirname(playlist)
    return [os.path.join(folder, line) for line in playlist_lines(playlist) if line and line[0] != "#"]


def check_stream(checks, name, scratch):
    """Segments one capture and holds it against its source."""
    source = os.path.join(TESTDATA, name)
    out = os.path.join(scratch, name[:-4])
    code, said = segment(source, out, *KEEP)
    if not checks.check(code == 0, f"{name}: flv2hls ends well", f"exit code {code}: {said[-200:]}"):
        return
    playlist = os.path.join(out, "playlist.m3u8")
    listed = segments(playlist)
    missing = [os.path.basename(p) for p in listed if not os.path.exists(p)]
    checks.check(listed and not missing, f"{name}: {len(listed)} listed segments exist", str(missing))
    checks.check(playlist_lines(playlist)[-1] == "#EXT-X-ENDLIST", f"{name}: the playlist is closed")
    _, complaints = ffmpeg("-i", playlist, "-f", "null", "-")
    checks.check(not complaints, f"{name}: ffmpeg plays it without a word", "; ".join(complaints[:3]))
    same_frames(checks, name, source, playlist)

    want = {kind: track["codec_name"] for kind, track in tracks(source)[0].items()}
    strange = []
    for path in listed:
        found, complaint = tracks(path)
        if {k: t["codec_name"] for k, t in found.items()} != want or not all(map(complete, found.values())) or complaint:
            strange.append(f"{os.path.basename(path)} {found} {complaint[:200]}")
    checks.check(not strange, f"{name}: each segment alone is {' + '.join(want.values())}", "; ".join(strange[:2]))


def check_pipe(checks, name, scratch):
    """Feeds flv2hls through pipes: from ffmpeg as a live encoder would, and the bytes of the file."""
    source = os.path.join(TESTDATA, name)
    out = os.path.join(scratch, "live")
    encoder = ["ffmpeg", "-nostdin", "-v", "error", "-i", source, "-c", "copy", "-f", "flv", "-"]
    with subprocess.Popen(encoder, stdout=subprocess.PIPE) as live:
        code, said = segment("-", out, *KEEP, stdin=live.stdout)
    if checks.check(code == 0, f"{name}: ffmpeg | flv2hls - ends well", f"exit code {code}: {said[-200:]}"):
        same_frames(checks, f"{name} from ffmpeg's pipe", source, os.path.join(out, "playlist.m3u8"))

    ways = [os.path.join(scratch, way) for way in ("by_name", "by_pipe")]
    segment(source, ways[0], *KEEP)
    with subprocess.Popen(["cat", source], stdout=subprocess.PIPE) as cat:
        segment("-", ways[1], *KEEP, stdin=cat.stdout)
    names = [sorted(os.listdir(way)) for way in ways]
    _, different, unread = filecmp.cmpfiles(*ways, names[0], shallow=False)
    same = names[0] and names[0] == names[1] and not different + unread
    checks.check(same, f"{name}: a pipe and a file give the same bytes", f"{names[0]} {names[1]} {different}")


def main(only=""):
    print(f"engine: {os.path.basename(ENGINE)}")
    checks = Checks()
    with tempfile.TemporaryDirectory() as scratch:
        for name in streams(only):
            check_stream(checks, name, scratch)
        if not only:
            check_pipe(checks, "bframes.flv", scratch)
    checks.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
