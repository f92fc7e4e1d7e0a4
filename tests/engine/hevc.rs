//! H.265: what goes in, where segments begin, and what stands in the transport stream.

use hls_segmenter::config::{ForcedSwitch, FragDuration, MidGop, Options};
use hls_segmenter::flv::TagKind;
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::{Cause, Track};

use crate::support::hevc::{
    self, CRA, IDR, PPS, RASL, SPS, TRAIL, VPS, open_gops, other_sps, picture, slice,
};
use crate::support::stream::{self, BASE, audio, audio_header};
use crate::support::{Output, OwnedTag, VIDEO, listed, read_flv, run};

fn secs(secs: u32) -> Options {
    Options { frag_duration: FragDuration::new(secs).unwrap(), ..Options::default() }
}

/// The NAL units of each PES packet of video, without start codes.
fn units(output: &Output) -> Vec<Vec<Vec<u8>>> {
    let split = |bytes: &[u8]| {
        let text: Vec<_> =
            bytes.windows(4).enumerate().filter(|(_, w)| *w == [0, 0, 0, 1]).collect();
        let ends = text.iter().skip(1).map(|(at, _)| *at).chain([bytes.len()]);
        text.iter().zip(ends).map(|((at, _), end)| bytes[at + 4..end].to_vec()).collect()
    };
    output.stream(VIDEO).iter().map(|pes| split(&pes.data)).collect()
}

/// `nal_unit_type` of each NAL unit of each PES packet.
fn kinds(output: &Output) -> Vec<Vec<u8>> {
    let kinds = |units: Vec<Vec<u8>>| units.iter().map(|unit| unit[0] >> 1).collect();
    units(output).into_iter().map(kinds).collect()
}

#[test]
fn hevc_8_hevc_9_a_pes_packet_is_an_access_unit_behind_a_delimiter_and_sets_stand_before_irap() {
    let output = run(&open_gops(4), secs(1));
    assert_eq!(listed(&output, 0), [0x24]);
    let registration = [0x24, 0xe1, 0x00, 0xf0, 0x06, 0x05, 0x04, b'H', b'E', b'V', b'C'];
    let pmt = &output.memory.bodies[0][188..376];
    assert!(pmt.windows(registration.len()).any(|bytes| bytes == registration));
    let units = units(&output);
    let sent: Vec<_> = open_gops(4);
    // Two RASL pictures behind the beginning are dropped.
    assert_eq!(units.len(), 100 - 2);
    let delimiter: &[u8] = &[0x46, 0x01, 0x50];
    assert_eq!(units[0], [delimiter, VPS, SPS, PPS, &slice(CRA, 40)]);
    assert_eq!(units[1], [delimiter, &slice(TRAIL, 43)]);
    for (unit, nth) in units.iter().zip([0].into_iter().chain(3..)) {
        assert_eq!(unit.len() == 5, nth % 25 == 0, "{nth}");
        assert!(sent[1 + nth].data.ends_with(unit.last().unwrap()), "{nth}");
    }
}

#[test]
fn hevc_4_an_open_gop_begins_a_segment_and_decoding_can_begin_there() {
    let output = run(&open_gops(6), secs(2));
    assert_eq!(output.extinf(), [2000; 3]);
    assert_eq!(output.causes(), [Cause::KeyFrame, Cause::KeyFrame, Cause::End]);
    assert_eq!(output.starts_with_idr(), [true; 3]);
    assert_eq!(output.count(NoticeKind::KeyFlagWithoutIdr), 0);
}

#[test]
fn hevc_5_leading_pictures_are_dropped_where_decoding_begins_and_stay_elsewhere() {
    let output = run(&open_gops(4), secs(1));
    let rasl: Vec<_> = kinds(&output).iter().map(|kinds| kinds.contains(&RASL)).collect();
    assert_eq!(rasl.iter().filter(|&&rasl| rasl).count(), 6);
    assert_eq!(output.count(NoticeKind::LeadingPicture), 2);
    assert_eq!(output.told(NoticeKind::LeadingPicture), 1);

    // A break: the timeline jumps before the third GOP.
    let mut tags = open_gops(4);
    stream::shift(&mut tags[51..], 0, 60_000);
    let output = run(&tags, secs(1));
    assert_eq!(output.discontinuities(), [2]);
    assert_eq!(output.count(NoticeKind::LeadingPicture), 4);
}

#[test]
fn hevc_5_hevc_6_a_promise_of_independent_segments_costs_leading_pictures() {
    // At each segment, not within one.
    let independent = Options {
        independent_segments: true,
        forced_switch: ForcedSwitch::Never,
        mid_gop: MidGop::DropUntilKey,
        ..secs(2)
    };
    let output = run(&open_gops(4), independent);
    assert_eq!(output.extinf(), [2000; 2]);
    assert_eq!(output.count(NoticeKind::LeadingPicture), 4);
}

#[test]
fn hevc_2_legacy_tags_of_codec_12_give_the_same_bytes() {
    let legacy = |tag: OwnedTag| {
        let (frame, packet_type) = (tag.data[0] & 0x70, tag.data[0] & 0x0f);
        let (composition, body) = match packet_type {
            1 => (&tag.data[5..8], &tag.data[8..]),
            _ => (&[0, 0, 0][..], &tag.data[5..]),
        };
        let head = [frame | 12, u8::from(packet_type != 0)];
        OwnedTag { data: [&head, composition, body].concat(), ..tag }
    };
    let enhanced = run(&open_gops(4), secs(1));
    let tags: Vec<_> = open_gops(4).into_iter().map(legacy).collect();
    assert_eq!(tags[1].data[..5], [0x1c, 1, 0, 0, 120]);
    assert_eq!(run(&tags, secs(1)).memory.bodies, enhanced.memory.bodies);
}

#[test]
fn hevc_2_h265_under_the_number_of_h264_is_a_bad_record() {
    let data = [&[0x17, 0, 0, 0, 0][..], &hevc::record(&[VPS, SPS, PPS])].concat();
    let tags = [OwnedTag { kind: TagKind::VIDEO, millis: 0, data }];
    let output = run(&tags, Options::default());
    assert_eq!(output.count(NoticeKind::BadTag), 1);
    assert!(output.memory.starts.is_empty());
}

#[test]
fn hevc_3_messages_of_the_record_find_room_only_where_they_say_something_of_the_pictures() {
    let options_of_x265 = [&[0x4e, 1, 5, 0xff][..], &[7; 2400]].concat();
    let light_level: &[u8] = &[0x4e, 1, 144, 4, 3, 0xe8, 1, 0x90, 0x80];
    let mut tags = open_gops(4);
    tags[0] = hevc::header(0, &[VPS, SPS, PPS, &options_of_x265, light_level]);
    let units = units(&run(&tags, secs(1)));
    let begin = units[0].iter().map(Vec::as_slice).collect::<Vec<_>>();
    assert_eq!(begin[1..5], [VPS, SPS, PPS, light_level]);
    assert_eq!(units.iter().filter(|unit| unit.len() == 6).count(), 4);
}

#[test]
fn hevc_7_sets_that_come_again_change_nothing_and_others_break_the_stream_off() {
    let in_band = |sps: &[u8]| hevc::tag(2000, 120, &[VPS, sps, PPS, &slice(CRA, 40)]);
    let mut same = open_gops(4);
    same[51] = in_band(SPS);
    let output = run(&same, secs(1));
    assert_eq!((output.discontinuities(), output.causes()[1]), (vec![], Cause::KeyFrame));
    let again = kinds(&output);
    assert_eq!(again[48], [35, 32, 33, 34, CRA], "sets that are there are not written twice");

    let mut other = open_gops(4);
    other[51] = in_band(&other_sps());
    let output = run(&other, secs(1));
    assert_eq!((output.discontinuities(), output.causes()[1]), (vec![2], Cause::ConfigChange));
    assert_eq!(output.count(NoticeKind::LeadingPicture), 4);
}

#[test]
fn hevc_11_the_track_says_codec_size_and_frame_rate() {
    let output = run(&open_gops(1), secs(1));
    let Some(Track::Video(track)) = output.memory.tracks.first() else {
        panic!("no track: {:?}", output.memory.tracks);
    };
    assert_eq!(track.codec.to_string(), "hvc1.1.6.L60.90");
    assert_eq!((track.width, track.height), (Some(320), Some(180)));
    assert_eq!(track.frame_rate, Some((25, 1)));
}

#[test]
fn y_04_another_codec_in_mid_stream_begins_a_segment_at_its_first_key_frame() {
    let avc = |from: i64| {
        let mut tags = BASE.video();
        tags.retain(|tag| tag.millis < 2000);
        tags.iter_mut().for_each(|tag| tag.millis += from);
        tags
    };
    let hevc = |from: i64| {
        let mut tags = vec![hevc::header(0, &[VPS, SPS, PPS])];
        // Two pictures that need others come before the key frame.
        let kind = |n| if n == 2 { IDR } else { TRAIL };
        tags.extend((0..50).map(|n| picture(n * 40, kind(n), 60)));
        tags.iter_mut().for_each(|tag| tag.millis += from);
        tags
    };
    let sound =
        |at: i64| if at == 0 { audio_header(0, 44_100) } else { audio(at * 1024 * 10 / 441, 80) };
    let tags = [(0..230).map(sound).collect(), avc(0), hevc(2000), avc(4000)].concat();
    let output = run(&in_turn(tags), secs(5));
    assert_eq!(output.discontinuities(), [1, 2]);
    assert_eq!(output.causes()[..2], [Cause::ConfigChange; 2]);
    let tables: Vec<_> = (0..3).map(|segment| listed(&output, segment)).collect();
    assert_eq!(tables, [vec![0x1b, 0x0f], vec![0x24, 0x0f], vec![0x1b, 0x0f]]);
    assert_eq!(output.count(NoticeKind::VideoBeforeHeader), 2);
    assert_eq!(output.memory.segments.iter().map(|segment| segment.frames).sum::<u32>(), 148);
}

/// Tags in the order of their times, as they were where these are equal.
fn in_turn(mut tags: Vec<OwnedTag>) -> Vec<OwnedTag> {
    tags.sort_by_key(|tag| tag.millis);
    tags
}

#[test]
fn hevc_1_captures_of_x265_go_through_whole() {
    for (name, pictures, rate, want) in [
        ("open_gop", 200, (25, 1), "hvc1.1.6.L30.90"),
        ("hdr", 240, (30_000, 1001), "hvc1.2.4.L60.90"),
    ] {
        let path = format!("{}/../testdata/h265/{name}.flv", env!("CARGO_MANIFEST_DIR"));
        let tags = read_flv(&std::fs::read(path).unwrap());
        let output = run(&tags, secs(2));
        let track = output.stats.video.unwrap();
        assert_eq!(track.frames, pictures, "{name}");
        assert_eq!(
            (track.track.codec.to_string().as_str(), track.track.frame_rate),
            (want, Some(rate))
        );
        assert_eq!((track.track.width, track.track.height), (Some(192), Some(108)));
        assert_eq!(output.stream(VIDEO).len(), pictures as usize, "{name}");
        assert_eq!(output.count(NoticeKind::VideoRepair), 0, "{name}");
        assert_eq!(output.discontinuities(), [], "{name}");
    }
}

#[test]
fn y_04_a_header_of_another_codec_that_no_key_frame_follows_changes_nothing() {
    let mut tags = BASE.video();
    let at = tags.iter().position(|tag| tag.millis == 12_480).unwrap();
    let back = stream::video_header(12_480, stream::SPS);
    let between = [hevc::header(12_480, &[VPS, SPS, PPS]), picture(12_480, TRAIL, 60), back];
    tags.splice(at..at, between);
    let output = run(&tags, secs(5));
    assert_eq!(output.memory.bodies, run(&BASE.video(), secs(5)).memory.bodies);
    assert_eq!(output.count(NoticeKind::VideoBeforeHeader), 1);
}
