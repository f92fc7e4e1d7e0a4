//! Parts of segments and the lists that name them (draft-pantos-hls-rfc8216bis §4.4.3.7, §4.4.3.8,
//! §4.4.4.9, §6.2).

use core::fmt::Write as _;

use hls_segmenter::config::{ConfigError, FragDuration, Options, Parts, TargetDuration};
use hls_segmenter::notice::NoticeKind;
use hls_segmenter::playlist::{NextPart, Playlist, Reload};
use hls_segmenter::time::{Secs, WallTime};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    Config, Container, End, Fmp4, LowLatency, Part, Segment, SegmentSink, SegmentStart, Segmenter,
    Ts,
};

use hls_segmenter_auditor::Auditor;

use crate::support::parts::PartsSink;
use crate::support::stream::BASE;
use crate::support::{Base, OwnedTag};

/// Segments of 4 s, parts of half a second.
fn options() -> Options {
    Options {
        frag_duration: FragDuration::new(4).unwrap(),
        target_duration: TargetDuration::Declared(Secs::new(4)),
        parts: Some(Parts::new(500, 50).unwrap()),
        ..Options::default()
    }
}

fn engine<C: Container>(options: Options) -> Segmenter<LowLatency<C>> {
    let mut engine = Segmenter::with_container(Config::new(options).unwrap());
    engine.set_wall_time(WallTime::from_unix_millis(1_795_421_730_000));
    engine
}

fn run<C: Container>(tags: &[OwnedTag], options: Options) -> PartsSink {
    let mut engine = engine::<C>(options);
    let mut sink = Auditor::with_options(PartsSink::default(), &options);
    for tag in tags {
        engine.push(tag.borrow(), &mut sink).unwrap();
    }
    engine.finish(End::List, &mut sink).unwrap();
    sink.assert_clean();
    sink.into_inner()
}

fn millis(parts: &[Part]) -> Vec<i64> {
    parts.iter().map(|part| part.duration.round_millis()).collect()
}

#[test]
fn ll_1_ll_4_h_24_h_25_parts_are_as_long_as_declared_and_one_with_a_key_frame_says_so() {
    // Key frames at 0 and 2 s: the one at 2 s comes 440 ms into a part, too early to end it.
    let tags = Base { millis: 8_000, gop: 50, ..BASE }.both();
    for sink in [run::<Ts>(&tags, options()), run::<Fmp4>(&tags, options())] {
        let segment = [520, 520, 520, 520, 520, 520, 520, 360];
        assert_eq!(millis(&sink.parts), [segment, segment].concat());
        let independent: Vec<_> = sink.parts.iter().map(|part| part.independent).collect();
        let of_segment = [true, false, false, true, false, false, false, false];
        assert_eq!(independent, [of_segment, of_segment].concat());
        let causes: Vec<_> = sink.segments.iter().map(|segment| segment.cause.name()).collect();
        assert_eq!(causes, ["key-frame", "end"]);
    }
}

#[test]
fn ll_1_a_part_that_has_a_key_frame_or_is_long_enough_ends_before_the_next_one() {
    // Key frames every 480 ms: 87 % of 550 ms.
    let tags = Base { millis: 4_000, gop: 12, ..BASE }.both();
    let sink = run::<Fmp4>(&tags, options());
    assert_eq!(millis(&sink.parts)[..4], [480; 4]);
    assert!(sink.parts.iter().all(|part| part.independent));
}

#[test]
fn ll_1_audio_alone_has_parts_that_are_all_independent() {
    let tags = Base { millis: 9_000, ..BASE }.audio();
    let sink = run::<Fmp4>(&tags, options());
    let durations = millis(&sink.parts);
    assert!(durations[..7].iter().all(|part| (500..550).contains(part)), "{durations:?}");
    assert!(sink.parts.iter().all(|part| part.independent));
}

#[test]
fn ll_1_a_hole_that_is_longer_than_declared_is_a_break() {
    let mut tags = Base { millis: 8_000, ..BASE }.both();
    tags.retain(|tag| !(2_100..2_700).contains(&tag.millis) || tag.is_header());
    let sink = run::<Ts>(&tags, options());
    let first = &sink.segments[0];
    assert_eq!((first.cause.name(), first.duration.round_millis()), ("discontinuity", 2_120));
    assert!(sink.segments[1].discontinuity);
}

#[test]
fn ll_2_ll_5_ll_8_ll_9_h_26_h_28_a_list_names_parts_before_their_segment_and_what_comes_next() {
    let tags = Base { millis: 5_500, gop: 50, ..BASE }.both();
    let sink = run::<Fmp4>(&tags, options());
    let parts = |segment: u64, flags: &[bool], last: &str| {
        let line = |(nth, independent): (usize, &bool)| {
            let duration = if nth == 7 { last } else { "0.52" };
            let independent = if *independent { ",INDEPENDENT=YES" } else { "" };
            format!("#EXT-X-PART:DURATION={duration},URI=\"{segment}.{nth}\"{independent}\n")
        };
        flags.iter().enumerate().map(line).collect::<String>()
    };
    let head = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4\n\
        #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24.0,HOLD-BACK=12.0,\
        PART-HOLD-BACK=1.65\n#EXT-X-PART-INF:PART-TARGET=0.55\n#EXT-X-MEDIA-SEQUENCE:0\n\
        #EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXT-X-MAP:URI=\"0.init\"\n\
        #EXT-X-PROGRAM-DATE-TIME:2026-11-23T08:15:30.000Z\n";
    let flags = [true, false, false, true, false, false, false, false];
    let want = [
        head,
        &parts(0, &flags, "0.36"),
        "#EXTINF:4.000,\n0.seg\n#EXT-X-PROGRAM-DATE-TIME:2026-11-23T08:15:34.000Z\n",
        &parts(1, &flags[..2], ""),
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"1.2\"\n",
    ];
    let (with_two, _) = &sink.texts[9];
    assert_eq!(*with_two, want.concat());
    let (behind_segment, _) = &sink.texts[7];
    assert!(behind_segment.ends_with("0.seg\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"1.0\"\n"));
    let (last, _) = sink.texts.last().unwrap();
    assert!(last.ends_with("1.seg\n#EXT-X-ENDLIST\n") && !last.contains("PRELOAD"), "{last}");
}

#[test]
fn ll_6_h_27_parts_are_listed_within_three_target_durations_of_the_end() {
    let tags = Base { millis: 40_000, ..BASE }.both();
    let frag_count = hls_segmenter::config::FragCount::new(20).unwrap();
    let sink = run::<Fmp4>(&tags, Options { frag_count, ..options() });
    let (text, _) = &sink.texts[8 * 9];
    let listed: Vec<_> = text.lines().filter(|line| line.starts_with("#EXT-X-PART:")).collect();
    // Two segments of 4 s, and the first part of the tenth: a third would begin 12.52 s before the
    // end.
    assert_eq!(listed.len(), 2 * 8 + 1, "{text}");
    assert!(listed[0].contains("URI=\"7.0\""), "{text}");
}

/// Asks each version for a delta, and for its edge.
#[derive(Default)]
struct Edges {
    deltas: Vec<String>,
    answers: Vec<[Reload; 3]>,
    next: Vec<NextPart>,
    last: Option<(u64, u32)>,
}

impl SegmentSink for Edges {
    type Error = core::convert::Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Self::Error> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Self::Error> {
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Self::Error> {
        let text = playlist.m3u8(|segment, uri| write!(uri, "{}", segment.id));
        let text = text.low_latency(|part, uri| write!(uri, "{}.{}", part.segment, part.index));
        self.deltas.push(text.delta().to_string());
        let edge = playlist.live_edge().unwrap();
        let ask = |part| edge.reload(Some(edge.sequence), Some(part));
        self.answers.push([edge.parts.saturating_sub(1), edge.parts, edge.parts + 6].map(ask));
        self.next.extend(playlist.next_part());
        self.last = edge.last_part();
        assert_eq!(playlist.parts().last().map(|part| part.index), self.last.map(|last| last.1));
        Ok(())
    }
}

#[test]
fn ll_12_ll_13_ll_15_a_delta_skips_what_is_old_and_requests_are_answered_by_the_edge() {
    let frag_count = hls_segmenter::config::FragCount::new(20).unwrap();
    let (mut engine, mut edges) =
        (engine::<Ts>(Options { frag_count, ..options() }), Edges::default());
    for tag in (Base { millis: 41_000, ..BASE }).both() {
        engine.push(tag.borrow(), &mut edges).unwrap();
    }
    let delta = edges.deltas.last().unwrap();
    // Ten segments and a part: 24 s of them stay.
    assert!(delta.contains("#EXT-X-VERSION:9\n"), "{delta}");
    assert!(delta.contains("#EXT-X-MEDIA-SEQUENCE:0\n"), "{delta}");
    assert!(delta.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS=4\n"), "{delta}");
    assert!(delta.contains("\n4\n") && !delta.contains("\n3\n"), "{delta}");
    assert!(edges.deltas[0].contains("#EXT-X-VERSION:6\n") && !edges.deltas[0].contains("SKIP:"));
    let open = |answers: &&[Reload; 3]| answers[0] == Reload::Now;
    assert!(edges.answers.iter().all(|it| it[1..] == [Reload::Wait, Reload::BadRequest]));
    assert_eq!(edges.answers.iter().filter(open).count(), edges.answers.len() - 10);
    assert_eq!(edges.last, Some((10, 0)));
    // What is announced is what comes, but for parts that the end of a segment forestalls.
    let next = edges.next.windows(2).filter(|pair| pair[1].segment == pair[0].segment);
    assert!(next.clone().count() == 70 && next.clone().all(|p| p[1].index == p[0].index + 1));
}

#[test]
fn ll_8_parts_without_dates_are_told_once() {
    let mut engine = Segmenter::<LowLatency<Ts>>::with_container(Config::new(options()).unwrap());
    let mut sink = PartsSink::default();
    for tag in (Base { millis: 9_000, ..BASE }).both() {
        engine.push(tag.borrow(), &mut sink).unwrap();
    }
    assert_eq!(engine.stats().count(NoticeKind::UndatedParts), 1);
}

#[test]
fn ll_2_parts_that_promise_too_much_are_refused() {
    assert_eq!(Parts::lasting(500), Parts::new(500, 88));
    for (duration_millis, gap_millis) in [(99, 1), (5_001, 1), (500, 0), (500, 89)] {
        let refused = ConfigError::Parts { duration_millis, gap_millis };
        assert_eq!(Parts::new(duration_millis, gap_millis), Err(refused));
    }
    for target_duration in [TargetDuration::HighWater, TargetDuration::Declared(Secs::new(30))] {
        let refused = Config::new(Options { target_duration, ..options() });
        assert_eq!(refused, Err(ConfigError::PartsTarget { target_duration }));
    }
}

/// Holds that a list has no parts.
struct Plain;

impl SegmentSink for Plain {
    type Error = core::convert::Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Self::Error> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Self::Error> {
        Ok(())
    }

    fn close_part(&mut self, part: &Part) -> Result<(), Self::Error> {
        panic!("{part:?}");
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Self::Error> {
        assert_eq!((playlist.live_edge(), playlist.next_part()), (None, None));
        let text = playlist.m3u8(|segment, uri| write!(uri, "{}", segment.id));
        assert!(
            write!(String::new(), "{}", text.low_latency(|_, uri| uri.write_str("a"))).is_err()
        );
        Ok(())
    }
}

#[test]
fn ll_11_an_engine_without_room_for_parts_makes_none() {
    let mut engine = Segmenter::new(Config::new(options()).unwrap());
    for tag in (Base { millis: 9_000, ..BASE }).both() {
        engine.push(tag.borrow(), &mut Plain).unwrap();
    }
    assert_eq!(engine.stats().count(NoticeKind::UndatedParts), 0);
}
