#!/usr/bin/env python3
"""oss2_client.py [STORE]: the official Python SDK, unmodified, makes every live-channel call it has.

What is asserted is what OSS's documents and the SDKs' own live tests assert. STORE is a folder of its own by default.
"""

import re
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import oss2  # noqa: E402
from oss2.models import LiveChannelInfo, LiveChannelInfoTarget  # noqa: E402

from common import Checks, Node, Scratch, push, wait_for  # noqa: E402

checks = Checks()
check, equal = checks.check, checks.equal
SECRET = "SECRET"


def error_of(call):
    """Returns (status, code, ec) of a call that has to fail."""
    try:
        call()
        return None
    except oss2.exceptions.ServerError as error:
        return error.status, error.code, error.details.get("EC")


def target(duration=2, count=3, playlist="playlist.m3u8"):
    return LiveChannelInfoTarget("HLS", duration, count, playlist)


def create(bucket, name, description="d<&>", status="enabled", **options):
    return bucket.create_live_channel(name, LiveChannelInfo(status, description, target(**options)))


def raw(bucket, name, body):
    """Puts a body that the SDK would not write."""
    return bucket._Bucket__do_object("PUT", name, data=body, params={"live": ""})


def configuration(inner, target_inner="<FragDuration>5</FragDuration><FragCount>3</FragCount>"):
    return f"<LiveChannelConfiguration>{inner}<Target><Type>HLS</Type>{target_inner}</Target></LiveChannelConfiguration>"


def auths():
    yield "V1", oss2.Auth("AKID", SECRET), {}
    yield "V2", oss2.AuthV2("AKID", SECRET), {}
    yield "V4", oss2.AuthV4("AKID", SECRET), {"region": "cn-hangzhou"}


def every_call(node, version, auth, options):
    """Every call once, with one kind of signature."""
    bucket = oss2.Bucket(auth, f"http://127.0.0.1:{node.http}", "bkt", **options)
    name = f"ch {version} 测试"
    made = create(bucket, name)
    check(made.publish_url.startswith(f"rtmp://127.0.0.1:{node.rtmp}/bkt/live/"), f"{version}: create gives a publish url", made.publish_url)
    check(made.play_url.endswith("/playlist.m3u8"), f"{version}: create gives a play url", made.play_url)
    equal(len(made.request_id), 24, f"{version}: a request id has 24 characters")
    info = bucket.get_live_channel(name)
    equal((info.description, info.status, info.target.type, info.target.frag_duration, info.target.frag_count, info.target.playlist_name),
          ("d<&>", "enabled", "HLS", "2", "3", "playlist.m3u8"), f"{version}: O-17 get")
    equal(bucket.get_live_channel_stat(name).status, "Idle", f"{version}: O-18 stat of a channel never pushed to")
    bucket.put_live_channel_status(name, "disabled")
    bucket.put_live_channel_status(name, "disabled")
    equal(bucket.get_live_channel_stat(name).status, "Disabled", f"{version}: O-15 status")
    equal(bucket.get_live_channel_history(name).records, [], f"{version}: O-22 history of a new channel")
    equal([channel.name for channel in bucket.list_live_channel(prefix="ch " + version).channels], [name], f"{version}: list")
    bucket.delete_live_channel(name)
    equal(error_of(lambda: bucket.get_live_channel(name)), (404, "NoSuchLiveChannel", None), f"{version}: O-24 get after delete")
    wrong = oss2.Bucket(type(auth)("AKID", "WRONG"), f"http://127.0.0.1:{node.http}", "bkt", **options)
    equal(error_of(lambda: wrong.get_live_channel(name)), (403, "SignatureDoesNotMatch", "0002-00000040"), f"{version}: a wrong secret")


def parameters(bucket):
    """O-01 to O-11, by the SDK where it can say it and by hand where not."""
    equal(error_of(lambda: create(bucket, "a" * 65)), (400, "InvalidChannelName", None), "O-01 65 characters")
    create(bucket, "a" * 64)
    bucket.delete_live_channel("a" * 64)
    equal(error_of(lambda: create(bucket, "a/b")), (400, "InvalidChannelName", None), "O-01 a slash")
    for what, body, want in [
        ("O-02 no XML", "<LiveChannel", ("MalformedXML", None)),
        ("O-02 another root", "<a/>", ("MalformedXML", None)),
        ("O-03 129 bytes", configuration(f"<Description>{'d' * 129}</Description>"), ("InvalidArgument", "0044-00000001")),
        ("O-03 43 CJK characters", configuration(f"<Description>{'测' * 43}</Description>").encode(), ("InvalidArgument", "0044-00000001")),
        ("O-04 a status", configuration("<Status>on</Status>"), ("InvalidArgument", "0044-00000002")),
        ("O-05 a type", configuration("").replace("HLS", "RTMP"), ("InvalidArgument", "0044-00000013")),
        ("O-08 FragDuration alone", configuration("", "<FragDuration>5</FragDuration>"), ("InvalidArgument", "0044-00000015")),
        ("O-08 FragCount alone", configuration("", "<FragCount>5</FragCount>"), ("InvalidArgument", "0044-00000014")),
        ("O-11 two snapshots", configuration("<Snapshot/><Snapshot/>"), ("InvalidArgument", "0044-00000003")),
        ("O-11 a snapshot without interval",
         configuration("<Snapshot><RoleName>r</RoleName><DestBucket>bkt</DestBucket><NotifyTopic>t</NotifyTopic></Snapshot>"), ("InvalidArgument", "0044-00000005")),
    ]:
        equal(error_of(lambda body=body: raw(bucket, "ch-x", body)), (400, *want), what)
    for value in ("abc", "0", "101", "200"):
        equal(error_of(lambda value=value: create(bucket, "ch-x", duration=value)), (400, "InvalidArgument", "0044-00000014"), f"O-06 FragDuration {value}")
    for value in ("0", "101", "199"):
        equal(error_of(lambda value=value: create(bucket, "ch-x", count=value)), (400, "InvalidArgument", "0044-00000015"), f"O-07 FragCount {value}")
    for value, ec in (("a/b.m3u8", "16"), ("a" * 124 + ".m3u8", "17"), ("abcdef", "18"), (".m3u8", "18")):
        equal(error_of(lambda value=value: create(bucket, "ch-x", playlist=value)), (400, "InvalidArgument", f"0044-000000{ec}"), f"O-09 playlist name of {len(value)}")
    bucket.create_live_channel("ch-x", LiveChannelInfo(target=LiveChannelInfoTarget(playlist_name="")))
    info = bucket.get_live_channel("ch-x")
    equal((info.target.frag_duration, info.target.frag_count, info.target.playlist_name), ("5", "3", "playlist.m3u8"), "O-09 an empty name is the default")
    raw(bucket, "ch-x", "<?xml version='1.0'?>" + configuration("", "<PlayListName>x.m3u8</PlayListName>"))
    equal(bucket.get_live_channel("ch-x").target.playlist_name, "playlist.m3u8", "O-10 the unknown is ignored")
    equal(error_of(lambda: bucket.put_live_channel_status("ch-x", "on")), (400, "InvalidArgument", "0017-00000255"), "O-15 a status that is none")
    bucket.delete_live_channel("ch-x")
    for what, call in [("status", lambda: bucket.put_live_channel_status("nope", "enabled")), ("stat", lambda: bucket.get_live_channel_stat("nope")),
                       ("history", lambda: bucket.get_live_channel_history("nope")), ("delete", lambda: bucket.delete_live_channel("nope")),
                       ("post vod", lambda: bucket.post_vod_playlist("nope", "v.m3u8", 1, 2)), ("get vod", lambda: bucket.get_vod_playlist("nope", 1, 2))]:
        equal(error_of(call), (404, "NoSuchLiveChannel", None), f"O-15 {what} of no channel")


def listing(bucket, count):
    """O-23: pages, markers, order."""
    names = sorted(f"list-{n:03}" for n in range(count))
    for name in names:
        create(bucket, name)
    first = bucket.list_live_channel(prefix="list-", max_keys=10)
    equal(([c.name for c in first.channels], first.is_truncated, first.next_marker), (names[:10], True, names[9]), "O-23 the first page")
    rest = bucket.list_live_channel(prefix="list-", marker=names[9], max_keys=1000)
    equal(([c.name for c in rest.channels], rest.is_truncated), (names[10:], False), "O-23 the marker is exclusive")
    equal(error_of(lambda: bucket.list_live_channel(max_keys=-1))[:2], (400, "InvalidArgument"), "O-23 a negative max-keys")
    equal(error_of(lambda: bucket.list_live_channel(max_keys=1001))[:2], (400, "InvalidArgument"), "O-23 a max-keys of 1001")
    equal([c.name for c in oss2.LiveChannelIterator(bucket, prefix="list-", max_keys=7)], names, "O-23 the SDK's iterator sees each once")
    channel = first.channels[0]
    check(channel.publish_url.endswith("/live/list-000") and channel.play_url.endswith("/list-000/playlist.m3u8") and channel.last_modified > time.time() - 600,
          "O-23 a listed channel has addresses and a time")
    for name in names:
        bucket.delete_live_channel(name)


def publishing(node, bucket):
    """What a channel says while ffmpeg publishes to it, and what is left afterwards."""
    create(bucket, "live-1", duration=1, count=3)
    began = int(time.time())
    unsigned = push(f"rtmp://127.0.0.1:{node.rtmp}/bkt/live/live-1", 1)
    check("AccessDenied" in unsigned.communicate()[1], "an address without a signature is refused, and the encoder says why")
    expired = push(bucket.sign_rtmp_url("live-1", "playlist.m3u8", -10), 1)
    check("expired" in expired.communicate()[1], "O-39 an expired address is refused, and the encoder says why")
    url = bucket.sign_rtmp_url("live-1", "signed.m3u8", 3)
    check("playlistName=signed.m3u8" in url, "the SDK signs the playlist's name", url)
    encoder = push(url, 9)
    live = wait_for(lambda: bucket.get_live_channel_stat("live-1").video and bucket.get_live_channel_stat("live-1"), 8)
    if check(live, "O-19 the channel is live and has video"):
        equal(live.status, "Live", "O-18 status")
        equal((live.video.width, live.video.height, live.video.frame_rate, live.video.codec), (320, 180, 25, "H264"), "O-20 video")
        equal((live.audio.sample_rate, live.audio.codec), (44100, "AAC"), "O-20 audio")
        check(live.connected_time >= began - 1 and live.remote_addr.startswith("127.0.0.1:"), "O-19 connected time and address")
    equal(error_of(lambda: create(bucket, "live-1"))[:2], (409, "ChannelStillLive"), "O-14 a live channel cannot be replaced")
    equal(error_of(lambda: bucket.delete_live_channel("live-1"))[:2], (409, "ChannelStillLive"), "O-24 a live channel cannot be deleted")
    second = push(bucket.sign_rtmp_url("live-1", "playlist.m3u8", 60), 1)
    check("ChannelStillLive" in second.communicate()[1], "O-25 a second encoder is refused, and says why")
    equal(encoder.wait(40), 0, "O-39 the encoder was not cut when its signature expired")
    equal(wait_for(lambda: bucket.get_live_channel_stat("live-1").status == "Idle"), True, "O-18 the channel is idle again")
    stat = bucket.get_live_channel_stat("live-1")
    equal((stat.video, stat.audio, stat.remote_addr), (None, None, ""), "O-18 nothing else is said of an idle channel")
    records = bucket.get_live_channel_history("live-1").records
    check(len(records) == 1 and 5 <= records[0].end_time - records[0].start_time <= 20, "O-22 the publication is history")

    listed = [line for line in bucket.get_object("live-1/signed.m3u8").read().decode().splitlines() if line.endswith(".ts")]
    equal(len(listed), 3, "O-32 at the end the list keeps the last segments; O-35 under the name of the address")
    ended = int(time.time()) + 1
    vod = bucket.get_vod_playlist("live-1", began, ended).playlist
    segments = [line for line in vod.splitlines() if line.endswith(".ts")]
    check(8 <= len(segments) <= 11 and segments[-3:] == listed and vod.endswith("#EXT-X-ENDLIST\n"), "O-27 a VOD playlist has them all", vod)
    check(all(re.fullmatch(r"\d{13}_\d+\.ts", name) for name in segments), "O-30 segments are named by milliseconds and the publication")
    posted = bucket.post_vod_playlist("live-1", "vod.m3u8", began, ended)
    check(posted.status == 200 and posted.headers.get("etag"), "O-27 a posted playlist has an ETag")
    equal(bucket.get_object("live-1/vod.m3u8").read().decode(), vod, "O-27 the posted playlist is that of the GET")
    first = int(segments[0][:13]) // 1000
    some = bucket.get_vod_playlist("live-1", first, first + 3).playlist
    inside = [name for name in segments if first <= int(name[:13]) // 1000 <= first + 3]
    equal([line for line in some.splitlines() if line.endswith(".ts")], inside, "O-29 a segment is in when it was opened in the span")
    for what, call, ec in [
        ("an end before its start", lambda: bucket.get_vod_playlist("live-1", ended, began), "306"),
        ("a span of more than a day", lambda: bucket.get_vod_playlist("live-1", began - 90000, ended), "307"),
        ("a span with nothing in it", lambda: bucket.get_vod_playlist("live-1", 1000, 2000), "308"),
    ]:
        equal(error_of(call), (400, "InvalidArgument", f"0044-00000{ec}"), f"O-28 {what}")
    equal(error_of(lambda: bucket.post_vod_playlist("live-1", "vod.txt", began, ended))[:2], (400, "InvalidArgument"), "O-28 a playlist that is no .m3u8")

    encoder = push(bucket.sign_rtmp_url("live-1", "playlist.m3u8", 60), 60)
    wait_for(lambda: bucket.get_live_channel_stat("live-1").status == "Live")
    equal(bucket.put_live_channel_status("live-1", "disabled").status, 200, "O-16 a live channel can be disabled")
    begun = time.monotonic()
    encoder.wait(30)
    check(time.monotonic() - begun < 12, "O-16 which disconnects the encoder")
    refused = push(bucket.sign_rtmp_url("live-1", "playlist.m3u8", 60), 1)
    check("LiveChannelDisabled" in refused.communicate()[1], "O-16 a disabled channel refuses, and the encoder says why")
    equal(len(bucket.get_live_channel_history("live-1").records), 2, "O-22 two publications are history")
    wait_for(lambda: error_of(lambda: bucket.delete_live_channel("live-1")) is None)
    check(bucket.object_exists("live-1/vod.m3u8"), "O-24 what was written stays")


with Scratch() as scratch:
    store = sys.argv[1] if len(sys.argv) > 1 else scratch
    node = Node(store, "--key", f"AKID:{SECRET}", "--lease", "6")
    try:
        for version, auth, options in auths():
            every_call(node, version, auth, options)
        bucket = oss2.Bucket(oss2.Auth("AKID", SECRET), f"http://127.0.0.1:{node.http}", "bkt")
        parameters(bucket)
        listing(bucket, 25)
        publishing(node, bucket)
    finally:
        equal(node.stop(), 0, "the service ends well")
    check("panicked" not in node.logged(), "nothing panicked", node.logged())
checks.close()
