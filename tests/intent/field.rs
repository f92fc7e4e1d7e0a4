//! What is kept, reset and handed over of what encoders in the field send: times that may be alone,
//! codecs that are not carried, bursts, PTS in tags.

use hls_segmenter::config::Options;
use hls_segmenter::flv::TagKind;
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::time::TickSpan;

use crate::session::{
    Call, Session, aac_16_ms, between, counted, frag, header_16_ms, merged, moved, starts, tables,
    tagged,
};
use crate::support::stream::{
    BASE, OTHER_SPS, SPS, audio, audio_header, picture, shift, sps, video_header,
};
use crate::support::{AUDIO, Base, Output, OwnedTag, VIDEO, is_video, run};

fn video(secs: i64) -> Vec<OwnedTag> {
    Base { millis: secs * 1000, ..BASE }.video()
}

fn both(secs: i64) -> Vec<OwnedTag> {
    merged(&[&video(secs), &aac_16_ms(0, secs * 1000)])
}

fn g711(millis: i64) -> OwnedTag {
    OwnedTag { kind: TagKind::AUDIO, millis, data: vec![0x72, 0xd5, 0xd5] }
}

/// Both tracks, of which audio is G.711 from `from` on.
fn leaving(secs: i64, from: i64) -> Vec<OwnedTag> {
    let tags = both(secs);
    let change = |tag: OwnedTag| {
        if is_video(&tag) || tag.is_header() || tag.millis < from { tag } else { g711(tag.millis) }
    };
    tags.into_iter().map(change).collect()
}

/// A picture that is no key frame, far from all others.
fn lone(millis: i64) -> OwnedTag {
    picture(900_000 + millis, false, 0, 50)
}

#[test]
fn r_10_a_time_that_may_be_alone_is_forgotten_at_a_pause() {
    // The next picture would agree with it, and begin a timeline.
    let mut session = Session::new(Options::default());
    session.push(&video(3));
    session.push(&[lone(0)]);
    session.pause();
    session.push(&[video_header(0, SPS), lone(40)]);
    session.push(&moved(&between(&video(3), 0, 3_000), 900_080));
    let output = session.end();
    assert_eq!(
        counted(&output.stats),
        [(NoticeKind::VideoBeforeKeyFrame, 1), (NoticeKind::VideoWrongTimeline, 1)]
    );
    assert_eq!(starts(&output.memory), [0, 900_080]);
}

#[test]
fn r_10_a_time_that_may_be_alone_is_forgotten_at_a_jump_and_where_the_timeline_goes_on() {
    // A jump, or the key frame that begins the next segment, stands between two of them.
    for (by, jumps) in [(60_000, 1), (0, 0)] {
        let mut tags = video(9);
        shift(&mut tags, 5_000, by);
        for (after, nth) in [(4_960, 0), (5_040 + by, 1)] {
            let at = tags.iter().position(|tag| tag.millis == after).unwrap() + 1;
            tags.insert(at, lone(nth * 40));
        }
        let output = run(&tags, Options::default());
        assert_eq!(output.count(NoticeKind::VideoWrongTimeline), 2, "{by}");
        assert_eq!(output.count(NoticeKind::TimelineJump), jumps, "{by}");
        assert_eq!(starts(&output.memory), [0, 5_000 + by]);
        assert_eq!(output.stats.video.unwrap().frames, 225);
    }
}

#[test]
fn y_05_a_codec_that_is_not_carried_is_forgotten_at_a_pause() {
    let mut session = Session::new(Options::default());
    session.push(&leaving(3, 2_992));
    session.push(&[g711(3_000)]);
    session.pause();
    session.push(&both(3));
    let output = session.end();
    assert_eq!(counted(&output.stats), [(NoticeKind::UnsupportedAudio, 2)]);
    assert_eq!(tables(&output.memory, 1), (0, vec![0x1b, 0x0f]));
}

#[test]
fn y_05_a_codec_that_is_not_carried_leaves_with_a_jump() {
    let mut tags = leaving(10, 2_500);
    shift(&mut tags, 4_000, 60_000);
    let output = run(&tags, Options::default());
    let listed: Vec<_> = (0..3).map(|nth| tables(&output.memory, nth)).collect();
    let alone = (1, vec![0x1b]);
    assert_eq!(listed, [(0, vec![0x1b, 0x0f]), alone.clone(), alone]);
    assert_eq!(starts(&output.memory), [0, 64_000, 69_000]);
    assert_eq!(tagged(&output.memory), [1]);
}

#[test]
fn y_05_a_codec_that_is_not_carried_has_left_where_the_segment_after_it_was_lost() {
    let tags = leaving(14, 2_500);
    let mut session = Session::new(Options::default());
    let at = tags.iter().position(|tag| tag.millis >= 5_200).unwrap();
    session.push(&tags[..at]);
    let rest = session.push_until_fails(&tags[at..], Call::Write).to_vec();
    session.push(&rest);
    let output = session.end();
    assert_eq!(starts(&output.memory), [0, 5_000, 6_000, 11_000]);
    let listed: Vec<_> = (0..3).map(|nth| tables(&output.memory, nth)).collect();
    let alone = (1, vec![0x1b]);
    assert_eq!(listed, [(0, vec![0x1b, 0x0f]), alone.clone(), alone]);
    assert_eq!(tagged(&output.memory), [1]);
}

#[test]
fn y_05_a_header_ends_what_is_known_of_a_codec_that_is_not_carried() {
    // Of the format that the segments carry, and of another one.
    for (header, end) in [(header_16_ms(3_008), None), (audio_header(3_008, 44_100), Some(1))] {
        let mut tags = both(9);
        let at = tags.iter().position(|tag| tag.millis >= 3_008).unwrap();
        tags.splice(at..at, [g711(3_000), g711(3_000), header]);
        let output = run(&tags, Options::default());
        let listed: Vec<_> = (0..2).map(|nth| tables(&output.memory, nth)).collect();
        assert_eq!(listed, vec![(0, vec![0x1b, 0x0f]); 2]);
        assert_eq!(output.count(NoticeKind::UnsupportedAudio), 2);
        assert_eq!(tagged(&output.memory), Vec::from_iter(end));
    }
}

#[test]
fn y_05_that_nothing_is_carried_is_told_in_each_publication_and_over_a_jump_once() {
    let foreign = |from: i64, to: i64| (from..to).step_by(20).map(g711).collect::<Vec<_>>();
    let mut session = Session::new(Options::default());
    session.push(&foreign(0, 500));
    assert_eq!(session.stats().count(NoticeKind::NothingCarried), 0);
    // The wait goes on over a jump.
    session.push(&foreign(60_000, 60_500));
    assert_eq!(session.stats().count(NoticeKind::NothingCarried), 1);
    session.pause();
    session.push(&foreign(60_500, 61_480));
    assert_eq!(session.stats().count(NoticeKind::NothingCarried), 1);
    session.push(&foreign(61_480, 65_000));
    assert_eq!(session.stats().count(NoticeKind::NothingCarried), 2);
}

/// Pictures of which one is reordered, 25 per second, PTS as tag times.
fn of_pts(sps: &[u8], groups: i64) -> Vec<OwnedTag> {
    let order = [0, 2, 1, 4, 3, 6, 5, 8, 7, 9];
    let of_group = |group: i64| order.map(|nth| picture((group * 10 + nth) * 40, nth == 0, 0, 50));
    [video_header(0, sps)].into_iter().chain((0..groups).flat_map(of_group)).collect()
}

/// Asserts that every picture is shown when its tag says.
fn assert_shown(output: &Output, tags: &[OwnedTag]) {
    let tags = tags.iter().filter(|tag| !tag.is_header());
    let want: Vec<_> = tags.map(|tag| 63_000 + tag.millis as u64 * 90).collect();
    let pts: Vec<_> = output.stream(VIDEO).iter().map(|pes| pes.pts).collect();
    assert!(pts == want);
}

#[test]
fn y_02_that_tags_state_pts_is_learned_again_after_a_pause() {
    let mut session = Session::new(frag(1));
    session.push(&of_pts(OTHER_SPS, 5));
    session.pause();
    let second = Base { millis: 2_000, composition: 80, ..BASE }.video();
    session.push(&second);
    let output = session.end();
    let first = output.stream(VIDEO)[50].clone();
    assert_eq!((first.dts, first.pts), (63_000, 63_000 + 80 * 90));
    for (nth, pes) in output.stream(VIDEO)[50..].iter().enumerate() {
        assert_eq!(pes.dts, 63_000 + nth as u64 * 3_600, "{nth}");
    }
}

#[test]
fn y_02_that_tags_state_pts_is_known_over_a_change_of_size_and_a_lost_segment() {
    let mut tags = of_pts(OTHER_SPS, 20);
    let at = tags.iter().position(|tag| tag.millis == 4_000).unwrap();
    tags.insert(at, video_header(4_000, &sps(25, 2)));
    let output = run(&tags, frag(2));
    assert_eq!(starts(&output.memory).len(), 4);
    assert_shown(&output, &tags);
    let mut session = Session::new(frag(2));
    let at = tags.iter().position(|tag| tag.millis >= 5_000).unwrap();
    session.push(&tags[..at]);
    let rest = session.push_until_fails(&tags[at..], Call::Write).to_vec();
    session.push(&rest);
    let output = session.end();
    let last = output.memory.bodies.len() - 1;
    let after = output.stream(VIDEO).into_iter().filter(|pes| pes.segment == last);
    let late: Vec<_> = after.map(|pes| (pes.pts - 63_000) / 90).collect();
    let want: Vec<_> = tags[1..].iter().map(|tag| tag.millis as u64).collect();
    assert_eq!(late, want[want.len() - late.len()..]);
}

#[test]
fn y_06_audio_goes_on_alone_where_no_picture_follows_the_header_for_5_s() {
    // 32 frames are held: the oldest of them is where the segment begins.
    let begins = |options: Options, secs: i64| {
        let tags = merged(&[&[video_header(0, SPS)], &aac_16_ms(0, secs * 1_000)]);
        let output = run(&tags, options);
        assert_eq!(output.stream(AUDIO)[0].pts as i64, 63_000 + starts(&output.memory)[0] * 90);
        starts(&output.memory)[0]
    };
    let of =
        |millis: i64| Options { picture_wait: TickSpan::from_millis(millis), ..Options::default() };
    assert_eq!(begins(Options::default(), 12), 5_008 - 32 * 16);
    assert_eq!(begins(of(2_000), 12), 2_000 - 32 * 16);
    assert_eq!(begins(of(2_001), 12), 2_016 - 32 * 16);
    // The wait begins again with a publication, and at a jump.
    let tags = merged(&[&[video_header(0, SPS)], &aac_16_ms(0, 4_000)]);
    let mut session = Session::new(Options::default());
    session.push(&tags);
    session.pause();
    session.push(&tags);
    assert_eq!(session.memory().starts.len(), 0);
    session.push(&moved(&between(&aac_16_ms(0, 6_000), 0, 6_000), 60_000));
    assert_eq!(starts(session.memory()), [60_016 + 5_008 - 32 * 16]);
    assert!(audio(0, 1).data.len() == 3);
}
