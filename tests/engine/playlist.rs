//! What the playlist says, version after version.

use std::convert::Infallible;

use crate::support;
use crate::support::stream::{BASE, shift};
use crate::support::{Base, Memory, Output, auditor, drive, run, run_to};
use hls_segmenter::config::{FragCount, FragDuration, Options, WindowPolicy};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::WallTime;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    Config, End, ResumeError, ResumeToken, Segment, SegmentSink, SegmentStart, Segmenter,
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
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:0\n\
         #EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXTINF:5.000,\n0.ts\n"
    );
    assert_eq!(
        texts[4],
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n\
         #EXTINF:2.000,\n2.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:5.000,\n3.ts\n#EXTINF:5.000,\n4.ts\n"
    );
    assert_eq!(
        texts[8],
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:6\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n\
         #EXTINF:5.000,\n6.ts\n#EXTINF:5.000,\n7.ts\n#EXTINF:3.000,\n8.ts\n#EXT-X-ENDLIST\n"
    );
}

#[test]
fn h_04_y_12_r_26_ten_thousand_segments_add_up_to_half_a_millisecond() {
    for gop in [60, 50] {
        let mut window = Memory::default();
        // Timing alone: pictures of a few bytes, a key frame every segment.
        let mut segmenter = Segmenter::new(Config::new(options(1, 3)).unwrap());
        let frames = 10_000 * gop;
        segmenter
            .push(support::stream::video_header(0, support::stream::SPS).borrow(), &mut window)
            .unwrap();
        let mut tag = support::stream::picture(0, true, 0, 1);
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

#[test]
fn h_15_r_51_dates_go_on_by_the_durations_and_are_set_anew_behind_a_discontinuity() {
    let output = dated(1_543_895_706_266, 700, 0);
    assert_eq!(
        values(&output.memory.playlists[7], "#EXT-X-PROGRAM-DATE-TIME:")[0],
        "2018-12-04T03:55:31.266Z"
    );
    let dates: Vec<_> = output
        .memory
        .segments
        .iter()
        .map(|segment| segment.program_date_time.unwrap().unix_millis())
        .collect();
    assert!(dates.windows(2).all(|pair| pair[1] - pair[0] == 5000));

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
fn r_46_resuming_needs_the_segments_that_the_token_came_with() {
    let output = run_to(&BASE.both(), options(5, 3), End::Pause);
    let (token, listed) = (output.memory.token.unwrap(), output.memory.listed);
    let token = ResumeToken::from_bytes(&token.to_bytes()).unwrap();
    let config = Config::new(options(5, 3)).unwrap();
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
fn h_15_a_clock_that_is_set_changes_dates_behind_a_discontinuity_only() {
    let whole = clock_set_forward(false);
    let steps = whole.windows(2).map(|pair| pair[1].0 - pair[0].0);
    assert_eq!(steps.collect::<Vec<_>>(), [5000; 6]);
    assert_eq!(whole[2].1 - whole[2].0, 60_000);
    let broken = clock_set_forward(true);
    assert_eq!(broken[2].1 - broken[2].0, 60_000, "before the break");
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
