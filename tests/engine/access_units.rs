//! What becomes of NAL units on their way into PES packets.

use crate::support::stream::{BASE, OTHER_SPS, PPS, SPS, picture, video_header, video_tag};
use crate::support::{Output, OwnedTag, VIDEO, run};
use hls_segmenter::config::Options;
use hls_segmenter::flv::TagKind;
use hls_segmenter::notice::NoticeKind;

const IDR: &[u8] = &[0x65, 0x88, 0x84, 7];
/// Another slice of the same picture: first_mb_in_slice is 1.
const NEXT: &[u8] = &[0x65, 0x48, 0x84, 7];
const SLICE: &[u8] = &[0x41, 0x9a, 0x24, 7];
const SEI: &[u8] = &[6, 5, 2, 1, 1, 0x80];
const DELIMITER: &[u8] = &[9, 0x10];

/// A second of video whose key frame is `nal_units`, behind 25 pictures of the usual kind.
fn with(nal_units: &[&[u8]]) -> Output {
    let tail = (1..25).map(|n| picture(n * 40, false, 0, 9));
    let tags: Vec<_> =
        [video_header(0, SPS), video_tag(0, true, 0, nal_units)].into_iter().chain(tail).collect();
    run(&tags, Options::default())
}

/// NAL units of an access unit's byte stream, split at its start codes.
pub(crate) fn nal_units(data: &[u8]) -> Vec<Vec<u8>> {
    let starts: Vec<_> =
        (0..data.len().saturating_sub(2)).filter(|&at| data[at..at + 3] == [0, 0, 1]).collect();
    let ends = starts.iter().skip(1).copied().chain([data.len()]);
    let trim = |unit: &[u8]| {
        unit[..unit.len() - unit.iter().rev().take_while(|&&byte| byte == 0).count()].to_vec()
    };
    starts.iter().zip(ends).map(|(&start, end)| trim(&data[start + 3..end])).collect()
}

fn first(output: &Output) -> Vec<Vec<u8>> {
    nal_units(&output.stream(VIDEO)[0].data)
}

#[test]
fn t_19_t_20_r_36_a_key_frame_is_delimiter_parameter_sets_and_slices() {
    let output = with(&[IDR]);
    assert_eq!(first(&output), [&[9, 0xf0], SPS, PPS, IDR]);
    let second = nal_units(&output.stream(VIDEO)[1].data);
    assert_eq!(second[0], [9, 0xf0]);
    assert_eq!(second.len(), 2, "other pictures have no parameter sets");
    assert!(output.stream(VIDEO)[0].data.starts_with(&[0, 0, 0, 1, 9]));
}

#[test]
fn f_26_f_28_a_delimiter_is_not_doubled_and_comes_first() {
    let sets_after = |units: &[&[u8]]| first(&with(units));
    assert_eq!(sets_after(&[DELIMITER, SEI, IDR]), [DELIMITER, SPS, PPS, SEI, IDR]);
    assert_eq!(
        sets_after(&[SEI, DELIMITER, SPS, PPS, SEI, IDR]),
        [DELIMITER, SEI, SPS, PPS, SEI, IDR]
    );
    assert_eq!(sets_after(&[DELIMITER, DELIMITER, IDR]), [DELIMITER, SPS, PPS, IDR]);
}

#[test]
fn f_27_r_22_parameter_sets_in_the_access_unit_stay_and_are_not_added_again() {
    assert_eq!(first(&with(&[SPS, PPS, IDR])), [&[9, 0xf0], SPS, PPS, IDR]);
    assert_eq!(first(&with(&[SPS, PPS, SPS, PPS, IDR])), [&[9, 0xf0], SPS, PPS, SPS, PPS, IDR]);
}

#[test]
fn f_33_the_set_in_the_access_unit_wins_over_that_of_the_header() {
    let output = with(&[OTHER_SPS, PPS, IDR]);
    assert_eq!(first(&output), [&[9, 0xf0], OTHER_SPS, PPS, IDR]);
    assert_eq!(output.discontinuities(), [], "it is no change: there was no picture before");
    // It is in force from there on: the next key frame has none of its own.
    let tags = [
        video_header(0, SPS),
        video_tag(0, true, 0, &[OTHER_SPS, PPS, IDR]),
        video_tag(40, false, 0, &[SLICE]),
        video_tag(80, true, 0, &[IDR]),
        video_header(100, SPS),
        video_tag(120, true, 0, &[IDR]),
    ];
    let output = run(&tags, Options::default());
    let third = nal_units(&output.stream(VIDEO)[2].data);
    assert_eq!(third, [&[9, 0xf0], OTHER_SPS, PPS, IDR]);
    assert_eq!(output.discontinuities(), [], "the repeated header is no change either");
}

#[test]
fn r_21_h_07_a_new_size_in_the_access_unit_alone_is_a_change() {
    let mut tags = BASE.video();
    for tag in tags.iter_mut().filter(|tag| tag.is_key_picture() && tag.millis >= 12_000) {
        *tag = video_tag(tag.millis, true, 0, &[OTHER_SPS, PPS, IDR]);
    }
    let output = run(&tags, Options::default());
    assert_eq!(output.extinf()[..4], [5000, 5000, 2000, 5000]);
    assert_eq!(output.discontinuities(), [3]);
}

#[test]
fn r_21_r_36_a_new_size_in_a_tag_of_its_own_is_a_change_too() {
    let tags: Vec<_> = BASE
        .video()
        .into_iter()
        .flat_map(|tag| {
            let sets =
                (tag.millis == 12_000).then(|| video_tag(tag.millis, false, 0, &[OTHER_SPS, PPS]));
            sets.into_iter().chain([tag])
        })
        .collect();
    let output = run(&tags, Options::default());
    assert_eq!(output.extinf()[..4], [5000, 5000, 2000, 5000]);
    assert_eq!(output.discontinuities(), [3]);
    // They are in force from there on.
    let key_frame = output.stream(VIDEO).into_iter().find(|pes| pes.segment == 4);
    let units = nal_units(&key_frame.unwrap().data);
    assert_eq!(units[1..3], [OTHER_SPS, PPS]);
}

#[test]
fn f_22_f_23_slices_and_messages_of_a_picture_stay_one_access_unit() {
    let sei = [&[6, 5, 255, 255, 200][..], &[0x11; 710], &[0x80]].concat();
    assert_eq!(
        first(&with(&[&sei, IDR, NEXT, NEXT, NEXT])),
        [&[9, 0xf0], SPS, PPS, &sei, IDR, NEXT, NEXT, NEXT]
    );
}

#[test]
fn f_36_start_codes_hidden_in_a_message_are_found() {
    let hidden = [SEI, &[0, 0, 0, 1], IDR].concat();
    let output = with(&[&hidden]);
    assert_eq!(first(&output), [&[9, 0xf0], SPS, PPS, SEI, IDR]);
    assert!(output.memory.segments[0].starts_with_idr);
}

#[test]
fn f_35_an_annex_b_body_is_taken_as_one() {
    let body = [&[0, 0, 0, 1][..], SEI, &[0, 0, 1], IDR].concat();
    let data = [&[0x17, 1, 0, 0, 0][..], &body].concat();
    let tags = [
        video_header(0, SPS),
        OwnedTag { kind: TagKind::VIDEO, millis: 0, data },
        picture(40, false, 0, 9),
    ];
    let output = run(&tags, Options::default());
    assert_eq!(first(&output), [&[9, 0xf0], SPS, PPS, SEI, IDR]);
    assert_eq!(output.count(NoticeKind::StartCodes), 1);
}

#[test]
fn f_37_f_38_zero_lengths_and_trailing_zeros_harm_nothing() {
    let padded = [IDR, &[0, 0, 0]].concat();
    let output = with(&[&[], SEI, &[], &padded, &[]]);
    assert_eq!(first(&output), [&[9, 0xf0], SPS, PPS, SEI, IDR]);
    assert_eq!(output.count(NoticeKind::EmptyNalUnit), 3);
}

#[test]
fn f_09_of_a_truncated_access_unit_the_rest_is_kept() {
    let mut tag = video_tag(0, true, 0, &[IDR]);
    tag.data.extend([0, 0, 0, 99, 0x65]);
    let tags = [video_header(0, SPS), tag, picture(40, false, 0, 9)];
    let output = run(&tags, Options::default());
    assert_eq!(first(&output), [&[9, 0xf0], SPS, PPS, IDR]);
    assert_eq!(output.count(NoticeKind::TruncatedNalUnit), 1);
}

#[test]
fn r_36_nal_units_of_a_tag_without_picture_travel_with_the_next_one() {
    let tags = [
        video_header(0, SPS),
        video_tag(0, true, 0, &[SPS, PPS]),
        video_tag(0, true, 0, &[DELIMITER, SEI]),
        video_tag(0, true, 0, &[IDR]),
        video_tag(40, false, 0, &[SEI]),
        video_tag(40, false, 0, &[SLICE]),
        picture(80, false, 0, 9),
    ];
    let output = run(&tags, Options::default());
    assert_eq!(first(&output), [&[9, 0xf0], SPS, PPS, SEI, IDR]);
    assert_eq!(nal_units(&output.stream(VIDEO)[1].data), [&[9, 0xf0], SEI, SLICE]);
    assert_eq!(output.stream(VIDEO).len(), 3);
    let large = [&[6, 5, 255, 255][..], &[0x11; 600]].concat();
    let tags =
        [video_header(0, SPS), video_tag(0, true, 0, &[&large]), video_tag(0, true, 0, &[IDR])];
    assert_eq!(run(&tags, Options::default()).count(NoticeKind::NoPicture), 1);
}

/// A second of pictures of the usual kind, with `tags` of the same time before the tenth.
fn in_mid_group(header: OwnedTag, tags: &[OwnedTag]) -> Output {
    let pictures: Vec<_> = (0..25).map(|n| picture(n * 40, n == 0, 0, 9)).collect();
    let (before, behind) = pictures.split_at(10);
    run(&[&[header], before, tags, behind].concat(), Options::default())
}

#[test]
fn r_36_a_message_in_a_tag_of_its_own_goes_before_a_picture_in_mid_group() {
    let message = video_tag(399, false, 0, &[SEI]);
    let output = in_mid_group(video_header(0, SPS), &[message]);
    let stream = output.stream(VIDEO);
    assert_eq!(nal_units(&stream[10].data)[1], SEI);
    assert_eq!(stream.len(), 25);
}

#[test]
fn f_09_f_37_lengths_of_two_bytes_are_not_taken_for_four_in_mid_group() {
    let mut header = video_header(0, SPS);
    header.data[5 + 4] = 0xfd;
    let short = |nal_units: &[&[u8]], key_frame, millis| {
        let lengths = nal_units
            .iter()
            .flat_map(|unit| [&(unit.len() as u16).to_be_bytes()[..], unit].concat());
        let mut tag = video_tag(millis, key_frame, 0, &[]);
        tag.data.extend(lengths);
        tag
    };
    let mut tags = vec![header, short(&[IDR], true, 0)];
    // A length of 0 and another one look like one of 4 bytes.
    tags.extend((1..20).map(|n| short(&[&[], SLICE], false, n * 40)));
    let output = run(&tags, Options::default());
    assert_eq!(output.count(NoticeKind::EmptyNalUnit), 19);
    assert_eq!(output.stream(VIDEO).len(), 20);
}

#[test]
fn f_08_pictures_whose_header_has_no_picture_parameter_set_are_dropped_in_mid_group_too() {
    let mut header = video_header(400, OTHER_SPS);
    header.data.truncate(header.data.len() - PPS.len() - 3);
    header.data.push(0);
    let output = in_mid_group(video_header(0, SPS), &[header, picture(399, true, 0, 9)]);
    assert_eq!(output.stream(VIDEO).len(), 10);
    assert_eq!(output.count(NoticeKind::VideoBeforeHeader), 16);
}

#[test]
fn f_47_r_37_t_13_access_units_of_any_length_pass() {
    for len in [1, 2, 150, 176, 65_500, 65_519, 65_520, 65_521, 70_000, 2 << 20] {
        let unit: Vec<u8> =
            [0x65, 0x88, 0x84].into_iter().chain((0..len).map(|n| (n % 199) as u8 | 8)).collect();
        let output = with(&[&unit]);
        assert_eq!(first(&output)[3], unit, "{len}");
        let packet = &output.memory.bodies[0][2 * 188..];
        let field_len = usize::from(packet[4]);
        let packet_len = u16::from_be_bytes([packet[5 + field_len + 4], packet[5 + field_len + 5]]);
        assert_eq!(packet_len, 0, "{len}: more slices may come");
    }
}
