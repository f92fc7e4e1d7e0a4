//! Audio as encoders in the field send it: layouts, chains of ADTS, what cannot be carried, codecs
//! that change, bursts.

use crate::support::stream::{BASE, audio, audio_header, in_order, script};
use crate::support::{AUDIO, Base, Memory, Output, OwnedTag, auditor, is_video, run};
use hls_segmenter::codec::CodecError;
use hls_segmenter::codec::aac::AacError;
use hls_segmenter::config::{FragDuration, Options};
use hls_segmenter::flv::{AudioCodec, TagKind, VideoCodec};
use hls_segmenter::notice::{NoticeAmount, NoticeKind};
use hls_segmenter::{Cause, Config, End, Error, Segmenter};

const SHORT: Base = Base { millis: 6_000, ..BASE };

fn frag(secs: u32) -> Options {
    Options { frag_duration: FragDuration::new(secs).unwrap(), ..Options::default() }
}

fn tag(millis: i64, data: &[&[u8]]) -> OwnedTag {
    OwnedTag { kind: TagKind::AUDIO, millis, data: data.concat() }
}

/// A G.711 tag.
fn g711(millis: i64) -> OwnedTag {
    tag(millis, &[&[0x72, 0xd5, 0xd5]])
}

/// A frame of AV1: a temporal delimiter alone.
fn av1(millis: i64) -> OwnedTag {
    OwnedTag { kind: TagKind::VIDEO, millis, data: b"\x91av01\x12\x00".to_vec() }
}

fn announcing(what: &str, codec: f64) -> OwnedTag {
    let mut data = b"\x02\x00\x0aonMetaData\x08\x00\x00\x00\x01".to_vec();
    data.extend((what.len() as u16).to_be_bytes());
    data.extend(what.as_bytes());
    data.push(0);
    data.extend(codec.to_be_bytes());
    data.extend([0, 0, 9]);
    OwnedTag { data, ..script(0) }
}

/// The AAC frame in an ADTS frame of 48 kHz, one channel.
fn adts(frame: &[u8]) -> Vec<u8> {
    let len = frame.len() + 7;
    let sizes = [0x40 | (len >> 11) as u8, (len >> 3) as u8, (len << 5) as u8 | 0x1f, 0xfc];
    [&[0xff, 0xf1, 0x4c], &sizes[..], frame].concat()
}

/// ADTS frames of a PES packet, without their headers; `channels` is what each must say.
fn adts_payloads(data: &[u8], channels: u8) -> Vec<Vec<u8>> {
    let (mut rest, mut frames) = (data, Vec::new());
    while let [0xff, 0xf1, b2, b3, b4, b5, ..] = *rest {
        let len = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5) >> 5;
        assert_eq!((b2 & 1) << 2 | b3 >> 6, channels);
        frames.push(rest[7..len].to_vec());
        rest = &rest[len..];
    }
    assert!(rest.is_empty());
    frames
}

fn payloads(output: &Output, channels: u8) -> Vec<Vec<u8>> {
    let packets = output.stream(AUDIO);
    packets.iter().flat_map(|pes| adts_payloads(&pes.data, channels)).collect()
}

/// Version and stream types that a segment's PMT lists.
fn tables(output: &Output, segment: usize) -> (u8, Vec<u8>) {
    let section = &output.memory.bodies[segment][188 + 5..];
    let end = 3 + usize::from(section[2]) - 4;
    (section[5] >> 1 & 0x1f, section[12..end].chunks(5).map(|entry| entry[0]).collect())
}

fn all_tables(output: &Output) -> Vec<(u8, Vec<u8>)> {
    (0..output.memory.bodies.len()).map(|segment| tables(output, segment)).collect()
}

fn counted(output: &Output) -> Vec<(NoticeKind, u64)> {
    output.stats.noticed().collect()
}

/// Runs tags and returns the errors of the calls too.
fn with_errors(
    tags: &[OwnedTag],
    options: Options,
) -> (Output, Vec<Error<core::convert::Infallible>>) {
    let mut segmenter = Segmenter::new(Config::new(options).unwrap());
    let mut auditor = auditor(&options);
    let pushed = tags.iter().map(|tag| segmenter.push(tag.borrow(), &mut auditor));
    let errors = pushed.filter_map(Result::err).collect();
    segmenter.finish(End::List, &mut auditor).unwrap();
    auditor.assert_clean();
    let memory: Memory = auditor.into_inner();
    (Output { memory, stats: segmenter.stats() }, errors)
}

/// Bits as bytes, the last one filled with 0.
fn bytes_of(bits: &str) -> Vec<u8> {
    let bits: Vec<_> = bits.bytes().filter(|bit| *bit != b' ').map(|bit| bit - b'0').collect();
    let byte = |bits: &[u8]| (0..8).fold(0, |sum, at| sum << 1 | bits.get(at).unwrap_or(&0));
    bits.chunks(8).map(byte).collect()
}

#[test]
fn t_21_the_channel_layout_of_the_configuration_stands_in_every_frame() {
    // One pair of channels in front, no mixdowns; 48 kHz.
    let element = "0000 01 0011 0001 0000 0000 00 000 0000 0 0 0 1 0000";
    // Object type 2, 48 kHz, channel configuration 0; the element, to a whole byte; no comment.
    let config = [bytes_of(&format!("00010 0011 0000 000 {element}")), vec![0]].concat();
    let layout = [bytes_of(&format!("101 {element}")), vec![0]].concat();
    let says = |frame: &OwnedTag| frame.data[2] >> 5 == 5;
    let mut tags = vec![tag(0, &[&[0xaf, 0], &config])];
    tags.extend((0..200).map(|n| {
        let first = if n % 10 == 3 { 0xa5 } else { 0x21 };
        tag(n * 64 / 3, &[&[0xaf, 1, first], &[n as u8; 20]])
    }));
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output), []);
    assert_eq!(output.stats.audio.unwrap().track.channels, Some(2));
    let frames = payloads(&output, 0);
    assert_eq!(frames.len(), 200);
    for (frame, tag) in frames.iter().zip(&tags[1..]) {
        let layout = if says(tag) { &[][..] } else { &layout };
        assert_eq!(*frame, [layout, &tag.data[2..]].concat());
    }
}

#[test]
fn f_10_a_chain_of_adts_frames_in_a_tag_is_taken_apart() {
    let frame = |n: i64| vec![0x21, n as u8, 7, n as u8];
    let mut tags = vec![audio_header(0, 48_000)];
    tags.extend((0..60).map(|n| {
        let chain: Vec<u8> = (0..3).flat_map(|nth| adts(&frame(n * 3 + nth))).collect();
        tag(n * 64, &[&[0xaf, 1], &chain])
    }));
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output), [(NoticeKind::AdtsInFlv, 60)]);
    assert_eq!(output.stats.audio.unwrap().frames, 180);
    let want: Vec<_> = (0..180).map(frame).collect();
    assert_eq!(payloads(&output, 1), want);
    let mut nth = 0;
    for pes in output.stream(AUDIO) {
        assert_eq!(pes.pts, 63_000 + nth * 1_920);
        nth += adts_payloads(&pes.data, 1).len() as u64;
    }
    // What is only nearly a chain is one frame.
    let mut cut = adts(&frame(1));
    cut.extend([0xff, 0xf1, 0x4c]);
    let output = run(&[tags[0].clone(), tag(0, &[&[0xaf, 1], &cut])], Options::default());
    assert_eq!(payloads(&output, 1), [cut]);
}

#[test]
fn f_10_adts_without_a_configuration_says_itself_how_it_is_coded() {
    let frames = (0..100).map(|n| tag(n * 64 / 3, &[&[0xaf, 1], &adts(&[0x21, n as u8])]));
    let tags: Vec<_> = frames.collect();
    let output = run(&tags, Options::default());
    assert_eq!(output.count(NoticeKind::AudioBeforeHeader), 0);
    let audio = output.stats.audio.unwrap();
    assert_eq!((audio.frames, audio.track.sample_rate), (100, 48_000));
    assert_eq!(audio.track.channels, Some(1));
    assert_eq!(payloads(&output, 1).len(), 100);
}

/// Headers that ADTS cannot say, with the error of each.
fn refused() -> [(OwnedTag, AacError); 3] {
    [
        (tag(0, &[&[0xaf, 0, 0x11, 0x8c]]), AacError::AdtsSamples(960)),
        // Object type 7.
        (tag(0, &[&[0xaf, 0, 0x39, 0x88]]), AacError::ObjectType(7)),
        (tag(0, &[&[0xaf, 0, 0x11, 0xd8]]), AacError::AdtsChannels(11)),
    ]
}

#[test]
fn t_21_y_05_what_adts_cannot_say_is_refused_and_never_listed() {
    for (header, error) in refused() {
        for announced in [false, true] {
            let mut tags = SHORT.both();
            let at = tags.iter().position(|tag| tag.is_header() && !is_video(tag)).unwrap();
            tags[at] = header.clone();
            if announced {
                tags.insert(0, announcing("audiocodecid", 10.0));
            }
            let (output, errors) = with_errors(&tags, frag(2));
            assert_eq!(errors, [Error::Codec(CodecError::Aac(error))]);
            assert_eq!(all_tables(&output), vec![(0, vec![0x1b]); 3], "{error} {announced}");
            assert_eq!(output.discontinuities(), []);
            assert_eq!(output.count(NoticeKind::BadTag), 1);
            assert!(output.stream(AUDIO).is_empty());
            assert_eq!(output.count(NoticeKind::TrackMissing), 0);
        }
    }
}

#[test]
fn t_21_y_05_audio_that_is_refused_in_mid_stream_leaves_once() {
    for (header, error) in refused() {
        let mut tags = Base { millis: 8_000, ..BASE }.both();
        let at = tags.iter().position(|tag| tag.millis >= 2_500).unwrap();
        tags.insert(at, OwnedTag { millis: 2_500, ..header });
        let (output, errors) = with_errors(&tags, frag(2));
        assert_eq!(errors, [Error::Codec(CodecError::Aac(error))]);
        let listed = all_tables(&output);
        assert_eq!(listed[..2], [(0, vec![0x1b, 0x0f]), (0, vec![0x1b, 0x0f])], "{error}");
        assert!(listed[2..].iter().all(|listed| *listed == (1, vec![0x1b])), "{error}");
        assert_eq!(output.discontinuities(), [2], "{error}");
        assert_eq!(output.told(NoticeKind::TrackLeft), 1, "{error}");
        assert!(output.stream(AUDIO).iter().all(|pes| pes.pts < 63_000 + 2_500 * 90));
    }
}

#[test]
fn t_21_r_21_another_header_after_one_that_was_refused_is_a_change() {
    let [(refused, _), ..] = refused();
    for (rate, discontinuities) in [(44_100, vec![]), (48_000, vec![1])] {
        let mut tags = SHORT.both();
        let at = tags.iter().position(|tag| tag.millis >= 2_500).unwrap();
        tags.splice(at..at, [refused.clone(), audio_header(2_500, rate)]);
        let (output, errors) = with_errors(&tags, Options::default());
        assert_eq!(errors.len(), 1);
        assert_eq!(output.discontinuities(), discontinuities, "{rate}");
        assert!(all_tables(&output).iter().all(|listed| *listed == (0, vec![0x1b, 0x0f])));
        let waits = output.count(NoticeKind::AudioNotJoined) > 0;
        assert_eq!(waits, rate == 48_000);
    }
}

#[test]
fn t_21_t_24_audio_held_before_a_header_that_is_refused_is_dropped_with_it() {
    let [(refused, _), ..] = refused();
    let head = SHORT.both().into_iter().filter(OwnedTag::is_header);
    let sound = (0..10).map(|n| audio(n * 23, 90));
    let shown = SHORT.video().into_iter().filter(|tag| !tag.is_header());
    let shown = shown.map(|tag| OwnedTag { millis: tag.millis + 250, ..tag });
    let tags: Vec<_> = head.chain(sound).chain([refused]).chain(shown).collect();
    let (output, errors) = with_errors(&tags, Options::default());
    assert_eq!(errors.len(), 1);
    assert!(all_tables(&output).iter().all(|listed| *listed == (0, vec![0x1b])));
    assert_eq!(counted(&output), [(NoticeKind::BadTag, 1), (NoticeKind::AudioNotJoined, 10)]);
}

#[test]
fn t_21_t_03_an_end_after_a_header_that_is_refused_begins_no_segment_without_tracks() {
    let [(refused, _), ..] = refused();
    let sound = (0..10).map(|n| audio(n * 23, 90));
    let tags: Vec<_> =
        [audio_header(0, 44_100)].into_iter().chain(sound).chain([refused]).collect();
    let (output, errors) = with_errors(&tags, Options::default());
    assert_eq!(errors.len(), 1);
    assert!(output.memory.starts.is_empty());
    let dropped = (NoticeKind::AudioBeforeKeyFrame, 10);
    let nothing = (NoticeKind::NothingListed, 1);
    assert_eq!(counted(&output), [(NoticeKind::BadTag, 1), dropped, nothing]);
}

#[test]
fn y_05_an_announcement_is_refuted_by_the_first_frame_of_another_codec() {
    // Before the first key frame, and after it, where the tables list AAC already.
    for (first, want, at) in [
        (0, vec![(0, vec![0x1b])], vec![]),
        (40, vec![(0, vec![0x1b, 0x0f]), (1, vec![0x1b])], vec![1]),
    ] {
        let mut tags = vec![announcing("audiocodecid", 10.0)];
        tags.extend(SHORT.video());
        let sent: Vec<_> = (first..6_000).step_by(20).map(g711).collect();
        tags.extend(sent.clone());
        tags.sort_by_key(|tag| (tag.millis, tag.kind == TagKind::VIDEO && !tag.is_header()));
        let output = run(&tags, Options::default());
        assert_eq!(all_tables(&output)[..want.len()], want, "{first}");
        assert!(all_tables(&output)[1..].iter().all(|listed| listed.1 == [0x1b]));
        assert_eq!(output.discontinuities(), at);
        assert_eq!(output.count(NoticeKind::UnsupportedAudio), sent.len() as u64);
        if first > 0 {
            assert_eq!(output.extinf()[0], 1_000, "the key frame after it mends the tables");
        }
    }
    // Announced video is not waited for once a picture of another codec has come.
    let sound = Base { millis: 3_000, ..BASE }.audio();
    for (refuted, dropped) in [(true, false), (false, true)] {
        let mut tags = vec![announcing("videocodecid", 7.0)];
        tags.extend(refuted.then(|| av1(0)));
        tags.extend(sound.clone());
        let output = run(&tags, Options::default());
        assert_eq!(output.count(NoticeKind::AudioBeforeKeyFrame) > 0, dropped);
    }
}

/// Both tracks, of which audio is G.711 from and to.
fn changing(secs: i64, from: i64, to: i64) -> Vec<OwnedTag> {
    let tags = Base { millis: secs * 1_000, ..BASE }.both();
    let change = |tag: OwnedTag| {
        let changes = !is_video(&tag) && !tag.is_header() && (from..to).contains(&tag.millis);
        if changes { g711(tag.millis) } else { tag }
    };
    tags.into_iter().map(change).collect()
}

#[test]
fn y_05_a_codec_that_is_no_longer_carried_leaves_at_the_next_cut_once() {
    let tags = changing(8, 2_500, 8_000);
    let output = run(&tags, frag(2));
    let (with, without) = ((0, vec![0x1b, 0x0f]), (1, vec![0x1b]));
    assert_eq!(all_tables(&output), [with.clone(), with, without.clone(), without]);
    assert_eq!(output.extinf(), [2_000; 4]);
    assert_eq!(output.discontinuities(), [2]);
    assert_eq!(output.told(NoticeKind::TrackLeft), 1);
    let foreign = tags.iter().filter(|tag| tag.data[0] == 0x72).count() as u64;
    let left = (NoticeKind::TrackLeft, 1);
    assert_eq!(counted(&output), [(NoticeKind::UnsupportedAudio, foreign), left]);
}

#[test]
fn y_05_one_foreign_tag_between_frames_changes_nothing() {
    let plain = changing(8, 0, 0);
    let mut tags = plain.clone();
    for millis in [3_990, 5_000] {
        let at = tags.iter().position(|tag| tag.millis >= millis && !is_video(tag)).unwrap();
        tags.insert(at, g711(millis));
    }
    let (got, want) = (run(&tags, frag(2)), run(&plain, frag(2)));
    assert!(got.memory.bodies == want.memory.bodies);
    assert_eq!(counted(&got), [(NoticeKind::UnsupportedAudio, 2)]);
}

#[test]
fn y_05_audio_that_comes_back_joins_like_a_late_track() {
    for header in [false, true] {
        let mut tags = changing(12, 2_500, 6_500);
        if header {
            let at = tags.iter().position(|tag| tag.millis >= 6_500).unwrap();
            tags.insert(at, audio_header(6_500, 44_100));
        }
        let output = run(&tags, frag(2));
        let starts: Vec<_> = output.memory.starts.iter().map(|s| s.start.get() / 90_000).collect();
        let listed: Vec<_> = starts.into_iter().zip(all_tables(&output)).collect();
        let (both, alone) = (vec![0x1b, 0x0f], vec![0x1b]);
        let want = [
            (0, (0, both.clone())),
            (2, (0, both.clone())),
            (4, (1, alone.clone())),
            (6, (1, alone)),
            (7, (2, both.clone())),
            (9, (2, both.clone())),
            (11, (2, both)),
        ];
        assert_eq!(listed, want, "{header}");
        assert_eq!(output.discontinuities(), [2, 4]);
        assert_eq!(output.causes()[3], Cause::TrackChange);
        assert_eq!(output.told(NoticeKind::TrackLeft), 1);
        let after = output.stream(AUDIO).into_iter().find(|pes| pes.segment > 2).unwrap();
        assert!((6_999..7_030).contains(&((after.pts - 63_000) / 90)));
    }
}

#[test]
fn y_05_that_nothing_is_carried_is_told_once_and_not_of_one_track_of_two() {
    let both = |secs: i64| (0..secs * 25).flat_map(|n| [av1(n * 40), g711(n * 40)]);
    let output = run(&both(5).collect::<Vec<_>>(), Options::default());
    assert_eq!(output.count(NoticeKind::NothingCarried), 1);
    assert_eq!(output.told(NoticeKind::NothingCarried), 1);
    let output = run(&both(1).collect::<Vec<_>>(), Options::default());
    assert_eq!(
        output.count(NoticeKind::NothingCarried),
        0,
        "not before an announced track is late"
    );
    for carried in [SHORT.video(), SHORT.audio()] {
        let foreign = (0..6_000).step_by(20);
        let foreign = foreign.map(if is_video(&carried[0]) { g711 } else { av1 });
        let output = run(&in_order(carried.iter().cloned().chain(foreign)), Options::default());
        assert_eq!(output.count(NoticeKind::NothingCarried), 0);
    }
}

#[test]
fn y_05_notices_carry_the_codec_that_is_not_carried() {
    let tags: Vec<_> = [av1(0), g711(0), tag(0, &[&[0xe2, 1, 2]])].into_iter().collect();
    let output = run(&tags, Options::default());
    let told: Vec<_> = output.memory.notices.iter().map(|n| (n.kind, n.amount)).collect();
    let g711 = AudioCodec::from_legacy(7);
    assert_eq!(
        told,
        [
            (NoticeKind::UnsupportedVideo, NoticeAmount::VideoCodec(VideoCodec::AV1)),
            (NoticeKind::UnsupportedAudio, NoticeAmount::AudioCodec(g711)),
            (NoticeKind::AudioNotCarried, NoticeAmount::AudioCodec(AudioCodec::MP3_8K)),
            (NoticeKind::NothingListed, NoticeAmount::None),
        ]
    );
}

#[test]
fn y_07_frames_that_come_in_bursts_are_no_drift() {
    for each in [4, 6, 10] {
        let header = OwnedTag { data: vec![0xaf, 0, 0x11, 0x08], ..audio(0, 1) };
        // Every frame has the time of the first one of its burst.
        let frames = (0..600).map(|n| audio(n / each * each * 16, 90));
        let tags: Vec<_> = [header].into_iter().chain(frames).collect();
        for tags in
            [tags.clone(), in_order([Base { millis: 9_600, ..BASE }.video(), tags].concat())]
        {
            let output = run(&tags, Options::default());
            assert_eq!(counted(&output), [], "{each}");
            let mut nth = 0;
            for pes in output.stream(AUDIO) {
                assert_eq!(pes.pts, 63_000 + nth * 1_440, "{each}");
                nth += adts_payloads(&pes.data, 1).len() as u64;
            }
            assert_eq!(nth, 600);
        }
    }
}

#[test]
fn y_05_audio_that_waits_for_a_segment_goes_with_a_header_that_is_refused() {
    let mut tags: Vec<_> = [audio_header(0, 48_000)].into();
    tags.extend((0..5).map(|n| audio(n * 21, 50)));
    // 960 samples a frame.
    tags.push(OwnedTag { data: vec![0xaf, 0, 0x11, 0x8c], ..audio_header(110, 48_000) });
    let output = run(&tags, Options::default());
    assert!(output.memory.segments.is_empty(), "a segment that would list nothing");
    assert_eq!(output.count(NoticeKind::AudioBeforeKeyFrame), 5);
}

/// Both tracks; pictures of those times are AV1.
fn changing_video(secs: i64, from: i64, to: i64) -> Vec<OwnedTag> {
    let tags = Base { millis: secs * 1_000, ..BASE }.both();
    let change = |tag: OwnedTag| {
        let changes = is_video(&tag) && !tag.is_header() && (from..to).contains(&tag.millis);
        if changes { av1(tag.millis) } else { tag }
    };
    tags.into_iter().map(change).collect()
}

#[test]
fn y_05_video_whose_codec_is_no_longer_carried_leaves_where_audio_begins_a_segment() {
    // Audio makes the forced switch at 60 s, because video has come to nothing for more than 10 s.
    let output = run(&changing_video(80, 6_500, 80_000), Options::default());
    let (with, without) = ((0, vec![0x1b, 0x0f]), (1, vec![0x0f]));
    let tables = all_tables(&output);
    assert_eq!(tables[..3], [with.clone(), with, without]);
    assert!(tables[2..].iter().all(|listed| listed.1 == [0x0f]));
    assert_eq!(output.discontinuities(), [2]);
    assert_eq!(output.told(NoticeKind::TrackLeft), 1);
    let carried = changing_video(80, 6_500, 80_000).iter().filter(|tag| !is_video(tag)).count();
    assert_eq!(output.stats.audio.unwrap().frames, carried as u64 - 1, "no audio is lost");
}

#[test]
fn y_05_video_that_comes_back_joins_at_a_key_frame_or_has_never_left() {
    // Before audio begins a segment nothing has happened; after that it is a track that comes late.
    let plain = run(&changing_video(90, 6_500, 8_500), Options::default());
    assert_eq!(plain.discontinuities(), []);
    assert_eq!(plain.told(NoticeKind::TrackLeft), 0);
    let output = run(&changing_video(90, 6_500, 80_500), Options::default());
    assert_eq!(output.discontinuities().len(), 2);
    assert_eq!(output.told(NoticeKind::TrackLeft), 1);
    let tables = all_tables(&output);
    assert_eq!(tables.last(), Some(&(2, vec![0x1b, 0x0f])));
    assert_eq!(output.causes().iter().filter(|&&cause| cause == Cause::TrackChange).count(), 1);
}
