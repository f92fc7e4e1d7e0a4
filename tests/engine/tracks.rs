//! Tracks that come, change, come late, are announced and stay away.

use crate::support;
use crate::support::stream::{
    self, BASE, OTHER_SPS, SPS, audio_header, in_order, script, shift, video_header,
};
use crate::support::{AUDIO, Base, Output, OwnedTag, VIDEO, auditor, drive, listed, run, run_to};
use hls_segmenter::config::Filler;
use hls_segmenter::config::{Options, UnrelatedClocks};
use hls_segmenter::flv::TagKind;
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::probe::Probe;
use hls_segmenter::time::TickSpan;
use hls_segmenter::ts::StreamType;
use hls_segmenter::{Announced, AudioCodecString, Cause, Config, End, Segmenter, Track};

fn defaults(tags: &[OwnedTag]) -> Output {
    run(tags, Options::default())
}

fn pmt_version(output: &Output, segment: usize) -> u8 {
    output.memory.bodies[segment][188 + 10] >> 1 & 0x1f
}

fn announcing(what: &str, codec: f64) -> OwnedTag {
    metadata(&[(what, codec)])
}

fn metadata(values: &[(&str, f64)]) -> OwnedTag {
    let mut data = b"\x02\x00\x0aonMetaData\x08\x00\x00\x00".to_vec();
    data.push(values.len() as u8);
    for (name, value) in values {
        data.extend((name.len() as u16).to_be_bytes());
        data.extend(name.as_bytes());
        data.push(0);
        data.extend(value.to_be_bytes());
    }
    data.extend([0, 0, 9]);
    OwnedTag { data, ..script(0) }
}

fn insert_before_key_frame(tags: &mut Vec<OwnedTag>, millis: i64, tag: OwnedTag) {
    let at = tags.iter().position(|tag| tag.is_key_picture() && tag.millis >= millis).unwrap();
    tags.insert(at, tag);
}

#[test]
fn f_43_x8_r_34_the_tables_list_what_there_is() {
    assert_eq!(listed(&defaults(&BASE.both()), 0), [0x1b, 0x0f]);
    assert_eq!(listed(&defaults(&BASE.video()), 0), [0x1b]);
    assert_eq!(listed(&defaults(&BASE.audio()), 0), [0x0f]);
}

#[test]
fn x8_a_stream_without_video_gives_nothing_where_the_host_requires_video() {
    let output = run(&BASE.audio(), Options { require_video: true, ..Options::default() });
    assert!(output.memory.starts.is_empty());
}

#[test]
fn y_05_a_late_audio_track_joins_at_the_next_key_frame() {
    let mut tags: Vec<_> =
        BASE.both().into_iter().filter(|tag| support::is_video(tag) || tag.millis > 7300).collect();
    let at = tags.iter().position(|tag| !support::is_video(tag)).unwrap();
    tags.insert(at, audio_header(7300, 44_100));
    let output = defaults(&tags);
    assert_eq!(output.extinf(), [5000, 3000, 5000, 5000, 5000, 5000, 5000, 5000, 2000]);
    assert_eq!(output.causes()[1], Cause::TrackChange);
    assert_eq!(output.discontinuities(), [2]);
    assert_eq!((listed(&output, 1), listed(&output, 2)), (vec![0x1b], vec![0x1b, 0x0f]));
    assert_eq!(
        (pmt_version(&output, 1), pmt_version(&output, 2), pmt_version(&output, 8)),
        (0, 1, 1)
    );
    assert!(output.count(NoticeKind::AudioNotJoined) > 0);
    assert!(output.stream(AUDIO)[0].pts as i64 >= 8000 * 90 + 63_000 - 24 * 90);
}

#[test]
fn y_05_a_probe_finds_audio_whose_header_is_one_tag_late() {
    let mut tags = BASE.both();
    let header = tags.iter().position(|tag| !support::is_video(tag)).unwrap();
    let header = tags.remove(header);
    assert!(header.is_header());
    let key_frame = tags.iter().position(OwnedTag::is_key_picture).unwrap();
    tags.insert(key_frame + 1, header);
    // Without a probe the first segment has no sound.
    assert_eq!(listed(&defaults(&tags), 0), [0x1b]);

    let mut segmenter = Segmenter::new(Config::default());
    let mut auditor = auditor(&Options::default());
    let mut probe = Probe::new();
    for tag in &tags {
        let released = probe.push(tag.borrow());
        if let Some(found) = released.found() {
            segmenter.announce(&found);
        }
        for tag in released {
            segmenter.push(tag, &mut auditor).unwrap();
        }
    }
    segmenter.finish(End::List, &mut auditor).unwrap();
    auditor.assert_clean();
    let output = Output { memory: auditor.into_inner(), stats: segmenter.stats() };
    assert_eq!(listed(&output, 0), [0x1b, 0x0f]);
    assert_eq!(output.discontinuities(), [0; 0]);
    let first = output.stream(AUDIO)[0].pts as i64;
    assert!(first < 63_000 + 100 * 90, "sound from the beginning: {first}");
}

#[test]
fn y_05_what_the_host_announces_is_as_what_metadata_announces_until_a_segment_begins() {
    let announced = |at: usize, audio| {
        let mut found = Announced::default();
        found.audio = Some(audio);
        let mut segmenter = Segmenter::new(Config::default());
        let mut auditor = auditor(&Options::default());
        for (nth, tag) in BASE.video().iter().enumerate() {
            if nth == at {
                segmenter.announce(&found);
            }
            segmenter.push(tag.borrow(), &mut auditor).unwrap();
        }
        segmenter.finish(End::List, &mut auditor).unwrap();
        auditor.assert_clean();
        Output { memory: auditor.into_inner(), stats: segmenter.stats() }
    };
    let output = announced(0, StreamType::AAC_ADTS);
    assert_eq!((listed(&output, 0), listed(&output, 1)), (vec![0x1b, 0x0f], vec![0x1b]));
    assert_eq!(output.told(NoticeKind::TrackMissing), 1);
    // Neither in mid stream, nor of a type that is never carried.
    for output in [announced(2, StreamType::AAC_ADTS), announced(0, StreamType::EC3)] {
        assert_eq!(listed(&output, 0), [0x1b]);
        assert_eq!(output.told(NoticeKind::TrackMissing), 0);
    }
}

#[test]
fn y_05_announced_audio_is_listed_and_leaves_where_it_does_not_come() {
    let tags = [vec![announcing("audiocodecid", 10.0)], BASE.video()].concat();
    let output = defaults(&tags);
    assert_eq!((listed(&output, 0), listed(&output, 1)), (vec![0x1b, 0x0f], vec![0x1b]));
    assert_eq!(output.discontinuities(), [1]);
    assert_eq!(output.told(NoticeKind::TrackMissing), 1);
    assert_eq!(output.extinf(), [5000; 8]);

    // Where it comes in time nothing changes: it was listed.
    let mut tags: Vec<_> =
        BASE.both().into_iter().filter(|tag| support::is_video(tag) || tag.millis > 2500).collect();
    let at = tags.iter().position(|tag| !support::is_video(tag)).unwrap();
    tags.insert(at, audio_header(2500, 44_100));
    tags.insert(0, announcing("audiocodecid", 10.0));
    let output = defaults(&tags);
    assert_eq!(output.discontinuities(), []);
    assert_eq!(output.count(NoticeKind::AudioNotJoined), 0);
    let options = Options { announced_audio: Some(StreamType::AAC_ADTS), ..Options::default() };
    assert_eq!(
        run(&tags[1..], options).memory.bodies,
        output.memory.bodies,
        "the host's word counts like the stream's"
    );
}

#[test]
fn y_05_announced_audio_is_listed_as_long_as_the_host_waits_for_tracks() {
    let tags = [vec![announcing("audiocodecid", 10.0)], BASE.video()].concat();
    // The second segment begins at 5 s.
    for (millis, second) in [(4_999, vec![0x1b]), (5_000, vec![0x1b, 0x0f])] {
        let output =
            run(&tags, Options { track_wait: TickSpan::from_millis(millis), ..Options::default() });
        assert_eq!(listed(&output, 1), second, "{millis}");
        assert_eq!(listed(&output, 2), [0x1b], "{millis}");
    }
}

#[test]
fn t_05_r_46_a_resumed_list_has_another_version_of_its_tables_where_its_streams_are_others() {
    let both = run_to(&BASE.both(), Options::default(), End::Pause);
    let (token, list) = (both.memory.token.unwrap(), both.memory.listed);
    for (tags, version) in [(BASE.both(), 0), (BASE.video(), 1)] {
        let config = Config::new(Options::default()).unwrap();
        let resumed = Segmenter::resume(config, &token, list.iter().copied()).unwrap();
        let mut auditor = auditor(&Options::default());
        auditor.resume(&token, &list);
        let (engine, auditor) = drive(resumed, auditor, &tags, End::List);
        auditor.assert_clean();
        let output = Output { memory: auditor.into_inner(), stats: engine.stats() };
        assert_eq!(pmt_version(&output, 0), version);
    }
}

#[test]
fn y_06_audio_before_the_first_picture_waits_as_long_as_its_bytes_have_room() {
    // Headers added, nine are 3,213 of 3,570 bytes, five 3,535.
    for (len, until) in [(350, 190), (700, 100)] {
        let (audio, video) = (BASE.audio(), BASE.video());
        let late = video.into_iter().map(|tag| OwnedTag { millis: tag.millis + until, ..tag });
        let large = audio
            .into_iter()
            .map(|tag| if tag.is_header() { tag } else { stream::audio(tag.millis, len) });
        let output = defaults(&in_order(late.chain(large)));
        assert_eq!(output.count(NoticeKind::AudioBeforeKeyFrame), 0);
        assert_eq!(output.stream(AUDIO)[0].pts, 63_000);
    }
}

#[test]
fn y_05_announced_video_is_waited_for_just_as_long_as_the_host_says() {
    // Audio has a frame at 0 and every 16 ms; the first one at 1008 ms or later ends the wait.
    let header = OwnedTag { data: vec![0xaf, 0, 0x11, 0x08], ..audio_header(0, 48_000) };
    let frames = (0..500).map(|n| stream::audio(n * 16, 300));
    let head = [announcing("videocodecid", 7.0), header];
    let tags: Vec<_> = head.into_iter().chain(frames).collect();
    let begins = |millis| {
        let options = Options { track_wait: TickSpan::from_millis(millis), ..Options::default() };
        run(&tags, options).memory.starts[0].start
    };
    assert_eq!(begins(1008), begins(993));
    assert_ne!(begins(1008), begins(1009));
}

#[test]
fn f_44_announced_mp3_is_listed_by_the_version_that_its_sample_rate_needs() {
    for (rate, stream_type) in [
        (Some(22_050.0), 0x04),
        (Some(31_999.0), 0x04),
        (Some(32_000.0), 0x03),
        (Some(44_100.0), 0x03),
        (None, 0x03),
    ] {
        let values = [("audiocodecid", 2.0), ("audiosamplerate", rate.unwrap_or(0.0))];
        let values = if rate.is_some() { &values[..] } else { &values[..1] };
        let output = defaults(&[vec![metadata(values)], BASE.video()].concat());
        assert_eq!(listed(&output, 0), [0x1b, stream_type], "{rate:?}");
    }
}

#[test]
fn y_05_y_06_announced_video_is_waited_for_and_not_for_ever() {
    let audio = BASE.audio();
    let video: Vec<_> = BASE.video().into_iter().filter(|tag| tag.millis >= 600).collect();
    let mut tags =
        [vec![announcing("videocodecid", 7.0)], audio.clone(), vec![video_header(600, SPS)], video]
            .concat();
    tags.sort_by_key(|tag| tag.millis);
    let output = defaults(&tags);
    assert_eq!(listed(&output, 0), [0x1b, 0x0f]);
    assert_eq!(output.memory.starts[0].start.get(), 1000 * 90, "at the first key frame");

    let output = defaults(&[vec![announcing("videocodecid", 7.0)], audio].concat());
    assert_eq!(listed(&output, 0), [0x0f]);
    let start = output.memory.starts[0].start.get() / 90;
    assert!((200..=1100).contains(&start), "what fits is kept of the wait: {start}");
}

#[test]
fn y_05_late_video_joins_a_stream_of_audio_at_its_first_key_frame() {
    let mut tags = BASE.audio();
    tags.extend(BASE.video().into_iter().filter(|tag| tag.millis >= 7400));
    tags.push(video_header(7400, SPS));
    tags.sort_by_key(|tag| (tag.millis, !tag.is_header()));
    let output = defaults(&tags);
    assert_eq!(output.causes()[..2], [Cause::AudioOnly, Cause::TrackChange]);
    assert_eq!(output.discontinuities(), [2]);
    assert_eq!(listed(&output, 2), [0x1b, 0x0f]);
    assert_eq!(output.memory.starts[2].start.get(), 8000 * 90);
    assert_eq!(
        output.stats.audio.unwrap().frames,
        BASE.audio().len() as u64 - 1,
        "no audio frame is lost"
    );
}

#[test]
fn y_04_r_20_a_changed_sequence_header_waits_for_the_next_key_frame() {
    let mut tags = BASE.both();
    let at = tags.iter().position(|tag| support::is_video(tag) && tag.millis == 12_480).unwrap();
    tags.insert(at, video_header(12_480, OTHER_SPS));
    let output = defaults(&tags);
    assert_eq!(output.extinf()[..4], [5000, 5000, 3000, 5000]);
    assert_eq!(output.discontinuities(), [3]);
    let old = output.stream(VIDEO).into_iter().filter(|pes| pes.segment == 2);
    assert!(old.into_iter().all(|pes| !pes.data.windows(OTHER_SPS.len()).any(|w| w == OTHER_SPS)));
    // Back and forth, and back before it took effect.
    let mut tags = BASE.both();
    tags.insert(at, video_header(12_480, OTHER_SPS));
    tags.insert(at + 3, video_header(12_500, SPS));
    assert_eq!(defaults(&tags).discontinuities(), []);
}

#[test]
fn y_04_r_21_a_changed_audio_configuration_waits_for_the_next_key_frame() {
    let mut tags = BASE.both();
    insert_before_key_frame(&mut tags, 12_000, audio_header(12_000, 48_000));
    let output = defaults(&tags);
    assert_eq!(output.causes()[2], Cause::ConfigChange);
    assert_eq!(output.discontinuities(), [3]);

    let mut tags = BASE.both();
    let at = tags.iter().position(|tag| tag.millis > 12_500).unwrap();
    tags.insert(at, audio_header(12_500, 48_000));
    let output = defaults(&tags);
    assert_eq!(output.extinf()[2], 3000);
    let dropped = output.count(NoticeKind::AudioNotJoined);
    assert!((20..=23).contains(&dropped), "half a second of frames: {dropped}");

    let mut tags = BASE.audio();
    let at = tags.iter().position(|tag| tag.millis > 12_500).unwrap();
    tags.insert(at, audio_header(12_500, 48_000));
    let output = defaults(&tags);
    assert_eq!(output.causes()[2], Cause::ConfigChange, "audio alone is cut at once");
    assert_eq!(output.count(NoticeKind::AudioNotJoined), 0);
}

/// Video for 3 s, then silence.
fn video_that_falls_silent() -> Vec<OwnedTag> {
    Base { millis: 3_000, ..BASE }.video()
}

/// AAC at 48 kHz, from and to, without its header.
fn audio_from_to(from: i64, to: i64) -> impl Iterator<Item = OwnedTag> {
    let times = (0..).map(move |n| from + n * 64 / 3);
    times.take_while(move |&millis| millis < to).map(|millis| stream::audio(millis, 90))
}

#[test]
fn y_04_y_09_a_changed_audio_configuration_cuts_at_once_where_video_is_silent() {
    let first = Base { millis: 40_000, ..BASE };
    let mut tags = in_order([video_that_falls_silent(), first.audio()].concat());
    tags.push(audio_header(40_000, 48_000));
    tags.extend(audio_from_to(40_000, 200_000));
    let output = defaults(&tags);
    assert_eq!(output.count(NoticeKind::AudioNotJoined), 0);
    assert_eq!(output.discontinuities(), [1]);
    let causes = output.causes();
    assert_eq!(causes[0], Cause::ConfigChange);
    assert!(causes[1..3].iter().all(|&cause| cause == Cause::Forced));
    let sum: u32 = output.extinf().iter().sum();
    assert!(sum.abs_diff(200_000) < 100, "{sum}");
}

#[test]
fn y_05_y_09_audio_that_comes_late_joins_at_once_where_video_is_silent() {
    let mut tags = video_that_falls_silent();
    tags.push(audio_header(20_000, 48_000));
    tags.extend(audio_from_to(4_000, 200_000));
    let output = defaults(&tags);
    assert_eq!(output.causes()[0], Cause::TrackChange);
    assert_eq!((listed(&output, 0), listed(&output, 1)), (vec![0x1b], vec![0x1b, 0x0f]));
    assert_eq!(output.discontinuities(), [1]);
    assert_eq!(output.extinf()[1..3], [60_011, 60_010]);
}

#[test]
fn f_31_an_empty_configuration_is_not_ready_and_the_real_one_is_no_change() {
    let mut tags = BASE.both();
    tags.retain(|tag| support::is_video(tag) || !tag.is_header());
    tags.insert(0, OwnedTag { kind: TagKind::AUDIO, millis: 0, data: vec![0xaf, 0] });
    tags.insert(1, audio_header(40, 44_100));
    let output = defaults(&tags);
    assert_eq!(output.extinf(), [5000; 8]);
    assert_eq!(output.discontinuities(), []);
    assert_eq!(output.count(NoticeKind::BadTag), 1);
}

#[test]
fn f_45_o_34_frames_before_their_sequence_headers_are_dropped_and_counted() {
    let tags: Vec<_> = BASE.both().into_iter().filter(|tag| !tag.is_header()).collect();
    let output = defaults(&tags);
    assert!(output.memory.starts.is_empty());
    assert_eq!(output.count(NoticeKind::VideoBeforeHeader), 1000);
    assert_eq!(output.told(NoticeKind::VideoBeforeHeader), 1);
    assert!(output.count(NoticeKind::AudioBeforeHeader) > 1700);
}

#[test]
fn x9_f_44_mp3_is_carried_by_its_version() {
    // 128 kbit/s at 44.1 kHz: 417 bytes; 64 kbit/s at 22.05 kHz: 208 bytes of 576 samples.
    for (header, len, samples, rate, listed_type) in [
        ([0xff, 0xfb, 0x90, 0xc0], 417, 1152, 44_100, 0x03),
        ([0xff, 0xf3, 0x80, 0xc0], 208, 576, 22_050, 0x04),
    ] {
        let frame = |n: i64| {
            let data = [&[0x2f][..], &header, &vec![0x55; len - 4]].concat();
            OwnedTag { kind: TagKind::AUDIO, millis: n * samples * 1000 / rate, data }
        };
        let mut tags: Vec<_> = (0..rate * 20 / samples).map(frame).collect();
        tags.extend(Base { millis: 20_000, ..BASE }.video());
        let output = run(
            &in_order(tags),
            Options { announced_audio: Some(StreamType::new(listed_type)), ..Options::default() },
        );
        assert_eq!(listed(&output, 0), [0x1b, listed_type]);
        assert_eq!(output.extinf(), [5000; 4]);
        assert_eq!(output.stats.audio.unwrap().frames, (rate * 20 / samples) as u64);
        let track = output.stats.audio.unwrap().track;
        assert_eq!((track.codec, track.sample_rate), (AudioCodecString::Mp3, rate as u32));
    }
}

#[test]
fn x9_f_18_other_codecs_are_told_dropped_and_counted() {
    let other = [
        (TagKind::VIDEO, vec![0x12, 1, 2, 3, 4, 5], NoticeKind::UnsupportedVideo),
        (TagKind::VIDEO, [&[0x91][..], b"av01", &[0x12, 0]].concat(), NoticeKind::UnsupportedVideo),
        (TagKind::AUDIO, vec![0xb2, 1, 2], NoticeKind::UnsupportedAudio),
        (TagKind::AUDIO, [&[0x91][..], b"Opus", &[1]].concat(), NoticeKind::UnsupportedAudio),
        (TagKind::AUDIO, vec![0xe2, 1, 2], NoticeKind::AudioNotCarried),
        (TagKind::new(0x29), vec![1, 2, 3], NoticeKind::EncryptedTag),
        (TagKind::new(3), vec![1, 2, 3], NoticeKind::UnknownTag),
    ];
    for (kind, data, notice) in other {
        let tags = stream::before_key_frames(BASE.both(), |millis| {
            vec![OwnedTag { kind, millis, data: data.clone() }]
        });
        let output = defaults(&tags);
        assert_eq!(output.count(notice), 40, "{notice}");
        assert_eq!(output.memory.bodies, defaults(&BASE.both()).memory.bodies, "{notice}");
    }
}

#[test]
fn f_37_o_34_tags_too_short_are_refused_and_change_nothing() {
    for kind in [TagKind::VIDEO, TagKind::AUDIO] {
        for data in [
            vec![],
            vec![0x17],
            vec![0xaf],
            vec![0x17, 1],
            vec![0x17, 1, 0],
            vec![0x17, 1, 0, 0],
            vec![0xaf, 1],
        ] {
            let tags = stream::before_key_frames(BASE.video(), |millis| {
                vec![OwnedTag { kind, millis, data: data.clone() }]
            });
            assert_eq!(
                defaults(&tags).memory.bodies,
                defaults(&BASE.video()).memory.bodies,
                "{data:?}"
            );
        }
    }
}

#[test]
fn r_39_f_14_f_15_enhanced_rtmp_publishers_work_like_legacy_ones() {
    let enhanced = |tag: OwnedTag| {
        let (head, body) = tag.data.split_at(if support::is_video(&tag) { 5 } else { 2 });
        let data = match (tag.kind, head) {
            (TagKind::VIDEO, [first, 0, ..]) => {
                [&[0x80 | first & 0x70][..], b"avc1", body].concat()
            }
            (TagKind::VIDEO, [first, _, composition @ ..]) => {
                [&[0x81 | first & 0x70][..], b"avc1", composition, body].concat()
            }
            (_, [_, packet]) => [&[0x90 | packet][..], b"mp4a", body].concat(),
            _ => unreachable!(),
        };
        OwnedTag { data, ..tag }
    };
    let tags = Base { composition: 80, ..BASE }.both();
    let output = defaults(&tags.iter().cloned().map(enhanced).collect::<Vec<_>>());
    assert_eq!(output.memory.bodies, defaults(&tags).memory.bodies);
}

#[test]
fn f_03_f_54_an_aggregate_message_is_its_tags() {
    let tags = BASE.both();
    let (headers, frames) = tags.split_at(2);
    let aggregate = |tags: &[OwnedTag]| {
        let mut data = Vec::new();
        for tag in tags {
            // Times inside count from another zero: only differences matter.
            let [t3, t2, t1, t0] = ((tag.millis + 5_000_000) as u32).to_be_bytes();
            data.push(tag.kind.get());
            data.extend(&(tag.data.len() as u32).to_be_bytes()[1..]);
            data.extend([t2, t1, t0, t3, 0, 0, 0]);
            data.extend(&tag.data);
            data.extend((tag.data.len() as u32 + 11).to_be_bytes());
        }
        OwnedTag { kind: TagKind::AGGREGATE, millis: tags[0].millis, data }
    };
    let split = [headers.to_vec(), frames.chunks(7).map(aggregate).collect()].concat();
    assert_eq!(defaults(&split).memory.bodies, defaults(&tags).memory.bodies);
}

#[test]
fn f_40_y_13_r_10_unrelated_clocks_drop_audio_or_align_it_and_never_break_the_timeline_again() {
    let mut tags = BASE.both();
    for tag in tags.iter_mut().filter(|tag| !support::is_video(tag) && !tag.is_header()) {
        tag.millis += 21 * 86_400_000;
    }
    let output = defaults(&tags);
    assert_eq!(output.extinf(), [5000; 8]);
    assert_eq!(output.discontinuities(), []);
    assert!(output.count(NoticeKind::UnrelatedClocks) > 1700);
    let output = run(
        &tags,
        Options { unrelated_clocks: UnrelatedClocks::AlignToLead, ..Options::default() },
    );
    assert_eq!(output.discontinuities(), []);
    assert!(output.stats.audio.unwrap().frames > 1700);
    let audio = output.stream(AUDIO)[0].pts as i64 - 63_000;
    assert!(audio.abs() <= 50 * 90, "{audio}");
}

#[test]
fn o_19_o_20_r_29_tracks_are_told_once_with_size_rate_and_codec() {
    let output = defaults(&BASE.both());
    let [Track::Video(video), Track::Audio(audio)] = output.memory.tracks[..] else {
        panic!("{:?}", output.memory.tracks)
    };
    assert_eq!(video.codec.to_string(), "avc1.42C00C");
    assert_eq!(
        (video.width, video.height, video.frame_rate),
        (Some(256), Some(144), Some((25, 1)))
    );
    assert_eq!(audio.codec.to_string(), "mp4a.40.2");
    assert_eq!((audio.sample_rate, audio.channels), (44_100, Some(1)));
    let stats = output.stats.video.unwrap();
    assert_eq!(stats.frames, 1000);
    assert!((4000..8000).contains(&stats.bytes_per_second), "{}", stats.bytes_per_second);
}

#[test]
fn o_12_snapshots_come_at_their_pace_with_everything_a_decoder_needs() {
    let snapshot_interval = Some(TickSpan::from_secs(7));
    let output = run(&BASE.both(), Options { snapshot_interval, ..Options::default() });
    let times: Vec<_> = output.memory.snapshots.iter().map(|(pts, _)| pts / 90_000).collect();
    assert_eq!(times, [0, 7, 14, 21, 28, 35]);
    for (_, bytes) in &output.memory.snapshots {
        let kinds: Vec<u8> =
            bytes.windows(5).filter(|w| w[..4] == [0, 0, 0, 1]).map(|w| w[4] & 0x1f).collect();
        assert_eq!(kinds, [7, 8, 5]);
    }
    let none =
        run(&Base { gop: 0, ..BASE }.both(), Options { snapshot_interval, ..Options::default() });
    assert_eq!(none.memory.snapshots.len(), 1, "no key frame, no snapshot");
}

#[test]
fn f_24_filler_data_is_kept_or_dropped_as_the_host_says() {
    let tags: Vec<_> = BASE
        .video()
        .into_iter()
        .map(|mut tag| {
            if !tag.is_header() {
                tag.data.extend([0, 0, 0, 4, 12, 0xff, 0xff, 0x80]);
            }
            tag
        })
        .collect();
    let kept = defaults(&tags).stats.video.unwrap().bytes;
    let dropped = run(&tags, Options { filler: Filler::Drop, ..Options::default() })
        .stats
        .video
        .unwrap()
        .bytes;
    assert_eq!(kept - dropped, 8 * 1000);
    assert_eq!(dropped, defaults(&BASE.video()).stats.video.unwrap().bytes);
}

#[test]
fn r_01_tracks_share_one_base() {
    let mut tags = BASE.both();
    shift(&mut tags, i64::MIN, 700_000);
    let output = run(
        &tags,
        Options { base: hls_segmenter::config::TimelineBase::FirstTagZero, ..Options::default() },
    );
    assert_eq!(output.memory.bodies, defaults(&BASE.both()).memory.bodies);
}
