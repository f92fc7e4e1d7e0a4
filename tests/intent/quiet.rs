//! A stream that is right is left alone: no repair, no new anchor, no needless cut, no second
//! announcement, no notice.

use std::collections::BTreeMap;
use std::path::Path;

use hls_segmenter::codec::mpeg_audio::FrameHeader;
use hls_segmenter::config::{FragDuration, Options, TimelineBase, UnrelatedClocks};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::ts::StreamType;
use hls_segmenter::{Cause, Stats, Track};

use crate::session::{
    Session, aac_16_ms, between, counted, cuts, frag, merged, moved, of_audio, tagged,
};
use crate::support::stream::{BASE, audio, audio_header, in_order, mp3_tags, shift};
use crate::support::{
    AUDIO, Base, Output, OwnedTag, VIDEO, captures, is_video, policy_for, read_flv, run,
};

/// What may be counted of a stream that is right: how the encoder works, and targets that grow.
fn odd(output: &Output) -> Vec<(NoticeKind, u64)> {
    let allowed = |kind| matches!(kind, NoticeKind::TargetGrew | NoticeKind::TrackMissing);
    let counted = counted(&output.stats).into_iter();
    counted.filter(|&(kind, _)| !allowed(kind)).collect()
}

/// Times in ticks that the tags say.
fn tag_times(tags: &[OwnedTag]) -> Vec<i64> {
    let frames = tags.iter().filter(|tag| !tag.is_header());
    frames.map(|tag| tag.millis * 90).collect()
}

/// Asserts that every audio packet begins where the tag of its first frame says, and that all
/// frames from some tag on were written.
fn assert_in_step(output: &Output, tags: &[OwnedTag], tolerance: i64) {
    let audio: Vec<_> = of_audio(tags).into_iter().filter(|tag| tag.data.len() > 2).collect();
    let times = tag_times(&audio);
    let lead = |pts: u64| pts as i64 - 63_000;
    let frames = output.stats.audio.unwrap().frames as usize;
    let skipped = times.len() - frames;
    let mut nth = skipped;
    for pes in output.stream(AUDIO) {
        let off = lead(pes.pts) - times[nth];
        assert!(off.abs() <= tolerance, "frame {nth}: {off} ticks off");
        let mut rest = &pes.data[..];
        while let [0xff, 0xf1, _, b3, b4, b5, ..] = *rest {
            let len = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5) >> 5;
            rest = &rest[len..];
            nth += 1;
        }
        while let Ok(header) = FrameHeader::parse(rest) {
            rest = rest.get(header.frame_len..).unwrap_or_default();
            nth += 1;
        }
    }
    assert_eq!(nth, times.len());
}

#[test]
fn every_capture_of_testdata_is_left_alone() {
    for (name, bytes) in captures() {
        let tags = read_flv(&bytes);
        for secs in [1, 2, 5] {
            let options = Options { key_frames: policy_for(&name), ..frag(secs) };
            let output = run(&tags, options);
            // These encoders say key frame of pictures that are none.
            let want: &[NoticeKind] = match name.as_str() {
                "open_gop" | "intra_refresh" => &[NoticeKind::KeyFlagWithoutIdr],
                _ => &[],
            };
            let kinds: Vec<_> = odd(&output).iter().map(|&(kind, _)| kind).collect();
            assert_eq!(kinds, want, "{name} at {secs} s");
            assert_eq!(tagged(&output.memory), [0; 0], "{name}");
            let usual = |cause| {
                let forced = name == "long_gop" && cause == Cause::Forced;
                matches!(cause, Cause::KeyFrame | Cause::AudioOnly | Cause::End) || forced
            };
            assert!(output.causes().into_iter().all(usual), "{name}");
            let tracks = [output.stats.video.is_some(), output.stats.audio.is_some()];
            let tracks = tracks.into_iter().filter(|&is| is).count();
            assert_eq!(output.memory.tracks.len(), tracks, "{name}: each once");
            let pictures = tags.iter().filter(|tag| is_video(tag) && tag.data[1] == 1).count();
            let frames = output.stats.video.map_or(0, |video| video.frames);
            assert_eq!(frames, pictures as u64, "{name}");
        }
    }
}

#[test]
fn every_audio_frame_of_a_capture_is_written_at_its_time() {
    for (name, bytes) in captures() {
        let tags = read_flv(&bytes);
        if of_audio(&tags).is_empty() {
            continue;
        }
        let options = Options { key_frames: policy_for(&name), ..frag(2) };
        let output = run(&tags, options);
        // Tag times are whole milliseconds.
        assert_in_step(&output, &tags, 92);
    }
}

#[test]
fn every_picture_of_a_capture_is_written_at_its_time() {
    for (name, bytes) in captures() {
        let tags = read_flv(&bytes);
        let options = Options { key_frames: policy_for(&name), ..frag(2) };
        let output = run(&tags, options);
        let pictures = tags.iter().filter(|tag| is_video(tag) && tag.data[1] == 1);
        let want: Vec<_> = pictures
            .map(|tag| {
                let [_, c0, c1, c2] = [0, tag.data[2], tag.data[3], tag.data[4]];
                let composition = i32::from_be_bytes([c0, c1, c2, 0]) >> 8;
                let dts = tag.millis * 90 + 63_000;
                (dts, dts + i64::from(composition) * 90)
            })
            .collect();
        let got: Vec<_> =
            output.stream(VIDEO).iter().map(|pes| (pes.dts as i64, pes.pts as i64)).collect();
        assert!(got == want, "{name}");
    }
}

/// AAC of a configuration, its frames at the times that `samples` at `rate` give them.
fn aac(config: &[u8], samples: i64, rate: i64, millis: i64) -> Vec<OwnedTag> {
    let header = OwnedTag { data: [&[0xaf, 0][..], config].concat(), ..audio_header(0, 48_000) };
    let times = (0..).map(|n| (n * samples * 1000 + rate / 2) / rate);
    let frames = times.take_while(|&at| at < millis).map(|at| audio(at, 90));
    [header].into_iter().chain(frames).collect()
}

/// Name, tags and sample rates, core and heard, of audio as encoders send it.
fn sounds(millis: i64) -> Vec<(&'static str, Vec<OwnedTag>, i64, u32)> {
    let aac = |name, config: &[u8], samples, core, heard: i64| {
        let tags = aac(config, samples, core, millis);
        (name, tags, samples * 90_000 / core, heard as u32)
    };
    vec![
        aac("96 kHz", &[0x10, 0x08], 1024, 96_000, 96_000),
        aac("48 kHz", &[0x11, 0x88], 1024, 48_000, 48_000),
        aac("44.1 kHz", &[0x12, 0x08], 1024, 44_100, 44_100),
        aac("22.05 kHz", &[0x13, 0x88], 1024, 22_050, 22_050),
        aac("8 kHz", &[0x15, 0x88], 1024, 8_000, 8_000),
        aac("64 kHz", &[0x11, 0x08], 1024, 64_000, 64_000),
        // AOT 5, core rate, extended rate, AOT 2.
        aac("HE-AAC, 22.05 kHz", &[0x2b, 0x8a, 0x10], 1024, 22_050, 44_100),
        aac("HE-AAC, 24 kHz", &[0x2b, 0x09, 0x90], 1024, 24_000, 48_000),
        // AOT 2, then the sync extension with AOT 5.
        aac("HE-AAC, signalled compatibly", &[0x13, 0x88, 0x56, 0xe5, 0xa0], 1024, 22_050, 44_100),
    ]
}

#[test]
fn f_12_audio_of_every_rate_runs_at_its_own_with_pictures_or_alone() {
    for (name, audio, frame, heard) in sounds(12_000) {
        let video = Base { millis: 12_000, ..BASE }.video();
        for tags in [merged(&[&video, &audio]), audio.clone()] {
            let output = run(&tags, frag(2));
            assert_eq!(odd(&output), [], "{name}");
            assert_in_step(&output, &tags, 92);
            let track = output.stats.audio.unwrap().track;
            assert_eq!(track.sample_rate, heard, "{name}");
            // The end of the last frame, and with it the last segment, is at the core rate too.
            if !is_video(&tags[0]) {
                let segment = output.memory.segments.last().unwrap();
                let last = tags.last().unwrap().millis * 90 + frame;
                let end = segment.start + segment.duration;
                assert!((end.get() - last).abs() <= 92, "{name}");
            }
        }
    }
}

#[test]
fn f_12_signalled_sbr_leaves_the_cuts_of_audio_alone_at_the_core_rate() {
    let tags = aac(&[0x2b, 0x8a, 0x10], 1024, 22_050, 30_000);
    let output = run(&tags, Options::default());
    // 108 frames of 46.4 ms are 5.0155 s.
    let starts: Vec<_> = output.memory.starts.iter().map(|start| start.start.get()).collect();
    for (nth, start) in starts.iter().enumerate() {
        let exact = nth as i64 * 108 * 1024 * 90_000 / 22_050;
        assert!((start - exact).abs() <= 1, "{nth}");
    }
    assert_eq!(starts.len(), 6);
    assert!(output.memory.segments[..5].iter().all(|segment| segment.frames == 108));
}

#[test]
fn y_13_aligning_changes_nothing_where_clocks_are_related() {
    let align = |options| Options { unrelated_clocks: UnrelatedClocks::AlignToLead, ..options };
    let mut jump = merged(&[&Base { millis: 12_000, ..BASE }.video(), &aac_16_ms(0, 12_000)]);
    shift(&mut jump, 6_000, 60_000);
    for tags in [BASE.both(), jump] {
        let (got, want) = (run(&tags, align(frag(2))), run(&tags, frag(2)));
        assert!(got.memory.bodies == want.memory.bodies);
        assert_eq!(got.stats, want.stats);
    }
    for (name, bytes) in captures() {
        let tags = read_flv(&bytes);
        let (got, want) = (run(&tags, align(frag(2))), run(&tags, frag(2)));
        assert!(got.memory.bodies == want.memory.bodies, "{name}");
    }
}

#[test]
fn y_13_aligned_audio_runs_with_the_lead_from_its_first_frame_on() {
    let far = 900_000_000;
    for (name, audio, ..) in sounds(14_000) {
        let video = moved(&Base { millis: 14_000, ..BASE }.video(), 5_000_000);
        let aligned: Vec<_> = audio
            .iter()
            .map(|tag| OwnedTag {
                millis: tag.millis + if tag.is_header() { 0 } else { far },
                ..tag.clone()
            })
            .collect();
        let mut tags = merged(&[&video, &moved(&audio, 5_000_000)]);
        // In the place that it would have on video's clock.
        let mut sent = aligned.iter().filter(|tag| !tag.is_header());
        for tag in tags.iter_mut().filter(|tag| !is_video(tag) && !tag.is_header()) {
            tag.millis = sent.next().unwrap().millis;
        }
        let options = Options { unrelated_clocks: UnrelatedClocks::AlignToLead, ..frag(2) };
        let output = run(&tags, options);
        assert_eq!(odd(&output), [], "{name}");
        let frames = audio.len() as u64 - 1;
        assert_eq!(output.stats.audio.unwrap().frames, frames, "{name}");
        let packets = output.stream(AUDIO);
        assert_eq!(packets[0].pts, 5_000_000 * 90 + 63_000, "{name}");
        assert_eq!(tagged(&output.memory), [0; 0]);
    }
}

#[test]
fn r_09_after_a_jump_nothing_but_the_jump_was_noticed() {
    for (name, audio, ..) in sounds(14_000) {
        let video = Base { millis: 14_000, ..BASE }.video();
        for by in [60_000, -3_000_000] {
            let mut tags = merged(&[&video, &audio]);
            // Audio that belongs before the jump may still come after it: it is counted.
            shift(&mut tags, 8_000, by);
            shift(&mut tags, i64::MIN, 10_000_000);
            let output = run(&tags, frag(2));
            let counts: BTreeMap<_, _> =
                odd(&output).into_iter().map(|(kind, count)| (kind.name(), count)).collect();
            assert_eq!(counts, BTreeMap::from([("timeline-jump", 1)]), "{name} {by}");
            assert_eq!(output.memory.tracks.len(), 2);
            assert_eq!(tagged(&output.memory).len(), 1);
        }
        for by in [60_000, -3_000_000] {
            let mut tags = audio.clone();
            shift(&mut tags, 8_000, by);
            shift(&mut tags, i64::MIN, 10_000_000);
            let output = run(&tags, frag(2));
            // The first tag of the new timeline may be alone there.
            assert_eq!(
                odd(&output),
                [(NoticeKind::AudioWrongTimeline, 1), (NoticeKind::TimelineJump, 1)],
                "{name} alone {by}"
            );
        }
    }
}

#[test]
fn x7_after_a_pause_nothing_was_noticed() {
    for (name, audio, ..) in sounds(7_000) {
        let video = Base { millis: 7_000, ..BASE }.video();
        for from in [-10, 0, 10, 7_000, 7_020, 1_000_000] {
            let mut session = Session::new(frag(2));
            session.push(&moved(&merged(&[&video, &audio]), 1_000_000));
            session.pause();
            session.push(&moved(&merged(&[&video, &audio]), 1_000_000 + from));
            let output = session.end();
            assert_eq!(odd(&output), [], "{name} {from}");
            assert_eq!(tagged(&output.memory).len(), 1);
            let video = |track: &&Track| matches!(track, Track::Video(_));
            assert_eq!(output.memory.tracks.iter().filter(video).count(), 1);
        }
    }
    for (name, bytes) in captures() {
        let tags = read_flv(&bytes);
        let mut session = Session::new(Options { key_frames: policy_for(&name), ..frag(2) });
        session.push(&tags);
        session.pause();
        let one = counted(&session.stats());
        session.push(&tags);
        let output = session.end();
        let mut two = counted(&output.stats);
        // The target grows once; what an encoder does it does again.
        for (kind, count) in &mut two {
            if !matches!(kind, NoticeKind::TargetGrew) {
                *count /= 2;
            }
        }
        assert_eq!(two, one, "{name}");
    }
}

#[test]
fn r_12_r_13_the_wraps_of_either_clock_are_no_event() {
    for (name, audio, ..) in sounds(14_000) {
        let video = Base { millis: 14_000, ..BASE }.video();
        let tags = merged(&[&video, &audio]);
        let want = run(&tags, frag(2));
        for base in [(1_i64 << 32) - 9_000, (1 << 33) / 90 - 9_000, (1 << 31) - 9_000] {
            let output = run(&moved(&tags, base), frag(2));
            assert_eq!(odd(&output), [], "{name} {base}");
            assert_eq!(output.extinf(), want.extinf(), "{name} {base}");
            assert_eq!(output.stats.audio, want.stats.audio);
            assert_eq!(output.stats.video, want.stats.video);
        }
        let output = run(&moved(&audio, (1_i64 << 32) - 9_000), frag(2));
        assert_eq!(odd(&output), [], "{name} alone");
    }
}

#[test]
fn y_10_the_base_of_the_timeline_moves_times_and_changes_nothing_else() {
    let options = Options { base: TimelineBase::FirstTagZero, ..frag(2) };
    for (name, bytes) in captures() {
        let tags = read_flv(&bytes);
        let base = tags.iter().find(|tag| tag.kind.get() != 18).unwrap().millis;
        let output = run(&moved(&tags, 123_456), options);
        let want = run(&moved(&tags, -base), frag(2));
        assert!(output.memory.bodies == want.memory.bodies, "{name}");
        assert_eq!(output.stats, want.stats);
    }
}

#[test]
fn f_44_mp3_in_tags_of_any_number_of_frames_is_left_alone() {
    let video = Base { millis: 20_000, ..BASE }.video();
    for each in [1, 2, 4, 8, 40] {
        let audio: Vec<_> = mp3_tags(760, each).collect();
        let options = Options { announced_audio: Some(StreamType::MPEG1_AUDIO), ..frag(2) };
        for tags in [in_order(video.iter().chain(&audio).cloned()), audio.clone()] {
            let output = run(&tags, options);
            assert_eq!(odd(&output), [], "{each}");
            assert_eq!(output.stats.audio.unwrap().frames, 760);
            assert_eq!(tagged(&output.memory), [0; 0], "{each}");
        }
    }
}

#[test]
fn r_03_tags_that_jitter_and_come_in_another_order_are_no_event() {
    let mut tags = Base { millis: 20_000, ..BASE }.both();
    for (nth, tag) in tags.iter_mut().filter(|tag| !is_video(tag)).enumerate().skip(2) {
        tag.millis += [0, 20, -20, 9, -30, 30][nth % 6];
    }
    let output = run(&tags, frag(2));
    assert_eq!(odd(&output), []);
    // Audio up to 200 ms later or earlier than video in the order of tags.
    for late in [-200, 200] {
        let mut tags = Base { millis: 20_000, ..BASE }.both();
        tags.sort_by_key(|tag| {
            let late = if is_video(tag) { 0 } else { late };
            (!tag.is_header(), tag.millis + late)
        });
        let output = run(&tags, frag(2));
        assert_eq!(odd(&output), [], "{late}");
        let audio = of_audio(&tags).len() as u64 - 1;
        assert_eq!(output.stats.audio.unwrap().frames, audio);
        assert_eq!(tagged(&output.memory), [0; 0]);
    }
}

#[test]
fn r_67_a_pause_of_both_tracks_below_the_limit_is_one_new_anchor_of_audio() {
    let mut tags = merged(&[&Base { millis: 12_000, ..BASE }.video(), &aac_16_ms(0, 12_000)]);
    shift(&mut tags, 6_000, 9_000);
    let output = run(&tags, Options::default());
    assert_eq!(odd(&output), [(NoticeKind::AudioReanchor, 1)]);
    assert_eq!(
        cuts(&output.memory),
        [
            (0, 5000, "key-frame"),
            (5_000, 10_000, "key-frame"),
            (15_000, 5000, "key-frame"),
            (20_000, 1000, "end")
        ]
    );
    assert!(between(&tags, 0, 30_000).len() == 1050);
}

/// A manifest's clean streams, where the folder of streams stands beside the repository.
#[test]
fn clean_streams_beside_the_repository_are_left_alone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/streams");
    // What is right and yet has something to notice is named with what that is.
    let quiet = [
        "bpyramid",
        "longgop",
        "longgop_f40",
        "allintra",
        "gop5exact",
        "gop_just_short",
        "fps1",
        "fps1_noaudio",
        "fps120",
        "fps23976",
        "fps2997",
        "multislice",
        "manynals",
        "len2",
        "len1",
        "aud",
        "inband",
        "inband_aud_sei",
        "filler",
        "hugesei",
        "bigidr",
        "trailzeros",
        "twoidr",
        "sps_id",
        "seqhdr_repeat",
        "audioonly",
        "audioonly_mp3",
        "videoonly",
        "mp3",
        "mp3_22k",
        "mono",
        "aac96k",
        "aac8k",
        "aac51",
        "heaac_explicit",
        "heaac_v2",
        "heaac_sync",
        "asc_escape",
        "asc_pad",
        "ts_24bit",
        "ts_31bit",
        "ts_32wrap",
        "ts_33wrap",
        "ts_start_big",
        "ts_oddbase",
        "interleave",
        "scripts",
        "streamid",
        "rtmp_meta",
        "hdr_offset",
        "hdr_flags_lie",
    ];
    for name in quiet {
        let Ok(bytes) = std::fs::read(folder.join(format!("made/{name}.flv"))) else {
            continue;
        };
        let tags = read_flv(&bytes);
        let options =
            Options { frag_duration: FragDuration::new(2).unwrap(), ..Options::default() };
        let mut session = Session::new(options);
        session.push(&tags);
        let output = session.end();
        assert_eq!(odd(&output), [], "{name}");
        assert_eq!(tagged(&output.memory), [0; 0], "{name}");
        let Stats { video, audio, .. } = output.stats;
        let tracks = usize::from(video.is_some()) + usize::from(audio.is_some());
        assert_eq!(output.memory.tracks.len(), tracks, "{name}");
    }
}
