#!/usr/bin/env python3
"""test.py: streams go through hlssegsink and hlssegflvsink, and others look at the folders.

BUILD is the folder of libgsthlsseg.so, FLV2HLS the C example beside it, FLV2HLS_RUST the program. The judge of ../shared is
asked where it is.
"""

import filecmp
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TESTDATA = os.path.join(ROOT, "testdata")
JUDGE = os.path.join(os.path.dirname(ROOT), "shared/judge/hlscheck.py")
FLV2HLS = os.environ["FLV2HLS"]
FLV2HLS_RUST = os.environ["FLV2HLS_RUST"]
os.environ["GST_PLUGIN_PATH"] = os.environ["BUILD"]
SCRATCH = tempfile.mkdtemp()
os.environ["GST_REGISTRY"] = os.path.join(SCRATCH, "registry")

passed = failed = 0


def check(good, what, detail=""):
    global passed, failed
    passed += bool(good)
    failed += not good
    print(f"{'ok  ' if good else 'FAIL'} {what}" + ("" if good else f": {str(detail)[-600:]}"), flush=True)
    return good


def folder(name):
    path = os.path.join(SCRATCH, name.replace(" ", "_"))
    os.makedirs(path)
    return path


def sink(element, out, **properties):
    """Returns an element of a pipeline that writes into a folder."""
    suffix = "m4s" if properties.get("container") == "mp4" else "ts"
    told = {"location": f"{out}/%06d.{suffix}", "playlist-location": f"{out}/playlist.m3u8", **properties}
    return element + "".join(f" {key}={value}" for key, value in told.items())


def launch(pipeline, quiet=True, **keywords):
    return subprocess.run(["gst-launch-1.0", *["-q"] * quiet, *pipeline.split()], capture_output=True, text=True, timeout=120, **keywords)


def clean(run):
    """Says whether a pipeline ended without a word of complaint."""
    return run.returncode == 0 and not any(word in run.stderr for word in ("CRITICAL", "WARNING", "ERROR"))


def playlist(out):
    with open(os.path.join(out, "playlist.m3u8"), encoding="utf8") as file:
        return file.read().splitlines()


def ffmpeg_reads(out):
    """Decodes a playlist and returns the frames of each kind, and what ffmpeg complains of."""
    counts = "stream=codec_type,nb_read_frames"
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", counts, "-of", "json", f"{out}/playlist.m3u8"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    streams = json.loads(run.stdout or "{}").get("streams", [])
    return {s["codec_type"]: int(s["nb_read_frames"]) for s in streams}, run.stderr.strip()


def judged(what, out, duration, count):
    if not os.path.exists(JUDGE):
        print(f"     {what}: no judge here")
        return
    command = [sys.executable, JUDGE, "--dir", out, "--frag-duration", str(duration), "--frag-count", str(count), "--expect-end"]
    run = subprocess.run(command, capture_output=True, text=True)
    check(run.returncode == 0, f"{what}: the judge passes it", run.stdout + run.stderr)


# A demultiplexer gives one track as far before the other as the file has it.
QUEUE = "queue max-size-time=0 max-size-buffers=0 max-size-bytes=0"


def captures():
    """An FLV file gives the bytes that the C example gives, as tags through hlssegflvsink and as frames through hlssegsink."""
    for name in sorted(n for n in os.listdir(TESTDATA) if n.endswith(".flv")):
        source = os.path.join(TESTDATA, name)
        want = folder(name + ".c")
        subprocess.run([FLV2HLS, source, want, "2", "5"], check=True, capture_output=True)
        names = sorted(os.listdir(want))
        told = {"target-duration": 2, "keep-all": 1}
        video = "" if name == "audio_only.flv" else f" d.video ! {QUEUE} ! h264parse ! hls.video"
        parser = "mpegaudioparse" if name == "mp3.flv" else "aacparse"
        audio = "" if name == "video_only.flv" else f" d.audio ! {QUEUE} ! {parser} ! hls.audio"
        ways = {
            "tags": lambda out: f"filesrc location={source} blocksize=1500 ! " + sink("hlssegflvsink", out, **told),
            # Asked for a key frame, h264parse repeats parameter sets.
            "frames": lambda out: sink("hlssegsink name=hls send-keyframe-requests=0", out, **told) + f" filesrc location={source} ! flvdemux name=d{video}{audio}",
        }
        for way, pipeline in ways.items():
            out = folder(f"{name}.{way}")
            run = launch(pipeline(out))
            _, different, unread = filecmp.cmpfiles(out, want, names, shallow=False)
            same = clean(run) and names == sorted(os.listdir(out)) and not different + unread
            check(same, f"{name}: {len(names) - 1} segments of {way} are those of flv2hls", f"{different} {unread} {run.stderr}")


def pictures(source):
    """Decodes the video and returns a checksum of each picture."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", source, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return [line.split(",")[-1] for line in run.stdout.splitlines() if not line.startswith("#")] or run.stderr


def times(source, skip):
    """Returns when pictures are shown, in order, in ticks from the first one that is not skipped."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0", source]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = sorted(float(line.strip(",")) for line in run.stdout.split() if line.strip(","))[skip:]
    return [round((time - found[0]) * 90000) for time in found]


def containers():
    """H.265 out of files: every picture is there, as it was and when it was."""
    made = os.path.join(SCRATCH, "made.mp4")
    source = "-f lavfi -i testsrc2=s=320x180:r=30000/1001 -f lavfi -i sine=r=48000 -t 8"
    coded = "-c:v libx265 -preset ultrafast -x265-params keyint=60:bframes=3:b-adapt=0:log-level=none -c:a aac -ac 2"
    subprocess.run(["ffmpeg", "-v", "error", *source.split(), *coded.split(), "-tag:v", "hvc1", made], check=True)
    for name, coding in (("made.mkv", "-c copy"), ("made.ts", "-c:v copy -c:a libmp3lame")):
        subprocess.run(["ffmpeg", "-v", "error", "-i", made, *coding.split(), os.path.join(SCRATCH, name)], check=True)
    ways = {
        "made.mp4": "qtdemux name=d d.video_0 ! {0} ! h265parse ! hls.video d.audio_0 ! {0} ! aacparse ! hls.audio",
        "made.mkv": "matroskademux name=d d.video_0 ! {0} ! h265parse ! hls.video d.audio_0 ! {0} ! aacparse ! hls.audio",
        "made.ts": "tsdemux name=d d. ! {0} ! h265parse ! hls.video d. ! {0} ! mpegaudioparse ! hls.audio",
    }
    want = pictures(made)
    for name, rest in ways.items():
        file, out = os.path.join(SCRATCH, name), folder(name + ".out")
        told = {"target-duration": 2, "playlist-length": 100}
        run = launch(f"filesrc location={file} ! {rest.format(QUEUE)} {sink('hlssegsink name=hls', out, **told)}")
        check(clean(run) and playlist(out)[-1] == "#EXT-X-ENDLIST", f"{name}: H.265 goes through", run.stderr)
        got = pictures(f"{out}/playlist.m3u8")
        check(len(want) >= 239 and got == want, f"{name}: every picture is as it was", f"{len(got)} {len(want)} {got[:200]}")
        # Matroska has milliseconds and no DTS, and matroskademux 1.22 moves its segment after the first pictures.
        skip, most = (10, 90) if name == "made.mkv" else (0, 1)
        far = max(abs(a - b) for a, b in zip(times(f"{out}/playlist.m3u8", skip), times(made, skip)))
        check(far <= most, f"{name}: pictures are shown when they were", far)
        check("#EXT-X-DISCONTINUITY" not in playlist(out), f"{name}: nothing breaks", playlist(out))
        judged(name, out, 2, 100)


def packets(source, kind):
    """Returns a checksum of each coded frame of a track, as the container has it."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", source, "-map", f"0:{kind}:0", "-c", "copy", "-f", "framemd5", "-"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    # After the sixth column comes what is said of priming.
    return [line.split(",")[5] for line in run.stdout.splitlines() if not line.startswith("#")] or run.stderr


def uris(lines, tag):
    """Returns the URIs of all playlist tags of this name."""
    return [line.split('URI="')[1].split('"')[0] for line in lines if line.startswith(tag + ":")]


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def listed_files(what, out, parts):
    """What the playlist of fMP4 names is there, and the parts of a segment are the segment."""
    lines = playlist(out)
    segments = [line for line in lines if not line.startswith("#")]
    sections, named = uris(lines, "#EXT-X-MAP"), uris(lines, "#EXT-X-PART")
    there = set(os.listdir(out))
    check(sections and set(segments + sections + named) <= there and not any(name.endswith(".tmp") for name in there), f"{what}: all files are there", f"{lines} {there}")
    if not parts:
        check(not named and not any("PART" in line or "SERVER-CONTROL" in line for line in lines), f"{what}: there are no parts", lines)
        return
    count = lambda segment: sum(name.startswith(segment[:-3]) for name in there) - 1
    whole = all(read(out, segment) == b"".join(read(out, f"{segment[:-4]}.{nth}.m4s") for nth in range(count(segment))) for segment in segments)
    check(whole and len(named) > 3, f"{what}: the parts of a segment are the segment", f"{named} {there}")
    target = [line for line in lines if line.startswith("#EXT-X-PART-INF")]
    longest = max(float(line.split("DURATION=")[1].split(",")[0]) for line in lines if line.startswith("#EXT-X-PART:"))
    check(target == ["#EXT-X-PART-INF:PART-TARGET=0.588"] and longest <= 0.588, f"{what}: no part is longer than it may be", f"{target} {longest}")


def fragmented():
    """An FLV file in fMP4 gives the folder that flv2hls makes, with parts and without."""
    folders = (TESTDATA, os.path.join(TESTDATA, "h265"), os.path.join(TESTDATA, "av1"))
    for source in sorted(os.path.join(path, name) for path in folders for name in os.listdir(path) if name.endswith(".flv")):
        for parts in (0, 500):
            name = os.path.relpath(source, TESTDATA).replace("/", " ") + (" in parts" if parts else "")
            want, out = folder(f"{name}.rust"), folder(f"{name}.mp4")
            more = ["--part", "0.5"] if parts else []
            command = [FLV2HLS_RUST, source, want, "--container", "fmp4", "--frag-duration", "2", "--frag-count", "5", "--track-wait", "1"]
            subprocess.run([*command, "--keep-all", "--quiet", *more], check=True, capture_output=True)
            # Where key frames are asked for, one that comes early is good enough.
            told = {"target-duration": 2, "keep-all": 1, "container": "mp4", "part-duration": parts, "send-keyframe-requests": 0}
            run = launch(f"filesrc location={source} blocksize=1500 ! " + sink("hlssegflvsink", out, **told))
            names = sorted(os.listdir(want))
            media = [name for name in names if name != "playlist.m3u8"]
            _, different, unread = filecmp.cmpfiles(out, want, media, shallow=False)
            lists = [[line for line in playlist(path) if "DATE-TIME" not in line] for path in (out, want)]
            same = clean(run) and names == sorted(os.listdir(out)) and lists[0] == lists[1] and not different + unread
            check(same, f"{name}: {len(media)} files of fMP4 are those of flv2hls", f"{different} {unread} {lists} {run.stderr}")


def codecs():
    """Files that ffmpeg makes of each codec, through parsers into fMP4: every frame is there, as it was."""
    video = {"h264": "libx264 -preset ultrafast -bf 2 -g 50", "h265": "libx265 -preset ultrafast -x265-params keyint=50:bframes=3:log-level=none -tag:v hvc1", "av1": "libaom-av1 -cpu-used 8 -row-mt 1 -usage realtime -b:v 200k -g 50"}
    audio = {"aac": "aac -ac 2", "opus": "libopus -ac 2"}
    parsers = {"h264": "h264parse", "h265": "h265parse", "av1": "av1parse", "aac": "aacparse", "opus": "opusparse"}
    source = "-f lavfi -i testsrc2=s=320x180:r=25 -f lavfi -i sine=r=48000 -t 8"
    for v, a in ((v, a) for v in video for a in audio):
        made = os.path.join(SCRATCH, f"{v}.{a}.mp4")
        command = ["ffmpeg", "-v", "error", *source.split(), "-c:v", *video[v].split(), "-c:a", *audio[a].split(), made]
        subprocess.run(command, check=True)
        rest = f"qtdemux name=d d.video_0 ! {QUEUE} ! {parsers[v]} ! hls.video d.audio_0 ! {QUEUE} ! {parsers[a]} ! hls.audio"
        for parts in (0, 500):
            name = f"{v} and {a}" + (" in parts" if parts else "")
            out = folder(name)
            told = {"target-duration": 2, "playlist-length": 100, "container": "mp4", "part-duration": parts}
            run = launch(f"filesrc location={made} ! {rest} {sink('hlssegsink name=hls', out, **told)}")
            lines = playlist(out)
            check(clean(run) and lines[-1] == "#EXT-X-ENDLIST" and "#EXT-X-DISCONTINUITY" not in lines, f"{name}: a file goes through", f"{run.stderr} {lines}")
            got, want = pictures(f"{out}/playlist.m3u8"), pictures(made)
            check(len(want) == 200 and got == want, f"{name}: every picture is as it was", f"{len(got)} {len(want)} {got[:200]}")
            got, want = packets(f"{out}/playlist.m3u8", "a"), packets(made, "a")
            # qtdemux leaves the last frame out, which the edit list cuts.
            check(len(want) > 300 and got in (want, want[:-1]), f"{name}: every frame of audio is as it was", f"{len(got)} {len(want)} {got[:200]}")
            listed_files(name, out, parts)
    for container, refused in (("ts", "h264.opus.mp4"), ("mp4", "made.ts")):
        rest = "qtdemux name=d d.audio_0 ! opusparse" if container == "ts" else "tsdemux name=d d. ! mpegaudioparse"
        run = launch(f"filesrc location={SCRATCH}/{refused} ! {rest} ! hls.audio {sink('hlssegsink name=hls', folder(container), container=container)}")
        check(run.returncode != 0 and "does not carry" in run.stderr, f"container={container} refuses the audio of {refused}", run.stderr)


RAW = "videotestsrc num-buffers=500 pattern=ball ! video/x-raw,width=320,height=180,framerate=25/1"
AVC = f"{RAW} ! x264enc bitrate=400 speed-preset=ultrafast"
HEVC = f"{RAW} ! x265enc speed-preset=ultrafast key-int-max=75"
AAC = "audiotestsrc num-buffers=861 samplesperbuffer=1024 ! audio/x-raw,rate=44100,channels=2 ! avenc_aac"
OPUS = "audiotestsrc num-buffers=1000 samplesperbuffer=960 ! audio/x-raw,rate=48000,channels={0} ! opusenc"
MP3 = "audiotestsrc num-buffers={0} samplesperbuffer={1} ! audio/x-raw,rate={2},channels=2 ! lamemp3enc"


def encoders():
    """Encoders of GStreamer into hlssegsink, as into hlssink2: key frames are asked for, and ffmpeg finds every frame."""
    ways = {
        "avc": (f"{AVC} ! h264parse ! video/x-h264,stream-format=avc", AAC, 861),
        "a byte stream with B-frames": (f"{AVC} bframes=2 b-adapt=false ! video/x-h264,stream-format=byte-stream", AAC, 861),
        "avc3 and ADTS": (f"{AVC} ! h264parse ! video/x-h264,stream-format=avc3", f"{AAC} ! aacparse ! audio/mpeg,stream-format=adts", 861),
        "a byte stream of H.265": (HEVC, MP3.format(766, 1152, 44100), 766),
        "hvc1": (f"{HEVC} ! h265parse ! video/x-h265,stream-format=hvc1", MP3.format(766, 576, 22050), 766),
        "hev1": (f"{HEVC} ! h265parse ! video/x-h265,stream-format=hev1", AAC, 861),
    }
    for way, (video, audio, count) in ways.items():
        out = folder(way)
        told = {"target-duration": 3, "playlist-length": 100}
        run = launch(f"{video} ! {sink('hlssegsink name=hls', out, **told)} {audio} ! hls.audio")
        check(clean(run), f"{way}: the pipeline ends well", run.stderr)
        lines = playlist(out)
        lengths = [float(line[8:-1]) for line in lines if line.startswith("#EXTINF")]
        check(len(lengths) == 7 and all(2.9 <= n <= 3.1 for n in lengths[:-1]) and lines[-1] == "#EXT-X-ENDLIST", f"{way}: key frames came when asked for", lines)
        frames, complaints = ffmpeg_reads(out)
        check(frames.get("video") == 500 and frames.get("audio", 0) >= count and not complaints, f"{way}: ffmpeg finds every frame", f"{frames} {complaints}")
        judged(way, out, 3, 100)


def encoders_in_fragments():
    """The same into fMP4 with parts, as a live pipeline would have it."""
    ways = {
        "avc and Opus": (f"{AVC} ! h264parse ! video/x-h264,stream-format=avc", OPUS.format(2), 1000),
        "avc and one channel of Opus": (f"{AVC} ! h264parse ! video/x-h264,stream-format=avc", OPUS.format(1), 1000),
        "a byte stream of H.265 and AAC": (HEVC, AAC, 861),
        "a byte stream with B-frames and ADTS": (f"{AVC} bframes=2 b-adapt=false ! video/x-h264,stream-format=byte-stream", f"{AAC} ! aacparse ! audio/mpeg,stream-format=adts", 861),
    }
    for way, (video, audio, count) in ways.items():
        out = folder(way)
        told = {"target-duration": 3, "playlist-length": 100, "container": "mp4", "part-duration": 500}
        run = launch(f"{video} ! {sink('hlssegsink name=hls', out, **told)} {audio} ! hls.audio")
        lines = playlist(out)
        lengths = [float(line[8:-1]) for line in lines if line.startswith("#EXTINF")]
        good = clean(run) and len(lengths) == 7 and all(2.9 <= n <= 3.1 for n in lengths[:-1]) and lines[-1] == "#EXT-X-ENDLIST"
        check(good, f"{way}: key frames came when asked for", f"{run.stderr} {lines}")
        frames, complaints = ffmpeg_reads(out)
        check(frames.get("video") == 500 and frames.get("audio", 0) >= count and not complaints, f"{way}: ffmpeg finds every frame", f"{frames} {complaints}")
        listed_files(way, out, 500)


def pushed_by_ffmpeg():
    """A stream that ffmpeg pushes, as to an RTMP server, in real time; then the encoder goes away without a word."""
    out = folder("pushed")
    encoder = ["ffmpeg", "-nostdin", "-v", "error", "-re", "-i", os.path.join(TESTDATA, "bframes.flv"), "-t", "7", "-c", "copy", "-f", "flv", "-"]
    with subprocess.Popen(encoder, stdout=subprocess.PIPE) as live:
        told = {"target-duration": 1, "playlist-length": 1, "program-date-time": 1}
        run = launch("fdsrc fd=0 ! " + sink("hlssegflvsink", out, **told), stdin=live.stdout)
    check(clean(run), "ffmpeg pushes a stream", run.stderr)
    lines = playlist(out)
    check(sum("PROGRAM-DATE-TIME" in line for line in lines) == 1, "segments are dated", lines)
    left = [name for name in os.listdir(out) if name.endswith(".ts")]
    check(2 <= len(left) <= 5, f"segments that no player asks for are deleted: {len(left)} of 7 are left", left)
    out = folder("pushed in parts")
    encoder[encoder.index("-t") + 1] = "14"
    encoder[encoder.index("-re"):encoder.index("-re")] = ["-stream_loop", "-1"]
    with subprocess.Popen(encoder, stdout=subprocess.PIPE) as live:
        told = {"target-duration": 1, "playlist-length": 1, "container": "mp4", "part-duration": 300}
        run = launch("fdsrc fd=0 ! " + sink("hlssegflvsink", out, **told), stdin=live.stdout)
    lines = playlist(out)
    check(clean(run) and all(os.path.exists(os.path.join(out, name)) for name in uris(lines, "#EXT-X-PART") + uris(lines, "#EXT-X-MAP")), "ffmpeg pushes a stream into parts", f"{run.stderr} {lines}")
    check(any("PROGRAM-DATE-TIME" in line for line in lines), "lists of parts are dated", lines)
    check(not os.path.exists(f"{out}/000000.0.m4s") and os.path.exists(f"{out}/init-000000.mp4"), "parts are deleted when they are due, a section that is needed stays", os.listdir(out))


NGINX = """load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off; pid {0}/pid; error_log {0}/error.log;
events {{ worker_connections 64; }}
rtmp {{ server {{ listen 127.0.0.1:19355; application live {{ live on; }} }} }}
"""


def pulled_from_nginx():
    """ffmpeg pushes to nginx-rtmp, rtmp2src pulls from it; where Debian's libnginx-mod-rtmp is installed."""
    if not shutil.which("nginx") or not os.path.exists("/usr/lib/nginx/modules/ngx_rtmp_module.so"):
        print("     nginx-rtmp is not here: nothing was pulled from it")
        return
    place, out = folder("nginx"), folder("pulled")
    with open(f"{place}/conf", "w", encoding="utf8") as file:
        file.write(NGINX.format(place))
    rtmp = "rtmp://127.0.0.1:19355/live/one"
    push = ["ffmpeg", "-nostdin", "-v", "error", "-re", "-i", os.path.join(TESTDATA, "bframes.flv"), "-c", "copy", "-f", "flv", rtmp]
    server = subprocess.Popen(["nginx", "-c", f"{place}/conf", "-p", place], stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        with subprocess.Popen(push) as encoder:
            time.sleep(1)
            run = launch(f"rtmp2src location={rtmp} ! " + sink("hlssegflvsink", out, **{"target-duration": 2, "keep-all": 1}))
            encoder.wait(timeout=30)
    finally:
        server.terminate()
        server.wait(timeout=10)
    frames, complaints = ffmpeg_reads(out)
    check(clean(run) and playlist(out)[-1] == "#EXT-X-ENDLIST", "rtmp2src pulls a stream from nginx-rtmp", run.stderr)
    check(frames.get("video", 0) >= 200 and frames.get("audio", 0) >= 300 and not complaints, "ffmpeg decodes what was pulled", f"{frames} {complaints}")
    judged("what was pulled", out, 2, 5)


def ends():
    """A pipeline that is stopped leaves its list open; what cannot be written costs segments, not the stream."""
    out = folder("stopped")
    tail = sink("hlssegsink", out, **{"target-duration": 1})
    pipeline = f"videotestsrc is-live=1 ! video/x-raw,width=64,height=64,framerate=25/1 ! x264enc tune=zerolatency ! {tail}"
    with subprocess.Popen(["gst-launch-1.0", "-q", *pipeline.split()], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as live:
        time.sleep(3.5)
        live.send_signal(signal.SIGINT)
        _, said = live.communicate(timeout=20)
    lines = playlist(out)
    listed = [line for line in lines if not line.startswith("#")]
    there = all(os.path.exists(os.path.join(out, name)) for name in listed)
    check(len(listed) >= 3 and there and "#EXT-X-ENDLIST" not in lines and "CRITICAL" not in said, "a stopped pipeline leaves its list open", f"{lines} {said}")

    out = folder("silent")
    silent = "audiotestsrc is-live=1 ! valve drop=1 ! avenc_aac ! hls.audio"
    pipeline = f"videotestsrc is-live=1 ! video/x-raw,width=64,height=64,framerate=25/1 ! x264enc tune=zerolatency ! {sink('hlssegsink name=hls', out, **{'target-duration': 1})} {silent}"
    with subprocess.Popen(["gst-launch-1.0", "-q", *pipeline.split()], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as live:
        time.sleep(4)
        live.send_signal(signal.SIGINT)
        _, said = live.communicate(timeout=20)
    listed = [name for name in os.listdir(out) if name.endswith(".ts")]
    check(len(listed) >= 2 and "CRITICAL" not in said, "a live picture does not wait for sound that never comes", f"{listed} {said}")

    out = folder("late")
    told = {"target-duration": 1, "playlist-length": 100, "container": "mp4", "part-duration": 500}
    slow = "queue max-size-time=0 max-size-buffers=0 max-size-bytes=0 ! identity sleep-time=46000"
    video = f"videotestsrc is-live=1 ! video/x-raw,width=64,height=64,framerate=25/1 ! x264enc tune=zerolatency key-int-max=25 ! {slow}"
    pipeline = f"{video} ! {sink('hlssegsink name=hls', out, **told)} audiotestsrc is-live=1 ! opusenc ! {QUEUE} ! hls.audio"
    with subprocess.Popen(["gst-launch-1.0", "-q", *pipeline.split()], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as live:
        time.sleep(8)
        live.send_signal(signal.SIGINT)
        _, said = live.communicate(timeout=20)
    lines = playlist(out)
    check(len(lines) > 15 and "#EXT-X-DISCONTINUITY" not in lines and "CRITICAL" not in said, "parts wait for a picture that comes more than a second late", f"{lines} {said}")

    source = os.path.join(TESTDATA, "bframes.flv")
    run = launch(f"filesrc location={source} ! " + sink("hlssegflvsink", SCRATCH + "/nowhere", **{"target-duration": 2}), quiet=False)
    warnings = run.stdout.count("No such file")
    check(run.returncode == 0 and warnings == 6, "a folder that is not there is a warning for each segment", f"{warnings} {run.stdout}")
    refused = (
        ({"location": f"{out}/x.ts"}, "%d"),
        ({"location": f"{out}/%s.ts"}, "%d"),
        ({"container": "mp4", "init-location": f"{out}/init.mp4"}, "init-location needs one %d"),
        ({"part-duration": 99}, "99 ms"),
    )
    for bad, word in refused:
        run = launch(f"filesrc location={source} ! " + sink("hlssegflvsink", out, **bad))
        check(run.returncode != 0 and word in run.stderr, f"{bad} is refused", run.stderr)
    run = launch(f"filesrc location={__file__} ! " + sink("hlssegflvsink", out))
    check(run.returncode != 0 and "not an FLV file" in run.stderr, "what is no FLV file is refused", run.stderr)


try:
    captures()
    containers()
    fragmented()
    codecs()
    encoders()
    encoders_in_fragments()
    pushed_by_ffmpeg()
    pulled_from_nginx()
    ends()
finally:
    shutil.rmtree(SCRATCH)
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
