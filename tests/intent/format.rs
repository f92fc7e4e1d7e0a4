//! What a change of a codec's configuration keeps, resets and hands over.

use hls_segmenter::SwitchAt;
use hls_segmenter::config::{Options, TargetDuration};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::time::Secs;
use hls_segmenter::ts::StreamType;
use hls_segmenter::{Track, time::TickSpan};

use crate::pause::assert_carried;
use crate::session::{
    Session, aac_16_ms, between, counted, cuts, frag, header_16_ms, marked, merged, moved,
    of_audio, packets, reported, starts, tables, tagged,
};
use crate::support::stream::{
    BASE, OTHER_SPS, SPS, audio, audio_header, mp3, picture, shift, video_header, video_tag,
};
use crate::support::{AUDIO, Base, OwnedTag, VIDEO, is_video, run};

fn video(secs: i64) -> Vec<OwnedTag> {
    Base { millis: secs * 1000, ..BASE }.video()
}

/// AAC at 44.1 kHz, from and to, with its header first.
fn aac_44(from: i64, to: i64) -> Vec<OwnedTag> {
    let frames = (0..).map(|n| (n, from + (n * 1_024_000 + 22_050) / 44_100));
    let frames = frames.take_while(|&(_, millis)| millis < to);
    let frames = frames.map(|(_, millis)| audio(millis, 90));
    [audio_header(from, 44_100)].into_iter().chain(frames).collect()
}

/// Tags in the order of their times, each header before the frames of its own time.
fn in_place(parts: &[&[OwnedTag]]) -> Vec<OwnedTag> {
    let mut tags = parts.concat();
    tags.sort_by_key(|tag| (tag.millis, !tag.is_header(), !is_video(tag)));
    tags
}

/// 64 kHz until `at`, then 44.1 kHz.
fn changing(secs: i64, at: i64) -> Vec<OwnedTag> {
    in_place(&[&video(secs), &aac_16_ms(0, at), &aac_44(at, secs * 1000)])
}

#[test]
fn y_04_audio_of_another_format_waits_for_a_key_frame_and_is_counted() {
    let tags = changing(12, 2_500);
    let output = run(&tags, Options::default());
    let waited = tags
        .iter()
        .filter(|tag| !is_video(tag) && !tag.is_header() && (2_500..3_000).contains(&tag.millis))
        .count() as u64;
    assert_eq!(reported(&output.memory), [(NoticeKind::AudioNotJoined, 2_500, 0, 1)]);
    assert_eq!(output.count(NoticeKind::AudioNotJoined), waited);
    assert_eq!(
        cuts(&output.memory),
        [(0, 3000, "config-change"), (3_000, 5000, "key-frame"), (8_000, 4000, "end")]
    );
    assert_eq!(tagged(&output.memory), [1]);
    assert_eq!(tables(&output.memory, 1), (0, vec![0x1b, 0x0f]));
    assert!(output.memory.bodies.iter().all(|body| marked(body).is_empty()));
    // The first frame of the new format is where its tag is, and the others follow at its rate.
    let next =
        tags.iter().find(|tag| !is_video(tag) && !tag.is_header() && tag.millis >= 3_000).unwrap();
    let audio = output.stream(AUDIO);
    let after: Vec<_> = audio.iter().filter(|pes| pes.segment > 0).collect();
    assert_eq!(after[0].pts as i64, next.millis * 90 + 63_000);
    let mut frames = 0;
    for pes in &after {
        let exact = after[0].pts + (frames * 1024 * 90_000 * 2 + 44_100) / (2 * 44_100);
        assert!(pes.pts.abs_diff(exact) <= 1, "{pes:?}");
        frames += pes.data.len() as u64 / 97;
    }
    assert_eq!(output.stats.audio.unwrap().frames, 157 + frames);
    assert_eq!(output.stats.audio.unwrap().track.sample_rate, 44_100);
}

#[test]
fn y_04_a_format_that_comes_back_before_it_joined_changes_nothing() {
    let tags = merged(&[&video(12), &aac_16_ms(0, 12_000)]);
    let want = run(&tags, Options::default());
    let at = tags.iter().position(|tag| tag.millis == 2_500 && !is_video(tag));
    let at = at.or_else(|| tags.iter().position(|tag| tag.millis > 2_500)).unwrap();
    let mut with = tags.clone();
    with.splice(at..at, [audio_header(2_500, 44_100), header_16_ms(2_500)]);
    let got = run(&with, Options::default());
    assert_eq!(counted(&got.stats), []);
    assert!(got.memory.bodies == want.memory.bodies);
    assert_eq!(got.memory.tracks.len(), 4);
    // The same with a frame between, which is dropped; the clock stands where it was.
    let mut with = tags.clone();
    let extra = [audio_header(2_500, 44_100), audio(2_505, 90), header_16_ms(2_500)];
    with.splice(at..at, extra);
    let got = run(&with, Options::default());
    assert_eq!(counted(&got.stats), [(NoticeKind::AudioNotJoined, 1)]);
    assert!(got.memory.bodies == want.memory.bodies);
}

#[test]
fn y_04_a_format_that_is_said_again_changes_nothing() {
    let tags = merged(&[&video(12), &aac_16_ms(0, 12_000)]);
    let want = run(&tags, Options::default());
    let with: Vec<_> =
        tags.iter().flat_map(|tag| [header_16_ms(tag.millis), tag.clone()]).collect();
    let got = run(&with, Options::default());
    assert!(got.memory.bodies == want.memory.bodies);
    assert_eq!(got.memory.tracks.len(), 2);
    assert_eq!(counted(&got.stats), []);
}

#[test]
fn y_04_audio_alone_is_cut_at_once_and_loses_no_frame() {
    let tags = in_place(&[&aac_16_ms(0, 2_496), &aac_44(2_496, 9_000)]);
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output.stats), []);
    let frames = of_audio(&tags).iter().filter(|tag| !tag.is_header()).count() as u64;
    assert_eq!(output.stats.audio.unwrap().frames, frames);
    assert_eq!(cuts(&output.memory)[0], (0, 2496, "config-change"));
    assert_eq!(starts(&output.memory), [0, 2_496, 2_496 + 5_015]);
    assert_eq!(tagged(&output.memory), [1]);
    assert_carried(&output.memory.segments);
    let audio = output.stream(AUDIO);
    let after: Vec<_> = audio.iter().filter(|pes| pes.segment > 0).collect();
    let mut frames = 0;
    for pes in &after {
        let exact = after[0].pts + (frames * 1024 * 90_000 * 2 + 44_100) / (2 * 44_100);
        assert!(pes.pts.abs_diff(exact) <= 1, "{pes:?}");
        frames += pes.data.len() as u64 / 97;
    }
}

#[test]
fn y_12_the_rounding_error_of_extinf_is_carried_over_changes_of_format() {
    // 3,008 ms of either rate in turn.
    let mut parts = Vec::new();
    for nth in 0..8 {
        let from = nth * 3_008;
        let to = from + 3_008;
        parts.extend(if nth % 2 == 0 { aac_44(from, to) } else { aac_16_ms(from, to) });
    }
    let output = run(&in_place(&[&parts]), Options::default());
    assert_eq!(output.memory.segments.len(), 8);
    assert_carried(&output.memory.segments);
}

#[test]
fn y_05_announced_audio_that_comes_joins_without_a_cut_and_without_a_loss() {
    let options = Options { announced_audio: Some(StreamType::AAC_ADTS), ..Options::default() };
    let audio = moved(&aac_16_ms(0, 11_300), 700);
    let tags = in_place(&[&video(12), &audio]);
    let output = run(&tags, options);
    assert_eq!(counted(&output.stats), []);
    assert_eq!(tagged(&output.memory), [0; 0]);
    assert_eq!(output.stats.audio.unwrap().frames, 707);
    assert_eq!(packets(&output, AUDIO)[0].0, 700 * 90);
    // Another stream type than was announced is a change.
    let options = Options { announced_audio: Some(StreamType::MPEG1_AUDIO), ..Options::default() };
    let output = run(&tags, options);
    assert_eq!(tagged(&output.memory), [1]);
    assert_eq!(cuts(&output.memory)[0], (0, 1000, "config-change"));
    assert_eq!(tables(&output.memory, 0), (0, vec![0x1b, 0x03]));
    assert_eq!(tables(&output.memory, 1), (1, vec![0x1b, 0x0f]));
    assert_eq!(output.count(NoticeKind::AudioNotJoined), 19);
}

#[test]
fn y_05_audio_that_joins_late_is_a_change_of_tracks_and_its_first_frames_are_counted() {
    let audio = moved(&aac_16_ms(0, 9_500), 2_488);
    let tags = in_place(&[&video(12), &audio]);
    let output = run(&tags, Options::default());
    assert_eq!(reported(&output.memory), [(NoticeKind::AudioNotJoined, 2_488, 0, 1)]);
    assert_eq!(output.count(NoticeKind::AudioNotJoined), 32);
    assert_eq!(output.stats.audio.unwrap().frames, 594 - 32);
    assert_eq!(packets(&output, AUDIO)[0].0, 3_000 * 90);
    assert_eq!(tables(&output.memory, 1), (1, vec![0x1b, 0x0f]));
}

#[test]
fn y_04_from_aac_to_mp3_and_back_are_two_changes() {
    let mp3 = (0..115).map(|n| mp3(3_000 + n * 11_520 / 441, 1)).collect::<Vec<_>>();
    let tags = in_place(&[&video(12), &aac_16_ms(0, 3_000), &mp3, &aac_16_ms(6_000, 12_000)]);
    let output = run(&tags, Options::default());
    let listed: Vec<_> = (0..output.memory.bodies.len())
        .map(|nth| (starts(&output.memory)[nth], tables(&output.memory, nth)))
        .collect();
    // The header comes before the key frame of its time, the first MP3 frame after it.
    assert_eq!(
        listed,
        [
            (0, (0, vec![0x1b, 0x0f])),
            (4_000, (1, vec![0x1b, 0x03])),
            (6_000, (2, vec![0x1b, 0x0f])),
            (11_000, (2, vec![0x1b, 0x0f])),
        ]
    );
    assert_eq!(tagged(&output.memory), [1, 2]);
    assert_eq!(output.memory.tracks.len(), 4);
    assert_eq!(output.count(NoticeKind::AudioReanchor), 0);
}

#[test]
fn y_04_a_new_picture_size_waits_for_its_key_frame_and_fulfils_a_request() {
    let mut tags = video(9);
    let at = tags.iter().position(|tag| tag.millis == 2_200).unwrap();
    tags.insert(at, video_header(2_200, OTHER_SPS));
    let mut session = Session::new(Options::default());
    session.push(&tags[..at + 1]);
    session.request(SwitchAt::KeyFrame);
    session.push(&tags[at + 1..]);
    let output = session.end();
    assert_eq!(
        cuts(&output.memory),
        [(0, 3000, "config-change"), (3_000, 5000, "key-frame"), (8_000, 1000, "end")]
    );
    assert_eq!(tagged(&output.memory), [1]);
    assert_eq!(counted(&output.stats), []);
    let [Track::Video(old), Track::Video(new)] = output.memory.tracks[..] else {
        panic!("{:?}", output.memory.tracks)
    };
    assert_eq!((old.width, new.width), (Some(256), Some(192)));
    assert_eq!(output.stats.video.unwrap().track.height, Some(108));
    assert_eq!(output.stats.video.unwrap().frames, 225);
    assert!(output.memory.bodies.iter().all(|body| marked(body).is_empty()));
}

#[test]
fn y_04_a_picture_size_that_changes_in_a_key_frame_at_the_switch_is_the_cause() {
    let mut tags = video(9);
    let at = tags.iter().position(|tag| tag.millis == 5_000).unwrap();
    tags.insert(at, video_header(5_000, OTHER_SPS));
    let output = run(&tags, Options::default());
    assert_eq!(cuts(&output.memory), [(0, 5000, "config-change"), (5_000, 4000, "end")]);
}

#[test]
fn r_20_a_size_that_changes_back_and_forth_is_a_change_each_time() {
    let mut tags = video(12);
    for (millis, sps) in [(2_000, OTHER_SPS), (4_000, SPS), (6_000, OTHER_SPS), (8_000, SPS)] {
        let at = tags.iter().position(|tag| tag.is_key_picture() && tag.millis == millis).unwrap();
        tags.insert(at, video_header(millis, sps));
        tags.insert(at, video_header(millis, sps));
    }
    let output = run(&tags, Options::default());
    assert_eq!(starts(&output.memory), [0, 2_000, 4_000, 6_000, 8_000]);
    assert_eq!(tagged(&output.memory), [1, 2, 3, 4]);
    assert_eq!(output.memory.tracks.len(), 5);
    assert_eq!(counted(&output.stats), []);
}

#[test]
fn f_29_how_early_dts_must_run_is_kept_over_a_change_of_size() {
    let early = Base { millis: 9_000, composition: -120, ..BASE };
    let mut tags = early.video();
    let at = tags.iter().position(|tag| tag.millis == 3_000).unwrap();
    tags.insert(at, video_header(3_000, OTHER_SPS));
    let output = run(&tags, Options::default());
    assert_eq!(starts(&output.memory), [-120, 2_880, 7_880]);
    assert_eq!(counted(&output.stats), []);
}

#[test]
fn f_29_reordering_that_the_first_parameter_set_says_is_known_at_the_second_picture() {
    // Two pictures are reordered, and the first key frame is not delayed.
    let offsets = [0, 120, 0, -80, -40, 120];
    let mut tags = vec![video_header(0, OTHER_SPS)];
    for n in 0..100_i64 {
        tags.push(picture(n * 40, n % 24 == 0, offsets[(n % 6) as usize], 50));
    }
    let output = run(&tags, Options::default());
    for (n, pes) in output.stream(VIDEO).iter().enumerate() {
        let want = n as i64 * 40 + i64::from(offsets[n % 6]);
        // Two pictures are repaired while the clock learns.
        if n > 2 {
            assert_eq!(pes.pts as i64, want * 90 + 63_000, "picture {n}");
            assert_eq!(pes.dts as i64, (n as i64 * 40 - 80) * 90 + 63_000);
        }
    }
    assert_eq!(reported(&output.memory), [(NoticeKind::VideoRepair, 0, 40 * 90 + 1, 1)]);
    assert_eq!(output.count(NoticeKind::VideoRepair), 2);
}

#[test]
fn o_12_the_pace_of_snapshots_goes_on_over_a_change_of_size() {
    let options = Options { snapshot_interval: Some(TickSpan::from_secs(4)), ..Options::default() };
    let mut tags = video(12);
    let at = tags.iter().position(|tag| tag.millis == 3_000).unwrap();
    tags.insert(at, video_header(3_000, OTHER_SPS));
    let output = run(&tags, options);
    let secs = output.memory.snapshots.iter().map(|shot| shot.0 / 90_000);
    assert_eq!(secs.collect::<Vec<_>>(), [0, 4, 8]);
    // The snapshot has the sets in force.
    let other = |data: &[u8]| data.windows(OTHER_SPS.len()).any(|found| found == OTHER_SPS);
    let with: Vec<_> = output.memory.snapshots.iter().map(|shot| other(&shot.1)).collect();
    assert_eq!(with, [false, true, true]);
}

#[test]
fn y_04_a_format_that_comes_with_a_jump_begins_on_the_new_timeline() {
    let mut tags = changing(12, 6_000);
    shift(&mut tags, 6_000, 60_000);
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output.stats), [(NoticeKind::TimelineJump, 1)]);
    assert_eq!(tagged(&output.memory), [2]);
    let audio = output.stream(AUDIO);
    let after: Vec<_> = audio.iter().filter(|pes| pes.segment > 1).collect();
    assert_eq!(after[0].pts, 63_000 + 66_000 * 90);
    let mut frames = 0;
    for pes in &after {
        let exact = after[0].pts + (frames * 1024 * 90_000 * 2 + 44_100) / (2 * 44_100);
        assert!(pes.pts.abs_diff(exact) <= 1, "{pes:?}");
        frames += pes.data.len() as u64 / 97;
    }
}

#[test]
fn y_04_a_format_that_comes_with_early_audio_at_a_jump_is_that_of_the_new_timeline() {
    // Audio tags stand 100 ms of media before the video of their time, and the header before those.
    let mut tags = changing(12, 6_000);
    tags.sort_by_key(|tag| {
        let first = tag.is_header() && tag.millis == 0;
        (!first, tag.millis - if is_video(tag) { 0 } else { 100 }, !tag.is_header())
    });
    shift(&mut tags, 6_000, 60_000);
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output.stats), [(NoticeKind::TimelineJump, 1)]);
    let frames = of_audio(&tags).iter().filter(|tag| !tag.is_header()).count() as u64;
    assert_eq!(output.stats.audio.unwrap().frames, frames);
    let audio = output.stream(AUDIO);
    let after: Vec<_> = audio.iter().filter(|pes| pes.segment > 1).collect();
    assert_eq!(after[0].pts, 63_000 + 66_000 * 90);
    let mut frames = 0;
    for pes in &after {
        let exact = after[0].pts + (frames * 1024 * 90_000 * 2 + 44_100) / (2 * 44_100);
        assert!(pes.pts.abs_diff(exact) <= 1, "{pes:?}");
        frames += pes.data.len() as u64 / 97;
    }
}

#[test]
fn f_11_an_empty_frame_is_forgotten_where_the_format_changes() {
    // An empty frame just before the change: the first frame of the new format is not measured by
    // half a frame.
    let mut tags = in_place(&[&aac_16_ms(0, 2_496), &aac_44(2_496, 6_000)]);
    let empty = OwnedTag { data: vec![0xaf, 1], ..audio(2_496, 1) };
    let at = tags.iter().position(|tag| tag.is_header() && tag.millis == 2_496).unwrap();
    tags.insert(at, empty);
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output.stats), []);
}

#[test]
fn y_08_frames_of_another_length_go_on_from_the_clock() {
    // MP3 tags of one frame, then of four: nothing but the length of a tag changes.
    let one = (0..100).map(|n| mp3(n * 11_520 / 441, 1));
    let four = (25..100).map(|n| mp3(n * 4 * 11_520 / 441, 4));
    let tags: Vec<_> = one.chain(four).collect();
    let output = run(&tags, frag(2));
    assert_eq!(counted(&output.stats), []);
    assert_eq!(output.stats.audio.unwrap().frames, 400);
    assert_eq!(tagged(&output.memory), [0; 0]);
}

#[test]
fn r_36_nal_units_that_wait_go_with_their_picture_over_a_change_of_size() {
    let message: &[u8] = &[6, 5, 3, 0x77, 0x77, 0x77, 0x80];
    let mut tags = video(6);
    let at = tags.iter().position(|tag| tag.millis == 3_000).unwrap();
    tags.splice(at..at, [video_tag(2_990, false, 0, &[message]), video_header(3_000, OTHER_SPS)]);
    let output = run(&tags, Options::default());
    let carried = |data: &[u8]| data.windows(message.len()).any(|found| found == message);
    let with = output.stream(VIDEO);
    let with: Vec<_> = with.iter().filter(|pes| carried(&pes.data)).collect();
    assert_eq!(with.len(), 1);
    assert_eq!((with[0].segment, with[0].dts), (1, 63_000 + 3_000 * 90));
    assert!(between(&tags, 0, 6_000).len() == 151);
}

/// Asserts that packets from `begins` on run at 44.1 kHz from the first of them, and returns how
/// many frames they are.
fn assert_44(output: &crate::support::Output, begins: i64) -> u64 {
    let audio = output.stream(AUDIO);
    let after: Vec<_> = audio.iter().filter(|pes| pes.pts as i64 >= begins * 90 + 63_000).collect();
    let mut frames = 0;
    for pes in &after {
        let exact = after[0].pts + (frames * 1024 * 90_000 * 2 + 44_100) / (2 * 44_100);
        assert!(pes.pts.abs_diff(exact) <= 1, "{pes:?}");
        frames += pes.data.len() as u64 / 97;
    }
    frames
}

#[test]
fn y_04_a_format_that_waits_still_waits_after_one_early_frame() {
    // The early frame comes after the header, and before it.
    for header_first in [true, false] {
        let mut tags = changing(9, 2_500);
        let header = tags.iter().position(|tag| tag.is_header() && tag.millis == 2_500);
        let at = header.unwrap() + usize::from(header_first);
        tags.insert(at, audio(900_000, 90));
        let output = run(&tags, Options::default());
        let waited = tags.iter().filter(|tag| {
            !is_video(tag) && !tag.is_header() && (2_500..3_000).contains(&tag.millis)
        });
        assert_eq!(
            counted(&output.stats),
            [
                (NoticeKind::AudioWrongTimeline, u64::from(header_first)),
                (NoticeKind::AudioNotJoined, waited.count() as u64 + u64::from(!header_first)),
            ]
            .into_iter()
            .filter(|count| count.1 > 0)
            .collect::<Vec<_>>()
        );
        assert_eq!(cuts(&output.memory)[0], (0, 3000, "config-change"));
        let frames = assert_44(&output, 3_000);
        assert_eq!(output.stats.audio.unwrap().frames, 157 + frames);
    }
}

#[test]
fn y_04_a_format_that_comes_between_early_frames_is_taken_with_those_after_it() {
    let old = merged(&[&video(6), &aac_16_ms(0, 6_000)]);
    let at = old.iter().position(|tag| tag.millis >= 5_900 && !is_video(tag)).unwrap();
    let mut tags = old[..at].to_vec();
    tags.retain(|tag| is_video(tag) || tag.millis < 5_900);
    tags.extend([audio(66_000, 90), audio(66_016, 90), audio_header(66_032, 44_100)]);
    let new = moved(&aac_44(0, 3_000), 66_032);
    tags.extend_from_slice(&new[1..3]);
    tags.extend(moved(&between(&video(9), 5_920, 6_000), 0));
    tags.extend(in_place(&[&moved(&between(&video(9), 6_000, 9_000), 60_000), &new[3..]]));
    let output = run(&tags, Options::default());
    assert_eq!(
        counted(&output.stats),
        [(NoticeKind::AudioNotJoined, 2), (NoticeKind::TimelineJump, 1)]
    );
    assert_eq!(assert_44(&output, 66_000), new.len() as u64 - 1);
}

#[test]
fn f_29_pts_stays_exact_once_the_earliest_offset_was_seen() {
    // The parameter set says that nothing is reordered, and offsets are below 0 all the same.
    let mut tags = vec![video_header(0, SPS)];
    for n in 0..100_i64 {
        let offset = if n % 5 == 3 { -80 } else { 0 };
        tags.push(picture(n * 40, n % 25 == 0, offset, 50));
    }
    let output = run(&tags, Options::default());
    // Pictures 3 and 4 pay for the lesson.
    assert_eq!(reported(&output.memory), [(NoticeKind::VideoRepair, 80, 40 * 90 + 1, 1)]);
    assert_eq!(output.count(NoticeKind::VideoRepair), 2);
    for (n, pes) in output.stream(VIDEO).iter().enumerate().skip(5) {
        let offset = if n % 5 == 3 { -80 } else { 0 };
        assert_eq!(pes.pts as i64, 63_000 + (n as i64 * 40 + offset) * 90, "{n}");
    }
}

#[test]
fn y_04_audio_that_waits_joins_at_any_cut_and_is_the_cause_of_it() {
    // A forced cut, a requested one and that of a declared target would not break the timeline by
    // themselves.
    let long = |secs: i64| Base { gop: 0, millis: secs * 1000, ..BASE }.video();
    let tags = in_place(&[&long(63), &aac_16_ms(0, 30_000), &aac_44(30_000, 63_000)]);
    let output = run(&tags, Options::default());
    assert_eq!(cuts(&output.memory)[0], (0, 60_000, "config-change"));
    assert_eq!(tagged(&output.memory), [1]);
    assert_eq!(output.starts_with_idr(), [true, false]);

    let tags = in_place(&[&long(6), &aac_16_ms(0, 2_500), &aac_44(2_500, 6_000)]);
    let at = tags.iter().position(|tag| tag.millis >= 3_080).unwrap();
    let mut session = Session::new(Options::default());
    session.push(&tags[..at]);
    session.request(SwitchAt::Once);
    session.push(&tags[at..]);
    let output = session.end();
    assert_eq!(cuts(&output.memory)[0], (0, 3_080, "config-change"));
    assert_eq!(tagged(&output.memory), [1]);

    let options =
        Options { target_duration: TargetDuration::Declared(Secs::new(5)), ..Options::default() };
    let output = run(&tags, options);
    assert_eq!(cuts(&output.memory)[0], (0, 5_480, "config-change"));
    assert_eq!(tagged(&output.memory), [1]);

    // So it is of one at a key frame at FragDuration.
    let output = run(&changing(9, 5_000), Options::default());
    assert_eq!(cuts(&output.memory)[0], (0, 5_000, "config-change"));
    assert_eq!(output.count(NoticeKind::AudioNotJoined), 0);
}

#[test]
fn r_12_the_first_frame_of_a_format_comes_after_the_last_of_the_one_before() {
    // The new format begins 15 ms before the last frame of the old one.
    let new = moved(&aac_44(0, 3_000), 2_481);
    let tags = [&aac_16_ms(0, 2_500)[..], &new].concat();
    let output = run(&tags, Options::default());
    // The frame that was repaired lasts 2,090 ticks from a tick after the last one.
    let clock = 2_504 * 90 - (2_496 * 90 + 1 + 2_090);
    assert_eq!(
        reported(&output.memory),
        [
            (NoticeKind::AudioRepair, 2_496, 15 * 90 + 1, 1),
            (NoticeKind::AudioReanchor, 2_504, clock, 1)
        ]
    );
    let frames = 157 + new.len() as u64 - 1;
    assert_eq!(output.stats.audio.unwrap().frames, frames);
}

#[test]
fn r_20_a_size_that_changes_back_before_a_key_frame_is_no_change() {
    let mut tags = video(6);
    let at = tags.iter().position(|tag| tag.millis == 2_200).unwrap();
    tags.splice(at..at, [video_header(2_200, OTHER_SPS), video_header(2_200, SPS)]);
    let output = run(&tags, Options::default());
    assert!(output.memory.bodies == run(&video(6), Options::default()).memory.bodies);
    assert_eq!(output.memory.tracks.len(), 1);
}

#[test]
fn f_29_what_was_learned_of_early_dts_is_kept_over_a_change_of_size() {
    // Two pictures are reordered and the first key frame is not delayed; then nothing is said to be
    // reordered.
    let offsets = [0, 120, 0, -80, -40, 120];
    let mut tags = vec![video_header(0, OTHER_SPS)];
    for n in 0..200_i64 {
        if n == 72 {
            tags.push(video_header(72 * 40, SPS));
        }
        tags.push(picture(n * 40, n % 24 == 0, offsets[(n % 6) as usize], 50));
    }
    let output = run(&tags, Options::default());
    assert_eq!(starts(&output.memory), [0, 72 * 40 - 80]);
    assert_eq!(output.count(NoticeKind::VideoRepair), 2);
}
