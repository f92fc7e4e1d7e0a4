//! The torture matrix: one base input, varied as the streams vary that break other segmenters (SPEC
//! part R.8).

use crate::fmp4;
use crate::support;
use crate::support::stream::{
    self, BASE, OTHER_SPS, SPS, audio_header, before_key_frames, script, shift, video_header,
};
use crate::support::{
    AUDIO, Base, Output, OwnedTag, Recorded, VIDEO, auditor, drive, hevc, record, run_to,
};
use hls_segmenter::config::{
    FragDuration, MidGop, Options, Parts, PlaylistVersion, TargetDuration,
};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::time::{Secs, TickSpan};
use hls_segmenter::{Cause, Config, Container, End, Fmp4, LowLatency, Segment, Segmenter, Ts};
use hls_segmenter_auditor::UnitKind;

const LEAD: i64 = 63_000;

/// Segments a row of the matrix, the same in H.265, both in fMP4, and with parts, which must come to
/// the same.
fn run(tags: &[OwnedTag], options: Options) -> Output {
    let output = support::run(tags, options);
    let other = support::run(&hevc::of_avc(tags), options);
    assert_eq!(story(&other), story(&output), "in H.265");
    fmp4::assert_same_as_ts(tags, options);
    fmp4::assert_same_as_ts(&hevc::of_avc(tags), options);
    assert_same_with_parts::<Ts>(tags, options);
    assert_same_with_parts::<Fmp4>(tags, options);
    output
}

/// Where a segment begins, how long it is and why it ends.
fn cuts(recorded: &Recorded) -> Vec<impl PartialEq + std::fmt::Debug + use<>> {
    let segments = recorded.output.memory.segments.iter();
    let cut = |segment: &Segment| {
        let Segment { start, duration, frames, key_frames, discontinuity, .. } = *segment;
        (start, duration, segment.cause, frames, key_frames, discontinuity)
    };
    segments.map(cut).collect()
}

/// Parts change nothing about segments, but that a hole beyond the declared gap is a break.
fn assert_same_with_parts<C: Container>(tags: &[OwnedTag], options: Options) {
    let secs = u32::try_from(options.frag_duration.span().get() / 90_000).unwrap();
    let declared = TargetDuration::Declared(Secs::new(secs + 1));
    let parts = Parts::lasting(1000).unwrap();
    let options =
        Options { target_duration: declared, playlist_version: PlaylistVersion::V6, ..options };
    let plain = record::<C>(tags, options);
    let with_parts = record::<LowLatency<C>>(tags, Options { parts: Some(parts), ..options });
    let (before, after) = (cuts(&plain), cuts(&with_parts));
    let holes = holes(&plain, parts.gap());
    if holes == 0 {
        assert_eq!(after, before, "with parts");
        return;
    }
    let same = after.iter().zip(&before).take_while(|(after, before)| after == before).count();
    let breaks = |recorded: &Recorded| recorded.output.discontinuities().len();
    let more = breaks(&with_parts).checked_sub(breaks(&plain));
    assert!(more.is_some_and(|more| more <= holes), "{more:?} breaks more, {holes} holes");
    assert!(same + 1 >= before.len().min(2), "cut otherwise from the beginning on");
}

/// How many samples of the lead track come more than `gap` after the one before them.
fn holes(recorded: &Recorded, gap: TickSpan) -> usize {
    let lead = |kind| recorded.units.iter().filter(move |unit| unit.kind == kind);
    let has_video = lead(UnitKind::AccessUnit).next().is_some();
    let kind = if has_video { UnitKind::AccessUnit } else { UnitKind::AudioFrame };
    let times: Vec<_> = lead(kind).map(|unit| unit.dts).collect();
    times.windows(2).filter(|pair| pair[1].since(pair[0]) > gap).count()
}

/// What became of a stream, whatever its codec.
fn story(output: &Output) -> impl PartialEq + std::fmt::Debug {
    let segments = &output.memory.segments;
    let ends: Vec<_> = segments
        .iter()
        .map(|segment| {
            (
                segment.start,
                segment.duration,
                segment.cause,
                segment.frames,
                segment.starts_with_idr,
            )
        })
        .collect();
    let times: Vec<_> = output.demux().iter().map(|pes| (pes.pid, pes.pts, pes.dts)).collect();
    let notices: Vec<_> = output.stats.noticed().collect();
    (ends, output.memory.playlists.clone(), times, notices)
}

fn defaults(tags: &[OwnedTag]) -> Output {
    run(tags, Options::default())
}

/// Differences of written times, across the 33-bit wrap.
fn since(later: u64, earlier: u64) -> i64 {
    let ahead = (later.wrapping_sub(earlier) & ((1 << 33) - 1)) as i64;
    if ahead >= 1 << 32 { ahead - (1 << 33) } else { ahead }
}

/// What must hold of an output that the input's length tells.
fn assert_even(output: &Output) {
    assert_eq!(output.extinf(), [5000; 8]);
    assert_eq!(output.discontinuities(), []);
    assert_eq!(output.targets(), [5; 8]);
}

#[test]
fn r_60_the_base_input_gives_eight_segments_of_five_seconds() {
    let output = defaults(&BASE.both());
    assert_even(&output);
    assert_eq!(output.causes()[..7], [Cause::KeyFrame; 7]);
    assert_eq!(output.causes()[7], Cause::End);
    assert_eq!(output.memory.segments[0].frames, 125);
    assert_eq!(output.memory.segments[0].key_frames, 5);
    assert_eq!(output.stats.noticed().collect::<Vec<_>>(), []);
    assert!(output.memory.playlists[7].contains("\n#EXTINF:5.000,\n"));
}

#[test]
fn r_61_without_key_frames_segments_are_forced_at_sixty_seconds() {
    let output = defaults(&Base { millis: 160_000, gop: 0, ..BASE }.both());
    assert_eq!(output.extinf(), [60_000, 60_000, 40_000]);
    assert_eq!(output.causes(), [Cause::Forced, Cause::Forced, Cause::End]);
    assert_eq!(output.starts_with_idr(), [true, false, false]);
    assert_eq!(output.discontinuities(), []);
    assert_eq!(output.targets(), [60, 60, 60]);
    let ntsc = defaults(&Base { millis: 160_000, gop: 0, fps: (30_000, 1001), ..BASE }.both());
    assert_eq!(ntsc.extinf()[0], 60_027);
    assert_eq!(ntsc.targets()[0], 60);
    let tags = Base { millis: 160_000, gop: 0, fps: (30_000, 1001), ..BASE }.both();
    let ntsc = run(&tags, Options { playlist_version: PlaylistVersion::V3, ..Options::default() });
    assert_eq!((ntsc.extinf()[0], ntsc.targets()[0]), (60_027, 61));
}

#[test]
fn r_62_a_short_step_back_is_repaired_within_the_segment() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, -500);
    let output = defaults(&tags);
    assert_eq!(output.extinf(), [5000, 5000, 5500, 5000, 5000, 5000, 5000, 4000]);
    assert_eq!(output.count(NoticeKind::VideoRepair), 12);
    assert_eq!(output.told(NoticeKind::VideoRepair), 1);
    assert_eq!(output.told(NoticeKind::AudioRepair), 1);
    assert_eq!(output.targets(), [5, 5, 6, 6, 6, 6, 6, 6]);
    assert_eq!(output.told(NoticeKind::TargetGrew), 1);
    assert_eq!(output.discontinuities(), []);
}

#[test]
fn r_63_a_short_step_back_of_audio_alone_is_one_run_of_repairs() {
    let mut tags = BASE.audio();
    shift(&mut tags, 12_000, -500);
    let output = defaults(&tags);
    let extinf = output.extinf();
    let (last, others) = extinf.split_last().unwrap();
    assert!(others.iter().all(|millis| (5000..=5024).contains(millis)), "{extinf:?}");
    let sum = others.iter().sum::<u32>() + last;
    assert!((39_476..=39_524).contains(&sum), "{sum}");
    assert_eq!(output.told(NoticeKind::AudioRepair), 1);
    assert_eq!(output.count(NoticeKind::AudioReanchor), 1);
    assert_eq!(output.discontinuities(), []);
}

#[test]
fn r_64_a_jump_back_breaks_the_timeline_and_leaves_no_audio_behind() {
    let mut tags = BASE.both();
    shift(&mut tags, 22_000, -10_000);
    let output = defaults(&tags);
    assert_eq!(output.extinf(), [5000, 5000, 5000, 5000, 2000, 5000, 5000, 5000, 3000]);
    assert_eq!(output.discontinuities(), [5]);
    for pid in [VIDEO, AUDIO] {
        let first = output.stream(pid).into_iter().find(|pes| pes.segment == 5).unwrap();
        assert!(first.pts as i64 >= 12_000 * 90 + LEAD, "{pid:#x} {}", first.pts);
    }
}

#[test]
fn r_65_r_66_a_jump_forward_breaks_the_timeline_once_and_is_no_duration() {
    for by in [30_000, 3_600_000, 4 * 3_600_000] {
        let mut tags = BASE.both();
        shift(&mut tags, 12_000, by);
        let output = defaults(&tags);
        assert_eq!(output.extinf(), [5000, 5000, 2000, 5000, 5000, 5000, 5000, 5000, 3000], "{by}");
        assert_eq!(output.discontinuities(), [3], "{by}");
        assert_eq!(output.targets(), [5; 9], "{by}");
        assert_eq!(output.causes()[2], Cause::Discontinuity, "{by}");
    }
}

#[test]
fn r_67_a_hole_within_the_limit_is_part_of_its_segment() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, 9000);
    let output = defaults(&tags);
    assert_eq!(output.extinf(), [5000, 5000, 11_000, 5000, 5000, 5000, 5000, 5000, 3000]);
    assert_eq!(output.discontinuities(), []);
    assert_eq!(output.targets(), [5, 5, 11, 11, 11, 11, 11, 11, 11]);
    assert_eq!(output.told(NoticeKind::TargetGrew), 1);

    // The frame at 12 s follows that at 11.96 s: a step of exactly ten seconds.
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, 9960);
    assert_eq!(defaults(&tags).discontinuities(), []);
    let mut tags = BASE.both();
    shift(&mut tags, 12_000, 9961);
    assert_eq!(defaults(&tags).discontinuities(), [3]);
}

/// Moves the whole base input and compares the output but for a constant in every written time.
fn assert_moved(by: i64) {
    let (still, mut tags) = (defaults(&BASE.both()), BASE.both());
    shift(&mut tags, i64::MIN, by);
    let moved = defaults(&tags);
    assert_even(&moved);
    let (still, moved) = (still.demux(), moved.demux());
    assert_eq!(still.len(), moved.len());
    for (still, moved) in still.iter().zip(&moved) {
        assert_eq!(since(moved.pts, still.pts), since((by * 90) as u64, 0), "{by}");
        assert_eq!(since(moved.dts, still.dts), since((by * 90) as u64, 0), "{by}");
        assert_eq!(moved.data, still.data);
    }
}

#[test]
fn r_68_the_wrap_of_the_millisecond_clock_is_invisible() {
    assert_moved((1 << 32) - 12_000);
}

#[test]
fn r_69_the_wrap_of_the_33_bit_clock_is_invisible() {
    assert_moved((1 << 33) / 90 - 12_000);
}

#[test]
fn r_70_times_beyond_2_to_the_30_ticks_are_whole() {
    assert_moved(12_000_000);
}

#[test]
fn r_71_negative_composition_offsets_move_pictures_by_what_they_say() {
    let output = defaults(&Base { composition: -120, ..BASE }.both());
    assert_even(&output);
    for (n, pes) in output.stream(VIDEO).iter().enumerate() {
        // The first 120 ms are before zero: 33-bit arithmetic.
        assert_eq!(since(pes.pts, 0), n as i64 * 3600 - 120 * 90 + LEAD);
        assert_eq!(pes.pts, pes.dts);
    }
    let base = defaults(&BASE.both());
    assert_eq!(
        output.stream(AUDIO).iter().map(|pes| pes.pts).collect::<Vec<_>>(),
        base.stream(AUDIO).iter().map(|pes| pes.pts).collect::<Vec<_>>()
    );
}

#[test]
fn r_72_audio_that_starts_later_stays_later() {
    let tags: Vec<_> = BASE
        .both()
        .into_iter()
        .filter(|tag| tag.is_header() || support::is_video(tag) || tag.millis >= 700)
        .collect();
    let output = defaults(&tags);
    assert_even(&output);
    let first = tags.iter().find(|tag| !support::is_video(tag) && !tag.is_header()).unwrap().millis;
    let pts = output.stream(AUDIO)[0].pts as i64;
    assert!((pts - LEAD - first * 90).abs() <= 90, "{pts}");

    // Where its configuration comes later too, the tables learn of it at a key frame, behind one
    // discontinuity.
    let mut late: Vec<_> = BASE
        .both()
        .into_iter()
        .filter(|tag| support::is_video(tag) || tag.millis >= 5020 && !tag.is_header())
        .collect();
    let at = late.iter().position(|tag| !support::is_video(tag)).unwrap();
    late.insert(at, audio_header(5020, 44_100));
    let output = defaults(&late);
    assert_eq!(output.discontinuities().len(), 1);
    assert!(output.causes().contains(&Cause::TrackChange));
}

#[test]
fn r_73_repeated_sequence_headers_change_nothing() {
    let tags = before_key_frames(BASE.both(), |millis| {
        vec![video_header(millis, SPS), audio_header(millis, 44_100)]
    });
    assert_eq!(defaults(&tags).memory.bodies, defaults(&BASE.both()).memory.bodies);
    assert_eq!(defaults(&tags).memory.playlists, defaults(&BASE.both()).memory.playlists);
}

#[test]
fn r_74_audio_alone_is_cut_at_frag_duration_by_whole_frames() {
    for (rate, frames, last) in [(44_100, 216, 4899), (48_000, 235, 4907)] {
        let output = defaults(&Base { rate, ..BASE }.audio());
        let extinf = output.extinf();
        assert_eq!(extinf.len(), 8, "{rate}");
        assert!(
            output.memory.segments[..7].iter().all(|segment| segment.frames == frames),
            "{rate}"
        );
        assert_eq!(extinf[7], last, "{rate}");
        let exact = frames as f64 * 1_024_000.0 / rate as f64;
        assert!(
            extinf[..7].iter().all(|&millis| (f64::from(millis) - exact).abs() < 1.0),
            "{rate} {extinf:?}"
        );
        assert_eq!(output.causes()[..7], [Cause::AudioOnly; 7], "{rate}");
    }
}

#[test]
fn r_38_audio_alone_costs_at_most_nine_and_a_half_percent() {
    // 96 kbit/s: 279 bytes a frame at 44.1 kHz.
    let tags: Vec<_> = BASE
        .audio()
        .into_iter()
        .map(|tag| if tag.is_header() { tag } else { stream::audio(tag.millis, 279) })
        .collect();
    let output = defaults(&tags);
    let payload: usize =
        tags.iter().filter(|tag| !tag.is_header()).map(|tag| tag.data.len() - 2).sum();
    let written: usize = output.memory.bodies.iter().map(Vec::len).sum();
    let overhead = written as f64 / payload as f64 - 1.0;
    assert!(overhead <= 0.095, "{overhead}");
}

#[test]
fn r_75_video_alone_has_no_phantom_audio() {
    let output = defaults(&BASE.video());
    assert_even(&output);
    assert!(output.stream(AUDIO).is_empty());
    // The PMT's section is five bytes shorter than with a second stream.
    assert_eq!(output.memory.bodies[0][188 + 7], 0x12);
}

#[test]
fn r_76_r_59_script_tags_of_any_time_touch_nothing() {
    let base = defaults(&BASE.both());
    let mut first = BASE.both();
    first.insert(0, script(77_777));
    let middle = before_key_frames(BASE.both(), |millis| vec![script(millis + 500_000), script(0)]);
    for tags in [first, middle] {
        let output = defaults(&tags);
        assert_eq!(output.memory.bodies, base.memory.bodies);
        assert_eq!(output.memory.playlists, base.memory.playlists);
    }
}

#[test]
fn r_77_r_28_cutting_is_relative_to_the_segments_own_start() {
    // Key frames every two seconds, pictures delayed as by B-frames.
    let output = defaults(&Base { gop: 50, composition: 80, ..BASE }.both());
    assert_eq!(output.extinf(), [6000, 6000, 6000, 6000, 6000, 6000, 4000]);
    assert_eq!(output.targets(), [6; 7]);
}

#[test]
fn r_78_a_jump_in_mid_gop_opens_behind_parameter_sets_or_waits_for_a_key_frame() {
    let mut tags = BASE.both();
    shift(&mut tags, 12_480, 30_000);
    let kept = defaults(&tags);
    assert_eq!(kept.count(NoticeKind::VideoWrongTimeline), 1);
    assert_eq!(kept.extinf(), [5000, 5000, 2480, 5480, 5000, 5000, 5000, 5000, 2000]);
    assert_eq!(kept.discontinuities(), [3]);
    assert!(!kept.memory.segments[3].starts_with_idr);
    let first = kept.stream(VIDEO).into_iter().find(|pes| pes.segment == 3).unwrap();
    assert_eq!(first.data[..6], [0, 0, 0, 1, 9, 0xf0]);
    assert_eq!(first.data[10], 0x67);

    let dropped = run(&tags, Options { mid_gop: MidGop::DropUntilKey, ..Options::default() });
    assert_eq!(dropped.extinf(), [5000, 5000, 2480, 5000, 5000, 5000, 5000, 5000, 2000]);
    assert_eq!(dropped.count(NoticeKind::VideoBeforeKeyFrame), 12);
    assert_eq!(dropped.starts_with_idr(), [true; 9]);
}

#[test]
fn r_79_audio_that_crosses_a_jump_before_or_after_video_costs_no_second_break() {
    for lag in [-3_i64, 3] {
        let mut tags = BASE.both();
        shift(&mut tags, 12_000, 30_000);
        // Audio tags around the jump change places with the first video tag behind it.
        let jump =
            tags.iter().position(|tag| support::is_video(tag) && tag.millis == 42_000).unwrap();
        let audio: Vec<_> = (0..tags.len())
            .filter(|&n| !support::is_video(&tags[n]) && !tags[n].is_header())
            .collect();
        let border = audio.iter().position(|&n| n > jump).unwrap();
        if lag < 0 {
            let early = tags.remove(audio[border + 2]);
            tags.insert(jump, early);
            let early = tags.remove(audio[border + 1] + 1);
            tags.insert(jump, early);
            let early = tags.remove(audio[border] + 2);
            tags.insert(jump, early);
        } else {
            for n in 0..3 {
                let late = tags.remove(audio[border - 1 - n]);
                tags.insert(jump + 4 - n, late);
            }
        }
        let output = defaults(&tags);
        assert_eq!(output.discontinuities().len(), 1, "{lag}");
        for (got, want) in
            output.extinf().into_iter().zip([5000, 5000, 2000, 5000, 5000, 5000, 5000, 5000, 3000])
        {
            assert!(u32::abs_diff(got, want) <= 100, "{lag} {:?}", output.extinf());
        }
        let outlier = output.count(NoticeKind::AudioWrongTimeline);
        assert_eq!(
            outlier,
            if lag < 0 { 0 } else { 3 },
            "early audio waits, late audio is dropped"
        );
    }
}

#[test]
fn r_81_r_46_a_paused_list_goes_on_in_another_engine() {
    for tags in [BASE.both(), hevc::of_avc(&BASE.both())] {
        let paused = run_to(&tags, Options::default(), End::Pause);
        let token = paused.memory.token.unwrap();
        let config = Config::new(Options::default()).unwrap();
        let resumed =
            Segmenter::resume(config, &token, paused.memory.listed.iter().copied()).unwrap();
        let mut auditor = auditor(&Options::default());
        auditor.resume(&token, &paused.memory.listed);
        let (_, auditor) = drive(resumed, auditor, &tags, End::List);
        auditor.assert_clean();
        let memory = auditor.into_inner();

        let all: Vec<_> = paused.memory.segments.iter().chain(&memory.segments).collect();
        assert_eq!(
            all.iter().map(|segment| segment.sequence).collect::<Vec<_>>(),
            (0..16).collect::<Vec<_>>()
        );
        assert!(all.iter().all(|segment| segment.extinf.millis() == 5000));
        let tagged: Vec<_> = all
            .iter()
            .filter(|segment| segment.discontinuity)
            .map(|segment| segment.sequence)
            .collect();
        assert_eq!(tagged, [8]);
        // Continuity counters go on: those of the PAT count segments.
        let bodies = paused.memory.bodies.iter().chain(&memory.bodies);
        assert_eq!(
            bodies.map(|body| body[3] & 0x0f).collect::<Vec<_>>(),
            (0..16).collect::<Vec<_>>()
        );
    }
}

#[test]
fn r_82_r_21_a_new_picture_size_begins_a_segment_behind_a_discontinuity() {
    let mut tags = BASE.both();
    let at = tags.iter().position(|tag| tag.is_key_picture() && tag.millis == 12_000).unwrap();
    tags.insert(at, video_header(12_000, OTHER_SPS));
    let output = defaults(&tags);
    assert_eq!(output.extinf(), [5000, 5000, 2000, 5000, 5000, 5000, 5000, 5000, 3000]);
    assert_eq!(output.discontinuities(), [3]);
    assert_eq!(output.causes()[2], Cause::ConfigChange);
    assert_eq!(output.memory.tracks.len(), 3);
}

#[test]
fn r_83_audio_that_pauses_comes_back_at_its_time_without_a_break() {
    let tags: Vec<_> = BASE
        .both()
        .into_iter()
        .filter(|tag| support::is_video(tag) || !(12_000..27_000).contains(&tag.millis))
        .collect();
    let output = defaults(&tags);
    assert_even(&output);
    assert_eq!(output.told(NoticeKind::AudioReanchor), 1);
    let back =
        tags.iter().find(|tag| !support::is_video(tag) && tag.millis >= 27_000).unwrap().millis;
    assert!(output.stream(AUDIO).iter().any(|pes| pes.pts as i64 == back * 90 + LEAD));
}

#[test]
fn r_14_hour_one_hundred_is_cut_as_hour_one() {
    let lengths = |hour: i64| {
        let mut tags = Base { fps: (30_000, 1001), gop: 60, ..BASE }.both();
        shift(&mut tags, i64::MIN, hour * 3_600_000);
        let frag_duration = FragDuration::new(2).unwrap();
        run(&tags, Options { frag_duration, ..Options::default() }).extinf()
    };
    assert_eq!(lengths(100), lengths(1));
}
