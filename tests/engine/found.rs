//! What random streams and the Auditor found, each kept as the smallest stream that shows it.

use crate::support;
use crate::support::stream::{BASE, OTHER_SPS, audio_header, shift, video_header};
use crate::support::{AUDIO, Base, OwnedTag, VIDEO, run};
use hls_segmenter::Cause;
use hls_segmenter::config::Filler;
use hls_segmenter::config::{
    FragCount, FragDuration, MidGop, Options, TargetDuration, WindowPolicy,
};
use hls_segmenter::flv::TagKind;
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::time::{Secs, TickSpan};

fn is_audio_frame(tag: &OwnedTag) -> bool {
    tag.kind == TagKind::AUDIO && !tag.is_header()
}

/// Every test goes through the Auditor in `run`: what is asserted here is that the case was met.
fn defaults(tags: &[OwnedTag]) -> support::Output {
    run(tags, Options::default())
}

#[test]
fn audio_that_comes_back_from_an_outlier_goes_on_with_the_clock_it_had() {
    let mut tags = BASE.both();
    for tag in tags.iter_mut().filter(|tag| is_audio_frame(tag)) {
        match tag.millis {
            12_000..12_020 => tag.millis += 900_000,
            12_020.. => tag.millis -= 600,
            _ => {}
        }
    }
    let output = defaults(&tags);
    let pts: Vec<_> = output.stream(AUDIO).iter().map(|pes| pes.pts).collect();
    assert!(pts.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(output.count(NoticeKind::AudioWrongTimeline), 1);
}

#[test]
fn a_format_that_changes_ahead_of_a_jump_takes_the_held_frames_with_it() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, 600_000);
    let jump = tags.iter().position(|tag| support::is_video(tag) && tag.millis == 612_000);
    let mut at = jump.unwrap();
    // Two frames of the old format, the new header, and video behind them.
    for _ in 0..2 {
        let next = tags[at..].iter().position(is_audio_frame).unwrap() + at;
        let frame = tags.remove(next);
        tags.insert(at, frame);
        at += 1;
    }
    tags.insert(at, audio_header(612_030, 48_000));
    let output = defaults(&tags);
    assert_eq!(output.discontinuities().len(), 1);
    assert_eq!(output.count(NoticeKind::AudioNotJoined), 2);
}

#[test]
fn a_format_that_changes_before_audio_jumps_ahead_times_the_held_frames() {
    let mut tags: Vec<_> = BASE.both();
    tags.retain(|tag| tag.millis < 12_000);
    tags.push(audio_header(11_999, 48_000));
    let mut behind = Base { rate: 48_000, ..BASE }.both();
    behind.retain(|tag| tag.millis >= 12_000 && !tag.is_header());
    shift(&mut behind, 0, 600_000);
    // Four frames of audio are there before the picture of their time.
    behind.sort_by_key(|tag| tag.millis + if support::is_video(tag) { 80 } else { 0 });
    tags.extend(behind);
    let output = defaults(&tags);
    assert_eq!(output.discontinuities().len(), 1);
    let jumped: Vec<_> = output
        .stream(AUDIO)
        .into_iter()
        .filter(|pes| pes.pts > 600 * 90_000)
        .map(|pes| pes.pts)
        .collect();
    assert!(jumped[0] < 612 * 90_000 + 63_000 + 1920, "nothing held was dropped");
    assert!(jumped.windows(2).all(|pair| (pair[1] - pair[0]) % 1920 == 0));
}

#[test]
fn a_format_that_joins_while_audio_is_ahead_times_what_comes_back() {
    let mut tags: Vec<_> = BASE.both();
    tags.retain(|tag| tag.millis < 11_500);
    tags.push(audio_header(11_500, 48_000));
    let mut behind = Base { rate: 48_000, ..BASE }.both();
    behind.retain(|tag| tag.millis >= 11_500 && !tag.is_header());
    // One frame says that it is of another hour; the key frame at 12 s comes before the next one.
    let stray = behind.iter().position(|tag| !support::is_video(tag)).unwrap();
    behind[stray].millis += 3_600_000;
    behind.retain(|tag| support::is_video(tag) || tag.millis > 12_500);
    tags.extend(behind);
    let output = defaults(&tags);
    assert_eq!(output.count(NoticeKind::AudioWrongTimeline), 1);
    let back: Vec<_> = output
        .stream(AUDIO)
        .into_iter()
        .filter(|pes| pes.pts > 12_500 * 90 + 63_000)
        .map(|pes| pes.pts)
        .collect();
    assert!(back.len() > 10);
    assert!(back.windows(2).all(|pair| (pair[1] - pair[0]) % 1920 == 0), "{back:?}");
}

#[test]
fn a_clock_reference_does_not_overtake_video_that_comes_late() {
    let mut tags = BASE.both();
    // Audio stands two seconds before the video of its time.
    let place = |tag: &OwnedTag| tag.millis - if is_audio_frame(tag) { 2000 } else { 0 };
    tags.sort_by_key(|tag| (!tag.is_header(), place(tag)));
    let output = defaults(&tags);
    assert_eq!(output.stream(VIDEO).len(), 1000);
}

#[test]
fn a_change_of_audio_does_not_bring_video_in_before_its_first_picture() {
    let mut tags = BASE.audio();
    let at = tags.iter().position(|tag| tag.millis > 7400).unwrap();
    tags.insert(at, video_header(7400, OTHER_SPS));
    tags.insert(at + 1, audio_header(7400, 48_000));
    let output = defaults(&tags);
    assert_eq!(output.causes()[1], Cause::ConfigChange);
    // The PMT lists one stream, as before.
    assert!(output.memory.bodies.iter().all(|body| body[188 + 7] == 0x12));
}

#[test]
fn the_first_picture_behind_a_start_made_by_audio_has_its_parameter_sets() {
    let silent = |tag: &OwnedTag| support::is_video(tag) && (20_000..84_000).contains(&tag.millis);
    let tags: Vec<_> = Base { millis: 100_000, gop: 0, ..BASE }
        .both()
        .into_iter()
        .filter(|tag| !silent(tag))
        .collect();
    let output = defaults(&tags);
    assert_eq!(output.causes()[0], Cause::Forced);
    let picture = output.stream(VIDEO).into_iter().find(|pes| pes.segment == 1).unwrap();
    assert_eq!(picture.data[10] & 0x1f, 7, "delimiter, then the sequence parameter set");
}

#[test]
fn a_hole_that_ends_in_a_change_is_no_part_of_the_segment_before() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, 9000);
    let at = tags.iter().position(|tag| tag.is_key_picture() && tag.millis == 21_000);
    tags.insert(at.unwrap(), video_header(21_000, OTHER_SPS));
    let output = defaults(&tags);
    assert_eq!(output.extinf()[..4], [5000, 5000, 2000, 5000]);
}

#[test]
fn audio_held_on_one_timeline_is_not_taken_to_the_next() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_480, 30_000);
    shift(&mut tags, 42_800, -2000);
    let options = Options { mid_gop: MidGop::DropUntilKey, ..Options::default() };
    let output = run(&tags, options);
    assert_eq!(output.starts_with_idr(), vec![true; output.starts_with_idr().len()]);
    assert!(output.count(NoticeKind::AudioBeforeKeyFrame) > 0, "held for the first timeline");
}

#[test]
fn a_hole_in_audio_alone_that_breaks_a_declared_target_is_a_break() {
    let mut tags = BASE.audio();
    shift(&mut tags, 12_000, 9000);
    let target_duration = TargetDuration::Declared(Secs::new(6));
    let output = run(&tags, Options { target_duration, ..Options::default() });
    assert!(output.causes().contains(&Cause::Discontinuity));
    assert!(output.targets().iter().all(|&target| target == 6));
}

#[test]
fn video_without_picture_parameter_sets_is_not_begun() {
    let mut tags = BASE.video();
    let sets = tags[0].data.len();
    tags[0].data.truncate(sets - 7);
    *tags[0].data.last_mut().unwrap() = 0;
    let output = defaults(&tags);
    assert!(output.memory.starts.is_empty());
    assert_eq!(output.count(NoticeKind::VideoBeforeHeader), 1000);
}

#[test]
fn the_window_is_trimmed_by_the_target_it_publishes() {
    let mut tags = BASE.both();
    shift(&mut tags, 15_000, 9000);
    let options = Options {
        window: WindowPolicy::AtLeastThreeTargets,
        frag_count: FragCount::new(1).unwrap(),
        ..Options::default()
    };
    let output = run(&tags, options);
    for (text, target) in output.memory.playlists.iter().zip(output.targets()) {
        let lines = text.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
        let sum: f64 =
            lines.map(|extinf| extinf.trim_end_matches(',').parse::<f64>().unwrap()).sum();
        let moved = !text.contains("#EXT-X-MEDIA-SEQUENCE:0\n");
        assert!(!moved || sum >= 3.0 * f64::from(target), "{text}");
    }
}

#[test]
fn r_21_audio_that_changes_joins_behind_a_break_at_a_forced_switch_too() {
    let mut tags = Base { millis: 70_000, gop: 0, ..BASE }.both();
    let at = tags.iter().position(|tag| tag.millis > 50_000).unwrap();
    tags.insert(at, audio_header(50_000, 48_000));
    let output = defaults(&tags);
    assert_eq!(output.causes(), [Cause::ConfigChange, Cause::End]);
    assert_eq!(output.discontinuities(), [1]);
}

/// Both tracks for so long, the pictures for 8 s only.
fn silent_video(millis: i64) -> Vec<OwnedTag> {
    let mut tags = Base { millis, ..BASE }.both();
    tags.retain(|tag| !support::is_video(tag) || tag.millis < 8_000);
    tags
}

#[test]
fn r_09_audio_that_jumps_while_video_is_silent_goes_on_behind_one_discontinuity() {
    let mut tags = silent_video(260_000);
    shift(&mut tags, 100_000, 30_000);
    let output = defaults(&tags);
    assert_eq!(output.discontinuities().len(), 1);
    let shown: u32 = output.extinf().iter().sum();
    assert!(shown > 259_900, "{shown} ms");
}

#[test]
fn y_06_audio_begins_where_a_header_of_video_is_followed_by_no_picture() {
    let mut tags = Base { millis: 130_000, ..BASE }.both();
    tags.retain(|tag| !support::is_video(tag) || tag.is_header());
    let output = defaults(&tags);
    let shown: u32 = output.extinf().iter().sum();
    assert!((124_900..126_000).contains(&shown), "all but the first five seconds: {shown} ms");
    assert!(output.stream(VIDEO).is_empty());
}

#[test]
fn filler_in_a_tag_of_its_own_is_dropped_where_filler_is() {
    let filler = support::stream::video_tag(40, false, 0, &[&[12, 0xff, 0xff, 0x80]]);
    let picture = |millis, key_frame| support::stream::picture(millis, key_frame, 0, 20);
    let header = video_header(0, support::stream::SPS);
    let tags = [header, picture(0, true), filler, picture(40, false)];
    for (policy, kept) in [(Filler::Keep, true), (Filler::Drop, false)] {
        let options = Options { filler: policy, ..Options::default() };
        let output = run(&tags, options);
        let data = &output.stream(VIDEO)[1].data;
        let found = data.windows(6).any(|bytes| bytes == [0, 0, 0, 1, 12, 0xff]);
        assert_eq!(found, kept, "{policy:?}");
    }
}

#[test]
fn h_05_audio_of_the_segment_before_does_not_prolong_one_that_has_none() {
    let mut tags = Base { millis: 5_000, fps: (200, 1), gop: 208, ..BASE }.both();
    // All the audio comes before the second key frame, and nothing behind that.
    tags.retain(|tag| !support::is_video(tag) || tag.millis <= 1_040);
    let at = tags.iter().position(|tag| tag.millis == 1_040).unwrap();
    let key_frame = tags.remove(at);
    tags.push(key_frame);
    let options = Options {
        frag_duration: FragDuration::new(1).unwrap(),
        jump_limit: TickSpan::from_millis(3_960),
        ..Options::default()
    };
    let output = run(&tags, options);
    assert_eq!(output.extinf(), [1040, 5]);
}

#[test]
fn h_05_a_picture_of_the_segment_before_does_not_prolong_one_of_audio_alone() {
    // Pictures 70 s apart, so that the last one may be taken to last until 210 s; audio cuts in
    // between, and ends.
    let mut tags = Base { millis: 203_000, ..BASE }.both();
    tags.retain(|tag| !support::is_video(tag) || tag.is_header() || tag.millis % 70_000 == 0);
    let output = defaults(&tags);
    let shown: u32 = output.extinf().iter().sum();
    assert!(shown.abs_diff(203_000) < 50, "{:?}", output.extinf());
    assert!(output.starts_with_idr().ends_with(&[false]));
}

#[test]
fn h_05_a_stated_interval_that_no_picture_lasts_for_is_not_believed() {
    // `num_units_in_tick` with its four highest bits set: 25 fps become a picture in five years.
    let mut sps = support::stream::SPS.to_vec();
    let at = sps.windows(6).position(|bytes| bytes == [0x10, 0, 0, 3, 0, 0x10]).unwrap();
    sps[at] = 0x1f;
    let picture = support::stream::picture(0, true, 0, 20);
    let output = defaults(&[video_header(0, &sps), picture]);
    assert_eq!(output.extinf(), [40]);
}
