//! What a resume token hands over to a new engine, and what begins again.

use hls_segmenter::config::{FragCount, Options, PlaylistVersion, TargetDuration, WindowPolicy};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::time::{Secs, TickSpan};
use hls_segmenter::{SwitchAt, Track};

use crate::pause::assert_carried;
use crate::session::{
    Session, aac_16_ms, counted, cuts, frag, marked, merged, of_audio, packets, reported, starts,
    tables, tagged,
};
use crate::support::stream::{BASE, OTHER_SPS, picture, shift, video_header, video_tag};
use crate::support::{AUDIO, Base, OwnedTag, VIDEO, is_video};

fn both(secs: i64) -> Vec<OwnedTag> {
    Base { millis: secs * 1000, ..BASE }.both()
}

fn paused(options: Options, tags: &[OwnedTag]) -> Session {
    let mut session = Session::new(options);
    session.push(tags);
    session.pause();
    session
}

/// Each of these goes on where the one before it was killed after its last playlist.
fn chain(tags: &[OwnedTag], times: usize) -> Vec<hls_segmenter::Segment> {
    let mut session = Session::new(Options::default());
    let mut segments = Vec::new();
    for nth in 0..times {
        session.push(tags);
        session.pause();
        let next = session.resumed();
        segments.extend(session.leave().memory.segments);
        session = next;
        assert_eq!(segments.len(), nth + 1);
    }
    segments
}

#[test]
fn r_46_y_12_the_rounding_error_of_extinf_is_handed_over_by_a_resume() {
    // Audio alone: 130 frames are 271,673 ticks, 3,019 ms less 37 ticks, each time.
    let segments = chain(&of_audio(&both(12))[..131], 9);
    assert_carried(&segments);
    let millis: Vec<_> = segments.iter().map(|segment| segment.extinf.millis()).collect();
    assert!(millis.contains(&3018) && millis.contains(&3019), "{millis:?}");
    // Pictures of 30,000 / 1001 a second.
    let video = Base { fps: (30_000, 1001), millis: 1_700, gop: 0, ..BASE };
    assert_carried(&chain(&video.video(), 9));
    // The error has either sign: 133 frames are 277,942.8 ticks, 3,088 ms and 22 ticks.
    let alone = of_audio(&both(12));
    assert_carried(&chain(&alone[..134], 9));
}

#[test]
fn r_45_a_requested_switch_is_not_handed_over_by_a_resume() {
    let mut session = Session::new(Options::default());
    session.push(&both(7));
    session.request(SwitchAt::KeyFrame);
    let mut resumed = session.resumed();
    resumed.push(&both(7));
    let causes: Vec<_> = cuts(&resumed.end().memory).iter().map(|cut| cut.2).collect();
    assert_eq!(causes, ["key-frame", "end"]);
}

#[test]
fn r_46_a_resumed_engine_begins_its_times_statistics_and_notices_again() {
    let mut first = both(7);
    shift(&mut first, 0, 4_000_000_000);
    // A bad key flag in every publication.
    let odd = |millis| video_tag(millis, true, 0, &[&[0x41, 0x9a, 0x24, 9]]);
    first.push(odd(4_000_007_000));
    let session = paused(Options::default(), &first);
    let mut resumed = session.resumed();
    assert_eq!(counted(&resumed.stats()), []);
    assert!(resumed.stats().video.is_none() && resumed.stats().audio.is_none());
    resumed.push(&both(7));
    resumed.push(&[odd(7_000)]);
    let output = resumed.end();
    assert_eq!(starts(&output.memory), [0, 5_000]);
    assert_eq!(reported(&output.memory), [(NoticeKind::KeyFlagWithoutIdr, 7_000, 0, 1)]);
    assert_eq!(output.stats.video.unwrap().frames, 176);
    let tracks = &output.memory.tracks;
    assert!(matches!(tracks[..], [Track::Video(_), Track::Audio(_)]));
}

#[test]
fn r_46_numbers_counters_and_target_are_handed_over_by_a_resume() {
    let long = Base { gop: 225, millis: 19_000, ..BASE };
    let session = paused(Options { first_sequence: 100, ..Options::default() }, &long.both());
    let mut resumed = session.resumed();
    resumed.push(&both(7));
    let output = resumed.end();
    let numbers: Vec<_> = output.memory.segments.iter().map(|s| (s.id, s.sequence)).collect();
    assert_eq!(numbers, [(3, 103), (4, 104)]);
    assert_eq!(output.targets(), [9, 9]);
    assert_eq!(tagged(&output.memory), [103]);
    let counters: Vec<_> =
        output.memory.bodies.iter().map(|body| (body[3] & 0x0f, body[188 + 3] & 0x0f)).collect();
    assert_eq!(counters, [(3, 3), (4, 4)]);
    assert_eq!(marked(&output.memory.bodies[0]), [VIDEO, AUDIO]);
    assert_eq!(marked(&output.memory.bodies[1]), []);
    let sequence = |output: &crate::support::Output| {
        let last = output.memory.playlists.last().unwrap().clone();
        last.lines().nth(3).unwrap().to_owned()
    };
    assert_eq!(sequence(&output), "#EXT-X-MEDIA-SEQUENCE:102");
}

#[test]
fn r_46_the_counters_of_both_streams_are_handed_over_by_a_resume() {
    let session = paused(Options::default(), &both(7));
    let last = |body: &[u8], pid: u16| {
        let of_pid = |packet: &&[u8]| [packet[1] & 0x1f, packet[2]] == pid.to_be_bytes();
        let packets: Vec<_> = body.chunks(188).filter(of_pid).collect();
        let counter = |packet: &[u8]| packet[3] & 0x0f;
        (counter(packets[0]), counter(packets[packets.len() - 1]))
    };
    let before: Vec<_> = [VIDEO, AUDIO]
        .iter()
        .map(|&pid| last(session.memory().bodies.last().unwrap(), pid).1)
        .collect();
    let mut resumed = session.resumed();
    resumed.push(&both(7));
    let output = resumed.end();
    for (pid, before) in [VIDEO, AUDIO].into_iter().zip(before) {
        let (first, _) = last(&output.memory.bodies[0], pid);
        assert_eq!(first, (before + 1) & 0x0f, "{pid:#x}");
    }
}

#[test]
fn r_46_the_tables_are_handed_over_by_a_resume() {
    // Audio comes late, so that the tables have their second version.
    let mut tags = both(9);
    tags.retain(|tag| is_video(tag) || tag.millis > 2_500 || tag.is_header());
    let header = tags.iter().position(|tag| tag.is_header() && !is_video(tag));
    let header = tags.remove(header.unwrap());
    let at = tags.iter().position(|tag| !is_video(tag)).unwrap();
    tags.insert(at, OwnedTag { millis: 2_500, ..header });
    let session = paused(Options::default(), &tags);
    assert_eq!(tables(session.memory(), 1), (1, vec![0x1b, 0x0f]));
    for (tags, want) in [(both(7), (1, vec![0x1b, 0x0f])), (of_audio(&both(7)), (2, vec![0x0f]))] {
        let mut resumed = session.resumed();
        resumed.push(&tags);
        let output = resumed.end();
        assert_eq!(tables(&output.memory, 0), want);
        assert_eq!(tagged(&output.memory).len(), 1);
    }
}

#[test]
fn r_46_a_list_resumed_without_segments_is_tagged_by_nothing_that_came_before() {
    // The engine was killed in its first segment.
    let mut session = Session::new(Options::default());
    session.push(&both(2));
    let token = session.engine.resume_token();
    let config = hls_segmenter::Config::default();
    let engine = hls_segmenter::Segmenter::resume(config, &token, []).unwrap();
    let mut resumed = Session::new(Options::default());
    resumed.engine = engine;
    resumed.push(&both(7));
    let output = resumed.leave();
    assert_eq!(tagged(&output.memory), [0; 0]);
    // The number of the attempt that was killed is not used again.
    assert_eq!(output.memory.segments[0].id, 1);
    assert_eq!(output.memory.segments[0].sequence, 0);
}

#[test]
fn h_15_dates_are_handed_over_by_the_last_listed_segment() {
    let mut session = Session::new(Options::default());
    session.push_dated(&both(12), 1_000_000_000_000);
    session.pause();
    let since = |wall: Option<hls_segmenter::time::WallTime>| {
        wall.map(|wall| wall.unix_millis() - 1_000_000_000_000)
    };
    // The new host's clock is back by a minute, later by one, or not there.
    for (by, stamps, dates) in [
        (Some(-60_000), [10_001, 10_002], [Some(12_000), Some(16_900)]),
        (Some(60_000), [60_000, 65_000], [Some(60_000), Some(65_000)]),
    ] {
        let mut resumed = session.resumed();
        resumed.push_dated(&both(7), 1_000_000_000_000 + by.unwrap());
        let output = resumed.end();
        let segments = &output.memory.segments;
        let walls: Vec<_> = segments.iter().map(|s| since(s.wall).unwrap()).collect();
        assert_eq!(walls, stamps);
        let reported: Vec<_> = segments.iter().map(|s| since(s.program_date_time)).collect();
        assert_eq!(reported, dates);
    }
    let mut resumed = session.resumed();
    resumed.push(&both(7));
    let output = resumed.end();
    assert!(output.memory.segments.iter().all(|s| s.wall.is_none()));
    assert!(output.memory.segments.iter().all(|s| s.program_date_time.is_none()));
}

#[test]
fn r_46_segments_that_are_too_many_for_the_new_window_leave_with_the_first_new_one() {
    let options =
        |count| Options { frag_count: FragCount::new(count).unwrap(), ..Options::default() };
    let session = paused(options(5), &both(25));
    let mut resumed = session.resumed_with(options(2));
    resumed.push(&both(6));
    let output = resumed.leave();
    let expired: Vec<_> = output
        .memory
        .expired
        .iter()
        .map(|gone| (gone.id, gone.sequence, gone.keep_for.round_millis()))
        .collect();
    // The playlist that was stored is 25 s long; each lasts 5 s.
    assert_eq!(
        expired,
        [
            (0, 0, 5_000 + 5_000),
            (1, 1, 5_000 + 10_000),
            (2, 2, 5_000 + 15_000),
            (3, 3, 5_000 + 20_000)
        ]
        .map(|(id, sequence, _)| (id, sequence, 30_000))
    );
    assert_eq!(output.memory.listed.len(), 2);
}

#[test]
fn x1_a_resumed_list_never_lowers_its_target_and_a_longer_one_raises_it() {
    for (secs, want) in [(2, 5), (5, 5), (8, 8)] {
        let session = paused(Options::default(), &both(12));
        let mut resumed = session.resumed_with(frag(secs));
        resumed.push(&both(9));
        let output = resumed.end();
        assert_eq!(output.targets()[0], want, "{secs}");
        assert_eq!(reported(&output.memory), []);
    }
    // A target that was rounded down is not enough for an engine that rounds up.
    let ntsc = Base { millis: 12_012, fps: (30_000, 1001), gop: 60, ..BASE }.both();
    let session = paused(frag(2), &ntsc);
    let older = Options { playlist_version: PlaylistVersion::V3, ..frag(2) };
    let mut resumed = session.resumed_with(older);
    resumed.push(&both(9));
    assert_eq!(resumed.end().targets()[0], 3);
    let declared =
        Options { target_duration: TargetDuration::Declared(Secs::new(6)), ..Options::default() };
    let session = paused(declared, &both(12));
    let mut resumed = session.resumed();
    resumed.push(&both(9));
    assert!(resumed.end().targets().iter().all(|&target| target == 6));
}

#[test]
fn x2_three_targets_stay_listed_over_a_resume() {
    let options = Options {
        window: WindowPolicy::AtLeastThreeTargets,
        frag_count: FragCount::new(1).unwrap(),
        ..Options::default()
    };
    let session = paused(options, &both(20));
    assert_eq!(session.memory().listed.len(), 3);
    let mut resumed = session.resumed();
    resumed.push(&both(7));
    let output = resumed.end();
    let listed = |text: &String| text.matches("#EXTINF").count();
    let listed: Vec<_> = output.memory.playlists.iter().map(listed).collect();
    assert_eq!(listed, [3, 4], "15 s after the first, and the last has 2 s");
}

#[test]
fn o_12_y_06_snapshots_and_waits_begin_again_with_a_resume() {
    let options = Options { snapshot_interval: Some(TickSpan::from_secs(7)), ..Options::default() };
    let session = paused(options, &both(6));
    let mut resumed = session.resumed();
    let mut later = both(9);
    shift(&mut later, 0, 6_000);
    resumed.push(&later);
    let output = resumed.end();
    let secs = output.memory.snapshots.iter().map(|shot| shot.0 / 90_000);
    assert_eq!(secs.collect::<Vec<_>>(), [6, 13]);
}

#[test]
fn y_07_clocks_formats_and_parameter_sets_begin_again_with_a_resume() {
    let mut first = merged(&[&of_video_with(OTHER_SPS), &aac_16_ms(0, 2_000)]);
    first.push(video_header(2_000, crate::support::stream::SPS));
    let session = paused(Options::default(), &first);
    let mut resumed = session.resumed();
    let second = both(3);
    resumed.push(&second);
    let output = resumed.end();
    assert_eq!(counted(&output.stats), []);
    assert_eq!(packets(&output, AUDIO)[0].0, 0);
    assert_eq!(cuts(&output.memory), [(0, 3000, "end")]);
    assert_eq!(output.stats.video.unwrap().track.width, Some(256));
}

/// Two seconds of pictures to another parameter set.
fn of_video_with(sps: &[u8]) -> Vec<OwnedTag> {
    let pictures = (0..50).map(|n| picture(n * 40, n % 25 == 0, 0, 50));
    [video_header(0, sps)].into_iter().chain(pictures).collect()
}

#[test]
fn y_03_a_jump_before_the_first_key_frame_after_a_resume_opens_a_segment() {
    let mut second = both(3);
    second.retain(|tag| tag.is_header() || tag.millis >= 200);
    shift(&mut second, 480, 60_000);
    let mut resumed = paused(Options::default(), &both(3)).resumed();
    resumed.push(&second);
    let output = resumed.end();
    assert_eq!(starts(&output.memory), [60_520]);
}
