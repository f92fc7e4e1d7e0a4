//! What the beginning of a segment resets, and what goes on across it.

use hls_segmenter::SwitchAt;
use hls_segmenter::config::{DatePolicy, Options, TargetDuration};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::time::{Secs, TickSpan};

use crate::pause::assert_carried;
use crate::session::{
    Session, aac_16_ms, between, counted, cuts, frag, header_16_ms, headers, marked, merged,
    metadata, moved, of_audio, packets, reported, starts, tables, tagged,
};
use crate::support::stream::{
    BASE, OTHER_SPS, SPS, audio, audio_header, picture, shift, video_header, video_tag,
};
use crate::support::{AUDIO, Base, OwnedTag, VIDEO, is_video, run};

fn video(secs: i64) -> Vec<OwnedTag> {
    Base { millis: secs * 1000, ..BASE }.video()
}

/// Pushes tags and asks for a switch before the first one at `asked` or later.
fn asking(options: Options, tags: &[OwnedTag], asked: i64, at: SwitchAt) -> crate::support::Output {
    let mut session = Session::new(options);
    let nth = tags.iter().position(|tag| !tag.is_header() && tag.millis >= asked);
    let (before, after) = tags.split_at(nth.unwrap());
    session.push(before);
    session.request(at);
    session.push(after);
    session.end()
}

#[test]
fn r_45_any_switch_that_comes_first_fulfils_a_request() {
    // Forced at 60 s, between key frames at 57 s and 63 s.
    let long = Base { gop: 1425, millis: 130_000, ..BASE };
    let mut tags = long.video();
    tags.retain(|tag| tag.is_header() || tag.millis != 57_000);
    let output = asking(Options::default(), &tags, 59_000, SwitchAt::KeyFrame);
    let causes: Vec<_> = cuts(&output.memory).iter().map(|cut| (cut.0, cut.2)).collect();
    assert_eq!(causes[..2], [(0, "forced"), (60_000, "key-frame")]);

    // Parameter sets that change at the next key frame.
    let mut tags = video(9);
    tags.insert(40, video_header(1_500, OTHER_SPS));
    let output = asking(Options::default(), &tags, 1_600, SwitchAt::KeyFrame);
    assert_eq!(
        cuts(&output.memory),
        [(0, 2000, "config-change"), (2_000, 5000, "key-frame"), (7_000, 2000, "end")]
    );

    // Audio that joins at the next key frame.
    let late = moved(&aac_16_ms(0, 7_000), 1_500);
    let tags = {
        let mut tags = merged(&[&video(9), &between(&late, 1_500, 9_000)]);
        let at = tags.iter().position(|tag| !is_video(tag)).unwrap();
        tags.insert(at, header_16_ms(1_500));
        tags
    };
    let output = asking(Options::default(), &tags, 1_600, SwitchAt::KeyFrame);
    assert_eq!(
        cuts(&output.memory),
        [(0, 2000, "track-change"), (2_000, 5000, "key-frame"), (7_000, 2000, "end")]
    );

    // A declared target.
    let options =
        Options { target_duration: TargetDuration::Declared(Secs::new(6)), ..Options::default() };
    let tags = Base { gop: 175, millis: 15_000, ..BASE };
    let output = asking(options, &tags.video(), 5_000, SwitchAt::KeyFrame);
    assert_eq!(
        cuts(&output.memory),
        [(0, 6480, "target-limit"), (6_480, 6480, "target-limit"), (12_960, 2040, "end")]
    );
}

#[test]
fn r_45_a_request_is_the_cause_where_the_rule_would_have_switched_too() {
    let output = asking(frag(2), &video(6), 1_900, SwitchAt::KeyFrame);
    let causes: Vec<_> = cuts(&output.memory).iter().map(|cut| cut.2).collect();
    assert_eq!(causes, ["requested", "key-frame", "end"]);
    assert_eq!(tagged(&output.memory), [0; 0]);
}

#[test]
fn r_45_a_request_before_the_first_segment_waits_for_the_second_key_frame() {
    let mut session = Session::new(Options::default());
    session.request(SwitchAt::KeyFrame);
    session.push(&video(7));
    let output = session.end();
    assert_eq!(
        cuts(&output.memory),
        [(0, 1000, "requested"), (1_000, 5000, "key-frame"), (6_000, 1000, "end")]
    );
}

#[test]
fn y_12_the_rounding_error_of_extinf_is_carried_from_segment_to_segment() {
    for tags in
        [BASE.audio(), Base { fps: (30_000, 1001), gop: 61, millis: 120_000, ..BASE }.both()]
    {
        let output = run(&tags, frag(2));
        assert!(output.memory.segments.len() > 15);
        assert_carried(&output.memory.segments);
    }
}

#[test]
fn what_comes_with_tag_after_tag_is_reported_once_in_each_segment() {
    let pictures = (0..300).map(|n| picture(n * 40, n % 25 == 0, 0, 50));
    let mut tags: Vec<_> = [video_header(0, SPS)].into_iter().chain(pictures).collect();
    let at = tags.iter().position(|tag| tag.millis == 1_000).unwrap();
    // A message whose length runs past the end, with every picture.
    for tag in &mut tags[at..] {
        tag.data.extend([0, 0, 0, 9, 6, 5]);
    }
    let output = run(&tags, Options::default());
    let kind = NoticeKind::TruncatedNalUnit;
    assert_eq!(output.count(kind), 275);
    // NAL units are looked at before their picture begins a segment, so that a notice of the
    // picture that begins a segment belongs to the segment before.
    assert_eq!(
        reported(&output.memory),
        [(kind, 1_000, 0, 1), (kind, 5_040, 0, 102), (kind, 10_040, 0, 227)]
    );
}

#[test]
fn y_06_audio_before_the_first_key_frame_is_kept_for_300_ms_to_the_frame() {
    for (from, dropped, begins) in
        [(700, 0, 700), (720, 0, 720), (684, 1, 700), (680, 2, 712), (600, 7, 712)]
    {
        let pictures = moved(&between(&video(3), 0, 3_000), 1_000);
        let tags = merged(&[&headers(&video(1)), &pictures, &aac_16_ms(from, 4_000)]);
        let output = run(&tags, Options::default());
        assert_eq!(output.count(NoticeKind::AudioBeforeKeyFrame), dropped, "{from}");
        let first = packets(&output, AUDIO)[0].0;
        assert_eq!(first, begins * 90);
    }
}

#[test]
fn y_07_the_audio_clock_goes_on_across_segments() {
    // Tags that jitter by ten milliseconds around the times of their samples.
    let mut tags = Base { millis: 20_000, ..BASE }.both();
    for (nth, tag) in tags.iter_mut().filter(|tag| !is_video(tag)).enumerate().skip(2) {
        tag.millis += [0, 10, -10, 7, -3][nth % 5];
    }
    let output = run(&tags, frag(1));
    assert_eq!(counted(&output.stats), []);
    for (pts, _) in packets(&output, AUDIO) {
        let n = (pts * 44_100 + 512 * 90_000).div_euclid(1024 * 90_000);
        let exact = (n * 1024 * 90_000 * 2 + 44_100).div_euclid(2 * 44_100);
        assert!((pts - exact).abs() <= 1, "{pts}");
    }
}

#[test]
fn y_05_an_announced_track_that_stays_away_leaves_once() {
    let tags = [vec![metadata(&[("audiocodecid", 10.0)])], video(22)].concat();
    let output = run(&tags, Options::default());
    let listed: Vec<_> = (0..5).map(|nth| tables(&output.memory, nth)).collect();
    let alone = (1, vec![0x1b]);
    assert_eq!(listed[0], (0, vec![0x1b, 0x0f]));
    assert_eq!(listed[1..], [alone.clone(), alone.clone(), alone.clone(), alone]);
    assert_eq!(reported(&output.memory), [(NoticeKind::TrackMissing, 5_000, 0, 1)]);
    assert_eq!(tagged(&output.memory), [1]);
    // The wait is over when more than so long has passed.
    let options = Options { track_wait: TickSpan::from_secs(5), ..Options::default() };
    let output = run(&tags, options);
    assert_eq!(reported(&output.memory), [(NoticeKind::TrackMissing, 10_000, 0, 1)]);
}

#[test]
fn y_05_metadata_after_the_first_segment_began_announces_nothing() {
    let mut tags = video(12);
    tags.insert(30, metadata(&[("audiocodecid", 10.0)]));
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output.stats), []);
    assert!((0..3).all(|nth| tables(&output.memory, nth) == (0, vec![0x1b])));
}

#[test]
fn y_05_the_version_of_the_tables_grows_with_each_change_and_stands_still_without() {
    // Audio joins, then changes to MP3, then video changes its size.
    let mut tags = Base { millis: 20_000, ..BASE }.video();
    let aac = between(&aac_16_ms(2_500, 8_500), 2_500, 8_500);
    tags.extend([vec![header_16_ms(2_500)], aac].concat());
    let mp3 = (0..440).map(|n| crate::support::stream::mp3(8_500 + n * 11_520 / 441, 1));
    tags.extend(mp3);
    tags.sort_by_key(|tag| (tag.millis, !tag.is_header()));
    let at = tags.iter().position(|tag| tag.is_key_picture() && tag.millis == 15_000);
    tags.insert(at.unwrap(), video_header(15_000, OTHER_SPS));
    let output = run(&tags, Options::default());
    let listed: Vec<_> = (0..output.memory.bodies.len())
        .map(|nth| (starts(&output.memory)[nth], tables(&output.memory, nth)))
        .collect();
    assert_eq!(
        listed,
        [
            (0, (0, vec![0x1b])),
            (3_000, (1, vec![0x1b, 0x0f])),
            (8_000, (1, vec![0x1b, 0x0f])),
            (9_000, (2, vec![0x1b, 0x03])),
            (14_000, (2, vec![0x1b, 0x03])),
            (15_000, (2, vec![0x1b, 0x03])),
        ]
    );
    assert_eq!(tagged(&output.memory), [1, 3, 5]);
    let causes: Vec<_> = cuts(&output.memory).iter().map(|cut| cut.2).collect();
    assert_eq!(
        causes,
        ["track-change", "key-frame", "config-change", "key-frame", "config-change", "end"]
    );
    assert!(output.memory.bodies.iter().all(|body| marked(body).is_empty()));
}

#[test]
fn y_06_a_wait_ends_with_the_segment_that_it_was_for() {
    // Key frames at 50 s and 65 s; the segment that began at 50 s is lost before 65 s.
    let mut session = Session::new(Options::default());
    let times = (0..130_000).step_by(40);
    let tags: Vec<_> = times.map(|millis| picture(millis, millis == 50_000, 0, 50)).collect();
    session.push(&[video_header(0, SPS)]);
    let at = tags.iter().position(|tag| tag.millis == 52_000).unwrap();
    session.push(&tags[..at]);
    let rest = session.push_until_fails(&tags[at..], crate::session::Call::Write);
    let rest = rest.to_vec();
    session.push(&rest);
    // The wait began with the first picture after the loss, not with the first of all.
    assert_eq!(starts(session.memory()), [50_000, 52_040 + 60_000]);
}

#[test]
fn r_29_each_segment_counts_its_own_frames_from_nothing() {
    let output = run(&Base { gop: 50, millis: 12_000, ..BASE }.both(), frag(4));
    let values: Vec<_> = output
        .memory
        .segments
        .iter()
        .map(|s| (s.frames, s.key_frames, s.longest_gop.round_millis(), s.bytes))
        .collect();
    let bytes: Vec<_> = output.memory.bodies.iter().map(|body| body.len() as u64).collect();
    assert_eq!(
        values,
        [(100, 2, 2_000, bytes[0]), (100, 2, 2_000, bytes[1]), (100, 2, 2_000, bytes[2])]
    );
}

#[test]
fn t_25_tables_are_repeated_from_the_beginning_of_each_segment() {
    let options = Options { psi_interval: Some(TickSpan::from_millis(900)), ..frag(2) };
    let output = run(&video(6), options);
    let tables = |body: &Vec<u8>| {
        let packets = body.chunks(188).enumerate();
        let tables = packets.filter(|(_, packet)| packet[1] & 0x1f == 0 && packet[2] == 0);
        tables.count()
    };
    let counts: Vec<_> = output.memory.bodies.iter().map(tables).collect();
    // At 0 ms, and before the pictures at 880 ms and 1760 ms.
    assert_eq!(counts, [3, 3, 3]);
}

#[test]
fn y_08_audio_that_was_gathered_before_a_switch_is_in_the_segment_before_it() {
    let output = run(&merged(&[&video(12), &aac_16_ms(0, 12_000)]), Options::default());
    for pes in output.stream(AUDIO) {
        let begins = (pes.pts as i64 - 63_000) / 90;
        assert_eq!(pes.segment as i64, begins / 5_000, "{begins}");
    }
    assert_eq!(output.stats.audio.unwrap().frames, 750);
}

#[test]
fn y_04_a_format_that_comes_while_audio_waits_drops_what_waits_and_changes_nothing_else() {
    let mut tags = vec![video_header(0, SPS), header_16_ms(0)];
    tags.extend((0..5).map(|n| audio(n * 16, 90)));
    tags.push(audio_header(80, 44_100));
    tags.extend((0..5).map(|n| audio(80 + n * 23, 90)));
    tags.extend(moved(&between(&video(3), 0, 3_000), 215));
    let output = run(&tags, Options::default());
    assert_eq!(reported(&output.memory), [(NoticeKind::AudioNotJoined, 64, 0, 1)]);
    assert_eq!(output.count(NoticeKind::AudioNotJoined), 5);
    assert_eq!(packets(&output, AUDIO)[0].0, 80 * 90);
    assert_eq!(output.stats.audio.unwrap().frames, 5);
    assert_eq!(tagged(&output.memory), [0; 0]);
}

#[test]
fn r_36_nal_units_that_wait_go_into_the_segment_of_their_picture() {
    let message: &[u8] = &[6, 5, 3, 0x77, 0x77, 0x77, 0x80];
    let mut tags = video(7);
    let at = tags.iter().position(|tag| tag.millis == 5_000).unwrap();
    tags.insert(at, video_tag(4_990, false, 0, &[message]));
    let output = run(&tags, Options::default());
    let carried = |data: &[u8]| data.windows(message.len()).any(|found| found == message);
    let with = output.stream(VIDEO);
    let with: Vec<_> = with.iter().filter(|pes| carried(&pes.data)).collect();
    assert_eq!(with.len(), 1);
    assert_eq!((with[0].segment, with[0].dts), (1, 63_000 + 5_000 * 90));
}

#[test]
fn y_06_nal_units_before_a_picture_that_is_dropped_are_dropped_with_it() {
    let message: &[u8] = &[6, 5, 3, 0x77, 0x77, 0x77, 0x80];
    let mut tags =
        vec![video_header(0, SPS), video_tag(0, false, 0, &[message]), picture(40, false, 0, 50)];
    tags.extend(moved(&between(&video(2), 0, 2_000), 80));
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output.stats), [(NoticeKind::VideoBeforeKeyFrame, 1)]);
    let carried = |data: &[u8]| data.windows(message.len()).any(|found| found == message);
    assert!(output.stream(VIDEO).iter().all(|pes| !carried(&pes.data)));
    // Without complete parameter sets a picture is dropped with what waited for it, too.
    let mut half = video_header(0, SPS);
    let end = half.data.len() - 7;
    half.data.truncate(end);
    half.data.push(0);
    let pps: &[u8] = crate::support::stream::PPS;
    let key: &[u8] = &[0x65, 0x88, 0x84, 1];
    let mut tags = vec![
        half,
        video_tag(0, false, 0, &[message]),
        picture(0, true, 0, 50),
        video_tag(40, true, 0, &[pps, key]),
    ];
    tags.extend(moved(&between(&video(2), 0, 2_000), 80));
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output.stats), [(NoticeKind::VideoBeforeHeader, 1)]);
    assert!(output.stream(VIDEO).iter().all(|pes| !carried(&pes.data)));
}

#[test]
fn o_12_the_pace_of_snapshots_is_that_of_key_frames_and_not_of_segments() {
    let options = Options { snapshot_interval: Some(TickSpan::from_secs(3)), ..Options::default() };
    let output = run(&video(12), options);
    let secs = output.memory.snapshots.iter().map(|shot| shot.0 / 90_000);
    assert_eq!(secs.collect::<Vec<_>>(), [0, 3, 6, 9]);
}

#[test]
fn r_83_a_hole_of_audio_across_a_switch_is_one_new_anchor() {
    let mut tags = merged(&[&video(9), &aac_16_ms(0, 9_000)]);
    tags.retain(|tag| is_video(tag) || !(4_000..6_000).contains(&tag.millis));
    let output = run(&tags, Options::default());
    assert_eq!(reported(&output.memory), [(NoticeKind::AudioReanchor, 6_000, 2_000 * 90, 1)]);
    assert_eq!(output.stats.audio.unwrap().frames, 438);
    assert!(of_audio(&tags).len() == 439);
}

#[test]
fn h_15_dates_grow_by_what_is_listed() {
    // Segments of 5.016 s or 5.015 s, and a clock that runs with the tags; the first segment begins
    // 318 ms after its first frame has come.
    let options = Options { dates: DatePolicy::MediaTime, ..Options::default() };
    let mut session = Session::new(options);
    let mut tags = Base { millis: 22_000, ..BASE }.audio();
    shift(&mut tags, i64::MIN, 0);
    session.push_dated(&tags, 1_000_000_000_000);
    let output = session.end();
    let first = output.memory.segments[0].program_date_time.unwrap();
    let mut date = first.unix_millis();
    for segment in &output.memory.segments {
        assert_eq!(segment.program_date_time.unwrap().unix_millis(), date);
        date += i64::from(segment.extinf.millis());
    }
}

#[test]
fn y_07_a_gap_before_the_first_picture_begins_a_packet_and_no_other_frame_does() {
    // Audio waits from 0 on; the key frame comes at 604 ms. A gap of 100 ms stands at 400 ms, or at
    // 464 ms.
    for gap in [400, 464] {
        let mut audio = aac_16_ms(0, 3_000);
        audio.retain(|tag| tag.is_header() || !(gap - 100..gap).contains(&tag.millis));
        let pictures = moved(&between(&video(3), 0, 3_000), 604);
        let tags = merged(&[&headers(&video(1)), &pictures, &audio]);
        let output = run(&tags, Options::default());
        let times: Vec<_> = packets(&output, AUDIO).iter().map(|packet| packet.0 / 90).collect();
        let first = if gap == 400 { 400 } else { 304 };
        let mut want = vec![first];
        if gap == 464 {
            want.push(464);
        }
        assert_eq!(times[..want.len()], want, "{gap}");
        // What waited for 300 ms when the picture came was written then.
        let next = if gap == 400 { 688 } else { 608 };
        assert_eq!(times[want.len()], next, "{gap}");
    }
}

#[test]
fn y_07_each_gap_begins_one_packet() {
    let mut audio = aac_16_ms(0, 3_000);
    for gap in [496, 640, 976, 1_072] {
        audio.retain(|tag| tag.is_header() || !(gap..gap + 48).contains(&tag.millis));
    }
    let output = run(&merged(&[&video(3), &audio]), Options::default());
    let times: Vec<_> = packets(&output, AUDIO).iter().map(|packet| packet.0 / 90).collect();
    assert_eq!(times, [0, 288, 544, 688, 1_024, 1_120, 1_408, 1_696, 1_984, 2_272, 2_560, 2_848]);
    assert_eq!(output.count(NoticeKind::AudioReanchor), 4);
}

#[test]
fn y_08_audio_that_comes_late_does_not_wait_for_company() {
    // Audio tags stand 400 ms of media after the video of their time: whoever is 300 ms late is
    // written at once.
    for (late, each) in [(400, 1), (0, 18)] {
        let mut tags = merged(&[&video(3), &aac_16_ms(0, 3_000)]);
        tags.sort_by_key(|tag| {
            let late = if is_video(tag) { 0 } else { late };
            (!tag.is_header(), tag.millis + late)
        });
        let output = run(&tags, Options::default());
        let frames: Vec<_> = packets(&output, AUDIO).iter().map(|packet| packet.1 / 97).collect();
        let middle = &frames[frames.len() / 4..frames.len() * 3 / 4];
        assert!(middle.iter().all(|&frames| frames == each), "{late}: {frames:?}");
        assert_eq!(frames.iter().sum::<usize>(), 188);
    }
}

#[test]
fn f_11_an_empty_frame_is_measured_once() {
    // After the gap tags jitter by 15 ms, which is more than half a frame and less than two.
    let mut tags = aac_16_ms(0, 9_000);
    let empty = tags.iter().position(|tag| tag.millis == 1_008 && !tag.is_header()).unwrap();
    tags[empty].data.truncate(2);
    for tag in tags.iter_mut().skip(empty + 2).step_by(2) {
        tag.millis += 15;
    }
    let output = run(&tags, Options::default());
    assert_eq!(reported(&output.memory), [(NoticeKind::AudioReanchor, 1_024, 16 * 90, 1)]);
    assert_eq!(output.stats.audio.unwrap().frames, 562);
}

#[test]
fn r_45_a_request_for_a_key_frame_does_not_fall_on_audio_beside_silent_video() {
    let tags = merged(&[&video(3), &aac_16_ms(0, 30_000)]);
    for (at, want) in [(SwitchAt::KeyFrame, vec![0]), (SwitchAt::Once, vec![0, 20_000])] {
        let output = asking(Options::default(), &tags, 20_000, at);
        assert_eq!(starts(&output.memory), want, "{at:?}");
    }
    // Where audio leads there is no key frame to wait for.
    let tags = aac_16_ms(0, 6_000);
    for at in [SwitchAt::KeyFrame, SwitchAt::Once] {
        let output = asking(Options::default(), &tags, 2_064, at);
        assert_eq!(cuts(&output.memory), [(0, 2064, "requested"), (2_064, 3936, "end")], "{at:?}");
    }
}

#[test]
fn f_08_a_picture_before_any_header_leaves_no_trace_on_the_timeline() {
    let audio = aac_16_ms(0, 12_000);
    let tags = [vec![picture(900_000, true, 0, 50)], audio.clone()].concat();
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output.stats), [(NoticeKind::VideoBeforeHeader, 1)]);
    let want = run(&audio, Options::default());
    assert!(output.memory.bodies == want.memory.bodies);
}
