//! Times: what is written for what was said.

use crate::support;
use crate::support::stream::{BASE, audio, in_order, shift};
use crate::support::{AUDIO, Base, Output, OwnedTag, VIDEO, captures, read_flv, run};
use hls_segmenter::config::Options;
use hls_segmenter::notice::NoticeKind;

const LEAD: i64 = 63_000;

fn defaults(tags: &[OwnedTag]) -> Output {
    run(tags, Options::default())
}

#[test]
fn y_01_t_10_written_times_lead_the_clock_reference_by_700_ms() {
    let output = defaults(&BASE.both());
    let packet = &output.memory.bodies[0][2 * 188..3 * 188];
    assert_eq!(packet[5..12], [0x50, 0, 0, 0, 0, 0x7e, 0]);
    assert_eq!(output.stream(VIDEO)[0].pts as i64, LEAD);
}

#[test]
fn r_06_r_05_f_07_dts_is_the_tags_time_whatever_the_composition_says() {
    let mut tags = BASE.video();
    // Composition offsets of a pyramid, and then in no order at all.
    for (n, tag) in tags.iter_mut().skip(1).enumerate() {
        tag.data[4] = [80, 200, 80, 0, 40, 0, 240, 7][n * n % 8];
    }
    let output = defaults(&tags);
    for (n, (pes, tag)) in output.stream(VIDEO).iter().zip(&tags[1..]).enumerate() {
        assert_eq!(pes.dts as i64, n as i64 * 3600 + LEAD);
        assert_eq!(pes.pts as i64, n as i64 * 3600 + i64::from(tag.data[4]) * 90 + LEAD);
    }
}

#[test]
fn f_30_audio_just_before_the_first_picture_is_kept() {
    let mut tags = BASE.both();
    for tag in tags.iter_mut().filter(|tag| support::is_video(tag) && !tag.is_header()) {
        tag.millis += 46;
    }
    let tags = in_order(tags);
    let output = defaults(&tags);
    assert_eq!(output.stream(AUDIO)[0].pts as i64, LEAD);
    assert_eq!(output.stream(VIDEO)[0].pts as i64, 46 * 90 + LEAD);
    assert_eq!(output.stats.audio.unwrap().frames, BASE.audio().len() as u64 - 1);
}

#[test]
fn f_41_equal_and_disordered_times_are_put_right_by_a_tick() {
    let mut tags = BASE.both();
    for tag in tags.iter_mut().filter(|tag| support::is_video(tag) && !tag.is_header()) {
        match tag.millis % 1000 {
            200 => tag.millis -= 40,
            600 => tag.millis -= 42,
            _ => {}
        }
    }
    let output = defaults(&tags);
    assert_eq!(output.extinf(), [5000; 8]);
    assert_eq!(output.count(NoticeKind::VideoRepair), 80);
    let dts: Vec<_> = output.stream(VIDEO).iter().map(|pes| pes.dts).collect();
    assert!(dts.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn f_53_f_39_wild_captures_give_no_wild_durations() {
    let mut tags = Base { composition: 500, ..BASE }.both();
    // Neighbours change places, a script tag stands between every two, headers come again and
    // again.
    for pair in tags.chunks_mut(3).skip(1) {
        pair.reverse();
    }
    let mut tags: Vec<_> =
        tags.into_iter().flat_map(|tag| [support::stream::script(0), tag]).collect();
    for n in 1..60 {
        tags.insert(n * 50, support::stream::video_header(0, support::stream::SPS));
    }
    shift(&mut tags, 30_000, -29_000);
    let output = defaults(&tags);
    assert!(output.extinf().iter().all(|&millis| millis <= 5200), "{:?}", output.extinf());
    assert_eq!(output.discontinuities().len(), 1);
}

#[test]
fn r_04_no_audio_of_the_old_timeline_stands_behind_a_discontinuity() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_300, 3_600_000);
    let output = defaults(&tags);
    for pes in output.stream(AUDIO) {
        let new = pes.pts > 3_600_000 * 90;
        assert_eq!(new, pes.segment >= 3, "{pes:?}");
    }
    let frames = BASE.audio().len() as u64 - 1;
    let written = output.stats.audio.unwrap().frames + output.count(NoticeKind::AudioWrongTimeline);
    assert_eq!(written, frames);
}

#[test]
fn r_11_a_hole_is_bridged_by_at_most_a_hundred_clock_references() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, 9900);
    let output = defaults(&tags);
    let bare = output
        .memory
        .bodies
        .iter()
        .flat_map(|body| body.chunks(188))
        .filter(|packet| packet[3] & 0x30 == 0x20);
    let count = bare.count();
    assert!((90..=100).contains(&count), "{count}");
}

#[test]
fn r_33_t_09_clock_references_come_every_100_ms_at_one_frame_per_second_too() {
    for tags in [
        Base { fps: (1, 1), gop: 2, ..BASE }.both(),
        Base { fps: (1, 1), gop: 2, ..BASE }.video(),
        BASE.audio(),
    ] {
        // The Auditor in `run` checks the interval; here, that it had something to check.
        let output = defaults(&tags);
        let pcrs = output.memory.bodies.iter().flat_map(|body| body.chunks(188));
        let pcrs = pcrs
            .filter(|packet| packet[3] & 0x20 != 0 && packet[4] > 0 && packet[5] & 0x10 != 0)
            .count();
        assert!(pcrs >= 390, "{pcrs}");
    }
}

#[test]
fn y_08_t_15_t_22_audio_is_gathered_up_to_300_ms_in_whole_frames() {
    let output = defaults(&BASE.both());
    let packets = output.stream(AUDIO);
    assert!(packets.len() < 170, "{} PES packets for 1723 frames", packets.len());
    for pes in &packets {
        let mut rest = &pes.data[..];
        let mut frames = 0;
        while let [0xff, 0xf1, _, b3, b4, b5, ..] = *rest {
            let len = usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5) >> 5;
            rest = &rest[len..];
            frames += 1;
        }
        assert!(
            rest.is_empty() && (1..=12).contains(&frames),
            "{frames} frames, {} bytes left",
            rest.len()
        );
    }
}

#[test]
fn y_08_f_47_a_frame_larger_than_the_queue_travels_alone() {
    let tags: Vec<_> = BASE
        .both()
        .into_iter()
        .map(|tag| match tag.millis {
            5000..6000 if !support::is_video(&tag) && !tag.is_header() => audio(tag.millis, 8184),
            6000..6500 if !support::is_video(&tag) && !tag.is_header() => audio(tag.millis, 8185),
            _ => tag,
        })
        .collect();
    let output = defaults(&tags);
    assert_eq!(output.stream(AUDIO).iter().filter(|pes| pes.data.len() == 8191).count(), 43);
    assert!((20..=23).contains(&output.count(NoticeKind::AudioNotCarried)));
}

#[test]
fn t_23_audio_that_comes_late_is_written_before_its_time_has_passed() {
    let mut tags = BASE.both();
    // Audio tags stand 650 ms of media behind the video of their time.
    tags.sort_by_key(|tag| {
        (!tag.is_header(), tag.millis + if support::is_video(tag) { 0 } else { 650 })
    });
    let output = defaults(&tags);
    assert_eq!(output.extinf(), [5000; 8]);
    assert_eq!(output.stats.audio.unwrap().frames, BASE.audio().len() as u64 - 1);
}

#[test]
fn h_05_one_picture_alone_lasts_as_long_as_its_parameter_set_says() {
    let capture = |name: &str| {
        let (_, bytes) = captures().into_iter().find(|(found, _)| found == name).unwrap();
        read_flv(&bytes)
    };
    for (name, ticks) in [("nobframes", 3600), ("fps2997", 3003)] {
        let tags = capture(name).into_iter().filter(support::is_video);
        let one: Vec<_> = tags.take(2).collect();
        assert!(one[0].is_header() && one[1].is_key_picture(), "{name}");
        let output = defaults(&one);
        assert_eq!(output.memory.segments[0].duration.get(), ticks, "{name}");
    }
}
