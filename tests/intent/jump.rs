//! What a break of the timeline keeps of a publication, and what it resets.

use hls_segmenter::SwitchAt;
use hls_segmenter::config::{MidGop, Options, UnrelatedClocks};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::time::TickSpan;

use crate::pause::assert_carried;
use crate::session::{
    Session, aac_16_ms, between, counted, cuts, frag, marked, merged, metadata, moved, of_audio,
    packets, reported, starts, tables, tagged,
};
use crate::support::stream::{
    BASE, OTHER_SPS, SPS, audio, picture, shift, video_header, video_tag,
};
use crate::support::{AUDIO, Base, OwnedTag, VIDEO, is_video, run};

fn video(secs: i64) -> Vec<OwnedTag> {
    Base { millis: secs * 1000, ..BASE }.video()
}

/// Pictures and 16 ms frames of audio for so many seconds, both later by `by` from `at` on.
fn jumping(secs: i64, at: i64, by: i64) -> Vec<OwnedTag> {
    let mut tags = merged(&[&video(secs), &aac_16_ms(0, secs * 1000)]);
    shift(&mut tags, at, by);
    tags
}

#[test]
fn r_45_a_jump_fulfils_a_requested_switch() {
    for (mid_gop, at) in [
        (MidGop::Keep, SwitchAt::KeyFrame),
        (MidGop::DropUntilKey, SwitchAt::KeyFrame),
        (MidGop::DropUntilKey, SwitchAt::Once),
    ] {
        let tags = jumping(12, 2_480, 60_000);
        let (before, after): (Vec<_>, Vec<_>) =
            tags.into_iter().partition(|tag| tag.millis < 60_000);
        let mut session = Session::new(Options { mid_gop, ..Options::default() });
        session.push(&before);
        session.request(at);
        session.push(&after);
        let output = session.end();
        let causes: Vec<_> = cuts(&output.memory).iter().map(|cut| cut.2).collect();
        assert_eq!(causes, ["discontinuity", "key-frame", "end"], "{mid_gop:?}");
    }
}

#[test]
fn r_45_a_jump_of_audio_alone_fulfils_a_requested_switch() {
    let mut session = Session::new(Options::default());
    session.push(&aac_16_ms(0, 2_000));
    session.request(SwitchAt::Once);
    session.push(&moved(&between(&aac_16_ms(0, 12_000), 2_000, 12_000), 60_000));
    let output = session.end();
    assert_eq!(
        cuts(&output.memory),
        [(0, 2000, "discontinuity"), (62_016, 5008, "audio-only"), (67_024, 4976, "end")]
    );
}

#[test]
fn y_13_the_shift_that_aligned_audio_lives_over_a_jump() {
    let days = 21 * 86_400_000;
    for by in [60_000, -60_000] {
        let mut tags = jumping(12, 6_000, by);
        for tag in tags.iter_mut().filter(|tag| !is_video(tag)) {
            tag.millis += if tag.is_header() { 0 } else { days };
        }
        shift(&mut tags, i64::MIN, 100_000);
        let options =
            Options { unrelated_clocks: UnrelatedClocks::AlignToLead, ..Options::default() };
        let output = run(&tags, options);
        assert_eq!(counted(&output.stats), [(NoticeKind::TimelineJump, 1)]);
        assert_eq!(output.stats.audio.unwrap().frames, 750, "{by}");
        let audio = output.stream(AUDIO);
        let after = audio.iter().find(|pes| pes.segment == 2).unwrap();
        let want = 63_000 + (106_000 + by) * 90;
        assert_eq!(after.pts as i64, want, "{by}");
        assert_eq!(tagged(&output.memory), [2]);
    }
}

#[test]
fn y_12_the_rounding_error_of_extinf_is_carried_over_jumps() {
    // 130 frames are 271,673 ticks: 3,019 ms less 37 ticks, each time. The first one after a jump is dropped.
    let alone = Base { millis: 40_000, ..BASE }.audio();
    let jumps = |(nth, tag): (usize, &OwnedTag)| OwnedTag {
        millis: tag.millis + nth as i64 / 131 * 100_000,
        ..tag.clone()
    };
    let tags: Vec<_> = alone.iter().enumerate().map(jumps).take(9 * 131).collect();
    let output = run(&tags, Options::default());
    assert_eq!(output.memory.segments.len(), 9);
    assert_eq!(
        counted(&output.stats),
        [(NoticeKind::AudioWrongTimeline, 8), (NoticeKind::TimelineJump, 8)]
    );
    assert!(output.memory.segments.iter().all(|segment| segment.frames == 130));
    assert_carried(&output.memory.segments);
}

#[test]
fn r_09_a_jump_is_one_notice_and_neither_clock_repairs_anything() {
    for by in [10_000, 3_600_000, -1_040, -3_600_000] {
        let mut tags = jumping(9, 6_000, by);
        shift(&mut tags, i64::MIN, 10_000_000);
        let output = run(&tags, Options::default());
        let time = 10_006_000 + by;
        assert_eq!(
            reported(&output.memory),
            [(NoticeKind::TimelineJump, time, (by + 40) * 90, 1)],
            "{by}"
        );
        assert_eq!(counted(&output.stats), [(NoticeKind::TimelineJump, 1)]);
        assert_eq!(output.stats.audio.unwrap().frames, 563);
        assert_eq!(output.stats.video.unwrap().frames, 225);
        assert_eq!(
            cuts(&output.memory),
            [
                (10_000_000, 5000, "key-frame"),
                (10_005_000, 1000, "discontinuity"),
                (time, 3000, "end"),
            ]
        );
        assert_eq!(marked(&output.memory.bodies[2]), [VIDEO, AUDIO]);
        let audio = output.stream(AUDIO);
        let after = audio.iter().find(|pes| pes.segment == 2).unwrap();
        assert_eq!(after.pts as i64, time * 90 + 63_000);
    }
}

#[test]
fn r_09_audio_alone_that_jumps_is_one_notice_too() {
    for by in [60_000, -1_016, -60_000] {
        let mut tags = aac_16_ms(0, 9_000);
        shift(&mut tags, 6_000, by);
        shift(&mut tags, i64::MIN, 10_000_000);
        let output = run(&tags, Options::default());
        let time = 10_006_000 + by;
        // The first tag of the new timeline may be alone there: the second one breaks the timeline.
        assert_eq!(
            reported(&output.memory),
            [
                (NoticeKind::AudioWrongTimeline, 10_005_984, 0, 1),
                (NoticeKind::TimelineJump, time + 16, (by + 32) * 90, 1)
            ]
        );
        assert_eq!(output.count(NoticeKind::AudioWrongTimeline), 1);
        assert_eq!(output.stats.audio.unwrap().frames, 562);
        assert_eq!(starts(&output.memory), [10_000_000, 10_005_008, time + 16]);
        assert_eq!(tagged(&output.memory), [2]);
    }
}

#[test]
fn f_29_how_early_dts_must_run_is_kept_over_a_jump() {
    // An encoder that delays its tags and not its pictures, with two pictures reordered.
    let offsets = [0, 120, 0, -80, -40, 120];
    let mut tags = vec![video_header(0, OTHER_SPS)];
    for n in 0..250_i64 {
        let offset = offsets[(n % 6) as usize];
        tags.push(picture(n * 40, n % 24 == 0, offset, 50));
    }
    shift(&mut tags, 4_800, 60_000);
    let output = run(&tags, Options::default());
    // Two pictures are repaired while the clock learns that it must run 80 ms early; none after the
    // jump.
    assert_eq!(starts(&output.memory), [0, 64_800 - 80]);
    assert_eq!(output.count(NoticeKind::VideoRepair), 2);
}

#[test]
fn h_05_the_interval_of_pictures_is_kept_over_a_jump() {
    let slow = Base { fps: (5, 1), gop: 10, millis: 4_000, ..BASE };
    let mut tags = slow.video();
    tags.push(picture(64_000, true, 0, 50));
    let output = run(&tags, Options::default());
    assert_eq!(output.extinf(), [4_000, 200]);
}

#[test]
fn x3_the_slack_is_kept_over_a_jump() {
    let mut tags = Base { fps: (10, 1), millis: 2_000, ..BASE }.video();
    // At 10 frames per second, half a frame is 50 ms.
    tags.extend([0, 2_500, 4_950].map(|millis| picture(64_000 + millis, true, 0, 50)));
    let output = run(&tags, Options::default());
    assert_eq!(output.extinf()[..2], [2_000, 4_950]);
}

#[test]
fn r_36_nal_units_that_wait_for_a_picture_go_with_it_over_a_jump() {
    let message: &[u8] = &[6, 5, 3, 0x77, 0x77, 0x77, 0x80];
    let mut tags = video(2);
    tags.push(video_tag(2_000, false, 0, &[message]));
    tags.extend(moved(&between(&video(3), 2_000, 3_000), 60_000));
    let output = run(&tags, Options::default());
    let carried = |data: &[u8]| data.windows(message.len()).any(|found| found == message);
    let with: Vec<_> = output.stream(VIDEO);
    let with: Vec<_> = with.iter().filter(|pes| carried(&pes.data)).collect();
    assert_eq!(with.len(), 1);
    assert_eq!(with[0].dts, 62_000 * 90 + 63_000);
}

#[test]
fn y_04_parameter_sets_that_wait_for_a_key_frame_wait_over_a_jump() {
    let mut tags = video(8);
    let at = tags.iter().position(|tag| tag.millis == 2_200).unwrap();
    tags.insert(at, video_header(2_200, OTHER_SPS));
    shift(&mut tags, 2_480, 60_000);
    let output = run(&tags, Options::default());
    assert_eq!(
        cuts(&output.memory),
        [(0, 2480, "discontinuity"), (62_520, 480, "config-change"), (63_000, 5000, "end")]
    );
    assert_eq!(tagged(&output.memory), [1, 2]);
    let other = |data: &[u8]| data.windows(OTHER_SPS.len()).any(|found| found == OTHER_SPS);
    let with = output.stream(VIDEO);
    let with: Vec<_> = with.iter().filter(|pes| other(&pes.data)).collect();
    assert_eq!(with[0].dts, 63_000 * 90 + 63_000);
}

#[test]
fn y_06_a_key_frame_is_waited_for_as_long_again_after_a_jump() {
    // Nothing was written yet: what comes after a jump waits for a key frame under either policy.
    for mid_gop in [MidGop::Keep, MidGop::DropUntilKey] {
        let mut tags = vec![video_header(0, SPS)];
        let times = (0..121_000).step_by(40);
        tags.extend(times.map(|millis| picture(millis, false, 0, 50)));
        shift(&mut tags, 50_000, 100_000);
        let output = run(&tags, Options { mid_gop, ..Options::default() });
        assert_eq!(starts(&output.memory)[0], 150_040 + 60_000);
        let dropped = (50_000 + 60_000) / 40;
        assert_eq!(output.count(NoticeKind::VideoBeforeKeyFrame), dropped);
        assert_eq!(output.count(NoticeKind::VideoWrongTimeline), 1);
        assert_eq!(tagged(&output.memory), [0; 0]);
    }
}

#[test]
fn y_05_the_wait_for_an_announced_track_goes_on_over_a_jump() {
    let mut tags = vec![metadata(&[("audiocodecid", 10.0)])];
    tags.extend(video(9));
    shift(&mut tags, 520, 60_000);
    let output = run(&tags, Options::default());
    let listed: Vec<_> = (0..3).map(|nth| tables(&output.memory, nth)).collect();
    assert_eq!(listed[0], (0, vec![0x1b, 0x0f]));
    assert_eq!(listed[1], (1, vec![0x1b]), "the wait is over long ago");
    assert_eq!(
        reported(&output.memory),
        [
            (NoticeKind::VideoWrongTimeline, 480, 0, 1),
            (NoticeKind::TimelineJump, 60_560, 60_080 * 90, 1),
            (NoticeKind::TrackMissing, 60_560, 0, 1),
        ]
    );
}

#[test]
fn r_79_early_audio_keeps_its_clock_when_video_follows() {
    // Audio tags stand 100 ms of media before the video of their time.
    let mut tags = jumping(9, i64::MAX, 0);
    tags.sort_by_key(|tag| (!tag.is_header(), tag.millis - if is_video(tag) { 0 } else { 100 }));
    shift(&mut tags, 6_000, 60_000);
    let output = run(&tags, Options::default());
    assert_eq!(output.stats.audio.unwrap().frames, 563);
    assert_eq!(counted(&output.stats), [(NoticeKind::TimelineJump, 1)]);
    let audio = output.stream(AUDIO);
    let after = audio.iter().find(|pes| pes.segment == 2).unwrap();
    assert_eq!(after.pts, 63_000 + 66_000 * 90);
    // Frames that waited, and then eighteen to a packet until the last.
    let after = audio.iter().filter(|pes| pes.segment == 2).count();
    assert_eq!(after, 188_usize.div_ceil(18));
}

#[test]
fn r_10_one_early_frame_that_nothing_follows_leaves_the_clock_as_it_was() {
    let tags = Base { millis: 9_000, ..BASE }.both();
    let at = tags.iter().position(|tag| tag.millis > 4_100).unwrap();
    let mut with = tags.clone();
    with.insert(at, audio(2_000_000, 90));
    let (got, want) = (run(&with, frag(2)), run(&tags, frag(2)));
    assert_eq!(counted(&got.stats), [(NoticeKind::AudioWrongTimeline, 1)]);
    let frames = |output: &crate::support::Output| {
        let audio = output.stats.audio.unwrap();
        (audio.frames, audio.bytes)
    };
    assert_eq!(frames(&got), frames(&want));
    // A packet that was gathered is written early; no frame moves.
    let data = |output: &crate::support::Output| {
        let audio = output.stream(AUDIO);
        audio.iter().flat_map(|pes| pes.data.clone()).collect::<Vec<_>>()
    };
    assert!(data(&got) == data(&want));
    let exact = |pts: i64| {
        let n = (pts * 44_100 + 512 * 90_000).div_euclid(1024 * 90_000);
        (pts - (n * 1024 * 90_000 * 2 + 44_100).div_euclid(2 * 44_100)).abs()
    };
    for (pts, _) in packets(&got, AUDIO) {
        assert!(exact(pts) <= 1, "{pts}");
    }
}

#[test]
fn y_08_audio_that_jumps_back_while_video_is_silent_is_gathered_as_before() {
    let tags = aac_16_ms(0, 30_000);
    let mut tags = merged(&[&video(3), &tags]);
    shift(&mut tags, i64::MIN, 1_000_000);
    for tag in tags.iter_mut().filter(|tag| tag.millis >= 1_020_000) {
        tag.millis -= 600_000;
    }
    let output = run(&tags, Options::default());
    assert_eq!(output.count(NoticeKind::TimelineJump), 1);
    assert_eq!(output.count(NoticeKind::AudioWrongTimeline), 1);
    assert_eq!(output.stats.audio.unwrap().frames, 1875 - 1);
    let audio = output.stream(AUDIO);
    let after: Vec<_> = audio.iter().filter(|pes| pes.segment == 1).collect();
    // Eighteen frames are 288 ms. The nineteenth is held when the twentieth begins the segment, and
    // both packets are written then.
    let frames: Vec<_> = after.iter().map(|pes| pes.data.len() / 97).collect();
    assert_eq!(frames[..3], [18, 1, 18]);
    assert_eq!(after.len(), 2 + (624_usize - 19).div_ceil(18));
}

#[test]
fn r_23_h_08_the_target_and_the_numbers_live_over_jumps() {
    let long = Base { gop: 225, millis: 20_000, ..BASE };
    let mut tags = long.both();
    shift(&mut tags, 9_000, 60_000);
    shift(&mut tags, 72_000, 60_000);
    let output = run(&tags, Options::default());
    assert_eq!(output.targets()[..3], [9, 9, 9]);
    let ids: Vec<_> = output.memory.segments.iter().map(|s| (s.id, s.sequence)).collect();
    assert_eq!(ids, [(0, 0), (1, 1), (2, 2), (3, 3)]);
    assert_eq!(tagged(&output.memory), [1, 2]);
    let last = output.memory.playlists.last().unwrap();
    assert!(last.contains("#EXT-X-DISCONTINUITY-SEQUENCE:0\n"));
    let counters = output.memory.bodies.iter().map(|body| body[3] & 0x0f);
    assert_eq!(counters.collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn o_12_the_pace_of_snapshots_goes_on_over_a_jump() {
    // Where time goes back, the key frame after the jump is a new beginning.
    for (by, want) in [(2_000, [100, 107].as_slice()), (-60_000, &[100, 43, 50])] {
        let mut tags = video(12);
        shift(&mut tags, 3_000, by);
        shift(&mut tags, i64::MIN, 100_000);
        let options = Options {
            snapshot_interval: Some(TickSpan::from_secs(7)),
            jump_limit: TickSpan::from_secs(1),
            ..Options::default()
        };
        let output = run(&tags, options);
        assert_eq!(output.count(NoticeKind::TimelineJump), 1, "{by}");
        let secs = output.memory.snapshots.iter().map(|shot| shot.0 / 90_000);
        assert_eq!(secs.collect::<Vec<_>>(), want, "{by}");
    }
}

#[test]
fn y_03_pictures_between_a_jump_and_a_key_frame_are_kept_or_dropped_and_counted() {
    let tags = jumping(6, 2_480, 60_000);
    // The picture that jumps is dropped: it may be alone there. The next one breaks the timeline.
    for (mid_gop, dropped, start) in [(MidGop::Keep, 0, 62_520), (MidGop::DropUntilKey, 12, 63_000)]
    {
        let options = Options { mid_gop, ..Options::default() };
        let output = run(&tags, options);
        assert_eq!(starts(&output.memory), [0, start]);
        assert_eq!(output.starts_with_idr(), [true, mid_gop == MidGop::DropUntilKey]);
        assert_eq!(output.count(NoticeKind::VideoBeforeKeyFrame), dropped);
        let notices = reported(&output.memory);
        assert_eq!(notices[0].0, NoticeKind::VideoWrongTimeline);
        assert_eq!(notices[1].0, NoticeKind::TimelineJump);
        assert_eq!(output.count(NoticeKind::VideoWrongTimeline), 1);
        // Audio before the key frame is kept for 300 ms.
        let old = output.count(NoticeKind::AudioBeforeKeyFrame);
        assert_eq!(old, if dropped > 0 { 14 } else { 0 });
        let written = output.stats.audio.unwrap().frames;
        assert_eq!(written + old, 375, "{mid_gop:?}");
    }
}

#[test]
fn r_10_what_is_reported_once_in_a_segment_is_reported_again_after_a_jump() {
    let mut tags = vec![video_header(0, SPS), picture(0, true, 0, 50)];
    for n in 1..50_i64 {
        let millis = n * 40 + if n < 25 { 0 } else { 60_000 };
        tags.push(video_tag(millis, true, 0, &[&[0x41, 0x9a, 0x24, 9]]));
    }
    let output = run(&tags, Options::default());
    let kind = NoticeKind::KeyFlagWithoutIdr;
    assert_eq!(output.count(kind), 49);
    assert_eq!(
        reported(&output.memory),
        [
            (kind, 40, 0, 1),
            (NoticeKind::VideoWrongTimeline, 960, 0, 1),
            (NoticeKind::TimelineJump, 61_040, 60_080 * 90, 1),
            (kind, 61_080, 0, 27),
        ]
    );
}

#[test]
fn o_19_a_jump_reports_no_track_and_leaves_statistics_alone() {
    let output = run(&jumping(9, 6_000, 60_000), Options::default());
    assert_eq!(output.memory.tracks.len(), 2);
    let (video, audio) = (output.stats.video.unwrap(), output.stats.audio.unwrap());
    assert_eq!((video.frames, audio.frames), (225, 563));
    let sent = |kind: bool| {
        let tags = jumping(9, 6_000, 60_000);
        let of_kind = tags.iter().filter(|tag| is_video(tag) == kind && !tag.is_header());
        of_kind.map(|tag| tag.data.len() as u64).sum::<u64>()
    };
    assert_eq!(audio.bytes, sent(false) + 563 * (7 - 2));
    // Per key frame SPS and PPS with their start codes.
    let sets = 9 * (SPS.len() + 4 + 4 + 4) as u64;
    assert_eq!(video.bytes, sent(true) - 225 * 5 + sets);
    assert!(of_audio(&jumping(9, 0, 0)).len() == 564);
}

#[test]
fn y_06_audio_that_waits_for_video_is_dropped_at_a_jump_of_video() {
    let mut tags = vec![video_header(0, SPS)];
    tags.extend(merged(&[&[picture(0, false, 0, 50)], &aac_16_ms(0, 200)]));
    let after = merged(&[&between(&video(2), 0, 2_000), &[audio(0, 90)]]);
    tags.extend(moved(&after, 60_000));
    let output = run(&tags, Options::default());
    assert_eq!(
        counted(&output.stats),
        [
            (NoticeKind::VideoBeforeKeyFrame, 1),
            (NoticeKind::AudioWrongTimeline, 13),
            (NoticeKind::TimelineJump, 1)
        ]
    );
    assert_eq!(packets(&output, AUDIO), [(60_000 * 90, 97)]);
}

#[test]
fn r_79_early_audio_that_video_does_not_follow_is_dropped_with_its_clock() {
    // Audio jumps to 90 s, video to 200 s or back to 20 s, and audio comes there too.
    for to in [200_000, 20_000] {
        let mut tags = jumping(6, i64::MAX, 0);
        shift(&mut tags, i64::MIN, 40_000);
        tags.extend((0..5).map(|n| audio(90_000 + n * 16, 90)));
        let after = merged(&[&between(&video(3), 0, 3_000), &aac_16_ms(0, 3_000)[1..]]);
        tags.extend(moved(&after, to));
        let output = run(&tags, Options::default());
        assert_eq!(
            counted(&output.stats),
            [(NoticeKind::AudioWrongTimeline, 5), (NoticeKind::TimelineJump, 1)],
            "{to}"
        );
        let audio = output.stream(AUDIO);
        let after = audio.iter().find(|pes| pes.segment == 2).unwrap();
        assert_eq!(after.pts as i64, to * 90 + 63_000);
        assert_eq!(output.stats.audio.unwrap().frames, 563);
    }
}

#[test]
fn r_79_early_audio_waits_across_a_switch_on_the_old_timeline() {
    // Audio tags stand 100 ms of media before the video of their time, and video has a switch
    // within those.
    let mut tags = jumping(9, i64::MAX, 0);
    tags.sort_by_key(|tag| (!tag.is_header(), tag.millis - if is_video(tag) { 0 } else { 100 }));
    shift(&mut tags, 5_040, 60_000);
    let output = run(&tags, Options::default());
    assert_eq!(counted(&output.stats), [(NoticeKind::TimelineJump, 1)]);
    assert_eq!(output.stats.audio.unwrap().frames, 563);
    assert_eq!(cuts(&output.memory)[..2], [(0, 5000, "key-frame"), (5_000, 40, "discontinuity")]);
    let audio = output.stream(AUDIO);
    let after = audio.iter().find(|pes| pes.segment == 2).unwrap();
    assert_eq!(after.pts, 65_040 * 90 + 63_000);
}

#[test]
fn y_06_audio_that_waits_for_video_is_dropped_at_a_jump_of_audio() {
    let mut tags = aac_16_ms(0, 200);
    tags.extend(between(&aac_16_ms(60_000, 63_000), 60_000, 63_000));
    let options = Options { announced_video: true, ..Options::default() };
    let output = run(&tags, options);
    // Those that waited, and the first one of the new timeline, which might have been alone there.
    assert_eq!(output.count(NoticeKind::AudioWrongTimeline), 13 + 1);
    assert_eq!(output.count(NoticeKind::TimelineJump), 1);
    // Announced video is waited for as long again, with as many frames as there is room for.
    assert_eq!(starts(&output.memory), [60_512]);
    let dropped = output.count(NoticeKind::AudioBeforeKeyFrame);
    assert_eq!(output.stats.audio.unwrap().frames + dropped, 188 - 1);
}
