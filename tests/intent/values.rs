//! What the public values say, against a slow sum over what went in and what came out.

use hls_segmenter::config::Filler;
use hls_segmenter::config::{
    ForcedSwitch, FragCount, KeyFramePolicy, Options, Slack, TargetDuration, UnrelatedClocks,
    WindowPolicy,
};
use hls_segmenter::flv::TagKind;
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::time::{Secs, TickSpan};
use hls_segmenter::ts::StreamType;
use hls_segmenter::{Config, End, Segmenter, SwitchAt};
use hls_segmenter_auditor::Auditor;

use crate::session::{
    Session, aac_16_ms, between, counted, cuts, frag, header_16_ms, merged, metadata, moved,
    of_audio, reported, starts, tables, tagged,
};
use crate::support::stream::{
    BASE, OTHER_SPS, PPS, SPS, audio, audio_header, mp3, mp3_tags, picture, shift, sps,
    video_header, video_tag,
};
use crate::support::{
    AUDIO, Base, Memory, Output, OwnedTag, VIDEO, captures, is_video, policy_for, read_flv, run,
};

use NoticeKind as Kind;

/// A delimiter with its start code, which the engine writes before every picture.
const DELIMITER_LEN: usize = 6;

fn video(secs: i64) -> Vec<OwnedTag> {
    Base { millis: secs * 1000, ..BASE }.video()
}

/// Three seconds of both tracks, audio in frames of 16 ms.
fn three_secs() -> Vec<OwnedTag> {
    merged(&[&video(3), &aac_16_ms(0, 3_000)])
}

/// Bytes per second as they are over the spans of at least two seconds that the times cut.
fn slow_rate(units: &[(i64, usize)]) -> u32 {
    let (mut rate, mut begun, mut sum) = (0, units[0].0, 0);
    for &(time, len) in units {
        if time - begun >= 180_000 {
            rate = sum * 90_000 / (time - begun) as u64;
            (begun, sum) = (time, 0);
        }
        sum += len as u64;
    }
    rate as u32
}

/// Frames of AAC or MP3 in a packet.
fn frames(data: &[u8]) -> u64 {
    let (mut rest, mut count) = (data, 0);
    while let [0xff, second, _, b3, b4, b5, ..] = *rest {
        let len = if second == 0xf1 {
            usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5) >> 5
        } else {
            let header = hls_segmenter::codec::mpeg_audio::FrameHeader::parse(rest);
            header.unwrap().frame_len
        };
        rest = rest.get(len..).unwrap_or_default();
        count += 1;
    }
    assert!(rest.is_empty());
    count
}

/// Compares statistics and segments with what was written.
fn assert_sums(output: &Output, name: &str) {
    let (pictures, sounds) = (output.stream(VIDEO), output.stream(AUDIO));
    if let Some(video) = output.stats.video {
        let units: Vec<_> =
            pictures.iter().map(|pes| (pes.dts as i64, pes.data.len() - DELIMITER_LEN)).collect();
        assert_eq!(video.frames, units.len() as u64, "{name}");
        let bytes: usize = units.iter().map(|unit| unit.1).sum();
        assert_eq!(video.bytes, bytes as u64, "{name}");
        assert_eq!(video.bytes_per_second, slow_rate(&units), "{name}");
    }
    if let Some(audio) = output.stats.audio {
        let units: Vec<_> = sounds.iter().map(|pes| (pes.pts as i64, pes.data.len())).collect();
        let count: u64 = sounds.iter().map(|pes| frames(&pes.data)).sum();
        assert_eq!(audio.frames, count, "{name}");
        let bytes: usize = units.iter().map(|unit| unit.1).sum();
        assert_eq!(audio.bytes, bytes as u64, "{name}");
        assert_eq!(audio.bytes_per_second, slow_rate(&units), "{name}");
    }
    let segments = &output.memory.segments;
    assert_eq!(segments.len(), output.memory.starts.len());
    for (nth, segment) in segments.iter().enumerate() {
        let start = &output.memory.starts[nth];
        assert_eq!(
            (
                segment.id,
                segment.sequence,
                segment.start,
                segment.wall,
                segment.program_date_time,
                segment.discontinuity,
                segment.starts_with_idr
            ),
            (
                start.id,
                start.sequence,
                start.start,
                start.wall,
                start.program_date_time,
                start.discontinuity,
                start.starts_with_idr
            ),
            "{name}: {nth}"
        );
        let bytes = output.memory.bodies[nth].len() as u64;
        assert_eq!(segment.bytes, bytes, "{name}: {nth}");
        let pictures: Vec<_> = pictures.iter().filter(|pes| pes.segment == nth).collect();
        let is_key = |data: &[u8]| {
            let mut units = data.windows(5);
            units.any(|unit| unit[..4] == [0, 0, 0, 1] && unit[4] & 0x1f == 5)
        };
        let keys: Vec<_> = pictures
            .iter()
            .filter(|pes| is_key(&pes.data))
            .map(|pes| pes.dts as i64 - 63_000)
            .collect();
        if output.stats.video.is_some() {
            assert_eq!(segment.frames as usize, pictures.len(), "{name}: {nth}");
            assert_eq!(segment.key_frames as usize, keys.len(), "{name}: {nth}");
            assert_eq!(segment.start.get(), pictures[0].dts as i64 - 63_000);
        } else {
            let sounds = sounds.iter().filter(|pes| pes.segment == nth);
            let count: u64 = sounds.map(|pes| frames(&pes.data)).sum();
            assert_eq!(u64::from(segment.frames), count, "{name}: {nth}");
            assert_eq!(segment.key_frames, 0, "{name}: {nth}");
        }
        let end = (segment.start + segment.duration).get();
        let edges = [&[segment.start.get()][..], &keys, &[end]].concat();
        let longest = edges.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert_eq!(segment.longest_gop.get(), longest.unwrap(), "{name}: {nth}");
        if let Some(next) = segments.get(nth + 1).filter(|next| !next.discontinuity) {
            assert_eq!(end, next.start.get(), "{name}: {nth}");
        }
    }
}

#[test]
fn o_19_r_29_statistics_and_segments_are_the_sums_of_what_was_written() {
    let mut jump = three_secs();
    shift(&mut jump, 1_480, 60_000);
    let silent = merged(&[&video(3), &aac_16_ms(0, 9_000)]);
    for (name, tags) in [
        ("both", BASE.both()),
        ("video", BASE.video()),
        ("audio", BASE.audio()),
        ("jump", jump),
        ("video that ends", silent),
        ("mp3", (0..400).map(|n| mp3(n * 11_520 / 441, 1)).collect()),
    ] {
        for secs in [1, 2, 5] {
            let output = run(&tags, frag(secs));
            if name != "video that ends" {
                assert_sums(&output, name);
            }
        }
    }
}

#[test]
fn o_19_r_29_statistics_and_segments_of_captures_are_the_sums_of_what_was_written() {
    for (name, bytes) in captures() {
        // A delimiter of its own and key frames that are no IDR pictures are counted otherwise.
        if policy_for(&name) == KeyFramePolicy::Idr {
            assert_sums(&run(&read_flv(&bytes), frag(2)), &name);
        }
    }
}

#[test]
fn y_08_frames_too_large_for_the_queue_travel_alone_and_are_counted_as_any_other() {
    // 3,563 bytes and a header are all that the queue holds.
    for len in [3_562, 3_563, 3_564, 4_000, 8_184] {
        let large = |tag: &OwnedTag| match tag.millis {
            1_008 | 1_504 | 1_520 if !is_video(tag) => audio(tag.millis, len),
            _ => tag.clone(),
        };
        for tags in [three_secs(), aac_16_ms(0, 3_000)] {
            let tags: Vec<_> = tags.iter().map(large).collect();
            let output = run(&tags, frag(2));
            assert_eq!(counted(&output.stats), [], "{len}");
            let stats = output.stats.audio.unwrap();
            assert_eq!(stats.frames, 188, "{len}");
            let sent = of_audio(&tags);
            let sent: usize = sent[1..].iter().map(|tag| tag.data.len() + 5).sum();
            assert_eq!(stats.bytes, sent as u64, "{len}");
            assert_sums(&output, "large frames");
        }
    }
}

#[test]
fn y_08_a_frame_too_large_for_the_queue_cannot_wait_for_video() {
    let mut tags = vec![video_header(0, SPS), header_16_ms(0)];
    tags.extend((0..5).map(|n| audio(n * 16, if n == 2 { 4_000 } else { 90 })));
    tags.extend(moved(&between(&video(3), 0, 3_000), 100));
    let output = run(&tags, Options::default());
    assert_eq!(reported(&output.memory), [(Kind::AudioBeforeKeyFrame, 32, 0, 1)]);
    assert_eq!(output.stats.audio.unwrap().frames, 4);
    let times: Vec<_> = output.stream(AUDIO).iter().map(|pes| pes.pts / 90 - 700).collect();
    assert_eq!(times, [0, 48], "the frame after it is where its tag says");
    // Audio alone begins with it where it has waited for long enough.
    let sizes = |n: i64| if n == 19 { 4_000 } else { 90 };
    let frames = (0..100).map(|n| audio(n * 16, sizes(n)));
    let tags: Vec<_> = [header_16_ms(0)].into_iter().chain(frames).collect();
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output.stats), []);
    assert_eq!(output.stats.audio.unwrap().frames, 100);
}

#[test]
fn h_11_expired_segments_are_kept_for_themselves_and_the_longest_list_they_were_in() {
    let mut tags = Base { gop: 40, millis: 40_000, ..BASE }.both();
    shift(&mut tags, 13_000, 5_500);
    for (count, window) in [
        (1, WindowPolicy::Exactly),
        (3, WindowPolicy::Exactly),
        (2, WindowPolicy::AtLeastThreeTargets),
    ] {
        let options = Options { frag_count: FragCount::new(count).unwrap(), window, ..frag(2) };
        let mut session = Session::new(options);
        session.push_dated(&tags, 1_000_000_000_000);
        let output = session.end();
        let segments = &output.memory.segments;
        assert!(output.memory.expired.len() > 2);
        for (nth, gone) in output.memory.expired.iter().enumerate() {
            let segment = &segments[nth];
            assert_eq!((gone.id, gone.sequence), (segment.id, segment.sequence));
            assert_eq!(gone.wall, segment.wall);
            let line = format!("\n{}.ts\n", gone.id);
            let length = |text: &String| {
                let lines = text.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
                let millis = |line: &str| line.trim_end_matches(',').replace('.', "");
                lines.map(|line| millis(line).parse::<i64>().unwrap()).sum()
            };
            let lists = output.memory.playlists.iter();
            let longest: i64 = lists.filter(|text| text.contains(&line)).map(length).max().unwrap();
            let want = i64::from(segment.extinf.millis()) + longest;
            assert_eq!(gone.keep_for, TickSpan::from_millis(want), "{count} {nth}");
        }
    }
}

#[test]
fn r_46_the_token_of_a_playlist_is_that_of_the_engine_then() {
    let mut session = Session::new(frag(2));
    for tag in three_secs() {
        session.push(&[tag]);
        if session.memory().starts.len() == 2 {
            break;
        }
    }
    // The next segment was begun since: only its number differs from what the playlist brought.
    let then = session.memory().token.unwrap().to_bytes();
    let now = session.engine.resume_token().to_bytes();
    // The last four bytes are the check sum.
    let differ: Vec<_> = (0..then.len() - 4).filter(|&at| then[at] != now[at]).collect();
    assert!(!differ.is_empty() && differ.len() <= 4, "{differ:?}");
}

/// Inserts tags after the first picture at each of these times.
fn with(tags: &[OwnedTag], at: &[i64], extra: &[OwnedTag]) -> Vec<OwnedTag> {
    let mut out = Vec::new();
    for tag in tags {
        out.push(tag.clone());
        if is_video(tag) && !tag.is_header() && at.contains(&tag.millis) {
            out.extend(extra.iter().map(|extra| OwnedTag { millis: tag.millis, ..extra.clone() }));
        }
    }
    out
}

/// What is reported and counted when any input may come.
fn any(tags: &[OwnedTag], options: Options) -> Output {
    let mut segmenter = Segmenter::new(Config::new(options).unwrap());
    let mut auditor = Auditor::with_options(Memory::default(), &options).any_input(true);
    for tag in tags {
        let _ = segmenter.push(tag.borrow(), &mut auditor);
    }
    segmenter.finish(End::List, &mut auditor).unwrap();
    auditor.assert_clean();
    Output { memory: auditor.into_inner(), stats: segmenter.stats() }
}

#[test]
fn what_is_passed_over_is_reported_once_in_a_segment_and_counted_each_time() {
    let tag = |kind, data: &[u8]| OwnedTag { kind, millis: 0, data: data.to_vec() };
    let (v, a) = (TagKind::VIDEO, TagKind::AUDIO);
    for (kind, extra) in [
        (Kind::UnknownTag, tag(TagKind::new(3), &[1, 2])),
        (Kind::EncryptedTag, tag(TagKind::new(0x29), &[1, 2])),
        (Kind::BadTag, tag(v, &[0x17])),
        (Kind::BadTag, tag(a, &[0xaf])),
        (Kind::BadTag, tag(a, &[0xaf, 0, 0xf8])),
        (Kind::UnsupportedVideo, tag(v, &[0x12, 1, 2, 3, 4])),
        (Kind::UnsupportedVideo, tag(v, b"\x90av01\x81")),
        (Kind::UnsupportedVideo, tag(v, b"\x91av01\x12")),
        (Kind::UnsupportedAudio, tag(a, &[0xb2, 1, 2])),
        (Kind::UnknownPacket, tag(v, b"\x98avc1")),
        (Kind::UnknownPacket, tag(a, b"\x96mp4a")),
        (Kind::AudioNotCarried, tag(a, &[0xe2, 1, 2])),
    ] {
        let tags = with(&three_secs(), &[400, 800, 2_000], &[extra]);
        let output = any(&tags, frag(1));
        // Segments begin at 0, 1 s and 2 s; the tag at 2 s comes after the picture that began the
        // third.
        assert_eq!(reported(&output.memory), [(kind, 400, 0, 1), (kind, 2_000, 0, 3)], "{kind}");
        assert_eq!(counted(&output.stats), [(kind, 3)]);
        let want = run(&three_secs(), frag(1));
        assert!(output.memory.bodies == want.memory.bodies, "{kind}");
        assert_eq!(output.stats.video, want.stats.video);
        assert_eq!(output.stats.audio, want.stats.audio);
    }
}

#[test]
fn f_17_tracks_that_are_left_out_are_counted_a_tag_each() {
    // Multitrack, many tracks of coded frames: 0 is taken, 1 and 2 are left out.
    let several = |tag: &OwnedTag| {
        let body = &tag.data[2..];
        let len = (body.len() as u32).to_be_bytes();
        let track = |id: u8| [&[id][..], &len[1..], body].concat();
        let head = [&[0x95, 0x11][..], b"mp4a"].concat();
        OwnedTag { data: [head, track(0), track(1), track(2)].concat(), ..tag.clone() }
    };
    let rewritten: Vec<_> = three_secs()
        .iter()
        .map(|tag| match tag.millis {
            1_000..1_160 if !is_video(tag) => several(tag),
            _ => tag.clone(),
        })
        .collect();
    let output = run(&rewritten, Options::default());
    assert_eq!(reported(&output.memory), [(Kind::OtherTrack, 1_000, 0, 1)]);
    assert_eq!(counted(&output.stats), [(Kind::OtherTrack, 10)]);
    assert_eq!(output.stats, {
        let mut want = run(&three_secs(), Options::default()).stats;
        want.video = output.stats.video;
        assert_eq!(want.audio, output.stats.audio);
        output.stats
    });
}

#[test]
fn what_is_dropped_at_the_beginning_is_counted_frame_by_frame() {
    // Frames before headers.
    let frames = between(&three_secs(), 0, 3_000);
    let output = run(&frames, Options::default());
    assert_eq!(
        reported(&output.memory),
        [
            (Kind::VideoBeforeHeader, 0, 0, 1),
            (Kind::AudioBeforeHeader, 0, 0, 1),
            (Kind::NothingListed, 0, 0, 1)
        ]
    );
    let nothing = (Kind::NothingListed, 1);
    assert_eq!(
        counted(&output.stats),
        [(Kind::VideoBeforeHeader, 75), (Kind::AudioBeforeHeader, 188), nothing]
    );
    // Frames before a key frame, of which 300 ms of audio are kept.
    let mut tags = three_secs();
    tags.retain(|tag| tag.is_header() || tag.millis >= 200);
    let output = run(&tags, Options::default());
    let dropped = (200..1_000 - 300).filter(|millis| millis % 16 == 0).count() as u64;
    assert_eq!(
        counted(&output.stats),
        [(Kind::VideoBeforeKeyFrame, 20), (Kind::AudioBeforeKeyFrame, dropped)]
    );
    let notices = reported(&output.memory);
    assert_eq!(notices[0], (Kind::VideoBeforeKeyFrame, 200, 0, 1));
    assert_eq!((notices.len(), notices[1].0), (2, Kind::AudioBeforeKeyFrame));
    assert_eq!(output.stats.audio.unwrap().frames, 188 - 13 - dropped);
    assert_eq!(starts(&output.memory), [1_000]);
}

#[test]
fn what_is_odd_about_nal_units_is_counted() {
    let odd = |nth: i64| {
        let slice: &[u8] = &[0x41, 0x9a, 0x24, 9];
        let millis = nth * 40;
        match nth {
            // Two of no length in one tag, then one.
            10 => video_tag(millis, false, 0, &[&[], slice, &[]]),
            11 => video_tag(millis, false, 0, &[slice, &[]]),
            // Start codes where lengths belong.
            20 | 21 => {
                let mut tag = video_tag(millis, false, 0, &[]);
                tag.data.extend([0, 0, 0, 1]);
                tag.data.extend(slice);
                tag
            }
            // A length that runs past the end.
            30 => {
                let mut tag = video_tag(millis, false, 0, &[slice]);
                tag.data.extend([0, 0, 0, 9, 6, 5]);
                tag
            }
            // Flags that say otherwise than the slices.
            40 => video_tag(millis, true, 0, &[slice]),
            41 => video_tag(millis, false, 0, &[&[0x65, 0x88, 0x84, 1]]),
            // A composition offset that is garbage, and one that is not yet.
            50 | 51 => video_tag(millis, false, -501, &[slice]),
            52 => video_tag(millis, false, 500, &[slice]),
            n => picture(millis, n % 25 == 0, 0, 50),
        }
    };
    let tags: Vec<_> = [video_header(0, SPS)].into_iter().chain((0..75).map(odd)).collect();
    let mut tags = tags;
    tags[52] = video_tag(51 * 40, false, -501, &[&[0x41, 0x9a, 0x24, 9]]);
    let output = any(&tags, Options::default());
    assert_eq!(
        counted(&output.stats),
        [
            (Kind::EmptyNalUnit, 3),
            (Kind::TruncatedNalUnit, 1),
            (Kind::StartCodes, 2),
            (Kind::KeyFlagWithoutIdr, 1),
            (Kind::IdrWithoutKeyFlag, 1),
            (Kind::WildComposition, 2),
        ]
    );
    assert_eq!(
        reported(&output.memory),
        [
            (Kind::EmptyNalUnit, 400, 0, 1),
            (Kind::StartCodes, 800, 0, 1),
            (Kind::TruncatedNalUnit, 1_200, 0, 1),
            (Kind::KeyFlagWithoutIdr, 1_600, 0, 1),
            (Kind::IdrWithoutKeyFlag, 1_640, 0, 1),
            (Kind::WildComposition, 2_000, 0, 1),
        ]
    );
    assert_eq!(output.stats.video.unwrap().frames, 75);
    // The composition offset is taken as none, and teaches nothing.
    let pictures = output.stream(VIDEO);
    assert!(pictures.iter().enumerate().all(|(n, pes)| pes.dts == 63_000 + n as u64 * 3_600));
    assert_eq!(pictures[50].pts, pictures[50].dts);
    assert_eq!(pictures[52].pts, pictures[52].dts + 45_000);
}

#[test]
fn f_08_empty_parameter_sets_of_a_header_are_counted() {
    // Three sequence parameter sets, of which two are empty.
    let mut header = video_header(0, SPS);
    let at = 10;
    header.data[at] = 0xe3;
    header.data.splice(at + 1..at + 1, [0, 0, 0, 0]);
    let mut tags = video(3);
    tags[0] = header;
    let output = any(&tags, Options::default());
    assert_eq!(reported(&output.memory), [(Kind::EmptyNalUnit, 0, 0, 1)]);
    assert_eq!(counted(&output.stats), [(Kind::EmptyNalUnit, 2)]);
    assert_eq!(output.stats.video.unwrap().frames, 75);
}

#[test]
fn r_36_nal_units_that_find_no_room_are_counted_one_by_one() {
    // 448 bytes are room for two of 200 and their start codes.
    let message = |len: usize| [&[6, 5][..], &vec![0x77; len - 2]].concat();
    let waiting = video_tag(1_000, false, 0, &[&message(200), &message(200), &message(200)]);
    let more = video_tag(1_000, false, 0, &[&message(36), &message(60)]);
    let tags = with(&video(3), &[1_000], &[waiting, more]);
    let output = run(&tags, Options::default());
    assert_eq!(reported(&output.memory), [(Kind::NoPicture, 1_000, 0, 1)]);
    // 408 bytes are taken, then 40; the last one does not fit.
    assert_eq!(counted(&output.stats), [(Kind::NoPicture, 2)]);
    let want = run(&video(3), Options::default()).stats.video.unwrap();
    let got = output.stats.video.unwrap();
    assert_eq!(got.bytes, want.bytes + 2 * 204 + 40);
    assert_eq!(got.frames, want.frames);
    // Just as many bytes as there is room for.
    for (len, fits) in [(444, true), (445, false)] {
        let tags = with(&video(3), &[1_000], &[video_tag(1_000, false, 0, &[&message(len)])]);
        let output = run(&tags, Options::default());
        assert_eq!(output.count(Kind::NoPicture) == 0, fits, "{len}");
    }
}

#[test]
fn y_07_repairs_and_new_anchors_say_how_much_and_when() {
    // Pictures: two runs of repairs, of two and of one.
    let mut tags = video(3);
    for (from, to, millis) in [(1_200, 1_280, 1_160), (2_000, 2_040, 1_959)] {
        for tag in tags.iter_mut().filter(|tag| (from..to).contains(&tag.millis)) {
            tag.millis = millis;
        }
    }
    let output = run(&tags, Options::default());
    // Each comes a tick after the one before.
    assert_eq!(
        reported(&output.memory),
        [(Kind::VideoRepair, 1_160, 1, 1), (Kind::VideoRepair, 1_960, 91, 3)]
    );
    assert_eq!(output.count(Kind::VideoRepair), 3);
    let dts: Vec<_> = output.stream(VIDEO).iter().map(|pes| pes.dts - 63_000).collect();
    assert_eq!(dts[29..33], [1_160 * 90, 1_160 * 90 + 1, 1_160 * 90 + 2, 1_280 * 90]);

    // Audio: half a second back, which is believed after half a second, and a hole of 200 ms.
    let mut tags = aac_16_ms(0, 3_000);
    shift(&mut tags, 1_008, -496);
    for tag in tags.iter_mut().filter(|tag| tag.millis >= 2_000) {
        tag.millis += 200;
    }
    let output = run(&tags, Options::default());
    let notices = reported(&output.memory);
    assert_eq!(notices[0], (Kind::AudioRepair, 1_488, 480 * 90 + 1, 1));
    let repairs = output.count(Kind::AudioRepair);
    // One by one a tick after the last, until the tags have caught up.
    assert_eq!(repairs, 31);
    let caught_up = (Kind::AudioReanchor, 1_504, 0, 1);
    assert_eq!((notices[1].0, notices[1].1), (caught_up.0, caught_up.1));
    assert_eq!(notices[2], (Kind::AudioReanchor, 2_200, 200 * 90, 2));
    assert_eq!(notices.len(), 3);
    assert_eq!(output.stats.audio.unwrap().frames, 188);
}

#[test]
fn y_07_two_frames_are_no_drift_and_a_tick_more_is() {
    for (by, want) in [(32, 0), (33, 1), (-32, 0), (-33, 1)] {
        let mut tags = aac_16_ms(0, 3_000);
        shift(&mut tags, 1_008, by);
        let output = run(&tags, Options::default());
        let drifts = output.count(Kind::AudioReanchor) + output.count(Kind::AudioRepair);
        assert_eq!(drifts > 0, want > 0, "{by}");
        if by == 33 {
            let notice = (Kind::AudioReanchor, 1_041, 33 * 90, 1);
            assert_eq!(reported(&output.memory), [notice]);
        }
    }
}

#[test]
fn f_10_adts_in_flv_is_taken_off_and_counted() {
    let adts = |tag: &OwnedTag| {
        let frame = &tag.data[2..];
        let len = frame.len() + 7;
        let header = [
            0xff,
            0xf1,
            0x48,
            0x40 | (len >> 11) as u8,
            (len >> 3) as u8,
            (len << 5) as u8 | 0x1f,
            0xfc,
        ];
        OwnedTag { data: [&tag.data[..2], &header, frame].concat(), ..tag.clone() }
    };
    let tags: Vec<_> = three_secs()
        .iter()
        .map(|tag| match tag.millis {
            1_000..1_080 if !is_video(tag) => adts(tag),
            _ => tag.clone(),
        })
        .collect();
    let output = run(&tags, Options::default());
    assert_eq!(reported(&output.memory), [(Kind::AdtsInFlv, 1_000, 0, 1)]);
    assert_eq!(counted(&output.stats), [(Kind::AdtsInFlv, 5)]);
    let want = run(&three_secs(), Options::default());
    assert!(output.memory.bodies == want.memory.bodies);
}

#[test]
fn f_44_mp3_that_is_not_carried_is_counted() {
    // MPEG-2.5, 8 kHz.
    let frame = [&[0xff, 0xe3, 0x18, 0xc0][..], &[0; 68]].concat();
    let old = OwnedTag { kind: TagKind::AUDIO, millis: 0, data: [&[0x2f][..], &frame].concat() };
    let tags = with(&video(3), &[400, 800], &[old]);
    let output = run(&tags, Options::default());
    assert_eq!(reported(&output.memory), [(Kind::AudioNotCarried, 400, 0, 1)]);
    assert_eq!(counted(&output.stats), [(Kind::AudioNotCarried, 2)]);
    assert!(output.stats.audio.is_none());
}

#[test]
fn f_40_frames_of_an_unrelated_clock_are_counted_one_by_one() {
    let mut tags = three_secs();
    for tag in tags.iter_mut().filter(|tag| !is_video(tag) && !tag.is_header()) {
        tag.millis += 900_000_000;
    }
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output.stats), [(Kind::UnrelatedClocks, 188)]);
    assert_eq!(reported(&output.memory), [(Kind::UnrelatedClocks, 0, 0, 1)]);
    assert_eq!(output.stats.audio.unwrap().frames, 0);
    let options = Options { unrelated_clocks: UnrelatedClocks::AlignToLead, ..Options::default() };
    let output = run(&tags, options);
    assert_eq!(counted(&output.stats), []);
    assert_eq!(output.stats.audio.unwrap().frames, 188);
}

#[test]
fn r_10_audio_of_the_old_timeline_is_counted_one_by_one() {
    // Audio tags stand 100 ms of media after the video of their time, so that six frames come
    // after the jump.
    let mut tags = three_secs();
    tags.sort_by_key(|tag| (!tag.is_header(), tag.millis + if is_video(tag) { 0 } else { 100 }));
    shift(&mut tags, 2_000, 60_000);
    let output = run(&tags, Options::default());
    let late = 6;
    assert_eq!(counted(&output.stats), [(Kind::AudioWrongTimeline, late), (Kind::TimelineJump, 1)]);
    assert_eq!(
        reported(&output.memory),
        [(Kind::TimelineJump, 62_000, 60_040 * 90, 1), (Kind::AudioWrongTimeline, 62_000, 0, 1)]
    );
    assert_eq!(output.stats.audio.unwrap().frames, 188 - late);
}

#[test]
fn r_23_growth_and_violation_of_the_target_say_to_how_many_seconds() {
    let mut tags = video(30);
    tags.retain(|tag| !tag.is_key_picture() || tag.millis % 6_000 == 0 || tag.millis == 13_000);
    let output = run(&tags, Options::default());
    assert_eq!(reported(&output.memory), [(Kind::TargetGrew, 6_000, 6, 1)]);
    let mut tags = video(30);
    tags.retain(|tag| {
        !tag.is_key_picture() || [0, 6_000, 11_000, 18_000, 24_000].contains(&tag.millis)
    });
    let output = run(&tags, Options::default());
    assert_eq!(
        reported(&output.memory),
        [(Kind::TargetGrew, 6_000, 6, 1), (Kind::TargetGrew, 18_000, 7, 2)]
    );
    // Video falls silent, and until that is known the segment goes on.
    let options = Options {
        target_duration: TargetDuration::Declared(Secs::new(5)),
        announced_audio: Some(StreamType::MPEG1_AUDIO),
        ..Options::default()
    };
    let silent: Vec<_> = mp3_tags(58 * 40, 40).collect();
    let output = run(&merged(&[&video(3), &silent]), options);
    let notices: Vec<_> = reported(&output.memory)
        .into_iter()
        .filter(|notice| notice.0 != Kind::AudioReanchor)
        .collect();
    assert_eq!(notices.len(), 1, "{notices:?}");
    let longest = output.extinf().into_iter().max().unwrap();
    let secs = i64::from((longest + 500) / 1000);
    assert_eq!((notices[0].0, notices[0].2), (Kind::TargetViolated, secs));
    assert_eq!(output.count(Kind::TargetGrew), 0);
}

#[test]
fn x2_a_full_window_is_noticed_each_time_that_a_segment_leaves_for_want_of_room() {
    let options = Options {
        window: WindowPolicy::AtLeastThreeTargets,
        frag_count: FragCount::new(1).unwrap(),
        ..frag(1)
    };
    // One segment of 60 s makes the target, then seconds.
    let mut tags = Base { millis: 180_000, ..BASE }.video();
    tags.retain(|tag| !tag.is_key_picture() || tag.millis == 0 || tag.millis > 59_000);
    let output = run(&tags, options);
    assert_eq!(output.memory.segments.len(), 121);
    let full: Vec<_> = reported(&output.memory)
        .into_iter()
        .filter(|notice| notice.0 == Kind::WindowFull)
        .collect();
    // The long one leaves when 180 s follow it, which never come: 111 are listed at the most.
    let left = output.memory.expired.len();
    assert_eq!(full.len(), left);
    assert_eq!(left, 121 - 111);
    for (nth, notice) in full.iter().enumerate() {
        let end = 60_000 + 1_000 * (111 + nth as i64);
        assert_eq!((notice.1, notice.2, notice.3), (end, 0, nth as u64 + 1));
    }
}

#[test]
fn x4_a_generated_key_frame_is_a_key_frame_by_its_flag() {
    // FrameType 4 every 2 s on pictures that are no IDR pictures; IDR pictures at 0 and 3 s.
    let slice: &[u8] = &[0x41, 0x9a, 0x24, 9];
    let idr: &[u8] = &[0x65, 0x88, 0x84, 9];
    let mut tags = vec![video_header(0, SPS)];
    for n in 0..150_i64 {
        let millis = n * 40;
        let mut tag = match millis {
            0 | 3_000 => video_tag(millis, true, 0, &[idr]),
            millis if millis % 2_000 == 0 => video_tag(millis, true, 0, &[slice]),
            millis => video_tag(millis, false, 0, &[slice]),
        };
        if tag.data[0] == 0x17 && millis > 0 {
            tag.data[0] = 0x47;
        }
        tags.push(tag);
    }
    for (key_frames, want) in [
        (KeyFramePolicy::FrameType, vec![0, 2_000, 4_000]),
        (KeyFramePolicy::Idr, vec![0, 3_000]),
        (KeyFramePolicy::IdrOrRecoveryPoint, vec![0, 3_000]),
    ] {
        let options = Options { key_frames, ..frag(2) };
        let output = run(&tags, options);
        assert_eq!(starts(&output.memory), want, "{key_frames:?}");
        let odd: Vec<_> = counted(&output.stats)
            .into_iter()
            .filter(|count| count.0 != Kind::TargetGrew)
            .collect();
        assert_eq!(odd, [(Kind::KeyFlagWithoutIdr, 2)], "{key_frames:?}");
        let idr: Vec<_> = want.iter().map(|at| [0, 3_000].contains(at)).collect();
        assert_eq!(output.starts_with_idr(), idr, "{key_frames:?}");
    }
}

#[test]
fn x4_a_recovery_point_counts_where_the_policy_says_so_in_a_tag_of_its_own_too() {
    let point: &[u8] = &[6, 6, 1, 0x80, 0x80];
    let slice: &[u8] = &[0x41, 0x9a, 0x24, 9];
    let mut tags = vec![video_header(0, SPS), picture(0, true, 0, 50)];
    for n in 1..150_i64 {
        let millis = n * 40;
        match millis {
            2_000 => tags.push(video_tag(millis, false, 0, &[point, slice])),
            4_000 => {
                tags.push(video_tag(millis, false, 0, &[point]));
                tags.push(video_tag(millis, false, 0, &[slice]));
            }
            _ => tags.push(video_tag(millis, false, 0, &[slice])),
        }
    }
    let recovery = Options { key_frames: KeyFramePolicy::IdrOrRecoveryPoint, ..frag(2) };
    let output = run(&tags, recovery);
    assert_eq!(starts(&output.memory), [0, 2_000, 4_000]);
    assert_eq!(counted(&output.stats), []);
    assert_eq!(starts(&run(&tags, frag(2)).memory), [0]);
}

#[test]
fn f_24_filler_is_kept_or_dropped_in_pictures_and_in_tags_of_its_own() {
    let filler: &[u8] = &[12, 0xff, 0xff, 0x80];
    let with_filler: Vec<_> = video(3)
        .into_iter()
        .map(|mut tag| {
            if !tag.is_header() && tag.millis % 400 == 0 {
                tag.data.extend([0, 0, 0, 4]);
                tag.data.extend(filler);
            }
            tag
        })
        .collect();
    let tags = with(&with_filler, &[1_000], &[video_tag(0, false, 0, &[filler])]);
    let plain = run(&video(3), Options::default()).stats.video.unwrap();
    for (filler, extra) in [(Filler::Keep, 8 * 8 + 8), (Filler::Drop, 0)] {
        let options = Options { filler, ..Options::default() };
        let output = run(&tags, options);
        let video = output.stats.video.unwrap();
        assert_eq!(video.bytes, plain.bytes + extra, "{filler:?}");
        assert_eq!(video.frames, 75);
        assert_eq!(counted(&output.stats), []);
        assert_sums(&output, "filler");
    }
}

#[test]
fn x3_the_slack_is_what_the_host_says() {
    // Key frames every 1,960 ms.
    let tags = Base { gop: 49, millis: 12_000, ..BASE }.video();
    for (slack, want) in [(39, vec![0, 3_920, 7_840, 11_760]), (40, vec![0, 1_960, 3_920])] {
        let options = Options { slack: Slack::Fixed(TickSpan::from_millis(slack)), ..frag(2) };
        let output = run(&tags, options);
        assert_eq!(starts(&output.memory)[..want.len()], want, "{slack}");
    }
    // To the tick: 39.99 ms are too little.
    let options = Options { slack: Slack::Fixed(TickSpan::new(40 * 90 - 1)), ..frag(2) };
    assert_eq!(starts(&run(&tags, options).memory)[1], 3_920);
}

#[test]
fn x5_without_forced_switches_a_segment_lasts_until_a_key_frame() {
    let options = Options { forced_switch: ForcedSwitch::Never, ..Options::default() };
    let tags = Base { gop: 2_500, millis: 110_000, ..BASE };
    let output = run(&tags.both(), options);
    assert_eq!(starts(&output.memory), [0, 100_000]);
    // Nor is a stream taken as it is that has no key frame.
    let pictures = (1..2_000).map(|n| picture(n * 40, false, 0, 50));
    let tags: Vec<_> = [video_header(0, SPS)].into_iter().chain(pictures).collect();
    let output = run(&tags, options);
    assert!(output.memory.starts.is_empty());
    let dropped = (Kind::VideoBeforeKeyFrame, 1_999);
    assert_eq!(counted(&output.stats), [dropped, (Kind::NothingListed, 1)]);
    // With them, the picture after 60 s is.
    let output = run(&tags, Options::default());
    assert_eq!(starts(&output.memory), [60_040]);
    assert_eq!(output.count(Kind::VideoBeforeKeyFrame), 1_500);
}

#[test]
fn x5_the_forced_switch_falls_at_sixty_seconds_or_twice_the_duration() {
    let tags = Base { gop: 0, millis: 100_000, ..BASE };
    for (secs, at) in [(5, 60_000), (30, 60_000), (40, 80_000)] {
        let output = run(&tags.both(), frag(secs));
        assert_eq!(starts(&output.memory), [0, at], "{secs}");
        assert_eq!(cuts(&output.memory)[0].2, "forced");
    }
}

#[test]
fn x5_the_host_may_say_when_a_switch_is_forced() {
    let tags = Base { gop: 0, millis: 30_000, ..BASE };
    let forced_switch = ForcedSwitch::After(TickSpan::from_secs(12));
    let output = run(&tags.both(), Options { forced_switch, ..frag(5) });
    assert_eq!(starts(&output.memory), [0, 12_000, 24_000]);
    assert_eq!(cuts(&output.memory)[0].2, "forced");
}

#[test]
fn r_09_the_jump_limit_is_what_the_host_says_to_the_millisecond() {
    for (limit, by, jumps) in [
        (2_000, 1_960, 0),
        (2_000, 1_961, 1),
        (10_000, 9_960, 0),
        (10_000, 9_961, 1),
        (10_000, -1_039, 0),
        (10_000, -1_040, 1),
    ] {
        let options = Options { jump_limit: TickSpan::from_millis(limit), ..Options::default() };
        let mut tags = video(6);
        shift(&mut tags, i64::MIN, 100_000);
        shift(&mut tags, 103_000, by);
        let output = run(&tags, options);
        assert_eq!(output.count(Kind::TimelineJump), jumps, "{limit} {by}");
    }
}

#[test]
fn y_01_the_lead_is_what_the_host_says() {
    for millis in [500, 1_000] {
        let options = Options { pcr_lead: TickSpan::from_millis(millis), ..Options::default() };
        let output = run(&three_secs(), options);
        let lead = millis as u64 * 90;
        assert_eq!(output.stream(VIDEO)[1].dts, 3_600 + lead);
        assert_eq!(output.stream(AUDIO)[0].pts, lead);
        // The first reference is at the time itself.
        assert_eq!(output.memory.bodies[0][2 * 188..][6..12], [0, 0, 0, 0, 0x7e, 0]);
    }
}

#[test]
fn x8_required_video_is_waited_for_without_end_and_audio_is_counted() {
    let options = Options { require_video: true, ..Options::default() };
    let output = run(&aac_16_ms(0, 3_000), options);
    assert!(output.memory.starts.is_empty());
    // Those that are left at the end are dropped as well.
    let dropped = output.count(Kind::AudioBeforeKeyFrame) + output.count(Kind::AudioWrongTimeline);
    assert_eq!(dropped, 188);
    let late = moved(&between(&video(3), 0, 3_000), 10_000);
    let tags = merged(&[&[video_header(0, SPS)], &late, &aac_16_ms(0, 13_000)]);
    let output = run(&tags, options);
    assert_eq!(starts(&output.memory), [10_000]);
    assert_eq!(output.count(Kind::AudioBeforeKeyFrame), (10_000_u64 - 300).div_ceil(16));
}

#[test]
fn y_05_each_kind_of_announcement_is_listed_and_given_up() {
    for (values, want) in [
        (&[("audiocodecid", 10.0)][..], vec![0x1b, 0x0f]),
        (&[("audiocodecid", 2.0), ("audiosamplerate", 22_050.0)], vec![0x1b, 0x04]),
        (&[("audiocodecid", 2.0), ("audiosamplerate", 44_100.0)], vec![0x1b, 0x03]),
        (&[("audiocodecid", 11.0)], vec![0x1b]),
        (&[("videocodecid", 7.0)], vec![0x1b]),
    ] {
        let tags = [vec![metadata(values)], video(12)].concat();
        let output = run(&tags, Options::default());
        assert_eq!(tables(&output.memory, 0).1, want);
        assert_eq!(tables(&output.memory, 1).1, [0x1b]);
        let missing = u64::from(want.len() > 1);
        assert_eq!(output.count(Kind::TrackMissing), missing);
        assert_eq!(tagged(&output.memory).len() as u64, missing);
    }
    // The second word counts where there are two, and nothing unsaid takes it back.
    let words = [
        metadata(&[("audiocodecid", 2.0)]),
        metadata(&[("audiocodecid", 10.0)]),
        metadata(&[("videocodecid", 7.0)]),
    ];
    let output = run(&[&words[..], &video(3)].concat(), Options::default());
    assert_eq!(tables(&output.memory, 0).1, [0x1b, 0x0f]);
}

#[test]
fn o_12_a_snapshot_is_a_key_frame_with_its_sets_once() {
    let options = Options { snapshot_interval: Some(TickSpan::from_secs(1)), ..Options::default() };
    let output = run(&video(3), options);
    assert_eq!(output.memory.snapshots.len(), 3);
    for (nth, (pts, bytes)) in output.memory.snapshots.iter().enumerate() {
        assert_eq!(*pts, nth as i64 * 90_000);
        let written = output.stream(VIDEO);
        let picture = written.iter().find(|pes| pes.dts as i64 == pts + 63_000);
        assert!(picture.unwrap().data[DELIMITER_LEN..] == bytes[..], "{nth}");
    }
}

#[test]
fn the_first_number_is_what_the_host_says() {
    let options = Options { first_sequence: 1 << 40, ..frag(1) };
    let output = run(&video(6), options);
    let numbers: Vec<_> = output.memory.segments.iter().map(|s| (s.id, s.sequence)).collect();
    let want: Vec<_> = (0..6).map(|id| (id, (1 << 40) + id)).collect();
    assert_eq!(numbers, want);
    let first = &output.memory.expired[0];
    assert_eq!((first.id, first.sequence), (0, 1 << 40));
}

#[test]
fn o_30_stamps_and_dates_are_those_of_the_tag_that_begins_a_segment() {
    let mut session = Session::new(frag(2));
    session.push_dated(&video(6), 1_000_000_000_000);
    let output = session.end();
    for (nth, segment) in output.memory.segments.iter().enumerate() {
        let want = 1_000_000_000_000 + 2_000 * nth as i64;
        assert_eq!(segment.wall.unwrap().unix_millis(), want);
        assert_eq!(segment.program_date_time.unwrap().unix_millis(), want);
    }
    let (stats, frames) = (output.stats.video.unwrap(), 150);
    assert_eq!((stats.frames, stats.track.frame_rate), (frames, Some((25, 1))));
}

#[test]
fn o_20_tracks_say_what_headers_say() {
    let output = run(&three_secs(), Options::default());
    let (video, audio) = (output.stats.video.unwrap().track, output.stats.audio.unwrap().track);
    assert_eq!(video.codec.to_string(), "avc1.42C00C");
    assert_eq!((video.width, video.height), (Some(256), Some(144)));
    assert_eq!(audio.codec.to_string(), "mp4a.40.2");
    assert_eq!((audio.sample_rate, audio.channels), (64_000, Some(1)));
    assert_eq!(output.memory.tracks.len(), 2);
    let mut other = three_secs();
    other[0] = video_header(0, OTHER_SPS);
    let video = run(&other, Options::default()).stats.video.unwrap().track;
    assert_eq!(video.codec.to_string(), "avc1.64000B");
    let alone: Vec<_> = (0..200).map(|n| mp3(n * 11_520 / 441, 1)).collect();
    let track = run(&alone, Options::default()).stats.audio.unwrap().track;
    assert_eq!(track.codec.to_string(), "mp4a.40.34");
    assert_eq!((track.sample_rate, track.channels), (44_100, Some(1)));
    assert!(audio_header(0, 44_100).is_header());
}

#[test]
fn a_notice_has_the_time_of_the_last_frame_of_either_track() {
    let unknown = |millis| OwnedTag { kind: TagKind::new(3), millis, data: vec![1] };
    for alone in [false, true] {
        let tags = if alone { aac_16_ms(0, 3_000) } else { three_secs() };
        let at = tags.iter().position(|tag| tag.millis == 1_024).unwrap();
        assert!(!is_video(&tags[at]));
        let tags = [&tags[..=at], &[unknown(0)], &tags[at + 1..]].concat();
        let output = run(&tags, Options::default());
        assert_eq!(reported(&output.memory), [(Kind::UnknownTag, 1_024, 0, 1)]);
    }
}

#[test]
fn y_09_segments_of_silent_video_say_what_they_have_of_it() {
    let tags = merged(&[&video(3), &aac_16_ms(0, 80_000)]);
    let output = run(&tags, Options::default());
    let values: Vec<_> = output
        .memory
        .segments
        .iter()
        .map(|s| (s.start.get() / 90, s.cause.name(), s.frames, s.key_frames, s.starts_with_idr))
        .collect();
    assert_eq!(values, [(0, "forced", 75, 3, true), (60_000, "end", 0, 0, false)]);
    assert_eq!(counted(&output.stats), [(Kind::TargetGrew, 1)]);
    assert_eq!(tagged(&output.memory), [0; 0]);
    assert_eq!(output.extinf(), [60_000, 20_000]);
    // What a segment begins with is not kept waiting: video may come back at any moment.
    let audio = output.stream(AUDIO);
    let first = audio.iter().find(|pes| pes.segment == 1).unwrap();
    assert_eq!((first.pts, first.data.len()), (63_000 + 60_000 * 90, 97));
    let last = output.memory.segments[1];
    assert_eq!(last.longest_gop.round_millis(), 20_000);
}

#[test]
fn y_09_video_is_silent_after_the_jump_limit_that_the_host_says() {
    // The last picture is at 2,960 ms; audio at the limit itself is no silence yet.
    for (limit, falls) in [(2_000, 4_976), (4_000, 6_976)] {
        let options = Options { jump_limit: TickSpan::from_millis(limit), ..Options::default() };
        let tags = merged(&[&video(3), &aac_16_ms(0, 12_000)]);
        let at = tags.iter().position(|tag| tag.millis == falls - 16 && !is_video(tag)).unwrap();
        let mut session = Session::new(options);
        session.push(&tags[..at]);
        session.request(SwitchAt::Once);
        session.push(&tags[at..]);
        let output = session.end();
        assert_eq!(starts(&output.memory)[1], falls, "{limit}");
        assert_eq!(cuts(&output.memory)[0].2, "requested");
    }
}

#[test]
fn y_13_audio_is_aligned_once() {
    // Aligned at its first frame; then its clock steps away again, and it is no other clock than
    // before.
    let mut tags = three_secs();
    for tag in tags.iter_mut().filter(|tag| !is_video(tag) && !tag.is_header()) {
        tag.millis += if tag.millis < 1_000 { 900_000_000 } else { 950_000_000 };
    }
    let options = Options { unrelated_clocks: UnrelatedClocks::AlignToLead, ..Options::default() };
    let output = run(&tags, options);
    assert_eq!(counted(&output.stats), [(Kind::AudioWrongTimeline, 125)]);
    assert_eq!(output.stats.audio.unwrap().frames, 63);
}

#[test]
fn r_36_a_delimiter_in_a_tag_of_its_own_is_left_out() {
    let tags = with(&video(3), &[1_000], &[video_tag(0, false, 0, &[&[9, 0x10]])]);
    let output = run(&tags, Options::default());
    assert!(output.memory.bodies == run(&video(3), Options::default()).memory.bodies);
    assert_eq!(counted(&output.stats), []);
}

#[test]
fn o_12_a_snapshot_has_the_time_at_which_it_is_shown() {
    let tags = Base { composition: 80, millis: 6_000, ..BASE }.video();
    let options = Options { snapshot_interval: Some(TickSpan::from_secs(2)), ..Options::default() };
    let output = run(&tags, options);
    let millis: Vec<_> = output.memory.snapshots.iter().map(|shot| shot.0 / 90).collect();
    assert_eq!(millis, [80, 2_080, 4_080]);
}

#[test]
fn x7_after_the_end_every_call_is_refused_and_nothing_changes() {
    let mut segmenter = Segmenter::new(Config::default());
    let mut memory = Memory::default();
    let tags = three_secs();
    for tag in &tags {
        segmenter.push(tag.borrow(), &mut memory).unwrap();
    }
    segmenter.finish(End::List, &mut memory).unwrap();
    let (stats, playlists) = (segmenter.stats(), memory.playlists.len());
    let cut = OwnedTag { kind: TagKind::AGGREGATE, millis: 3_000, data: vec![9, 0] };
    for tag in tags.iter().chain(&[metadata(&[]), cut]) {
        let refused = segmenter.push(tag.borrow(), &mut memory);
        assert!(matches!(refused, Err(hls_segmenter::Error::Finished)));
    }
    for end in [End::List, End::Pause] {
        let refused = segmenter.finish(end, &mut memory);
        assert!(matches!(refused, Err(hls_segmenter::Error::Finished)));
    }
    assert_eq!(segmenter.stats(), stats);
    assert_eq!(memory.playlists.len(), playlists);
    assert_eq!(memory.segments.len(), memory.starts.len());
}

#[test]
fn o_12_the_pace_of_snapshots_is_measured_in_decoding_time() {
    // Shown 80 ms late, and not late at all: 1,920 ms apart as they are shown.
    let tags: Vec<_> = [video_header(0, SPS)]
        .into_iter()
        .chain((0..75).map(|n| picture(n * 40, n % 50 == 0, if n < 50 { 80 } else { 0 }, 50)))
        .collect();
    let options = Options { snapshot_interval: Some(TickSpan::from_secs(2)), ..Options::default() };
    let output = run(&tags, options);
    let millis: Vec<_> = output.memory.snapshots.iter().map(|shot| shot.0 / 90).collect();
    assert_eq!(millis, [80, 2_000]);
}

/// The same AAC frames as an Enhanced RTMP publisher sends them.
fn enhanced(tags: &[OwnedTag]) -> Vec<OwnedTag> {
    let enhanced = |tag: &OwnedTag| {
        let data = if is_video(tag) {
            tag.data.clone()
        } else {
            [&[0x90 | tag.data[1]][..], b"mp4a", &tag.data[2..]].concat()
        };
        OwnedTag { data, ..tag.clone() }
    };
    tags.iter().map(enhanced).collect()
}

#[test]
fn y_07_the_band_is_two_frames_for_every_publisher() {
    for (by, quiet) in [(32, true), (33, false), (-32, true), (-33, false)] {
        let mut tags = aac_16_ms(0, 3_000);
        shift(&mut tags, 1_056, by);
        for tags in [enhanced(&tags), tags] {
            let output = run(&tags, Options::default());
            assert_eq!(counted(&output.stats).is_empty(), quiet, "{by}");
        }
    }
}

#[test]
fn y_07_after_a_new_anchor_samples_are_counted_from_it_to_the_tick() {
    let mut tags = Base { millis: 9_000, ..BASE }.audio();
    shift(&mut tags, 2_000, 1_000);
    for tags in [enhanced(&tags), tags] {
        let output = run(&tags, Options::default());
        assert_eq!(output.count(Kind::AudioReanchor), 1);
        let anchor = tags.iter().find(|tag| tag.millis >= 3_000).unwrap().millis * 90;
        let mut count = 0;
        for pes in output.stream(AUDIO) {
            let pts = pes.pts as i64 - 63_000;
            if pts >= anchor {
                let exact = (count * 1024 * 90_000 * 2 + 44_100) / (2 * 44_100);
                assert_eq!(pts - anchor, exact, "frame {count}");
                count += frames(&pes.data) as i64;
            }
        }
        assert!(count > 250);
    }
}

#[test]
fn f_41_a_tag_of_several_frames_may_be_early_by_two_tags() {
    // Four frames are 104.5 ms: 80 ms are more than two frames and less than two tags.
    let mut tags: Vec<_> = (0..60).map(|n| mp3(n * 4 * 11_520 / 441, 4)).collect();
    tags[20].millis -= 80;
    tags[40].millis -= 200;
    let output = run(&tags, Options::default());
    let odd: Vec<_> = reported(&output.memory)
        .into_iter()
        .filter(|notice| notice.0 != Kind::TargetGrew)
        .collect();
    assert_eq!(odd, []);
    assert_eq!(output.stats.audio.unwrap().frames, 240);
}

#[test]
fn h_05_the_last_picture_lasts_as_long_as_the_shorter_of_the_last_two_steps() {
    for (steps, last) in [([40, 40], 40), ([40, 9_000], 40), ([400, 40], 40), ([400, 200], 200)] {
        let mut millis = 2_960;
        let mut tags = video(3);
        for step in steps {
            millis += step;
            tags.push(picture(millis, false, 0, 50));
        }
        let output = run(&tags, Options::default());
        let end = output.memory.segments.last().unwrap();
        let end = (end.start + end.duration).get() / 90;
        assert_eq!(end, millis + last, "{steps:?}");
    }
    // What a parameter set says counts only before there are two pictures.
    let slow = Base { fps: (5, 1), gop: 10, millis: 4_200, ..BASE };
    let mut tags = slow.video();
    let at = tags.iter().position(|tag| tag.millis == 4_000).unwrap();
    tags.insert(at, video_header(4_000, OTHER_SPS));
    let output = run(&tags, Options::default());
    assert_eq!(output.extinf(), [4_000, 200]);
}

/// A key frame of its own parameter sets.
fn with_sets(millis: i64, key_frame: bool, sps: &[u8]) -> OwnedTag {
    let slice: &[u8] = if key_frame { &[0x65, 0x88, 0x84, 9] } else { &[0x41, 0x9a, 0x24, 9] };
    video_tag(millis, key_frame, 0, &[sps, PPS, slice])
}

#[test]
fn t_15_a_lone_picture_lasts_as_long_as_the_frame_rate_says_wherever_that_is_stated() {
    // 10 and 5 frames per second: other than what is taken where nothing is stated.
    let (ten, five) = (sps(10, 0), sps(5, 0));
    for (name, tags) in [
        ("in the header", vec![video_header(0, &ten), picture(0, true, 0, 50)]),
        ("in the picture", vec![video_header(0, &five), with_sets(0, true, &ten)]),
        (
            "in a picture that was dropped",
            vec![video_header(0, &five), with_sets(0, false, &ten), picture(100, true, 0, 50)],
        ),
    ] {
        let output = run(&tags, Options::default());
        assert_eq!(output.extinf(), [100], "{name}");
    }
}

#[test]
fn f_09_how_many_pictures_are_reordered_is_read_from_the_newest_parameter_set() {
    // DTS of a stream whose first key frame is not delayed runs early by the reordering, which
    // is known at the second picture.
    for (reordered, want) in [(0, [0, 40, 80]), (2, [0, 0, 0])] {
        let tags = [
            video_header(0, &sps(25, 0)),
            picture(0, true, 0, 50),
            video_tag(40, false, 120, &[&sps(25, reordered), &[0x41, 0x9a, 0x24, 9]]),
            picture(80, false, 0, 50),
        ];
        let output = run(&tags, Options::default());
        let times = output.stream(VIDEO);
        let dts: Vec<_> = times.iter().map(|pes| (pes.dts - times[0].dts) / 90).collect();
        assert_eq!(dts, want, "{reordered}");
    }
}

#[test]
fn x8_a_header_of_video_alone_is_not_the_video_that_is_required() {
    let tags = merged(&[&[video_header(0, SPS)], &aac_16_ms(0, 90_000)]);
    let options = Options { require_video: true, ..Options::default() };
    assert!(run(&tags, options).memory.starts.is_empty());
    // Where it is not required, audio goes on alone in the end, and the tables list audio alone.
    let output = run(&tags, Options::default());
    assert!(!output.memory.starts.is_empty());
    assert_eq!(tables(&output.memory, 0).1, [0x0f]);
    assert_eq!(cuts(&output.memory)[0].2, "audio-only");
}

#[test]
fn f_40_audio_that_only_came_before_video_is_related_to_it() {
    let mut tags = merged(&[&[video_header(0, SPS)], &aac_16_ms(0, 200)]);
    tags.extend([picture(200, true, 0, 50), picture(60_000, true, 0, 50)]);
    tags.push(audio(208, 90));
    tags.push(picture(60_040, false, 0, 50));
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output.stats), [(Kind::AudioWrongTimeline, 1), (Kind::TimelineJump, 1)]);
}

#[test]
fn x2_three_targets_are_those_that_the_longest_segment_makes() {
    // 5 s four times, and 9 s: with the target of 9 s nothing may leave that was listed.
    let mut tags = video(31);
    let keys = [0, 5_000, 10_000, 15_000, 20_000, 29_000];
    tags.retain(|tag| !tag.is_key_picture() || keys.contains(&tag.millis));
    let options = Options {
        window: WindowPolicy::AtLeastThreeTargets,
        frag_count: FragCount::new(1).unwrap(),
        ..Options::default()
    };
    let output = run(&tags, options);
    let listed = |text: &String| text.matches("#EXTINF").count();
    let listed: Vec<_> = output.memory.playlists.iter().map(listed).collect();
    assert_eq!(listed, [1, 2, 3, 3, 4, 5]);
}
