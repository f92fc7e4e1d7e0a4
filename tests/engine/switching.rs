//! When segments end, and why.

use crate::support;
use crate::support::stream::{self, BASE, SPS, picture, shift, video_header, video_tag};
use crate::support::{AUDIO, Base, OwnedTag, VIDEO, auditor, read_flv, run};
use hls_segmenter::config::{
    ForcedSwitch, FragDuration, KeyFramePolicy, Options, PlaylistVersion, TargetDuration,
};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::time::Secs;
use hls_segmenter::{Cause, Config, End, Segmenter, SwitchAt};

fn options(secs: u32) -> Options {
    Options { frag_duration: FragDuration::new(secs).unwrap(), ..Options::default() }
}

#[test]
fn f_42_x3_encoders_that_round_are_cut_at_every_gop() {
    for (fps, gop, millis) in [((30_000, 1001), 60, 2002), ((30, 1), 60, 2000)] {
        let output = run(&Base { fps, gop, ..BASE }.both(), options(2));
        assert!(
            output.extinf()[..19].iter().all(|got| got.abs_diff(millis) <= 1),
            "{:?}",
            output.extinf()
        );
    }
    // Deltas of 33 ms and a last one of 32: a GOP of 1999 ms.
    let mut tags = vec![video_header(0, SPS)];
    for n in 0..600 {
        tags.push(picture(n / 60 * 1999 + (n % 60) * 33, n % 60 == 0, 0, 50));
    }
    let output = run(&tags, options(2));
    assert_eq!(output.extinf()[..9], [1999; 9]);
}

#[test]
fn x3_key_frames_that_jitter_are_cut_at_every_gop() {
    // 25 frames per second, a key frame every 2 s, each up to 20 ms early or late.
    let late = |n: i64| match (n % 50, n % 2) {
        (0, _) => [0, 18, -15, 3, -20][(n / 50 % 5) as usize],
        (_, 0) => -18,
        _ => 18,
    };
    let mut tags = vec![video_header(0, SPS)];
    tags.extend((0..500).map(|n| picture(100 + n * 40 + late(n), n % 50 == 0, 0, 50)));
    let output = run(&tags, options(2));
    let extinf = output.extinf();
    assert_eq!(extinf.len(), 10, "{extinf:?}");
    assert!(extinf.iter().all(|millis| (1_960..=2_040).contains(millis)), "{extinf:?}");
    assert_eq!(output.targets(), [2; 10]);
}

#[test]
fn y_02_two_pictures_of_one_time_at_the_end_last_one_frame() {
    let mut tags = Base { millis: 6_000, gop: 50, ..BASE }.video();
    let before = tags[tags.len() - 2].millis;
    tags.last_mut().unwrap().millis = before;
    let output = run(&tags, options(2));
    assert_eq!(output.extinf(), [2000, 2000, 1960]);
    assert_eq!(output.count(NoticeKind::VideoRepair), 1);
}

#[test]
fn o_33_r_28_a_gop_longer_than_frag_duration_is_kept_whole() {
    let output = run(&Base { gop: 75, ..BASE }.both(), options(2));
    assert!(output.extinf()[..13].iter().all(|&millis| millis == 3000));
}

#[test]
fn x4_r_44_f_25_f_52_what_counts_as_a_key_frame_is_the_hosts_choice_and_mismatches_are_counted() {
    let recovery_point: &[u8] = &[6, 6, 1, 0x80, 0x80];
    let slice: &[u8] = &[0x41, 0x88, 0x84, 1];
    let idr: &[u8] = &[0x65, 0x88, 0x84, 1];
    let mut tags = vec![video_header(0, SPS)];
    for n in 0..500 {
        let millis = n * 40;
        tags.push(match n {
            0 => video_tag(millis, true, 0, &[idr]),
            // FrameType 1 on a recovery point, an IDR picture without it, FrameType 1 on nothing.
            n if n % 100 == 0 => video_tag(millis, true, 0, &[recovery_point, slice]),
            n if n % 100 == 25 => video_tag(millis, false, 0, &[idr]),
            n if n % 100 == 50 => video_tag(millis, true, 0, &[&[0x41, 0x9a, 0x24, 1]]),
            _ => picture(millis, false, 0, 40),
        });
    }
    for (policy, want) in [
        (KeyFramePolicy::Idr, &[5000, 4000, 4000, 4000, 3000][..]),
        (KeyFramePolicy::IdrOrRecoveryPoint, &[4000, 4000, 4000, 4000, 4000]),
        (KeyFramePolicy::FrameType, &[4000, 4000, 4000, 4000, 4000]),
    ] {
        let output = run(&tags, Options { key_frames: policy, ..options(3) });
        assert_eq!(output.extinf(), want, "{policy:?}");
        assert_eq!(output.count(NoticeKind::KeyFlagWithoutIdr), 4 + 5, "{policy:?}");
        assert_eq!(output.count(NoticeKind::IdrWithoutKeyFlag), 5, "{policy:?}");
    }
}

#[test]
fn f_20_f_21_headers_and_ends_of_sequence_are_no_key_frames_and_close_nothing() {
    let mut tags = stream::before_key_frames(BASE.both(), |_| Vec::new());
    for (nth, millis) in [(100, 2000), (900, 20_000), (2000, 1000)] {
        let data = vec![0x17, 2, 0, 0, 0];
        tags.insert(nth, OwnedTag { kind: hls_segmenter::flv::TagKind::VIDEO, millis, data });
        tags.insert(nth + 5, video_header(millis + 6_000_000, SPS));
    }
    let output = run(&tags, Options::default());
    assert_eq!(output.extinf(), [5000; 8]);
    assert_eq!(output.memory.bodies, run(&BASE.both(), Options::default()).memory.bodies);
}

#[test]
fn x5_r_40_r_41_r_42_a_forced_switch_falls_on_a_picture_behind_parameter_sets() {
    let output = run(&Base { millis: 130_000, gop: 0, ..BASE }.both(), Options::default());
    assert_eq!(output.extinf(), [60_000, 60_000, 10_000]);
    assert_eq!(output.discontinuities(), [], "the timeline is unbroken");
    for segment in 1..3 {
        let first = output.stream(VIDEO).into_iter().find(|pes| pes.segment == segment).unwrap();
        assert_eq!(first.dts as i64, segment as i64 * 60 * 90_000 + 63_000);
        let kinds: Vec<u8> =
            first.data.windows(5).filter(|w| w[..4] == [0, 0, 0, 1]).map(|w| w[4] & 0x1f).collect();
        assert_eq!(kinds, [9, 7, 8, 1]);
    }
    let video_only = run(&Base { millis: 130_000, gop: 0, ..BASE }.video(), Options::default());
    assert_eq!(video_only.extinf(), [60_000, 60_000, 10_000]);
}

#[test]
fn y_09_silent_video_is_cut_by_audio_at_the_forced_age() {
    let tags: Vec<_> = Base { millis: 150_000, ..BASE }
        .both()
        .into_iter()
        .filter(|tag| !support::is_video(tag) || tag.millis < 12_000)
        .collect();
    let output = run(&tags, Options::default());
    assert_eq!(
        output.causes(),
        [Cause::KeyFrame, Cause::KeyFrame, Cause::Forced, Cause::Forced, Cause::End]
    );
    assert_eq!(output.discontinuities(), []);
    let lost = tags.iter().filter(|tag| !support::is_video(tag) && !tag.is_header()).count() as u64;
    assert_eq!(output.stats.audio.unwrap().frames, lost, "no audio frame is lost");
}

#[test]
fn h_05_y_09_the_last_segment_ends_with_audio_where_video_was_silent_beyond_the_jump_limit() {
    // Video ends at 4 s; audio of 64 kHz has frames of 16 ms, and 10 s are no silence yet.
    let video = Base { millis: 4_000, ..BASE }.video();
    for (audio_end, want) in [(8_992, 4_000), (14_000, 4_000), (14_016, 14_016)] {
        let header =
            OwnedTag { data: vec![0xaf, 0, 0x11, 0x08], ..stream::audio_header(0, 48_000) };
        let audio = (0..audio_end / 16).map(|n| stream::audio(n * 16, 90));
        let mut tags: Vec<_> = video.iter().cloned().chain([header]).collect();
        tags.extend(audio);
        tags.sort_by_key(|tag| (tag.millis, !tag.is_header()));
        let output = run(&tags, Options::default());
        assert_eq!(output.extinf(), [want], "{audio_end}");
    }
}

#[test]
fn r_43_x8_audio_alone_is_cut_at_frag_duration_and_not_at_the_video_limit() {
    let output = run(&BASE.audio(), options(2));
    assert!(output.extinf()[..19].iter().all(|millis| (2000..2024).contains(millis)));
    assert!(output.stream(VIDEO).is_empty());
}

#[test]
fn r_29_every_segment_says_why_it_ended_and_how_far_key_frames_were_apart() {
    let output = run(&Base { gop: 75, ..BASE }.both(), options(2));
    let segment = output.memory.segments[0];
    assert_eq!(
        (segment.cause, segment.longest_gop.round_millis(), segment.key_frames),
        (Cause::KeyFrame, 3000, 1)
    );
    let forced = run(&Base { millis: 70_000, gop: 0, ..BASE }.both(), Options::default());
    assert_eq!(forced.memory.segments[0].longest_gop.round_millis(), 60_000);
}

#[test]
fn r_45_the_host_can_ask_for_a_switch() {
    for (at, want) in [(SwitchAt::KeyFrame, [3000, 5000]), (SwitchAt::Once, [2240, 5760])] {
        let mut segmenter = Segmenter::new(Config::default());
        let mut auditor = auditor(&Options::default());
        for tag in BASE.both() {
            if tag.millis == 2240 && support::is_video(&tag) {
                segmenter.request_switch(at);
            }
            segmenter.push(tag.borrow(), &mut auditor).unwrap();
        }
        segmenter.finish(End::List, &mut auditor).unwrap();
        auditor.assert_clean();
        let memory = auditor.into_inner();
        let extinf: Vec<_> =
            memory.segments.iter().map(|segment| segment.extinf.millis()).collect();
        assert_eq!(extinf[..2], want, "{at:?}");
        assert_eq!(memory.segments[0].cause, Cause::Requested, "{at:?}");
        assert_eq!(memory.segments[1].starts_with_idr, at == SwitchAt::KeyFrame);
        assert!(memory.segments.iter().all(|segment| !segment.discontinuity));
    }
}

#[test]
fn r_45_a_switch_falls_on_audio_where_that_leads_or_video_is_silent() {
    let audio = BASE.audio();
    let silent: Vec<_> = BASE
        .both()
        .into_iter()
        .filter(|tag| !support::is_video(tag) || tag.millis < 8_000)
        .collect();
    for (tags, asked_at, at, begins_at) in [
        (&audio, 2_240, SwitchAt::KeyFrame, Some(2_240)),
        (&audio, 2_240, SwitchAt::Once, Some(2_240)),
        (&silent, 30_000, SwitchAt::Once, Some(30_000)),
        // A key frame would have to come first.
        (&silent, 30_000, SwitchAt::KeyFrame, None),
    ] {
        let mut segmenter = Segmenter::new(Config::default());
        let mut auditor = auditor(&Options::default());
        for tag in tags {
            if (asked_at..asked_at + 23).contains(&tag.millis) {
                segmenter.request_switch(at);
            }
            segmenter.push(tag.borrow(), &mut auditor).unwrap();
        }
        segmenter.finish(End::List, &mut auditor).unwrap();
        auditor.assert_clean();
        let segments = auditor.into_inner().segments;
        let asked = segments.windows(2).find(|pair| pair[0].cause == Cause::Requested);
        let begins = asked.map(|pair| pair[1].start.get() / 90);
        let near = begins.zip(begins_at).is_some_and(|(is, want)| (want..want + 25).contains(&is));
        assert!(near || begins == begins_at, "{at:?}: {begins:?}");
    }
}

#[test]
fn y_14_x1_a_declared_target_is_never_broken() {
    let target_duration = TargetDuration::Declared(Secs::new(8));
    let without_keys = Base { millis: 60_000, gop: 0, ..BASE }.both();
    for (playlist_version, want) in [
        (PlaylistVersion::V3, [8000, 8000, 8000, 8000, 8000, 8000, 8000, 4000]),
        // 8,499 ms are the most that is rounded to 8 s, and the pictures are 40 ms apart.
        (PlaylistVersion::V6, [8480, 8480, 8480, 8480, 8480, 8480, 8480, 640]),
    ] {
        let options = Options { target_duration, playlist_version, ..options(5) };
        let output = run(&without_keys, options);
        assert_eq!(output.extinf(), want);
        assert_eq!(output.causes()[..7], [Cause::TargetLimit; 7]);
        assert_eq!(output.targets(), [8; 8]);
    }
    // A hole that would break it is taken for a break of the timeline.
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, 9000);
    let output = run(&tags, Options { target_duration, ..options(5) });
    assert_eq!(output.extinf()[..4], [5000, 5000, 2000, 5000]);
    assert_eq!(output.discontinuities(), [3]);
    assert!(output.targets().iter().all(|&target| target == 8));
}

#[test]
fn y_14_audio_alone_keeps_a_declared_target() {
    let target_duration = TargetDuration::Declared(Secs::new(5));
    let output = run(&BASE.audio(), Options { target_duration, ..options(5) });
    assert_eq!(output.targets(), [5; 8]);
    assert!(output.extinf().iter().all(|&millis| millis <= 5499));
    let options = Options { target_duration, playlist_version: PlaylistVersion::V3, ..options(5) };
    let output = run(&BASE.audio(), options);
    assert_eq!(output.targets(), [5; 9]);
    assert!(output.extinf().iter().all(|&millis| millis <= 5000));
}

#[test]
fn y_03_y_06_video_before_the_first_key_frame_is_dropped_and_taken_as_it_is_in_the_end() {
    let tags: Vec<_> =
        BASE.both().into_iter().filter(|tag| tag.is_header() || tag.millis >= 2400).collect();
    let output = run(&tags, Options::default());
    assert_eq!(output.count(NoticeKind::VideoBeforeKeyFrame), 15);
    assert_eq!(output.memory.starts[0].start.get(), 3000 * 90);
    let audio = output.stream(AUDIO)[0].pts as i64 - 63_000;
    assert!((2700 * 90..=2724 * 90).contains(&audio), "300 ms of audio are kept: {audio}");
    assert!(output.count(NoticeKind::AudioBeforeKeyFrame) > 0);

    let none: Vec<_> = Base { millis: 70_000, gop: 0, ..BASE }
        .both()
        .into_iter()
        .filter(|tag| tag.is_header() || tag.millis > 0)
        .collect();
    let output = run(&none, Options::default());
    assert_eq!(output.memory.starts[0].start.get(), 60_040 * 90);
    assert!(!output.memory.segments[0].starts_with_idr);
}

#[test]
fn x6_h_16_independent_segments_all_start_with_an_idr_picture() {
    let options = Options {
        independent_segments: true,
        forced_switch: ForcedSwitch::Never,
        mid_gop: hls_segmenter::config::MidGop::DropUntilKey,
        ..options(2)
    };
    let mut tags = Base { gop: 125, millis: 140_000, ..BASE }.both();
    shift(&mut tags, 82_480, 30_000);
    let output = run(&tags, options);
    assert!(output.starts_with_idr().into_iter().all(|idr| idr));
    assert!(
        output.memory.playlists.iter().all(|text| text.contains("\n#EXT-X-INDEPENDENT-SEGMENTS\n"))
    );

    let mut segmenter = Segmenter::new(Config::new(options).unwrap());
    let mut auditor = auditor(&options);
    for tag in &tags {
        segmenter.request_switch(SwitchAt::Once);
        segmenter.push(tag.borrow(), &mut auditor).unwrap();
    }
    segmenter.finish(End::List, &mut auditor).unwrap();
    assert!(auditor.into_inner().segments.iter().all(|segment| segment.starts_with_idr));
}

#[test]
fn h_16_y_09_audio_goes_on_without_the_video_track_where_segments_are_independent() {
    let options = Options {
        independent_segments: true,
        forced_switch: ForcedSwitch::Never,
        mid_gop: hls_segmenter::config::MidGop::DropUntilKey,
        ..options(5)
    };
    let mut tags = Base { gop: 125, ..BASE }.both();
    tags.retain(|tag| !support::is_video(tag) || !(8_000..22_000).contains(&tag.millis));
    // Video is silent, audio jumps, and pictures come back in the middle of a group.
    shift(&mut tags, 20_000, 30_000);
    let output = run(&tags, options);
    assert!(output.starts_with_idr().into_iter().all(|idr| idr));
    let shows_pictures = |body: &Vec<u8>| {
        let mut packets = body.chunks(188);
        packets.any(|packet| [packet[1] & 0x1f, packet[2]] == VIDEO.to_be_bytes())
    };
    let shown: Vec<_> = output.memory.bodies.iter().map(shows_pictures).collect();
    assert_eq!(
        shown,
        [true, true, false, true, true, true],
        "silence, and pictures from a key frame on"
    );
    assert_eq!(output.discontinuities(), [2, 3]);
}

#[test]
fn r_53_r_40_a_real_capture_without_key_frames_is_cut_by_force() {
    let (_, long_gop) =
        support::captures().into_iter().find(|(name, _)| name == "long_gop").unwrap();
    let output = run(&read_flv(&long_gop), Options::default());
    assert!(output.causes().contains(&Cause::Forced));
    assert!(output.memory.segments.iter().all(|segment| segment.duration.round_millis() <= 60_200));
}
