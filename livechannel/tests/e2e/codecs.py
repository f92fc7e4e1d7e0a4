#!/usr/bin/env python3
"""Codecs over Enhanced RTMP from ffmpeg 9: what is carried can be read back, and an encoder of which nothing is carried
prints why it is refused."""

import os
import subprocess
import time

import imageio_ffmpeg

from common import Checks, Node, Scratch, wait_for

ENCODER = imageio_ffmpeg.get_ffmpeg_exe()
AVC = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0"]
HEVC = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=25:min-keyint=25"]
AV1 = ["-c:v", "libsvtav1", "-preset", "10", "-g", "25"]
VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"]
FMP4 = "<x-Container>fMP4</x-Container>"


def publish(node, channel, video, audio):
    """Publishes eight seconds in real time; returns what ffmpeg has said."""
    command = [ENCODER, "-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-re", "-f", "lavfi", "-i", "sine=r=48000"]
    command += ["-map", "0:v", "-g", "25", "-pix_fmt", "yuv420p", *video] if video else []
    command += ["-map", "1:a", "-ac", "2", *audio] if audio else []
    command += ["-t", "8", "-f", "flv", f"rtmp://127.0.0.1:{node.rtmp}/live/{channel}"]
    quiet = {**os.environ, "SVT_LOG": "1"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=quiet).stderr


def read(node, channel):
    """Returns the codecs that ffprobe finds in a playlist of all segments, and how many packets of each."""
    now = int(time.time())
    status, _, answer = node.status("POST", f"/live/{channel}/all.m3u8?vod&startTime={now - 60}&endTime={now + 60}", b"")
    assert status == 200, answer
    url = f"http://127.0.0.1:{node.http}/live/{channel}/all.m3u8"
    command = ["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=codec_name,nb_read_packets", "-of", "csv=p=0", url]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return dict(line.split(",")[:2] for line in found.stdout.split()), found.stderr


def put(node, channel, more):
    body = f"<LiveChannelConfiguration><Target><Type>HLS</Type><FragDuration>1</FragDuration><FragCount>20</FragCount>{more}</Target></LiveChannelConfiguration>"
    status, _, answer = node.status("PUT", f"/live/{channel}?live", body.encode())
    assert status == 200, answer


with Scratch() as scratch:
    tell = Checks()
    node = Node(scratch)
    for channel, more, video, audio, want in [
        ("hevc-ts", "", HEVC, ["-c:a", "aac"], {"hevc", "aac"}),
        ("hevc-fmp4", FMP4, HEVC, ["-c:a", "aac"], {"hevc", "aac"}),
        ("opus", FMP4, AVC, ["-c:a", "libopus"], {"h264", "opus"}),
        ("flac", FMP4, AVC, ["-c:a", "flac"], {"h264", "flac"}),
        ("ac3", FMP4, AVC, ["-c:a", "ac3"], {"h264", "ac3"}),
        ("ac3-ts", "", AVC, ["-c:a", "ac3"], {"h264", "ac3"}),
        ("av1", FMP4, AV1, ["-c:a", "libopus"], {"av1", "opus"}),
        ("eac3", FMP4, AVC, ["-c:a", "eac3"], {"h264", "eac3"}),
        ("opus-ts", "", AVC, ["-c:a", "libopus"], {"h264"}),
    ]:
        put(node, channel, more)
        said = publish(node, channel, video, audio)
        wait_for(lambda: b"Idle" in node.get(f"/live/{channel}?live&comp=stat"))
        found, errors = read(node, channel)
        tell.equal(set(found), want, f"{channel}: ffprobe finds {found}")
        tell.check(all(int(count) > 150 for count in found.values()), f"{channel}: nearly all of eight seconds is there", str(found))
        tell.check(not errors and not said, f"{channel}: neither ffmpeg nor ffprobe has an error", errors + said)
    for channel, video, audio, reason in [
        ("refused-opus", None, ["-c:a", "libopus"], "Opus is carried in fMP4 alone: set x-Container to fMP4."),
        ("refused-vp9", VP9, None, "VP9 is not carried."),
    ]:
        put(node, channel, "")
        said = publish(node, channel, video, audio)
        tell.check(f"CodecNotSupported: nothing of this stream can be carried: {reason}" in said, f"{channel}: ffmpeg prints the reason", said)
        wait_for(lambda: b"Idle" in node.get(f"/live/{channel}?live&comp=stat"))
        stat = node.get(f"/live/{channel}?live&comp=stat").decode()
        tell.check("<x-Refused>" in stat and reason in stat, f"{channel}: so does GetLiveChannelStat", stat)
    metrics = node.get("/-/metrics").decode()
    tell.check('codecs_not_carried_total{codec="Opus"} 2' in metrics, "both publications with Opus are counted")
    warned = [line for line in node.logged().splitlines() if "WARN" in line and "is not carried" in line]
    tell.equal(len(warned), 3, "each has one warning in the log")
    tell.equal(node.stop(), 0, "the service ends well")
    tell.close()
