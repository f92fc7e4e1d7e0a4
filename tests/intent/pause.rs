//! What `finish(End::Pause)` keeps of a list, and what it forgets of a publication.

use hls_segmenter::config::Filler;
use hls_segmenter::config::{MidGop, Options, TimelineBase, UnrelatedClocks};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::time::TickSpan;
use hls_segmenter::ts::StreamType;
use hls_segmenter::{SwitchAt, Track};

use crate::session::{
    Session, aac_16_ms, between, counted, cuts, frag, headers, marked, merged, metadata, moved,
    of_audio, packets, reported, starts, tables, tagged,
};
use crate::support::stream::{
    BASE, OTHER_SPS, SPS, audio, audio_header, picture, shift, video_header, video_tag,
};
use crate::support::{AUDIO, Base, OwnedTag, VIDEO, is_video};

/// So many seconds of both tracks from 0 on.
fn both(secs: i64) -> Vec<OwnedTag> {
    Base { millis: secs * 1000, ..BASE }.both()
}

fn video(secs: i64) -> Vec<OwnedTag> {
    both(secs).into_iter().filter(is_video).collect()
}

/// Two publications with a pause between them.
fn two(options: Options, first: &[OwnedTag], second: &[OwnedTag]) -> Session {
    let mut session = Session::new(options);
    session.push(first);
    session.pause();
    session.push(second);
    session
}

/// Asserts that no prefix of the list says more than half a millisecond too much or too little.
pub(crate) fn assert_carried<'a>(segments: impl IntoIterator<Item = &'a hls_segmenter::Segment>) {
    let (mut ticks, mut said) = (0, 0);
    for segment in segments {
        ticks += segment.duration.get();
        said += i64::from(segment.extinf.millis()) * 90;
        assert!((ticks - said).abs() <= 45, "{segment:?}: {said} of {ticks}");
    }
}

#[test]
fn what_is_reported_in_a_pause_has_the_time_of_the_last_frame() {
    let tags = both(3);
    let last = tags.iter().map(|tag| tag.millis).max().unwrap();
    let unknown = OwnedTag { kind: hls_segmenter::flv::TagKind::new(3), millis: 9, data: vec![1] };
    let output = two(Options::default(), &tags, &[unknown]).end();
    let notice = output.memory.notices.last().unwrap();
    assert_eq!((notice.kind, notice.time.get() / 90), (NoticeKind::UnknownTag, last));
}

#[test]
fn r_45_a_requested_switch_does_not_outlive_a_pause() {
    for at in [SwitchAt::KeyFrame, SwitchAt::Once] {
        let mut session = Session::new(Options::default());
        session.push(&headers(&both(3)));
        session.push(&between(&both(3), 0, 2240));
        session.request(at);
        session.pause();
        session.push(&both(12));
        let output = session.end();
        let after = &cuts(&output.memory)[1..];
        let want = [(0, 5000, "key-frame"), (5000, 5000, "key-frame"), (10_000, 2000, "end")];
        assert_eq!(after, want, "{at:?}");
    }
    let alone = of_audio(&both(12));
    let mut session = Session::new(Options::default());
    session.push(&alone);
    session.request(SwitchAt::Once);
    session.pause();
    session.push(&alone);
    let output = session.end();
    assert!(cuts(&output.memory).iter().all(|cut| cut.2 != "requested"));
}

#[test]
fn y_12_the_rounding_error_of_extinf_is_carried_over_pauses() {
    // 130 frames are 271,673 ticks: 3,019 ms less 37 ticks, each time.
    let alone = of_audio(&both(12));
    let mut session = Session::new(Options::default());
    for _ in 0..9 {
        session.push(&alone[..131]);
        session.pause();
    }
    let output = session.leave();
    assert_eq!(output.memory.segments.len(), 9);
    assert_carried(&output.memory.segments);
    // Pictures of 30,000 / 1001 a second, of which one publication has a single group.
    let video = Base { fps: (30_000, 1001), millis: 1_700, gop: 0, ..BASE }.video();
    let mut session = Session::new(Options::default());
    for _ in 0..9 {
        session.push(&video);
        session.pause();
    }
    assert_carried(&session.leave().memory.segments);
}

#[test]
fn y_10_tag_times_are_unrolled_from_the_first_tag_of_each_publication() {
    let late = 4_000_000_000;
    let mut first = both(3);
    shift(&mut first, 0, late);
    let output = two(Options::default(), &first, &both(3)).end();
    assert_eq!(starts(&output.memory), [late, 0]);
    assert_eq!(counted(&output.stats), []);
    let zero = Options { base: TimelineBase::FirstTagZero, ..Options::default() };
    let mut second = both(3);
    shift(&mut second, 0, 7_000);
    let output = two(zero, &first, &second).end();
    assert_eq!(starts(&output.memory), [0, 0]);
    assert_eq!(counted(&output.stats), []);
}

#[test]
fn x7_no_step_of_time_across_a_pause_is_a_jump_or_a_repair() {
    for by in [-1_000_000, -3_000, -500, -10, 0, 10, 5_000, 1_000_000] {
        let mut first = both(3);
        shift(&mut first, 0, 2_000_000);
        let mut second = both(3);
        shift(&mut second, 0, 2_003_000 + by);
        let output = two(Options::default(), &first, &second).end();
        assert_eq!(counted(&output.stats), [], "{by}");
        assert_eq!(starts(&output.memory), [2_000_000, 2_003_000 + by]);
        assert_eq!(tagged(&output.memory), [1], "{by}");
    }
}

#[test]
fn y_13_the_shift_that_aligned_audio_is_forgotten_at_a_pause() {
    let options = Options { unrelated_clocks: UnrelatedClocks::AlignToLead, ..Options::default() };
    let mut first = both(3);
    for tag in first.iter_mut().filter(|tag| !is_video(tag)) {
        tag.millis += if tag.is_header() { 0 } else { 900_000_000 };
    }
    // Behind the pause audio begins 520 ms after video, on the same clock.
    let audio = moved(&aac_16_ms(0, 2_000), 520);
    let second = merged(&[&video(3), &audio]);
    let output = two(options, &first, &second).end();
    assert_eq!(counted(&output.stats), []);
    let audio = output.stream(AUDIO);
    let after = audio.iter().find(|pes| pes.segment == 1).unwrap();
    assert_eq!(after.pts, 63_000 + 520 * 90);
}

#[test]
fn f_40_tracks_that_were_related_may_be_unrelated_after_a_pause() {
    let mut second = both(3);
    for tag in second.iter_mut().filter(|tag| !is_video(tag)) {
        tag.millis += if tag.is_header() { 0 } else { 900_000_000 };
    }
    let output = two(Options::default(), &both(3), &second).end();
    let frames = of_audio(&second).len() as u64 - 1;
    assert_eq!(counted(&output.stats), [(NoticeKind::UnrelatedClocks, frames)]);
}

#[test]
fn y_07_the_audio_clock_begins_at_the_first_tag_after_a_pause() {
    // 2 s of audio alone: the clock would have its next frame at 2,000 ms.
    for from in [1_968, 1_985, 2_000, 2_015, 2_031] {
        let first = aac_16_ms(0, 2_000);
        let second = aac_16_ms(from, from + 2_000);
        let output = two(Options::default(), &first, &second).end();
        assert_eq!(counted(&output.stats), [], "{from}");
        let audio = packets(&output, AUDIO);
        let (begins, _) = audio[audio.len() / 2];
        assert_eq!(begins, from * 90, "{from}");
        assert_eq!(output.stats.audio.unwrap().frames, 250, "{from}");
    }
}

#[test]
fn x7_audio_that_was_gathered_is_written_before_a_pause() {
    let first = both(3);
    let output = two(Options::default(), &first, &[]).end();
    let frames = of_audio(&first).len() as u64 - 1;
    assert_eq!(output.stats.audio.unwrap().frames, frames);
    let (last, len) = *packets(&output, AUDIO).last().unwrap();
    assert!(last < 3_000 * 90 && len > 0);
    assert_eq!(counted(&output.stats), []);
}

#[test]
fn y_06_audio_that_waited_for_video_is_dropped_at_a_pause() {
    let mut session = Session::new(Options::default());
    session.push(&[video_header(0, SPS)]);
    session.push(&aac_16_ms(0, 200));
    session.pause();
    assert_eq!(
        counted(&session.stats()),
        [(NoticeKind::AudioBeforeKeyFrame, 13)],
        "a video header came: pictures were waited for"
    );
    session.push(&both(3));
    let output = session.end();
    assert_eq!(output.count(NoticeKind::AudioBeforeKeyFrame), 13);
    assert_eq!(packets(&output, AUDIO)[0].0, 0);
    let frames = of_audio(&both(3)).len() as u64 - 1;
    assert_eq!(output.stats.audio.unwrap().frames, frames);
}

#[test]
fn r_79_audio_that_was_early_at_a_jump_is_dropped_at_a_pause() {
    let mut session = Session::new(Options::default());
    session.push(&merged(&[&video(2), &aac_16_ms(0, 2_000)]));
    session.push(&between(&aac_16_ms(60_000, 60_080), 60_000, 60_080));
    session.pause();
    let dropped = [(NoticeKind::AudioWrongTimeline, 5)];
    assert_eq!(counted(&session.stats()), dropped);
    session.push(&merged(&[&video(2), &aac_16_ms(0, 2_000)]));
    let output = session.end();
    assert_eq!(counted(&output.stats), dropped);
    assert_eq!(output.stats.audio.unwrap().frames, 250);
    let audio = packets(&output, AUDIO);
    assert_eq!(audio[audio.len() / 2].0, 0);
}

#[test]
fn r_36_nal_units_that_waited_for_a_picture_are_dropped_at_a_pause() {
    let message: &[u8] = &[6, 5, 3, 0x77, 0x77, 0x77, 0x80];
    let mut session = Session::new(Options::default());
    session.push(&video(2));
    session.push(&[video_tag(2_000, false, 0, &[message])]);
    session.pause();
    session.push(&video(2));
    let output = session.end();
    let carried = |data: &[u8]| data.windows(message.len()).any(|found| found == message);
    assert!(output.stream(VIDEO).iter().all(|pes| !carried(&pes.data)));
    assert_eq!(counted(&output.stats), []);
}

#[test]
fn f_45_a_publication_needs_sequence_headers_of_its_own() {
    let mut session = Session::new(Options::default());
    session.push(&both(2));
    session.pause();
    session.push(&between(&both(1), 0, 1_000));
    let output = session.end();
    let frames = of_audio(&both(1)).len() as u64 - 1;
    assert_eq!(
        counted(&output.stats),
        [(NoticeKind::VideoBeforeHeader, 25), (NoticeKind::AudioBeforeHeader, frames),]
    );
    assert_eq!(output.memory.starts.len(), 1);
}

#[test]
fn y_04_parameter_sets_that_waited_for_a_key_frame_are_forgotten_at_a_pause() {
    let mut session = Session::new(Options::default());
    session.push(&video(2));
    session.push(&[video_header(2_000, OTHER_SPS)]);
    session.pause();
    session.push(&video(12));
    let output = session.end();
    assert_eq!(
        cuts(&output.memory)[1..],
        [(0, 5000, "key-frame"), (5000, 5000, "key-frame"), (10_000, 2000, "end")]
    );
    let other = |data: &[u8]| data.windows(OTHER_SPS.len()).any(|found| found == OTHER_SPS);
    assert!(output.stream(VIDEO).iter().all(|pes| !other(&pes.data)));
    assert_eq!(output.memory.tracks.len(), 1);
}

#[test]
fn y_04_a_header_that_was_set_aside_before_a_pause_is_a_change_again_after_it() {
    // The digest of the last header is that of the other sets; the same other header comes after
    // the pause.
    let mut session = Session::new(Options::default());
    session.push(&video(2));
    session.push(&[video_header(2_000, OTHER_SPS)]);
    session.pause();
    session.push(&video(2));
    session.push(&[video_header(2_000, OTHER_SPS)]);
    session.push(&moved(&between(&video(4), 0, 4_000), 2_000));
    let output = session.end();
    assert_eq!(cuts(&output.memory)[1..], [(0, 2000, "config-change"), (2000, 4000, "end")]);
}

#[test]
fn f_29_how_early_dts_must_run_is_learned_again_after_a_pause() {
    let early = Base { millis: 2_000, composition: -120, ..BASE };
    let output = two(Options::default(), &early.both(), &both(2)).end();
    assert_eq!(starts(&output.memory), [-120, 0]);
    let video = output.stream(VIDEO);
    let after = video.iter().find(|pes| pes.segment == 1).unwrap();
    assert_eq!((after.dts, after.pts), (63_000, 63_000));
}

#[test]
fn h_05_the_interval_of_pictures_is_that_of_the_publication() {
    let slow = Base { fps: (5, 1), millis: 2_000, ..BASE };
    let second = [video_header(0, SPS), picture(0, true, 0, 50)];
    let output = two(Options::default(), &slow.video(), &second).end();
    assert_eq!(output.extinf(), [2_000, 40], "the parameter set says 25");
}

#[test]
fn x3_the_slack_is_that_of_the_publication() {
    let slow = Base { fps: (10, 1), millis: 2_000, ..BASE }.video();
    // Key frames every 4,960 ms: half a frame is 20 ms at 25 frames per second, 50 ms at 10.
    let even = Base { gop: 124, millis: 11_000, ..BASE }.video();
    let output = two(Options::default(), &slow, &even).end();
    assert_eq!(output.extinf(), [2_000, 9_920, 1_080]);
}

#[test]
fn y_06_a_key_frame_is_waited_for_as_long_again_after_a_pause() {
    let none = |from: i64, to: i64| {
        let times = (from..to).step_by(40);
        let pictures = times.map(|millis| picture(millis, false, 0, 50));
        let head = [video_header(from, SPS)];
        head.into_iter().chain(pictures).collect::<Vec<_>>()
    };
    let mut session = Session::new(Options::default());
    session.push(&none(0, 50_000));
    session.pause();
    session.push(&none(50_000, 112_000));
    assert_eq!(starts(session.memory()), [110_000]);
    // Audio that waits for announced video, 1 s at the most.
    let options = Options { announced_video: true, ..Options::default() };
    let mut session = Session::new(options);
    session.push(&aac_16_ms(0, 900));
    session.pause();
    let begun = session.memory().starts.len();
    session.push(&aac_16_ms(900, 1_900));
    assert_eq!(session.memory().starts.len(), begun);
    session.push(&between(&aac_16_ms(900, 1_910), 1_900, 1_910));
    assert_eq!(session.memory().starts.len(), begun + 1);
}

#[test]
fn y_05_metadata_announces_tracks_of_each_publication() {
    let announced = metadata(&[("audiocodecid", 10.0)]);
    let second = [vec![announced], video(12)].concat();
    let output = two(Options::default(), &video(2), &second).end();
    let listed: Vec<_> = (0..4).map(|nth| tables(&output.memory, nth)).collect();
    let alone = vec![0x1b];
    assert_eq!(listed, [(0, alone.clone()), (1, vec![0x1b, 0x0f]), (2, alone.clone()), (2, alone)]);
    assert_eq!(reported(&output.memory), [(NoticeKind::TrackMissing, 5000, 0, 1)]);
    // What the first publication announced is not waited for in the second.
    let announced = metadata(&[("audiocodecid", 10.0)]);
    let first = [vec![announced], video(2)].concat();
    let output = two(Options::default(), &first, &video(2)).end();
    assert_eq!(tables(&output.memory, 1), (1, vec![0x1b]));
    assert_eq!(reported(&output.memory), []);
}

#[test]
fn y_05_the_hosts_word_announces_tracks_of_each_publication() {
    let options = Options { announced_audio: Some(StreamType::AAC_ADTS), ..Options::default() };
    let output = two(options, &video(7), &video(7)).end();
    let listed: Vec<_> = (0..4).map(|nth| tables(&output.memory, nth).1).collect();
    assert_eq!(listed, [vec![0x1b, 0x0f], vec![0x1b], vec![0x1b, 0x0f], vec![0x1b]]);
    assert_eq!(output.count(NoticeKind::TrackMissing), 2);
    let options = Options { announced_video: true, ..Options::default() };
    let mut session = two(options, &aac_16_ms(0, 3_000), &aac_16_ms(0, 960));
    assert_eq!(session.memory().starts.len(), 1, "waited for again");
    session.push(&aac_16_ms(960, 3_000));
    assert_eq!(session.memory().starts.len(), 2);
}

#[test]
fn r_34_the_tables_after_a_pause_list_what_that_publication_has() {
    let audio = of_audio(&both(7));
    let output = two(Options::default(), &both(2), &audio).end();
    assert_eq!(tables(&output.memory, 0), (0, vec![0x1b, 0x0f]));
    assert_eq!(tables(&output.memory, 1), (1, vec![0x0f]));
    assert_eq!(cuts(&output.memory)[1].2, "audio-only");
    assert_eq!(tagged(&output.memory), [1]);
    let output = two(Options::default(), &both(2), &both(2)).end();
    assert_eq!(tables(&output.memory, 1), (0, vec![0x1b, 0x0f]));
}

#[test]
fn o_19_a_track_that_is_the_same_after_a_pause_is_not_reported_again() {
    let output = two(Options::default(), &both(2), &both(2)).end();
    let video = |tracks: &[Track]| {
        let video = tracks.iter().filter(|track| matches!(track, Track::Video(_)));
        video.count()
    };
    assert_eq!(video(&output.memory.tracks), 1);
    let mut other = both(2);
    other[0] = video_header(0, OTHER_SPS);
    let output = two(Options::default(), &both(2), &other).end();
    assert_eq!(video(&output.memory.tracks), 2);
    assert_eq!(output.stats.video.unwrap().track.width, Some(192));
}

#[test]
fn o_19_statistics_go_on_over_a_pause() {
    let mut session = Session::new(Options::default());
    session.push(&both(3));
    session.pause();
    let before = session.stats();
    let video = before.video.unwrap();
    assert_eq!((video.frames, video.track.width), (75, Some(256)));
    session.push(&[]);
    assert_eq!(session.stats(), before, "the tracks are still known");
    session.push(&both(3));
    session.pause();
    let after = session.stats();
    assert_eq!(after.video.unwrap().frames, 150);
    assert_eq!(after.video.unwrap().bytes, 2 * before.video.unwrap().bytes);
    assert_eq!(
        (after.audio.unwrap().frames, after.audio.unwrap().bytes),
        (2 * before.audio.unwrap().frames, 2 * before.audio.unwrap().bytes)
    );
}

#[test]
fn r_46_numbers_counters_and_target_go_on_over_a_pause() {
    let long = Base { gop: 225, millis: 9_000, ..BASE };
    let mut session = two(Options::default(), &long.both(), &both(12));
    session.pause();
    session.push(&both(3));
    let output = session.end();
    let numbers = |segment: &hls_segmenter::Segment| (segment.id, segment.sequence);
    let numbers: Vec<_> = output.memory.segments.iter().map(numbers).collect();
    assert_eq!(numbers, [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]);
    assert_eq!(output.targets(), [9; 5]);
    assert_eq!(tagged(&output.memory), [1, 4]);
    let last = output.memory.playlists.last().unwrap();
    assert!(last.contains("#EXT-X-DISCONTINUITY-SEQUENCE:1\n"), "{last}");
    let counters = output.memory.bodies.iter().map(|body| body[3] & 0x0f);
    assert_eq!(counters.collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    let marked: Vec<_> = output.memory.bodies.iter().map(|body| marked(body)).collect();
    let (none, both) = (vec![], vec![VIDEO, AUDIO]);
    assert_eq!(marked, [none.clone(), both.clone(), none.clone(), none, both]);
}

#[test]
fn h_15_dates_follow_the_hosts_clock_after_a_pause_and_stamps_stay_unique() {
    let mut session = Session::new(Options::default());
    session.push_dated(&both(7), 1_000_000_000_000);
    session.pause();
    session.push_dated(&both(7), 1_000_000_060_000);
    session.pause();
    // The clock goes back by a minute: no date before one that was reported, no stamp twice.
    session.push_dated(&both(7), 1_000_000_000_000);
    let output = session.end();
    let since = |wall: Option<hls_segmenter::time::WallTime>| {
        wall.unwrap().unix_millis() - 1_000_000_000_000
    };
    let dates: Vec<_> = output
        .memory
        .segments
        .iter()
        .map(|segment| (since(segment.wall), since(segment.program_date_time)))
        .collect();
    assert_eq!(
        dates,
        [
            (0, 0),
            (5_000, 5_000),
            (60_000, 60_000),
            (65_000, 65_000),
            (65_001, 67_000),
            (65_002, 71_900),
        ]
    );
}

#[test]
fn o_12_the_pace_of_snapshots_goes_on_over_a_pause() {
    let options = Options { snapshot_interval: Some(TickSpan::from_secs(7)), ..Options::default() };
    let mut second = both(9);
    shift(&mut second, 0, 4_000);
    let output = two(options, &both(4), &second).end();
    let secs = output.memory.snapshots.iter().map(|shot| shot.0 / 90_000);
    assert_eq!(secs.collect::<Vec<_>>(), [0, 7]);
}

#[test]
fn what_comes_with_tag_after_tag_is_reported_in_each_publication_and_counted_through() {
    let filler: &[u8] = &[12, 0xff, 0x80];
    let odd = |millis| video_tag(millis, true, 0, &[&[0x41, 0x9a, 0x24, 9], filler]);
    let mut session = Session::new(Options { filler: Filler::Drop, ..Options::default() });
    for _ in 0..2 {
        session.push(&[video_header(0, SPS), picture(0, true, 0, 50)]);
        session.push(&[odd(40), odd(80), odd(120)]);
        session.pause();
    }
    let output = session.leave();
    assert_eq!(
        reported(&output.memory),
        [(NoticeKind::KeyFlagWithoutIdr, 40, 0, 1), (NoticeKind::KeyFlagWithoutIdr, 40, 0, 4),]
    );
    assert_eq!(output.count(NoticeKind::KeyFlagWithoutIdr), 6);
}

#[test]
fn y_04_an_audio_format_that_waited_for_a_key_frame_is_just_the_format_after_a_pause() {
    let mut session = Session::new(Options::default());
    session.push(&merged(&[&video(2), &aac_16_ms(0, 2_000)]));
    session.push(&[audio_header(2_000, 44_100), audio(2_000, 90)]);
    session.pause();
    assert_eq!(counted(&session.stats()), [(NoticeKind::AudioNotJoined, 1)]);
    session.push(&both(12));
    let output = session.end();
    assert_eq!(output.count(NoticeKind::AudioNotJoined), 1);
    assert_eq!(
        cuts(&output.memory)[1..],
        [(0, 5000, "key-frame"), (5000, 5000, "key-frame"), (10_000, 2000, "end")]
    );
    let frames = of_audio(&both(12)).len() as u64 - 1;
    assert_eq!(output.stats.audio.unwrap().frames, 125 + frames);
}

#[test]
fn a_pause_twice_is_one_and_one_before_anything_is_none() {
    let mut session = Session::new(Options::default());
    session.pause();
    session.push(&both(7));
    session.pause();
    session.pause();
    session.push(&both(7));
    let output = session.end();
    let want =
        [(0, 5000, "key-frame"), (5000, 2000, "end"), (0, 5000, "key-frame"), (5000, 2000, "end")];
    assert_eq!(cuts(&output.memory), want);
    assert_eq!(tagged(&output.memory), [2]);
    assert_eq!(output.memory.playlists.len(), 4);
    assert_eq!(counted(&output.stats), []);
}

#[test]
fn y_03_after_a_pause_video_waits_for_a_key_frame_under_either_policy() {
    for mid_gop in [MidGop::Keep, MidGop::DropUntilKey] {
        let options = Options { mid_gop, ..frag(2) };
        let mut second = both(4);
        second.retain(|tag| tag.is_header() || tag.millis >= 480);
        let output = two(options, &both(3), &second).end();
        assert_eq!(starts(&output.memory), [0, 2_000, 1_000, 3_000]);
        assert!(output.starts_with_idr().iter().all(|&idr| idr));
        assert_eq!(output.count(NoticeKind::VideoBeforeKeyFrame), 13);
    }
}

#[test]
fn f_09_the_length_of_lengths_is_that_of_the_last_header() {
    // A header whose lengths have two bytes, and pictures to it.
    let mut short = video_header(0, SPS);
    short.data[9] = 0xfd;
    let shorten = |tag: OwnedTag| {
        let mut data = tag.data[..5].to_vec();
        data.extend(&tag.data[7..]);
        OwnedTag { data, ..tag }
    };
    let pictures = between(&video(2), 0, 2_000);
    let first: Vec<_> = pictures.iter().cloned().map(shorten).collect();
    let first = [vec![short], first].concat();
    let output = two(Options::default(), &first, &video(2)).end();
    assert_eq!(counted(&output.stats), []);
    assert_eq!(output.stats.video.unwrap().frames, 100);
}

#[test]
fn y_03_a_jump_before_the_first_key_frame_after_a_pause_opens_a_segment() {
    // Something was written before, so that video is kept after the jump as it is within a
    // publication.
    for (mid_gop, start) in [(MidGop::Keep, 60_520), (MidGop::DropUntilKey, 61_000)] {
        let options = Options { mid_gop, ..Options::default() };
        let mut second = video(3);
        second.retain(|tag| tag.is_header() || tag.millis >= 200);
        shift(&mut second, 480, 60_000);
        let output = two(options, &video(3), &second).end();
        assert_eq!(starts(&output.memory), [0, start], "{mid_gop:?}");
        assert_eq!(tagged(&output.memory), [1]);
    }
}
