//! Video as encoders in the field send it: split pictures, fields, misplaced NAL units, messages
//! that are not escaped, PTS in tags, pictures whose times are wild.

use crate::access_units::nal_units;
use crate::support::stream::{
    BASE, OTHER_SPS, PPS, SPS, audio, picture, shift, video_header, video_tag,
};
use crate::support::{Output, OwnedTag, VIDEO, auditor, drive, is_video, run};
use hls_segmenter::config::{FragDuration, MidGop, Options};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::{Config, End, Segmenter};

const DELIMITER: &[u8] = &[9, 0xf0];
const IDR: &[u8] = &[0x65, 0x88, 0x84, 7];
/// Another slice of the same picture: first_mb_in_slice is 1.
const IDR_REST: &[u8] = &[0x65, 0x48, 0x84, 7];
const SLICE: &[u8] = &[0x41, 0x9a, 0x24, 7];
const SLICE_REST: &[u8] = &[0x41, 0x5a, 0x24, 7];

fn frag(secs: u32) -> Options {
    Options { frag_duration: FragDuration::new(secs).unwrap(), ..Options::default() }
}

/// Both slices of a picture, each in a tag of its own with the parameter sets before it.
fn split(millis: i64, is_key: bool) -> [OwnedTag; 2] {
    let slices = if is_key { [IDR, IDR_REST] } else { [SLICE, SLICE_REST] };
    slices.map(|slice| match is_key {
        true => video_tag(millis, true, 0, &[SPS, PPS, slice]),
        false => video_tag(millis, false, 0, &[slice]),
    })
}

/// Split pictures from and to, 25 per second, a key frame every second.
fn split_pictures(from: i64, to: i64) -> impl Iterator<Item = OwnedTag> {
    (from..to).step_by(40).flat_map(|millis| split(millis, millis % 1_000 == 0))
}

/// What was counted at all.
fn counted(output: &Output) -> Vec<(NoticeKind, u64)> {
    output.stats.noticed().collect()
}

#[test]
fn f_06_slices_that_come_as_tags_of_one_time_are_one_access_unit() {
    let tags: Vec<_> = [video_header(0, SPS)].into_iter().chain(split_pictures(0, 6_000)).collect();
    let output = run(&tags, frag(2));
    assert_eq!(counted(&output), []);
    assert_eq!(output.extinf(), [2000, 2000, 2000]);
    let pictures = output.stream(VIDEO);
    assert_eq!(pictures.len(), 150);
    for (nth, pes) in pictures.iter().enumerate() {
        let want: &[&[u8]] = if nth % 25 == 0 {
            &[DELIMITER, SPS, PPS, IDR, IDR_REST]
        } else {
            &[DELIMITER, SLICE, SLICE_REST]
        };
        assert_eq!(nal_units(&pes.data), want, "{nth}");
        assert_eq!((pes.segment, pes.dts), (nth / 50, 63_000 + nth as u64 * 3_600));
    }
    let frames: Vec<_> = output.memory.segments.iter().map(|s| (s.frames, s.key_frames)).collect();
    assert_eq!(frames, [(50, 2); 3]);
    let stats = output.stats.video.unwrap();
    assert_eq!(stats.frames, 150);
    let written: usize = pictures.iter().map(|pes| pes.data.len() - 6).sum();
    assert_eq!(stats.bytes, written as u64);
}

#[test]
fn f_06_a_rest_whose_picture_was_dropped_is_dropped_too() {
    // No key frame until 1 s.
    let head = [video_header(0, SPS)];
    let tags: Vec<_> = head.iter().cloned().chain(split_pictures(40, 3_000)).collect();
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output), [(NoticeKind::VideoBeforeKeyFrame, 2 * 24)]);
    assert_eq!(output.stats.video.unwrap().frames, 50);
    assert_eq!(nal_units(&output.stream(VIDEO)[0].data), [DELIMITER, SPS, PPS, IDR, IDR_REST]);
    // After a jump until the next key frame.
    let mut tags: Vec<_> = head.iter().cloned().chain(split_pictures(0, 3_000)).collect();
    shift(&mut tags, 1_480, 60_000);
    let options = Options { mid_gop: MidGop::DropUntilKey, ..Options::default() };
    let output = run(&tags, options);
    assert_eq!(output.count(NoticeKind::TimelineJump), 1);
    assert_eq!(output.memory.starts[1].start.get(), 62_000 * 90);
    assert_eq!(output.stats.video.unwrap().frames, 37 + 25);
}

#[test]
fn f_06_r_10_a_lone_split_picture_of_a_wild_time_is_no_jump() {
    let mut tags: Vec<_> =
        [video_header(0, SPS)].into_iter().chain(split_pictures(0, 3_000)).collect();
    for tag in tags.iter_mut().filter(|tag| tag.millis == 1_480) {
        tag.millis = 900_000;
    }
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output), [(NoticeKind::VideoWrongTimeline, 2)]);
    assert_eq!(output.discontinuities(), []);
    assert_eq!(output.stats.video.unwrap().frames, 74);
}

#[test]
fn t_19_each_field_of_a_pair_keeps_its_delimiter() {
    let first = |units: &[&[u8]]| {
        let tags = [video_header(0, SPS), video_tag(0, true, 0, units)];
        let options = Options::default();
        let segmenter = Segmenter::new(Config::new(options).unwrap());
        let judge = auditor(&options).field_pairs(true);
        let (segmenter, judge) = drive(segmenter, judge, &tags, End::List);
        judge.assert_clean();
        let output = Output { memory: judge.into_inner(), stats: segmenter.stats() };
        assert_eq!(counted(&output), []);
        nal_units(&output.stream(VIDEO)[0].data)
    };
    let [top, bottom, other]: [&[u8]; 3] = [&[9, 0x10], &[9, 0x30], &[6, 1, 1, 0x11, 0x80]];
    assert_eq!(first(&[top, IDR, bottom, SLICE]), [top, SPS, PPS, IDR, bottom, SLICE]);
    assert_eq!(
        first(&[top, IDR, bottom, other, SLICE]),
        [top, SPS, PPS, IDR, bottom, other, SLICE]
    );
    // Before another slice of the same picture there is no second access unit.
    assert_eq!(first(&[top, IDR, bottom, IDR_REST]), [top, SPS, PPS, IDR, IDR_REST]);
    assert_eq!(first(&[top, IDR, bottom]), [top, SPS, PPS, IDR]);
}

#[test]
fn f_21_an_end_of_sequence_stays_after_slices_and_is_left_out_before_them() {
    for end in [&[10][..], &[11]] {
        let of = |nth: i64, units: &[&[u8]]| video_tag(nth * 40, false, 0, units);
        let mut tags = vec![video_header(0, SPS)];
        tags.extend((0..75).map(|n| picture(n * 40, n % 25 == 0, 0, 50)));
        tags[1 + 10] = of(10, &[SLICE, end]);
        tags[1 + 25] = video_tag(1_000, true, 0, &[end, SPS, PPS, IDR]);
        tags.insert(1 + 40, of(40, &[end]));
        let output = run(&tags, Options::default());
        let kind = NoticeKind::MisplacedNalUnit;
        assert_eq!(counted(&output), [(kind, 2)]);
        assert_eq!((output.memory.notices[0].kind, output.memory.notices.len()), (kind, 1));
        let units = |nth: usize| nal_units(&output.stream(VIDEO)[nth].data);
        assert_eq!(units(10), [DELIMITER, SLICE, end]);
        assert_eq!(units(25), [DELIMITER, SPS, PPS, IDR]);
        assert_eq!([units(39).len(), units(40).len()], [2, 2]);
        assert_eq!(output.stats.video.unwrap().frames, 75);
    }
}

#[test]
fn f_36_start_codes_in_a_message_split_nothing_and_are_escaped() {
    // Type 5, 8 bytes, among them what looks like an IDR slice.
    let message: &[u8] = &[6, 5, 8, 0, 0, 1, 0x65, 0x88, 0, 0, 1, 0x80];
    let escaped: &[u8] = &[6, 5, 8, 0, 0, 3, 1, 0x65, 0x88, 0, 0, 3, 1, 0x80];
    let mut tags = vec![video_header(0, SPS)];
    tags.extend((0..25).map(|n| picture(n * 40, n == 0, 0, 50)));
    // With its picture, and in a tag of its own before it.
    tags[1 + 10] = video_tag(400, false, 0, &[message, SLICE]);
    tags[1 + 20] = video_tag(800, false, 0, &[SLICE]);
    tags.insert(1 + 20, video_tag(800, false, 0, &[message]));
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output), []);
    for nth in [10, 20] {
        let units = nal_units(&output.stream(VIDEO)[nth].data);
        assert_eq!(units, [DELIMITER, escaped, SLICE], "{nth}");
    }
    assert_eq!(output.memory.segments[0].key_frames, 1);
}

/// Pictures of which one is reordered, tags in decoding order with PTS as their times.
fn of_pts(groups: i64, offset: i32) -> Vec<OwnedTag> {
    let order = [0, 2, 1, 4, 3, 6, 5, 8, 7, 9];
    let pictures = (0..groups)
        .flat_map(|group| order.map(|nth| picture((group * 10 + nth) * 40, nth == 0, offset, 50)));
    [video_header(0, OTHER_SPS)].into_iter().chain(pictures).collect()
}

#[test]
fn y_02_pts_in_tags_stay_exact_and_dts_grow_below_them() {
    let mut jump = of_pts(20, 0);
    shift(&mut jump, 4_000, 60_000);
    for tags in [of_pts(20, 0), jump] {
        let output = run(&tags, frag(2));
        let pictures = output.stream(VIDEO);
        let want: Vec<_> = tags[1..].iter().map(|tag| 63_000 + tag.millis as u64 * 90).collect();
        let pts: Vec<_> = pictures.iter().map(|pes| pes.pts).collect();
        assert!(pts == want, "PTS are those of the tags");
        assert!(pictures.windows(2).all(|pair| pair[0].dts < pair[1].dts));
        assert!(pictures.iter().all(|pes| pes.dts <= pes.pts));
        assert_eq!(output.count(NoticeKind::VideoWrongTimeline), 0);
    }
}

#[test]
fn y_02_a_wild_first_offset_teaches_nothing() {
    let mut tags = BASE.video();
    tags.truncate(51);
    tags[1] = picture(0, true, -700, 50);
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output), [(NoticeKind::WildComposition, 1)]);
    for (nth, pes) in output.stream(VIDEO).iter().enumerate() {
        let want = 63_000 + nth as u64 * 3_600;
        assert_eq!((pes.dts, pes.pts), (want, want), "{nth}");
    }
}

/// Six seconds of both tracks, AAC of 64 kHz in frames of 16 ms.
fn both() -> Vec<OwnedTag> {
    let mut tags: Vec<_> = BASE.video().into_iter().filter(|tag| tag.millis < 6_000).collect();
    let header = OwnedTag { data: vec![0xaf, 0, 0x11, 0x08], ..audio(0, 1) };
    tags.extend((0..6_000).step_by(16).map(|millis| audio(millis, 90)));
    tags.sort_by_key(|tag| (!tag.is_header(), tag.millis));
    tags.insert(1, header);
    tags
}

#[test]
fn r_10_a_lone_picture_of_a_wild_time_costs_itself() {
    for by in [3_600_000, -3_600_000, 10_001, -1_040] {
        let mut tags = both();
        shift(&mut tags, i64::MIN, 10_000_000);
        let lone = tags.iter_mut().find(|tag| is_video(tag) && tag.millis == 10_002_480);
        lone.unwrap().millis += by;
        let output = run(&tags, Options::default());
        assert_eq!(counted(&output), [(NoticeKind::VideoWrongTimeline, 1)], "{by}");
        assert_eq!(output.discontinuities(), []);
        assert_eq!(output.stats.audio.unwrap().frames, 375);
        assert_eq!(output.stats.video.unwrap().frames, 149);
        assert_eq!(output.extinf(), [5_000, 1_000]);
    }
}

#[test]
fn r_10_a_lone_audio_tag_of_a_wild_time_costs_itself() {
    for by in [3_600_000, -3_600_000, 10_001, -1_040] {
        for alone in [false, true] {
            let mut tags = both();
            tags.retain(|tag| !alone || !is_video(tag));
            shift(&mut tags, i64::MIN, 10_000_000);
            let lone = tags.iter_mut().find(|tag| !is_video(tag) && tag.millis == 10_002_496);
            lone.unwrap().millis += by;
            let output = run(&tags, Options::default());
            let counts: Vec<_> = counted(&output);
            assert_eq!(counts[0], (NoticeKind::AudioWrongTimeline, 1), "{by} {alone}");
            assert_eq!(output.count(NoticeKind::TimelineJump), 0);
            assert_eq!(output.discontinuities(), []);
            assert_eq!(output.stats.audio.unwrap().frames, 374);
        }
    }
}

#[test]
fn r_10_a_step_of_a_second_that_the_other_track_makes_by_less_is_one_jump_or_none() {
    // Both step back at once: audio to 16 ms less than is said here, video to 40 ms less.
    for by in [-1_030, -1_020] {
        for (audio_first, jumps) in [(true, 1), (false, 0)] {
            let mut tags = both();
            tags.sort_by_key(|tag| (!tag.is_header(), tag.millis, is_video(tag) == audio_first));
            shift(&mut tags, 4_000, by);
            shift(&mut tags, i64::MIN, 10_000_000);
            let output = run(&tags, Options::default());
            let case = format!("{by} {audio_first}");
            assert_eq!(output.count(NoticeKind::TimelineJump), jumps, "{case}");
            assert_eq!(output.discontinuities().len() as u64, jumps, "{case}");
            // Where video comes first its step is one that is repaired, and audio is back in step.
            let repairs = [NoticeKind::VideoRepair, NoticeKind::AudioRepair];
            let repaired = repairs.map(|kind| (output.told(kind), output.count(kind) > 0));
            assert_eq!(repaired, [(usize::from(jumps == 0), jumps == 0); 2], "{case}");
            assert_eq!(output.count(NoticeKind::AudioWrongTimeline), 0, "{case}");
            assert_eq!(output.stats.video.unwrap().frames, 150, "{case}");
            assert_eq!(output.stats.audio.unwrap().frames, 375, "{case}");
        }
    }
}

#[test]
fn r_10_a_jump_of_video_that_audio_has_made_by_less_drops_what_was_misplaced() {
    // AAC of 8 kHz, frames of 128 ms, each 100 ms of media before the video of its time: audio steps
    // back by 922 ms, and then video by 1,010 ms, at a picture that is no key frame. The one frame
    // that has stepped was placed after the one before it.
    let mut tags: Vec<_> = BASE.video().into_iter().filter(|tag| tag.millis < 6_016).collect();
    let header = OwnedTag { data: vec![0xaf, 0, 0x15, 0x88], ..audio(0, 1) };
    tags.extend((0..6_016).step_by(128).map(|millis| audio(millis, 90)));
    tags.sort_by_key(|tag| (!tag.is_header(), tag.millis - if is_video(tag) { 0 } else { 100 }));
    tags.insert(1, header);
    shift(&mut tags, 4_500, -1_050);
    shift(&mut tags, i64::MIN, 10_000_000);
    let output = run(&tags, Options::default());
    let want = [(NoticeKind::AudioWrongTimeline, 1), (NoticeKind::TimelineJump, 1)];
    assert_eq!(counted(&output), want);
    assert_eq!(output.discontinuities(), [1]);
    assert_eq!(output.stats.video.unwrap().frames, 151);
    assert_eq!(output.stats.audio.unwrap().frames, 46);
}
