//! What the playlist says, version after version.

use std::convert::Infallible;

use crate::support;
use crate::support::stream::{self, BASE, shift};
use crate::support::{Base, Memory, Output, auditor, drive, run, run_to};
use hls_segmenter::config::{
    DatePolicy, FragCount, FragDuration, Options, PlaylistVersion, TargetDuration, WindowPolicy,
};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::{Secs, WallTime};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    Cause, Config, End, ResumeError, ResumeToken, Segment, SegmentSink, SegmentStart, Segmenter,
};

fn options(secs: u32, count: u32) -> Options {
    Options {
        frag_duration: FragDuration::new(secs).unwrap(),
        frag_count: FragCount::new(count).unwrap(),
        ..Options::default()
    }
}

/// Values of a playlist tag in one version.
fn values<'t>(text: &'t str, tag: &str) -> Vec<&'t str> {
    text.lines().filter_map(|line| line.strip_prefix(tag)).collect()
}

#[test]
fn h_01_h_02_h_03_h_12_r_26_the_text_is_exactly_this() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, 30_000);
    let output = run(&tags, options(5, 3));
    let texts = &output.memory.playlists;
    assert_eq!(
        texts[0],
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:0\n\
         #EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXTINF:5.000,\n0.ts\n"
    );
    assert_eq!(
        texts[4],
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n\
         #EXTINF:2.000,\n2.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:5.000,\n3.ts\n#EXTINF:5.000,\n4.ts\n"
    );
    assert_eq!(
        texts[8],
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:6\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n\
         #EXTINF:5.000,\n6.ts\n#EXTINF:5.000,\n7.ts\n#EXTINF:3.000,\n8.ts\n#EXT-X-ENDLIST\n"
    );
}

/// A minute at 30,000/1001 frames per second, a key frame every 2.002 s.
fn ntsc() -> Vec<support::OwnedTag> {
    Base { millis: 60_060, fps: (30_000, 1001), gop: 60, ..BASE }.both()
}

#[test]
fn x1_f_42_the_target_of_gops_of_2002_ms_is_2_and_in_version_3_it_is_3() {
    let output = run(&ntsc(), options(2, 3));
    assert_eq!(output.extinf()[..29], [2002; 29]);
    assert_eq!(output.targets(), vec![2; 30]);
    assert_eq!(output.count(NoticeKind::TargetGrew), 0);
    assert_eq!(values(&output.memory.playlists[9], "#EXT-X-VERSION:"), ["6"]);

    let older = Options { playlist_version: PlaylistVersion::V3, ..options(2, 3) };
    let output = run(&ntsc(), older);
    assert_eq!(output.targets(), vec![3; 30]);
    assert_eq!(output.told(NoticeKind::TargetGrew), 1);
    assert_eq!(values(&output.memory.playlists[9], "#EXT-X-VERSION:"), ["3"]);
}

#[test]
fn x1_y_14_a_declared_target_of_2_cuts_no_gop_of_2002_ms() {
    let declared =
        Options { target_duration: TargetDuration::Declared(Secs::new(2)), ..options(2, 3) };
    let output = run(&ntsc(), declared);
    assert_eq!(output.causes()[..29], [Cause::KeyFrame; 29]);
    assert_eq!(output.starts_with_idr(), vec![true; 30]);
    assert_eq!(output.targets(), vec![2; 30]);
    // Where the target may not be rounded down, each GOP is one picture too long.
    let older = Options { playlist_version: PlaylistVersion::V3, ..declared };
    assert_eq!(run(&ntsc(), older).causes()[0], Cause::TargetLimit);
}

#[test]
fn x1_three_milliseconds_of_jitter_change_no_target() {
    let mut tags = BASE.video();
    for (nth, tag) in tags.iter_mut().filter(|tag| tag.is_key_picture()).enumerate() {
        tag.millis += [0, 3, 1, 2, 0][nth / 5 % 5];
    }
    let output = run(&tags, options(5, 3));
    assert_eq!(output.extinf()[..4], [5003, 4998, 5001, 4998]);
    assert_eq!(output.targets(), [5; 8]);
    assert_eq!(output.count(NoticeKind::TargetGrew), 0);
}

#[test]
fn h_04_y_12_r_26_ten_thousand_segments_add_up_to_half_a_millisecond() {
    for gop in [60, 50] {
        let mut window = Memory::default();
        // Timing alone: pictures of a few bytes, a key frame every segment.
        let mut segmenter = Segmenter::new(Config::new(options(1, 3)).unwrap());
        let frames = 10_000 * gop;
        segmenter.push(stream::video_header(0, stream::SPS).borrow(), &mut window).unwrap();
        let mut tag = stream::picture(0, true, 0, 1);
        for n in 0..frames {
            tag.millis = (n * 1_001_000 + 15_000) / 30_000;
            tag.data[0] = if n % gop == 0 { 0x17 } else { 0x27 };
            tag.data[9] = if n % gop == 0 { 0x65 } else { 0x41 };
            segmenter.push(tag.borrow(), &mut window).unwrap();
            window.body.clear();
            window.bodies.clear();
            window.playlists.clear();
        }
        let (mut printed, mut exact) = (0_i64, 0_i64);
        for segment in &window.segments {
            printed += i64::from(segment.extinf.millis()) * 90;
            exact += segment.duration.get();
            assert!((printed - exact).abs() <= 45, "{gop}: {printed} {exact}");
        }
        assert_eq!(window.segments.len(), 9999);
    }
}

#[test]
fn h_05_r_15_r_27_durations_reach_to_the_next_segment_or_the_end_of_the_last_frame() {
    let mut tags = BASE.both();
    shift(&mut tags, i64::MIN, 95_432_000);
    let output = run(&tags, options(5, 3));
    let segments = &output.memory.segments;
    for pair in segments.windows(2) {
        assert_eq!(pair[0].start + pair[0].duration, pair[1].start);
    }
    assert_eq!(output.extinf().iter().sum::<u32>(), 40_000, "the last frame counts");
}

#[test]
fn x1_r_23_r_24_the_target_only_grows_and_is_never_below_a_segment() {
    let mut tags = Base { gop: 75, ..BASE }.both();
    shift(&mut tags, 20_000, 4000);
    let output = run(&tags, options(2, 3));
    let targets = output.targets();
    assert_eq!((targets[0], *targets.last().unwrap()), (3, 7));
    assert!(targets.is_sorted());
    assert_eq!(output.told(NoticeKind::TargetGrew), 2);
    for text in &output.memory.playlists {
        let target: f64 = values(text, "#EXT-X-TARGETDURATION:")[0].parse().unwrap();
        for extinf in values(text, "#EXTINF:") {
            assert!(extinf.trim_end_matches(',').parse::<f64>().unwrap() <= target);
        }
    }
}

#[test]
fn x2_h_11_the_window_policy_keeps_three_targets_where_asked() {
    let exactly = run(&BASE.both(), options(5, 2));
    assert!(exactly.memory.playlists[2..].iter().all(|text| values(text, "#EXTINF:").len() == 2));
    let three =
        run(&BASE.both(), Options { window: WindowPolicy::AtLeastThreeTargets, ..options(5, 2) });
    assert!(three.memory.playlists[2..].iter().all(|text| values(text, "#EXTINF:").len() == 3));
}

#[test]
fn x7_h_13_r_47_the_end_comes_with_the_last_segment_and_changes_nothing_else() {
    let ended = run(&BASE.both(), options(5, 3));
    let paused = run_to(&BASE.both(), options(5, 3), End::Pause);
    assert_eq!(ended.memory.playlists.len(), 8);
    assert_eq!(*ended.memory.playlists[7], paused.memory.playlists[7].clone() + "#EXT-X-ENDLIST\n");
    assert_eq!(ended.memory.playlists[..7], paused.memory.playlists[..7]);

    let mut segmenter = Segmenter::new(Config::default());
    let mut sink = Memory::default();
    segmenter.finish(End::List, &mut sink).unwrap();
    assert!(sink.playlists.is_empty(), "no list, no end of it");
    assert!(segmenter.push(BASE.both()[0].borrow(), &mut sink).is_err());
    assert!(segmenter.finish(End::Pause, &mut sink).is_err());
}

#[test]
fn x7_h_13_a_pause_that_is_ended_publishes_the_end_once() {
    let mut segmenter = Segmenter::new(Config::default());
    let mut auditor = auditor(&Options::default());
    for tag in BASE.both() {
        segmenter.push(tag.borrow(), &mut auditor).unwrap();
    }
    segmenter.finish(End::Pause, &mut auditor).unwrap();
    segmenter.finish(End::List, &mut auditor).unwrap();
    auditor.assert_clean();
    let memory = auditor.into_inner();
    assert_eq!(memory.playlists.len(), 9);
    assert!(memory.playlists[8].ends_with("#EXT-X-ENDLIST\n"));
}

#[test]
fn x7_r_17_a_pusher_that_comes_back_goes_on_behind_one_discontinuity() {
    let mut segmenter = Segmenter::new(Config::default());
    let mut auditor = auditor(&Options::default());
    for end in [End::Pause, End::Pause, End::List] {
        for tag in BASE.both() {
            segmenter.push(tag.borrow(), &mut auditor).unwrap();
        }
        segmenter.finish(end, &mut auditor).unwrap();
    }
    auditor.assert_clean();
    let memory = auditor.into_inner();
    assert_eq!(
        memory.segments.iter().map(|segment| segment.sequence).collect::<Vec<_>>(),
        (0..24).collect::<Vec<_>>()
    );
    let tagged: Vec<_> = memory
        .segments
        .iter()
        .filter(|segment| segment.discontinuity)
        .map(|segment| segment.sequence)
        .collect();
    assert_eq!(tagged, [8, 16]);
}

#[test]
fn x10_h_14_a_new_version_comes_with_every_segment_so_within_one_and_a_half_targets() {
    let output = run(&Base { gop: 75, ..BASE }.both(), options(2, 3));
    for (segment, target) in output.memory.segments.iter().zip(output.targets()) {
        assert!(segment.duration.round_millis() <= i64::from(target) * 1500);
    }
    assert_eq!(output.memory.playlists.len(), output.memory.segments.len());
}

/// Runs the base input with a wall clock that starts at `start` and is read to `step` ms.
fn dated(start: i64, step: i64, jump: i64) -> Output {
    let mut segmenter = Segmenter::new(Config::new(options(5, 3)).unwrap());
    let mut auditor = auditor(&options(5, 3));
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, jump);
    for tag in &tags {
        let now = tag.millis - if tag.millis >= 12_000 + jump { jump } else { 0 };
        segmenter.set_wall_time(WallTime::from_unix_millis(start + now / step * step));
        segmenter.push(tag.borrow(), &mut auditor).unwrap();
    }
    segmenter.finish(End::List, &mut auditor).unwrap();
    auditor.assert_clean();
    Output { stats: segmenter.stats(), memory: auditor.into_inner() }
}

/// Runs a picture every 100 ms and a key frame every 5 s, each at its `(tag ms, host's clock ms)`,
/// and returns date and host's clock at the beginning of each segment, and its EXTINF.
fn dates(options: Options, times: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64, i64)> {
    let mut segmenter = Segmenter::new(Config::new(options).unwrap());
    let mut auditor = auditor(&options);
    let header = stream::video_header(0, stream::SPS);
    segmenter.push(header.borrow(), &mut auditor).unwrap();
    let mut begins = Vec::new();
    for (nth, (millis, wall)) in times.enumerate() {
        let tag = stream::picture(millis, nth % 50 == 0, 0, 20);
        segmenter.set_wall_time(WallTime::from_unix_millis(1_543_895_706_266 + wall));
        segmenter.push(tag.borrow(), &mut auditor).unwrap();
        begins.extend((nth % 50 == 0).then_some(wall));
    }
    segmenter.finish(End::List, &mut auditor).unwrap();
    auditor.assert_clean();
    let segments = &auditor.inner().segments;
    assert_eq!(segments.len(), begins.len());
    let date = |segment: &Segment| segment.program_date_time.unwrap().unix_millis();
    segments
        .iter()
        .zip(begins)
        .map(|(s, wall)| (date(s) - 1_543_895_706_266, wall, s.extinf.millis().into()))
        .collect()
}

#[test]
fn h_15_a_media_clock_one_percent_off_for_an_hour_is_never_a_second_from_the_hosts() {
    for percent in [99, 101] {
        let hour = (0..36_000).map(|n| (n * 100, n * percent));
        let dates = dates(options(5, 3), hour);
        assert_eq!(dates.len(), 720);
        let furthest = dates.iter().map(|(date, wall, _)| (date - wall).abs()).max().unwrap();
        assert!((250..=350).contains(&furthest), "{furthest}");
        for pair in dates.windows(2) {
            let step = pair[1].0 - pair[0].0;
            assert!((step - pair[0].2).abs() <= 100, "{pair:?}");
        }
    }
}

#[test]
fn h_15_dates_are_exact_while_the_hosts_clock_agrees_to_250_ms() {
    let uneven =
        (0..6_000).map(|n| (n * 100, n * 100 + [0, 250, -250, 130][(n / 50 % 4) as usize]));
    for pair in dates(options(5, 3), uneven).windows(2) {
        assert_eq!(pair[1].0 - pair[0].0, pair[0].2);
    }
}

#[test]
fn h_15_a_burst_at_the_start_is_caught_up_with_within_minutes() {
    // A server had kept 4 s of media.
    let burst = (0..6_000).map(|n| (n * 100, (n * 100 - 4_000).max(0)));
    let dates = dates(options(5, 3), burst);
    let ahead: Vec<_> = dates.iter().map(|(date, wall, _)| date - wall).collect();
    assert_eq!(ahead[..4], [0, 3_900, 3_800, 3_700]);
    let caught_up = ahead.iter().skip(1).position(|&ahead| ahead <= 250).unwrap();
    assert!(caught_up * 5 <= 200, "{caught_up}");
    assert!(ahead[caught_up + 1..].iter().all(|ahead| (0..=250).contains(ahead)));
}

#[test]
fn h_15_a_clock_that_is_set_back_moves_no_date_back() {
    for breaks in [0, 60_000] {
        let back = (0..3_000).map(|n| {
            let set = if n < 600 { 0 } else { -3_600_000 };
            (n * 100 + if n < 900 { 0 } else { breaks }, n * 100 + set)
        });
        let dates = dates(options(5, 3), back);
        for pair in dates.windows(2) {
            assert!(pair[1].0 - pair[0].0 >= pair[0].2 * 98 / 100, "{pair:?}");
        }
        assert_eq!(dates[12].0, 60_000 - 100);
    }
}

#[test]
fn h_15_by_option_dates_are_the_first_and_the_media() {
    let options = Options { dates: DatePolicy::MediaTime, ..options(5, 3) };
    let burst = (0..1_000).map(|n| (n * 100, (n * 99 - 4_000).max(0)));
    for (nth, (date, _, _)) in dates(options, burst).into_iter().enumerate() {
        assert_eq!(date, 5_000 * nth as i64);
    }
}

#[test]
fn h_15_r_51_dates_go_on_by_the_durations_and_are_set_anew_behind_a_discontinuity() {
    let output = dated(1_543_895_706_266, 700, 0);
    assert_eq!(
        values(&output.memory.playlists[7], "#EXT-X-PROGRAM-DATE-TIME:")[0],
        "2018-12-04T03:55:30.966Z"
    );
    let dates: Vec<_> = output
        .memory
        .segments
        .iter()
        .map(|segment| segment.program_date_time.unwrap().unix_millis())
        .collect();
    assert!(dates.windows(2).all(|pair| (4900..=5100).contains(&(pair[1] - pair[0]))));

    let jumped = dated(1_543_895_706_266, 700, 30_000);
    let segment = jumped.memory.segments[3];
    assert!(segment.discontinuity);
    let (date, wall) =
        (segment.program_date_time.unwrap().unix_millis(), segment.wall.unwrap().unix_millis());
    assert!(
        (0..700).contains(&(date - wall)),
        "the host's clock, but never before the end of what was dated: {}",
        date - wall
    );
    assert!(
        !run(&BASE.both(), options(5, 3)).memory.playlists[0].contains("DATE"),
        "no clock, no date"
    );
}

#[test]
fn o_30_r_50_stamps_are_unique_where_the_hosts_clock_stands_still() {
    let output = dated(1_543_895_706_266, 3_600_000, 0);
    let stamps: Vec<_> =
        output.memory.starts.iter().map(|start| start.wall.unwrap().unix_millis()).collect();
    assert_eq!(stamps, (0..8).map(|n| 1_543_895_706_266 + n).collect::<Vec<_>>());
    assert!(output.memory.segments.iter().map(|segment| segment.id).eq(0..8));
}

#[test]
fn h_11_r_48_expiry_is_told_with_its_grace_and_an_end_expires_nothing() {
    let output = run(&BASE.both(), options(5, 3));
    assert_eq!(
        output.memory.expired.iter().map(|gone| gone.sequence).collect::<Vec<_>>(),
        [0, 1, 2, 3, 4]
    );
    assert!(output.memory.expired.iter().all(|gone| gone.keep_for.round_millis() == 5000 + 15_000));
}

#[test]
fn r_25_h_03_a_stream_of_a_tenth_of_a_second_has_a_target_of_one() {
    let output = run(&Base { millis: 100, ..BASE }.both(), options(1, 3));
    assert_eq!((output.extinf(), output.targets()), (vec![120], vec![1]));
    assert_eq!(r_30_frames(&output), 3);
}

/// A short segment is listed with what is in it.
fn r_30_frames(output: &Output) -> u32 {
    output.memory.segments[0].frames
}

#[test]
fn r_30_a_short_segment_is_listed_and_an_empty_one_is_not() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, 30_000);
    shift(&mut tags, 42_040, 30_000);
    let output = run(&tags, options(5, 3));
    assert!(output.extinf().contains(&40), "{:?}", output.extinf());
    assert!(output.memory.segments.iter().all(|segment| segment.frames > 0));
}

#[test]
fn r_46_resuming_needs_a_list_that_goes_on_and_the_segments_that_the_token_came_with() {
    let config = Config::new(options(5, 3)).unwrap();
    let ended = run(&BASE.both(), options(5, 3)).memory;
    let token = ResumeToken::from_bytes(&ended.token.unwrap().to_bytes()).unwrap();
    let resumed = Segmenter::resume(config, &token, ended.listed.iter().copied());
    assert_eq!(resumed.map(drop), Err(ResumeError::Ended));
    let output = run_to(&BASE.both(), options(5, 3), End::Pause);
    let (token, listed) = (output.memory.token.unwrap(), output.memory.listed);
    let token = ResumeToken::from_bytes(&token.to_bytes()).unwrap();
    let resume = |listed: &[_]| Segmenter::resume(config, &token, listed.iter().copied()).map(drop);
    assert_eq!(resume(&listed), Ok(()));
    assert_eq!(resume(&listed[1..]), Err(ResumeError::Segments { sequence: 5 }));
    assert_eq!(resume(&listed[..2]), Err(ResumeError::Segments { sequence: 7 }));
    assert_eq!(resume(&[listed[0], listed[2]]), Err(ResumeError::Segments { sequence: 6 }));
}

#[test]
fn r_46_a_list_resumed_before_its_first_segment_is_a_new_list() {
    let config = Config::new(options(5, 3)).unwrap();
    let token = Segmenter::new(config).resume_token();
    let resumed = Segmenter::resume(config, &token, []).unwrap();
    let mut auditor = auditor(&options(5, 3));
    auditor.resume(&token, &[]);
    let (_, auditor) = drive(resumed, auditor, &BASE.both(), End::List);
    auditor.assert_clean();
    let (got, want) = (auditor.into_inner(), run(&BASE.both(), options(5, 3)));
    assert_eq!(got.bodies, want.memory.bodies);
    assert_eq!(got.playlists, want.memory.playlists);
}

#[test]
fn r_46_a_resumed_list_keeps_target_discontinuity_sequence_and_expiry() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, 9000);
    shift(&mut tags, 35_000, 60_000);
    let first = run_to(&tags, options(5, 2), End::Pause);
    let token = first.memory.token.unwrap();
    let config = Config::new(options(5, 2)).unwrap();
    let resumed = Segmenter::resume(config, &token, first.memory.listed.iter().copied()).unwrap();
    assert_eq!(resumed.resume_token(), token);
    let mut auditor = auditor(&options(5, 2));
    auditor.resume(&token, &first.memory.listed);
    let (_, auditor) = drive(resumed, auditor, &BASE.both(), End::List);
    auditor.assert_clean();
    let memory = auditor.into_inner();
    assert_eq!(values(&memory.playlists[0], "#EXT-X-TARGETDURATION:"), ["11"]);
    let before = values(first.memory.playlists.last().unwrap(), "#EXT-X-DISCONTINUITY-SEQUENCE:")
        [0]
    .to_owned();
    assert_eq!(values(&memory.playlists[0], "#EXT-X-DISCONTINUITY-SEQUENCE:"), [before]);
    assert_eq!(memory.expired[0].sequence, first.memory.listed[0].sequence);
    assert!(memory.segments[0].discontinuity);
}

/// Where the host's clock is set forward by a minute, 8 s into a stream that breaks at 12 s or not.
fn clock_set_forward(breaks: bool) -> Vec<(i64, i64)> {
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, if breaks { 30_000 } else { 0 });
    let mut segmenter = Segmenter::new(Config::new(options(5, 3)).unwrap());
    let mut auditor = auditor(&options(5, 3));
    for (nth, tag) in tags.iter().enumerate() {
        let set = if nth * 40 > 8 * tags.len() { 60_000 } else { 0 };
        let now = WallTime::from_unix_millis(1_543_895_706_266 + tag.millis + set);
        segmenter.set_wall_time(now);
        segmenter.push(tag.borrow(), &mut auditor).unwrap();
    }
    auditor.assert_clean();
    let segments = auditor.inner().segments.iter();
    segments
        .map(|segment| {
            let date = segment.program_date_time.unwrap();
            (date.unix_millis(), segment.wall.unwrap().unix_millis())
        })
        .collect()
}

#[test]
fn h_15_a_clock_that_is_set_is_followed_slowly_and_at_once_behind_a_discontinuity() {
    let whole = clock_set_forward(false);
    let steps = whole.windows(2).map(|pair| pair[1].0 - pair[0].0);
    assert_eq!(steps.collect::<Vec<_>>(), [5000, 5100, 5100, 5100, 5100, 5100]);
    assert_eq!(whole[2].1 - whole[2].0, 59_900);
    let broken = clock_set_forward(true);
    assert_eq!(broken[2].1 - broken[2].0, 59_900, "before the break");
    assert_eq!(broken[3].1, broken[3].0, "behind it");
}

#[test]
fn o_30_r_46_stamps_stay_unique_where_the_clock_of_a_resumed_engine_is_behind() {
    let config = Config::new(options(5, 3)).unwrap();
    let mut segmenter = Segmenter::new(config);
    let mut first = Memory::default();
    for tag in BASE.both() {
        segmenter.set_wall_time(WallTime::from_unix_millis(1_543_895_706_266));
        segmenter.push(tag.borrow(), &mut first).unwrap();
    }
    let token = ResumeToken::from_bytes(&segmenter.resume_token().to_bytes()).unwrap();
    let mut resumed = Segmenter::resume(config, &token, first.listed.iter().copied()).unwrap();
    let mut second = Memory::default();
    for tag in BASE.both() {
        resumed.set_wall_time(WallTime::from_unix_millis(1_000));
        resumed.push(tag.borrow(), &mut second).unwrap();
    }
    let last = first.starts.last().unwrap().wall.unwrap();
    assert_eq!(second.starts[0].wall, Some(last.offset(1)));

    // Without a clock before, the new one counts.
    let token = Segmenter::new(config).resume_token();
    let mut resumed = Segmenter::resume(config, &token, []).unwrap();
    let mut second = Memory::default();
    for tag in BASE.both() {
        resumed.set_wall_time(WallTime::from_unix_millis(1_000));
        resumed.push(tag.borrow(), &mut second).unwrap();
    }
    let wall = second.starts[0].wall;
    assert_eq!(wall, Some(WallTime::from_unix_millis(1_000)));
}

/// Keeps what the text of the last playlist is under `Debug`, which needs no names of segments.
#[derive(Default)]
struct Debugged(String);

impl SegmentSink for Debugged {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Infallible> {
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Infallible> {
        self.0 = format!("{:?}", playlist.m3u8(|_, _| Ok(())));
        Ok(())
    }
}

#[test]
fn a_text_that_is_debugged_says_of_which_playlist_it_is() {
    let mut sink = Debugged::default();
    let mut segmenter = Segmenter::new(Config::new(options(5, 3)).unwrap());
    for tag in BASE.both() {
        segmenter.push(tag.borrow(), &mut sink).unwrap();
    }
    assert!(sink.0.starts_with("M3u8 { playlist: Playlist {"), "{}", sink.0);
}

#[test]
fn h_13_an_end_before_any_segment_tells_that_there_is_no_list() {
    let header = BASE.both().swap_remove(0);
    assert!(header.is_header());
    for (tags, end, told) in [
        (&[][..], End::List, 1),
        (&[header], End::List, 1),
        (&[], End::Pause, 0),
        (&BASE.both(), End::List, 0),
    ] {
        let output = run_to(tags, options(5, 3), end);
        assert_eq!(output.told(NoticeKind::NothingListed), told, "{end:?}");
        assert_eq!(output.memory.playlists.is_empty(), tags.len() < 2);
    }
}

/// Keeps how long the segments of the last version must stay, and those that have expired.
#[derive(Default)]
struct Expiries {
    listed: Vec<(u64, i64)>,
    expired: Vec<(u64, i64)>,
}

impl SegmentSink for Expiries {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Infallible> {
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Infallible> {
        let ids: Vec<_> = playlist.segments().map(|segment| segment.id).collect();
        self.listed = playlist.expiries().map(|it| (it.id, it.keep_for.round_millis())).collect();
        assert_eq!(self.listed.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids);
        Ok(())
    }

    fn expire_segment(&mut self, expired: &hls_segmenter::ExpiredSegment) {
        self.expired.push((expired.id, expired.keep_for.round_millis()));
    }
}

#[test]
fn h_06_a_list_that_has_ended_says_how_long_its_segments_must_stay() {
    let (mut segmenter, mut sink) =
        (Segmenter::new(Config::new(options(5, 3)).unwrap()), Expiries::default());
    for tag in BASE.both() {
        segmenter.push(tag.borrow(), &mut sink).unwrap();
    }
    // Eight segments of 5 s: the last three are listed, the others have left lists of 15 s.
    segmenter.finish(End::List, &mut sink).unwrap();
    assert_eq!(sink.expired, (0..5).map(|id| (id, 20_000)).collect::<Vec<_>>());
    assert_eq!(sink.listed, [(5, 20_000), (6, 20_000), (7, 20_000)]);
}
