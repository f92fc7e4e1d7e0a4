//! AV1: what goes into samples of fMP4, where segments begin, and that MPEG-TS has none.

use hls_segmenter::config::{FragDuration, KeyFramePolicy, Options};
use hls_segmenter::flv::VideoCodec;
use hls_segmenter::notice::{Notice, NoticeAmount, NoticeKind};
use hls_segmenter::{Fmp4, Track, Ts};
use hls_segmenter_auditor::UnitKind;

use crate::support::av1::{
    DELIMITER, HEADER, HIDDEN_KEY, INTER, KEY, METADATA, OTHER_HEADER, PADDING, again, frame,
    record, sequence_start, stream, unit,
};
use crate::support::frames::{As, run_frames_in};
use crate::support::{OwnedTag, Recorded, is_video, read_flv, run, run_fmp4};
use crate::support::{record as record_in, stream as avc};

fn secs(secs: u32) -> Options {
    Options { frag_duration: FragDuration::new(secs).unwrap(), ..Options::default() }
}

/// The samples of video.
fn samples(recorded: &Recorded) -> Vec<&[u8]> {
    let units = recorded.units.iter().filter(|unit| unit.kind == UnitKind::AccessUnit);
    units.map(|unit| unit.bytes.as_slice()).collect()
}

fn capture() -> Vec<OwnedTag> {
    let path = format!("{}/../testdata/av1/opus.flv", env!("CARGO_MANIFEST_DIR"));
    read_flv(&std::fs::read(path).unwrap())
}

#[test]
fn av1_1_a_real_stream_is_cut_at_key_frames_and_samples_are_the_tags_without_delimiters() {
    let recorded = record_in::<Fmp4>(&capture(), secs(2));
    let output = &recorded.output;
    assert_eq!(output.extinf(), [2000; 4]);
    assert_eq!(output.starts_with_idr(), [true; 4]);
    assert_eq!(output.memory.inits.len(), 1);
    let track = output.memory.tracks.iter().find_map(|track| match track {
        Track::Video(track) => Some(track),
        _ => None,
    });
    let track = track.unwrap();
    assert_eq!(track.codec.to_string(), "av01.0.00M.08");
    assert_eq!((track.width, track.height), (Some(192), Some(108)));
    let coded = |tag: &OwnedTag| is_video(tag) && tag.data[0] & 0x8f == 0x81;
    let tags: Vec<_> = capture().into_iter().filter(coded).collect();
    let bodies: Vec<_> =
        tags.iter().map(|tag| tag.data[5..].strip_prefix(DELIMITER).unwrap()).collect();
    assert_eq!(samples(&recorded), bodies);
    // The header that the pictures came with, which is not that of the record.
    let header = &bodies[0][..13];
    let init = &output.memory.inits[&0];
    let at = init.windows(4).position(|bytes| bytes == b"av1C").unwrap();
    assert_eq!(init[at + 4..at + 21], [&[0x81, 0, 0x0c, 0][..], header].concat());
    let first = capture().into_iter().find(is_video).unwrap();
    assert!(first.data[0] == 0x90 && !first.data.ends_with(header));
}

#[test]
fn av1_1_both_doors_give_the_same() {
    for tags in [capture(), stream(6)] {
        let from_tags = run_fmp4(&tags, secs(2));
        for how in [As::Lengths, As::StartCodes] {
            let from_frames = run_frames_in::<Fmp4>(&tags, secs(2), how);
            assert_eq!(from_frames.memory.bodies, from_tags.memory.bodies);
            assert_eq!(from_frames.memory.inits, from_tags.memory.inits);
            assert_eq!(from_frames.memory.playlists, from_tags.memory.playlists);
        }
    }
}

#[test]
fn av1_1_delimiters_and_padding_are_left_out_and_metadata_stays() {
    let mut tags = vec![sequence_start(0, HEADER)];
    let key = frame(KEY, 30);
    tags.push(unit(0, &[DELIMITER, HEADER, METADATA, PADDING, &key]));
    let inter = frame(INTER, 20);
    // The last unit need not say its size.
    let endless = [&[0x30][..], &inter[2..]].concat();
    tags.push(unit(40, &[DELIMITER, &endless]));
    // A unit that is too long for its tag is left out.
    tags.push(unit(80, &[DELIMITER, &inter, &[0x32, 99, INTER]]));
    tags.push(unit(120, &[&again()]));
    let recorded = record_in::<Fmp4>(&tags, secs(2));
    let want = [[HEADER, METADATA, &key].concat(), endless, inter, again()];
    assert_eq!(samples(&recorded), want);
    assert_eq!(recorded.output.count(NoticeKind::TruncatedNalUnit), 1);
}

#[test]
fn av1_1_a_key_frame_has_its_sequence_header() {
    let tags = [
        sequence_start(0, HEADER),
        unit(0, &[DELIMITER, &frame(KEY, 30)]),
        unit(1000, &[DELIMITER, &frame(INTER, 30)]),
        unit(2000, &[DELIMITER, HEADER, &frame(KEY, 30)]),
        unit(3000, &[DELIMITER, &frame(KEY, 31)]),
    ];
    let recorded = record_in::<Fmp4>(&tags, secs(1));
    let lens: Vec<_> = samples(&recorded).iter().map(|sample| sample.len()).collect();
    assert_eq!(lens, [45, 32, 45, 46]);
    for sample in [0, 2, 3] {
        assert!(samples(&recorded)[sample].starts_with(HEADER), "{sample}");
    }
}

#[test]
fn av1_1_units_without_a_frame_wait_for_the_next_one() {
    let tags = [
        sequence_start(0, HEADER),
        unit(0, &[DELIMITER, HEADER, &frame(KEY, 30)]),
        unit(30, &[DELIMITER, METADATA]),
        unit(40, &[DELIMITER, &frame(INTER, 30)]),
        // What does not say its size cannot stand before others.
        unit(70, &[&[0x28, 4, 7, 0x80]]),
        unit(80, &[DELIMITER, &frame(INTER, 31)]),
    ];
    let recorded = record_in::<Fmp4>(&tags, secs(2));
    assert_eq!(samples(&recorded)[1], [METADATA, &frame(INTER, 30)].concat());
    assert_eq!(samples(&recorded)[2], frame(INTER, 31));
    assert_eq!(recorded.output.count(NoticeKind::NoPicture), 1);
}

#[test]
fn av1_1_a_key_frame_that_is_not_shown_begins_no_segment() {
    let mut tags = stream(4);
    for tag in tags.iter_mut().filter(|tag| is_video(tag) && tag.millis == 2000) {
        let hidden = [&frame(HIDDEN_KEY, 30)[..], &frame(INTER, 30)].concat();
        *tag = unit(2000, &[DELIMITER, HEADER, &hidden]);
    }
    let output = run_fmp4(&tags, secs(1));
    assert_eq!(output.extinf(), [1000, 2000, 1000]);
    assert_eq!(output.count(NoticeKind::KeyFlagWithoutIdr), 0);
    // FrameType may be believed instead.
    tags.iter_mut()
        .filter(|tag| is_video(tag) && tag.millis == 2000)
        .for_each(|tag| tag.data[0] = 0x91);
    let believed = Options { key_frames: KeyFramePolicy::FrameType, ..secs(1) };
    assert_eq!(run_fmp4(&tags, believed).extinf(), [1000; 4]);
    let output = run_fmp4(&tags, secs(1));
    assert_eq!(output.extinf(), [1000, 2000, 1000]);
    assert_eq!(output.count(NoticeKind::KeyFlagWithoutIdr), 1);
}

#[test]
fn av1_1_mp4_10_another_sequence_header_needs_another_section_behind_a_break() {
    let mut tags = stream(6);
    for tag in tags.iter_mut().filter(|tag| is_video(tag) && tag.millis >= 4000) {
        let from = tag.data.windows(HEADER.len()).position(|bytes| bytes == HEADER);
        if let Some(at) = from {
            tag.data[at..at + HEADER.len()].copy_from_slice(OTHER_HEADER);
        }
    }
    let output = run_fmp4(&tags, secs(2));
    assert_eq!(output.memory.inits.keys().copied().collect::<Vec<_>>(), [0, 2]);
    assert_eq!(output.discontinuities(), [2]);
    let widths = output.memory.tracks.iter().filter_map(|track| match track {
        Track::Video(video) => video.width,
        _ => None,
    });
    assert_eq!(widths.collect::<Vec<_>>(), [192, 191]);
}

#[test]
fn av1_1_another_codec_may_come_before_and_follow() {
    let av1 = stream(4);
    let mut h264 = avc::Base { millis: 4000, ..avc::BASE }.both();
    h264.iter_mut().for_each(|tag| tag.millis += 4000);
    let mut later = stream(4);
    later.iter_mut().for_each(|tag| tag.millis += 8000);
    let output = run_fmp4(&[av1, h264, later].concat(), secs(2));
    assert_eq!(output.memory.inits.keys().copied().collect::<Vec<_>>(), [0, 2, 4]);
    assert_eq!(output.discontinuities(), [2, 4]);
    assert_eq!(output.extinf(), [2000; 6]);
}

#[test]
fn av1_1_mpeg_ts_has_no_av1_and_says_so() {
    let told = (NoticeKind::UnsupportedVideo, NoticeAmount::VideoCodec(VideoCodec::AV1));
    let from_tags = run(&stream(4), secs(2));
    let from_frames = run_frames_in::<Ts>(&stream(4), secs(2), As::Lengths);
    for output in [from_tags, from_frames] {
        let notices = &output.memory.notices;
        let is_told = |notice: &Notice| (notice.kind, notice.amount) == told;
        assert!(!notices.is_empty() && notices.iter().all(is_told), "{notices:?}");
        assert!(output.memory.tracks.iter().all(|track| matches!(track, Track::Audio(_))));
        assert!(output.stats.video.is_none() && !output.memory.bodies.is_empty());
    }
}

#[test]
fn av1_1_a_record_that_cannot_be_used_is_a_typed_error() {
    use hls_segmenter::codec::CodecError;
    use hls_segmenter::codec::av1::Av1Error;
    use hls_segmenter::codec::video::VideoCoding;
    use hls_segmenter::frame::Configuration;
    use hls_segmenter::{Config, Error, Segmenter};
    let error = |record: &[u8]| {
        let mut segmenter = Segmenter::fmp4(Config::default());
        let mut sink = crate::support::Memory::default();
        let configuration = Configuration::Video(VideoCoding::Av1, record);
        match segmenter.configure(configuration, &mut sink) {
            Err(Error::Codec(CodecError::Av1(error))) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(error(&[0x81, 0]), Av1Error::RecordLen { len: 2 });
    assert_eq!(error(&record(&HEADER[..6])), Av1Error::NoSequenceHeader);
    let sets = |stream: &[u8]| {
        let mut segmenter = Segmenter::fmp4(Config::default());
        let configuration = Configuration::ParameterSets(VideoCoding::Av1, stream);
        segmenter.configure(configuration, &mut crate::support::Memory::default()).is_ok()
    };
    let behind_delimiter = [DELIMITER, HEADER].concat();
    assert!(sets(HEADER) && sets(&behind_delimiter) && !sets(METADATA));
}
