#!/usr/bin/env python3
"""fmp4.py [NAME]: fragmented MP4 as ffmpeg 9 sees it: what goes in comes out.

Every capture of testdata/, those of H.265 and AV1 among them, is segmented with --container fmp4. ffmpeg must read the playlist
without a word and decode the same frames from it as from the capture. Then two sessions one after the other, with another
profile: the section changes between them.
"""

import os
import subprocess
import sys
import tempfile

from common import HERE, ROOT, TESTDATA, Checks, playlist_lines, segment, streams

# All of a capture stays in the window.
OPTIONS = ["--container", "fmp4", "--keep-all", "--frag-count", "100", "--frag-duration", "2"]
PYTHON = os.path.join(HERE, ".venv/bin/python")
WHERE = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"
FFMPEG = subprocess.run([PYTHON, "-c", WHERE], capture_output=True, text=True, check=True).stdout.strip()


def ffmpeg(*arguments):
    """Runs ffmpeg 9 and returns its output and the lines it complained with."""
    command = [FFMPEG, "-nostdin", "-v", "error", "-threads", "1", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return run.stdout, [line for line in run.stderr.splitlines() if line.strip()]


def frame_hashes(source, kind):
    """Returns the MD5 of every decoded frame of the first stream of a kind: v or a."""
    arguments = ["-i", source, "-map", f"0:{kind}:0", "-fps_mode", "passthrough", "-f", "framemd5", "-"]
    text, _ = ffmpeg(*arguments)
    return [line.split(",")[-1].strip() for line in text.splitlines() if line and line[0] != "#"]


def same_frames(checks, name, source, playlist, kinds):
    """Compares the decoded frames of a capture with those of a playlist or of a file."""
    for kind in kinds:
        want, got = frame_hashes(source, kind), frame_hashes(playlist, kind)
        first = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
        detail = f"{len(want)} frames in the capture, {len(got)} in the playlist, first difference at {first}"
        checks.check(want and want == got, f"{name}: {len(want)} frames of {kind} are the same", detail)


def check_files(checks, name, folder):
    """Every segment and section that the playlist names is there; returns how many sections it names."""
    lines = playlist_lines(os.path.join(folder, "playlist.m3u8"))
    sections = [line.split('"')[1] for line in lines if line.startswith("#EXT-X-MAP:")]
    named = sections + [line for line in lines if line and line[0] != "#"]
    missing = [file for file in named if not os.path.exists(os.path.join(folder, file))]
    checks.check(len(named) > len(sections) > 0 and not missing, f"{name}: {len(named)} named files exist", str(missing))
    checks.check("#EXT-X-VERSION:6" in lines, f"{name}: the playlist is of version 6")
    return len(set(sections))


def check_stream(checks, path, scratch):
    """Segments one capture and holds it against its source."""
    name = os.path.relpath(path, TESTDATA)
    out = os.path.join(scratch, name.replace("/", "-")[:-4])
    code, said = segment(path, out, *OPTIONS)
    if not checks.check(code == 0, f"{name}: flv2hls ends well", f"exit code {code}: {said[-200:]}"):
        return
    playlist = os.path.join(out, "playlist.m3u8")
    sections = check_files(checks, name, out)
    checks.check(sections == 1, f"{name}: one section", str(sections))
    _, complaints = ffmpeg("-i", playlist, "-f", "null", "-")
    checks.check(not complaints, f"{name}: ffmpeg plays it without a word", "; ".join(complaints[:3]))
    # MP3 is dropped.
    kinds = [kind for kind in "va" if frame_hashes(path, kind) and (kind, name) != ("a", "mp3.flv")]
    same_frames(checks, name, path, playlist, kinds)
    if name == "mp3.flv":
        checks.check(not frame_hashes(playlist, "a"), f"{name}: audio is dropped")


def check_splice(checks, scratch):
    """Two sessions of different profiles: two sections, and the frames of both."""
    captures = [os.path.join(TESTDATA, f"{name}.flv") for name in ("bframes", "nobframes")]
    source = os.path.join(scratch, "splice.flv")
    subprocess.run([sys.executable, os.path.join(HERE, "splice.py"), *captures, source], check=True)
    out = os.path.join(scratch, "splice")
    code, said = segment(source, out, *OPTIONS)
    checks.check(code == 0, "splice: flv2hls ends well", said[-200:])
    checks.check(check_files(checks, "splice", out) == 2, "splice: two sections")
    lines = playlist_lines(os.path.join(out, "playlist.m3u8"))
    checks.check(lines.count("#EXT-X-DISCONTINUITY") == 1, "splice: one discontinuity")
    # ffmpeg's own reader of playlists keeps the parameter sets of the first section: so each gets its segments alone.
    for capture, whole in zip(captures, by_section(lines, out)):
        same_frames(checks, f"splice, section of {os.path.basename(capture)}", capture, whole, "va")


def by_section(lines, folder):
    """Writes each section of a playlist with its segments into a file, and returns the paths."""
    paths = []
    for line in lines:
        if line.startswith("#EXT-X-MAP:"):
            paths.append(os.path.join(folder, f"whole-{len(paths)}.mp4"))
            line = line.split('"')[1]
        if line and line[0] != "#":
            with open(os.path.join(folder, line), "rb") as part, open(paths[-1], "ab") as whole:
                whole.write(part.read())
    return paths


def main(only=""):
    print(f"{os.path.basename(FFMPEG)} on output of {os.path.relpath(TESTDATA, ROOT)}")
    checks = Checks()
    paths = [os.path.join(TESTDATA, name) for name in streams()]
    paths += [os.path.join(TESTDATA, f"{name}.flv") for name in ("h265/hdr", "h265/open_gop", "av1/opus")]
    with tempfile.TemporaryDirectory() as scratch:
        for path in paths:
            if only in path:
                check_stream(checks, path, scratch)
        if only in "splice":
            check_splice(checks, scratch)
    checks.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
