//! What a segment that is lost to a failed sink call takes with it, and what it leaves alone.

use hls_segmenter::SwitchAt;
use hls_segmenter::config::{MidGop, Options};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::time::TickSpan;

use crate::pause::assert_carried;
use crate::session::{
    Call, Session, aac_16_ms, between, counted, cuts, frag, header_16_ms, headers, marked, merged,
    metadata, moved, of_audio, packets, reported, starts, tables, tagged,
};
use crate::support::stream::{
    BASE, OTHER_SPS, SPS, audio, audio_header, picture, shift, video_header, video_tag,
};
use crate::support::{AUDIO, Base, OwnedTag, VIDEO, is_video};

fn video(secs: i64) -> Vec<OwnedTag> {
    Base { millis: secs * 1000, ..BASE }.video()
}

fn both(secs: i64) -> Vec<OwnedTag> {
    merged(&[&video(secs), &aac_16_ms(0, secs * 1000)])
}

/// Pushes tags of which the first one at `millis` or later meets a call that fails, then the
/// others.
fn losing(options: Options, tags: &[OwnedTag], millis: i64, call: Call) -> Session {
    let mut session = Session::new(options);
    let at = tags.iter().position(|tag| !tag.is_header() && tag.millis >= millis).unwrap();
    session.push(&tags[..at]);
    let rest = session.push_until_fails(&tags[at..], call).to_vec();
    session.push(&rest);
    session
}

#[test]
fn y_12_the_rounding_error_of_extinf_skips_segments_that_were_lost() {
    let tags = Base { millis: 60_000, ..BASE }.audio();
    for call in [Call::Open, Call::Write, Call::Close] {
        let mut session = Session::new(frag(2));
        let mut rest = tags.clone();
        for nth in 1..8 {
            let at = rest.iter().position(|tag| tag.millis >= nth * 7_000).unwrap();
            session.push(&rest[..at]);
            rest = session.push_until_fails(&rest[at..], call).to_vec();
        }
        session.push(&rest);
        let output = session.end();
        assert_eq!(output.memory.aborted.len(), 7, "{call:?}");
        assert_carried(&output.memory.segments);
    }
}

#[test]
fn y_11_numbers_of_lost_segments_and_what_was_written_of_them() {
    for call in [Call::Open, Call::Write, Call::Close] {
        let mut session = Session::new(Options::default());
        let tags = both(22);
        let at = tags.iter().position(|tag| tag.millis >= 6_000).unwrap();
        session.push(&tags[..at]);
        let rest = session.push_until_fails(&tags[at..], call).to_vec();
        let lost = session.memory().aborted[0];
        assert_eq!(session.lost(), [lost.bytes], "{call:?}");
        assert_eq!(lost.bytes == 0, call == Call::Open);
        session.push(&rest);
        let output = session.end();
        let numbers: Vec<_> = output.memory.segments.iter().map(|s| (s.id, s.sequence)).collect();
        let lost_id = lost.id;
        let want: Vec<_> =
            (0..6).filter(|&id| id != lost_id).zip(0..).take(numbers.len()).collect();
        assert_eq!(numbers, want, "{call:?}");
        assert_eq!(tagged(&output.memory), [lost_id], "{call:?}");
        assert_eq!(output.count(NoticeKind::SinkFailed), 1);
    }
}

#[test]
fn r_52_a_failed_call_is_one_notice_at_its_time() {
    for (call, time, tells) in [
        (Call::Write, 6_000, true),
        (Call::Open, 10_000, true),
        (Call::Close, 10_000, true),
        (Call::Update, 10_000, false),
    ] {
        let output = losing(Options::default(), &video(14), 6_000, call).end();
        let mut want = Vec::new();
        if tells {
            want.push((NoticeKind::SinkFailed, time, 0, 1));
        }
        if matches!(call, Call::Write | Call::Open) {
            want.push((NoticeKind::VideoBeforeKeyFrame, time + 40, 0, 1));
        }
        assert_eq!(reported(&output.memory), want, "{call:?}");
        let waited = output.count(NoticeKind::VideoBeforeKeyFrame);
        assert_eq!(waited, if want.len() == 2 { 24 } else { 0 }, "{call:?}");
    }
}

#[test]
fn h_13_an_update_that_fails_costs_nothing() {
    let output = losing(Options::default(), &both(14), 6_000, Call::Update).end();
    assert_eq!(
        cuts(&output.memory),
        [(0, 5000, "key-frame"), (5_000, 5000, "key-frame"), (10_000, 4000, "end")]
    );
    assert_eq!(output.memory.playlists.len(), 2);
    assert_eq!(counted(&output.stats), []);
    assert_eq!(tagged(&output.memory), [0; 0]);
    assert_eq!(output.memory.listed.len(), 3);
}

#[test]
fn r_45_a_requested_switch_is_still_wanted_after_a_lost_segment() {
    let tags = video(14);
    let mut session = Session::new(Options::default());
    let at = tags.iter().position(|tag| tag.millis >= 2_200).unwrap();
    session.push(&tags[..at]);
    session.request(SwitchAt::KeyFrame);
    let rest = session.push_until_fails(&tags[at..], Call::Write).to_vec();
    session.push(&rest);
    let output = session.end();
    assert_eq!(
        cuts(&output.memory),
        [(3_000, 1000, "requested"), (4_000, 5000, "key-frame"), (9_000, 5000, "end")]
    );
    // Where the switch itself lost its segment, it has been made.
    let mut session = Session::new(Options::default());
    session.push(&tags[..at]);
    session.request(SwitchAt::KeyFrame);
    let rest = session.push_until_fails(&tags[at..], Call::Close).to_vec();
    session.push(&rest);
    let output = session.end();
    assert_eq!(
        cuts(&output.memory),
        [(3_000, 5000, "key-frame"), (8_000, 5000, "key-frame"), (13_000, 1000, "end")]
    );
}

#[test]
fn t_05_the_tables_of_a_lost_segment_are_taken_back() {
    // Audio joins at 3 s, and that segment is lost; the next one joins it again.
    let late = between(&aac_16_ms(0, 14_000), 2_500, 14_000);
    let mut tags = merged(&[&video(14), &late]);
    let at = tags.iter().position(|tag| !is_video(tag)).unwrap();
    tags.insert(at, header_16_ms(2_500));
    for call in [Call::Open, Call::Write] {
        let millis = if call == Call::Open { 2_900 } else { 3_400 };
        let output = losing(Options::default(), &tags, millis, call).end();
        let listed: Vec<_> =
            (0..output.memory.bodies.len()).map(|nth| tables(&output.memory, nth)).collect();
        let joined = (1, vec![0x1b, 0x0f]);
        assert_eq!(listed[0], (0, vec![0x1b]), "{call:?}");
        assert!(listed[1..].iter().all(|listed| *listed == joined), "{call:?}");
        assert_eq!(tagged(&output.memory), [1]);
        assert_eq!(starts(&output.memory).last(), Some(&9_000));
        let counters = output.memory.bodies.iter().map(|body| body[3] & 0x0f);
        assert_eq!(counters.collect::<Vec<_>>(), [0, 1, 2]);
        // The clock of what was lost is gone.
        assert_eq!(marked(&output.memory.bodies[1]), [VIDEO, AUDIO]);
        assert_eq!(marked(&output.memory.bodies[2]), []);
    }
}

#[test]
fn h_15_a_lost_segment_leaves_dates_to_the_hosts_clock() {
    let tags = both(22);
    let mut session = Session::new(Options::default());
    let at = tags.iter().position(|tag| tag.millis >= 7_000).unwrap();
    session.push_dated(&tags[..at], 1_000_000_000_000);
    let rest = session.push_until_fails(&tags[at..], Call::Write).to_vec();
    session.push_dated(&rest, 1_000_000_000_000);
    let output = session.end();
    let since = |wall: Option<hls_segmenter::time::WallTime>| {
        wall.unwrap().unix_millis() - 1_000_000_000_000
    };
    let dates: Vec<_> = output
        .memory
        .segments
        .iter()
        .map(|s| (since(s.wall), since(s.program_date_time)))
        .collect();
    assert_eq!(dates, [(0, 0), (8_000, 8_000), (13_000, 13_000), (18_000, 18_000)]);
}

#[test]
fn o_12_a_snapshot_of_a_lost_segment_was_a_snapshot() {
    let options = Options { snapshot_interval: Some(TickSpan::from_secs(4)), ..Options::default() };
    let output = losing(options, &video(14), 6_200, Call::Write).end();
    let secs = output.memory.snapshots.iter().map(|shot| shot.0 / 90_000);
    assert_eq!(secs.collect::<Vec<_>>(), [0, 4, 8, 12]);
}

#[test]
fn y_06_audio_that_was_gathered_for_a_lost_segment_goes_into_the_next_or_is_counted() {
    let tags = both(14);
    // An audio frame that itself meets the failure is lost with its segment. Of audio before the
    // key frame 300 ms are kept, to the frame; from 6.736 s on what is older had been written.
    for (millis, met, first) in [
        (6_000, 0, 6_704),
        (6_120, 0, 6_704),
        (6_448, 1, 6_704),
        (6_800, 0, 6_736),
        (6_960, 0, 6_736),
    ] {
        let output = losing(Options::default(), &tags, millis, Call::Write).end();
        let written = output.stats.audio.unwrap().frames;
        let dropped = output.count(NoticeKind::AudioBeforeKeyFrame);
        assert_eq!(written + dropped + met, 875, "{millis}");
        assert_eq!(output.count(NoticeKind::AudioWrongTimeline), 0);
        let next = output.stream(AUDIO);
        let next = next.iter().find(|pes| pes.segment == 1).unwrap();
        assert_eq!(next.pts as i64, 63_000 + first * 90, "{millis}");
    }
}

#[test]
fn y_07_the_audio_clock_goes_on_after_a_lost_segment() {
    // Tags that jitter by ten milliseconds around the times of their samples.
    let mut tags = Base { millis: 14_000, ..BASE }.both();
    for (nth, tag) in tags.iter_mut().filter(|tag| !is_video(tag)).enumerate().skip(2) {
        tag.millis += [0, 10, -10, 7, -3][nth % 5];
    }
    let output = losing(Options::default(), &tags, 6_400, Call::Write).end();
    let kinds: Vec<_> = counted(&output.stats).iter().map(|count| count.0).collect();
    assert_eq!(
        kinds,
        [NoticeKind::VideoBeforeKeyFrame, NoticeKind::AudioBeforeKeyFrame, NoticeKind::SinkFailed]
    );
    for (pts, _) in packets(&output, AUDIO) {
        let n = (pts * 44_100 + 512 * 90_000).div_euclid(1024 * 90_000);
        let exact = (n * 1024 * 90_000 * 2 + 44_100).div_euclid(2 * 44_100);
        assert!((pts - exact).abs() <= 1, "{pts}");
    }
}

#[test]
fn y_05_a_track_that_was_given_up_in_a_lost_segment_stays_away() {
    let mut tags = vec![metadata(&[("audiocodecid", 10.0)])];
    tags.extend(video(16));
    // The second segment, which lists audio no more, is lost.
    let output = losing(Options::default(), &tags, 6_000, Call::Write).end();
    assert_eq!(output.count(NoticeKind::TrackMissing), 1);
    let listed: Vec<_> = (0..3).map(|nth| tables(&output.memory, nth)).collect();
    let alone = (1, vec![0x1b]);
    assert_eq!(listed, [(0, vec![0x1b, 0x0f]), alone.clone(), alone]);
    assert_eq!(tagged(&output.memory), [1]);
}

#[test]
fn y_04_parameter_sets_that_came_with_a_lost_segment_are_in_force() {
    let mut tags = video(14);
    let at = tags.iter().position(|tag| tag.millis == 2_960).unwrap();
    tags.insert(at, video_header(2_960, OTHER_SPS));
    let output = losing(Options::default(), &tags, 3_200, Call::Write).end();
    assert_eq!(
        cuts(&output.memory),
        [(0, 3000, "config-change"), (4_000, 5000, "key-frame"), (9_000, 5000, "end")]
    );
    let other = |data: &[u8]| data.windows(OTHER_SPS.len()).any(|found| found == OTHER_SPS);
    let video = output.stream(VIDEO);
    assert!(video.iter().filter(|pes| other(&pes.data)).all(|pes| pes.segment > 0));
    assert!(other(&video.iter().find(|pes| pes.segment == 1).unwrap().data));
    assert_eq!(output.memory.tracks.len(), 2);
    // Sets that wait go on waiting.
    let output = losing(Options::default(), &tags, 2_960, Call::Write).end();
    assert_eq!(starts(&output.memory), [0, 3_000, 8_000, 13_000]);
}

#[test]
fn r_52_a_picture_that_was_to_force_a_switch_waits_for_a_key_frame_where_the_close_failed() {
    // A key frame at 65 s; the forced switch at 60 s fails to close its segment.
    let mut tags = Base { gop: 0, millis: 70_000, ..BASE }.video();
    let at = tags.iter().position(|tag| tag.millis == 65_000).unwrap();
    tags[at] = picture(65_000, true, 0, 50);
    let output = losing(Options::default(), &tags, 30_000, Call::Close).end();
    assert_eq!(starts(&output.memory), [0, 65_000]);
    // The picture at 60 s met the failure; those after it are counted.
    assert_eq!(output.count(NoticeKind::VideoBeforeKeyFrame), 124);
    assert_eq!(tagged(&output.memory), [0; 0]);
}

#[test]
fn r_23_a_lost_segment_raises_no_target_and_expires_nothing() {
    let long = Base { gop: 225, millis: 50_000, ..BASE };
    let output = losing(Options::default(), &long.video(), 8_000, Call::Close).end();
    assert_eq!(output.targets(), [9, 9, 9, 9, 9]);
    let output = losing(Options::default(), &video(12), 3_000, Call::Close).end();
    assert_eq!(output.targets(), [5, 5]);
    let output = losing(frag(1), &video(8), 3_200, Call::Write).end();
    assert_eq!(output.memory.expired.len() + 3, output.memory.segments.len());
}

#[test]
fn r_36_nal_units_that_waited_are_not_written_twice_around_a_lost_segment() {
    let message: &[u8] = &[6, 5, 3, 0x77, 0x77, 0x77, 0x80];
    let mut tags = video(9);
    let at = tags.iter().position(|tag| tag.millis == 3_000).unwrap();
    tags.insert(at, video_tag(2_990, false, 0, &[message]));
    // Lost with the message's picture, and lost while the message waits for the picture.
    for (millis, want) in [(3_000, 0), (2_960, 1)] {
        let output = losing(Options::default(), &tags, millis, Call::Write).end();
        let carried = |data: &[u8]| data.windows(message.len()).any(|found| found == message);
        let with = output.stream(VIDEO);
        let with = with.iter().filter(|pes| carried(&pes.data)).count();
        assert_eq!(with, want, "{millis}");
    }
}

#[test]
fn o_19_statistics_count_what_was_handed_to_the_sink() {
    let tags = video(9);
    let output = losing(Options::default(), &tags, 3_200, Call::Write).end();
    let waited = output.count(NoticeKind::VideoBeforeKeyFrame);
    assert_eq!(waited, 19);
    assert_eq!(output.stats.video.unwrap().frames + waited, 225);
    assert_eq!(output.memory.tracks.len(), 1, "the track was reported once");
}

#[test]
fn y_04_an_audio_format_that_waited_is_taken_by_the_segment_after_a_lost_one() {
    let mut tags = merged(&[&video(9), &aac_16_ms(0, 3_500)]);
    let at = tags.iter().position(|tag| tag.millis >= 3_500).unwrap();
    let new = moved(&between(&Base { millis: 5_500, ..BASE }.audio(), 0, 5_500), 3_500);
    tags = [tags[..at].to_vec(), vec![audio_header(3_500, 44_100)], merged(&[&tags[at..], &new])]
        .concat();
    // The old segment is lost at 3.6 s; at 4 s the format would have joined.
    let output = losing(Options::default(), &tags, 3_600, Call::Write).end();
    assert_eq!(starts(&output.memory), [0, 4_000]);
    let audio = packets(&output, AUDIO);
    let frames = |pts: i64| (pts - audio[0].0) as f64 * 44_100.0 / 1024.0 / 90_000.0;
    for &(pts, _) in &audio {
        assert!((frames(pts) - frames(pts).round()).abs() < 0.001, "{pts}");
    }
    assert_eq!(tagged(&output.memory), [0; 0]);
    assert_eq!(output.count(NoticeKind::AudioReanchor), 0);
}

#[test]
fn r_52_one_error_costs_audio_alone_one_segment() {
    let alone = aac_16_ms(0, 22_000);
    for call in [Call::Open, Call::Write, Call::Close] {
        let output = losing(Options::default(), &alone, 6_000, call).end();
        assert_eq!(output.memory.aborted.len(), 1);
        assert_eq!(output.count(NoticeKind::SinkFailed), 1, "{call:?}");
        assert_eq!(counted(&output.stats), [(NoticeKind::SinkFailed, 1)]);
        assert_eq!(tagged(&output.memory).len(), 1);
    }
    assert!(headers(&alone).len() == 1 && of_audio(&alone).len() == 1376);
}

#[test]
fn y_03_a_jump_after_a_lost_segment_is_one_discontinuity() {
    for mid_gop in [MidGop::Keep, MidGop::DropUntilKey] {
        let mut tags = both(14);
        shift(&mut tags, 6_480, 60_000);
        let options = Options { mid_gop, ..Options::default() };
        let output = losing(options, &tags, 6_200, Call::Write).end();
        assert_eq!(tagged(&output.memory), [1], "{mid_gop:?}");
        let start = if mid_gop == MidGop::Keep { 66_520 } else { 67_000 };
        assert_eq!(starts(&output.memory)[2], start);
        assert_eq!(output.count(NoticeKind::TimelineJump), 1);
        assert_eq!(output.count(NoticeKind::VideoWrongTimeline), 1);
    }
    assert!(audio(0, 1).data.len() == 3 && !SPS.is_empty());
}

#[test]
fn y_08_a_large_frame_whose_segment_could_not_begin_is_dropped_and_counted() {
    // Audio alone begins when it has waited for 300 ms, here with a frame that is too large for the
    // queue.
    let sizes = |n: i64| if n == 19 { 4_000 } else { 90 };
    let frames = (0..100).map(|n| audio(n * 16 + if n > 19 { 7 } else { 0 }, sizes(n)));
    let tags: Vec<_> = [header_16_ms(0)].into_iter().chain(frames).collect();
    let output = losing(Options::default(), &tags, 0, Call::Open).end();
    assert_eq!(output.count(NoticeKind::SinkFailed), 1);
    assert_eq!(output.count(NoticeKind::AudioReanchor), 0);
    let dropped = output.count(NoticeKind::AudioBeforeKeyFrame);
    assert_eq!(output.stats.audio.unwrap().frames + dropped, 100);
    assert_eq!(dropped, 1);
    // What comes after it is where its own tag says, in a packet of its own.
    let times: Vec<_> = packets(&output, AUDIO).iter().map(|packet| packet.0).collect();
    assert_eq!(times[..3], [0, 288 * 90, 327 * 90]);
}

#[test]
fn h_13_the_error_of_a_segment_that_could_not_begin_at_the_end_comes_back() {
    // 200 ms of audio alone begin a segment only because the stream ends.
    for call in [Call::Open, Call::Write, Call::Close, Call::Update] {
        let mut session = Session::new(Options::default());
        session.push(&aac_16_ms(0, 200));
        assert_eq!(session.pause_failing(call), Some(call));
        let fails = u64::from(call != Call::Update);
        assert_eq!(session.stats().count(NoticeKind::SinkFailed), fails, "{call:?}");
    }
}

#[test]
fn y_04_frames_of_the_old_format_that_outlived_their_segment_are_dropped_at_the_end() {
    let mut session = Session::new(Options::default());
    session.push(&merged(&[&video(2), &aac_16_ms(320, 2_000)]));
    session.push(&[audio_header(2_000, 44_100)]);
    session.push_until_fails(&between(&video(3), 2_040, 2_100), Call::Write);
    let waiting = (2_000 - 320) / 16 - session.stats().audio.unwrap().frames;
    let output = session.end();
    assert!(waiting > 0);
    let nothing = (NoticeKind::NothingListed, 1);
    assert_eq!(
        counted(&output.stats),
        [(NoticeKind::AudioNotJoined, waiting), (NoticeKind::SinkFailed, 1), nothing]
    );
}

#[test]
fn r_79_early_audio_is_still_early_after_a_lost_segment() {
    // Audio tags stand 100 ms of media before the video of their time; the segment is lost just
    // before the jump.
    let mut tags = both(9);
    tags.sort_by_key(|tag| (!tag.is_header(), tag.millis - if is_video(tag) { 0 } else { 100 }));
    shift(&mut tags, 6_000, 60_000);
    let output = losing(Options::default(), &tags, 5_960, Call::Write).end();
    assert_eq!(starts(&output.memory), [0, 5_000, 66_000]);
    assert_eq!(tagged(&output.memory), [1]);
    let audio = packets(&output, AUDIO);
    let after = audio.iter().find(|packet| packet.0 > 60_000 * 90).unwrap();
    assert_eq!(after.0, 66_000 * 90);
    assert_eq!(output.count(NoticeKind::AudioReanchor), 0);
}

#[test]
fn y_07_gaps_of_an_earlier_wait_leave_no_mark_on_a_later_one() {
    // Before the first key frame a gap stands four frames into what is kept; the second wait has
    // one elsewhere.
    let gaps = |tag: &OwnedTag| {
        is_video(tag)
            || tag.is_header()
            || !((360..460).contains(&tag.millis) || (2_780..2_860).contains(&tag.millis))
    };
    let pictures = moved(&between(&video(5), 0, 5_000), 600);
    let mut tags = merged(&[&headers(&video(1)), &pictures, &aac_16_ms(0, 5_000)]);
    tags.retain(gaps);
    tags.retain(|tag| is_video(tag) || tag.is_header() || !(3_480..3_560).contains(&tag.millis));
    // The second wait is too short for anything to be dropped.
    let output = losing(Options::default(), &tags, 3_440, Call::Write).end();
    assert_eq!(starts(&output.memory), [600, 3_600]);
    let times: Vec<_> = packets(&output, AUDIO).iter().map(|packet| packet.0 / 90).collect();
    assert_eq!(times[..3], [3_312, 3_568, 3_600]);
}

#[test]
fn h_15_no_date_after_a_lost_segment_is_before_its_own() {
    // The host's clock goes back by a minute before the second segment, which is lost.
    let tags = both(14);
    let mut session = Session::new(Options::default());
    let back = tags.iter().position(|tag| tag.millis >= 4_000).unwrap();
    let at = tags.iter().position(|tag| tag.millis >= 7_000).unwrap();
    session.push_dated(&tags[..back], 1_000_000_000_000);
    session.push_dated(&tags[back..at], 999_999_940_000);
    let rest = session.push_until_fails(&tags[at..], Call::Write).to_vec();
    session.push_dated(&rest, 999_999_940_000);
    let output = session.end();
    let dates: Vec<_> = output
        .memory
        .segments
        .iter()
        .map(|s| {
            let since =
                |wall: hls_segmenter::time::WallTime| wall.unix_millis() - 1_000_000_000_000;
            (since(s.wall.unwrap()), since(s.program_date_time.unwrap()))
        })
        .collect();
    assert_eq!(dates, [(0, 0), (2, 4_900), (3, 9_800)]);
}

#[test]
fn y_05_the_wait_for_an_announced_track_goes_on_over_a_lost_segment() {
    let mut tags = vec![metadata(&[("audiocodecid", 10.0)])];
    tags.extend(video(4));
    // What metadata announces after the first segment began counts for nothing, lost or not.
    let at = tags.iter().position(|tag| tag.millis >= 600).unwrap();
    tags.insert(at, metadata(&[("audiocodecid", 2.0)]));
    let options = Options { track_wait: TickSpan::from_millis(1_500), ..frag(1) };
    let output = losing(options, &tags, 400, Call::Write).end();
    assert_eq!(starts(&output.memory), [0, 1_000, 2_000, 3_000]);
    let listed: Vec<_> = (0..3).map(|nth| tables(&output.memory, nth).1).collect();
    assert_eq!(listed, [vec![0x1b, 0x0f], vec![0x1b], vec![0x1b]]);
    assert_eq!(output.count(NoticeKind::TrackMissing), 1);
}

#[test]
fn f_41_the_video_clock_goes_on_after_a_lost_segment() {
    // The picture after the key frame that begins the next segment has the key frame's time.
    let mut tags = video(9);
    for tag in tags.iter_mut().filter(|tag| tag.millis == 4_040) {
        tag.millis = 4_000;
    }
    let output = losing(Options::default(), &tags, 3_200, Call::Write).end();
    assert_eq!(output.count(NoticeKind::VideoRepair), 1);
    let notices = reported(&output.memory);
    assert!(notices.contains(&(NoticeKind::VideoRepair, 4_000, 1, 1)), "{notices:?}");
}

#[test]
fn r_52_an_error_of_the_references_that_bridge_a_hole_comes_back() {
    // Nothing for 900 ms before the switch: references fill the segment up before it is closed.
    let mut tags = video(9);
    tags.retain(|tag| tag.is_header() || !(4_120..5_000).contains(&tag.millis));
    let output = losing(Options::default(), &tags, 5_000, Call::Write).end();
    assert_eq!(starts(&output.memory), [0, 5_000]);
    assert_eq!(output.memory.aborted.len(), 1);
    assert_eq!(counted(&output.stats), [(NoticeKind::SinkFailed, 1)]);
}

#[test]
fn r_52_y_01_pictures_wait_for_a_key_frame_from_the_lost_segment_on_not_from_audio_that_joined() {
    // Announced audio joins at 1 s; the segment is lost at 30 s, and no key frame comes again.
    let video = Base { millis: 100_000, gop: 0, ..BASE }.video();
    let audio = between(&aac_16_ms(0, 100_000), 1_000, 100_000);
    let announced = [metadata(&[("audiocodecid", 10.0)])];
    let mut tags = merged(&[&announced, &video, &audio]);
    let first = tags.iter().position(|tag| tag.millis == 1_000).unwrap();
    tags.insert(first, header_16_ms(1_000));
    let mut session = Session::new(Options::default());
    let at = tags.iter().position(|tag| tag.millis == 30_000 && is_video(tag)).unwrap();
    session.push(&tags[..at]);
    let rest = session.push_until_fails(&tags[at..], Call::Write).to_vec();
    session.push(&rest);
    let first = starts(session.memory())[1];
    assert!((90_000..90_400).contains(&first), "{first}");
}

#[test]
fn f_06_a_rest_after_a_lost_segment_is_dropped_and_counted() {
    // Each picture is two slices in tags of one time; the first or the second meets the failure.
    let slices: [[&[u8]; 2]; 2] = [
        [&[0x41, 0x9a, 0x24, 7], &[0x41, 0x5a, 0x24, 7]],
        [&[0x65, 0x88, 0x84, 7], &[0x65, 0x48, 0x84, 7]],
    ];
    let split = |millis: i64| {
        let is_key = millis % 1_000 == 0;
        slices[usize::from(is_key)].map(|slice| video_tag(millis, is_key, 0, &[slice]))
    };
    let pictures = (0..9_000).step_by(40).flat_map(split);
    let tags: Vec<_> = [video_header(0, SPS)].into_iter().chain(pictures).collect();
    let first = tags.iter().position(|tag| tag.millis == 3_200).unwrap();
    for (at, rests) in [(first, 1), (first + 1, 0)] {
        let mut session = Session::new(Options::default());
        session.push(&tags[..at]);
        let rest = session.push_until_fails(&tags[at..], Call::Write).to_vec();
        session.push(&rest);
        let output = session.end();
        assert_eq!(starts(&output.memory), [0, 4_000]);
        let waited = NoticeKind::VideoBeforeKeyFrame;
        assert_eq!(counted(&output.stats), [(waited, rests + 2 * 19), (NoticeKind::SinkFailed, 1)]);
        assert_eq!(output.memory.segments[0].frames, 125);
        assert_eq!(output.memory.segments[0].key_frames, 5);
    }
}
