//! A sink that fails: what that costs, and what it never costs.

use crate::support;
use crate::support::stream::{BASE, in_order, mp3_tags, shift};
use crate::support::{Base, Memory, OwnedTag};
use hls_segmenter::config::{FragDuration, Options};
use hls_segmenter::fmp4::{FragmentHead, Init, Payload};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::{TickSpan, WallTime};
use hls_segmenter::ts::{StreamType, TsPackets};
use hls_segmenter::{
    AbortedSegment, Config, Container, End, Error, ExpiredSegment, Fmp4, Segment, SegmentSink,
    SegmentStart, Segmenter, Ts,
};
use hls_segmenter_auditor::Auditor;

/// Fails at call number `fails_at`, counted over the methods that can fail.
#[derive(Default)]
struct Failing {
    memory: Memory,
    calls: Vec<&'static str>,
    fails_at: usize,
    /// Every later call fails too.
    for_good: bool,
    failed: Option<&'static str>,
}

impl Failing {
    fn call(&mut self, name: &'static str) -> Result<(), &'static str> {
        self.calls.push(name);
        let behind = self.for_good && self.calls.len() > self.fails_at;
        if self.calls.len() == self.fails_at || behind {
            self.failed = Some(name);
            return Err(name);
        }
        Ok(())
    }

    /// Numbers of the calls of one method.
    fn numbers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        let calls = self.calls.iter().zip(1..);
        calls.filter_map(move |(call, number)| (*call == name).then_some(number))
    }
}

impl SegmentSink for Failing {
    type Error = &'static str;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), &'static str> {
        self.call("open")?;
        self.memory.open_segment(start).map_err(|never| match never {})
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), &'static str> {
        self.call("write")?;
        self.memory.write_packets(packets).map_err(|never| match never {})
    }

    fn init_section(&mut self, init: &Init<'_>) -> Result<(), &'static str> {
        self.call("init")?;
        self.memory.init_section(init).map_err(|never| match never {})
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), &'static str> {
        self.call("payload")?;
        self.memory.write_payload(payload).map_err(|never| match never {})
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), &'static str> {
        self.call("head")?;
        self.memory.close_fragment(head).map_err(|never| match never {})
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), &'static str> {
        self.call("close")?;
        self.memory.close_segment(segment).map_err(|never| match never {})
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), &'static str> {
        self.call("update")?;
        self.memory.update_playlist(playlist).map_err(|never| match never {})
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        self.memory.expire_segment(expired);
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        self.memory.abort_segment(aborted);
    }
}

/// Pushes everything with one call failing; returns the errors that came back, and the sink.
fn run(tags: &[OwnedTag], options: Options, fails_at: usize) -> (Vec<&'static str>, Failing) {
    run_as::<Ts>(tags, options, fails_at)
}

fn run_as<C: Container>(
    tags: &[OwnedTag],
    options: Options,
    fails_at: usize,
) -> (Vec<&'static str>, Failing) {
    let mut auditor = Auditor::new(Failing { fails_at, ..Failing::default() })
        .frag_count(options.frag_count.get());
    let mut segmenter = Segmenter::<C>::with_container(Config::new(options).unwrap());
    let mut errors = Vec::new();
    let mut keep = |result: Result<(), Error<&'static str>>| match result {
        Err(Error::Sink(error)) => errors.push(error),
        other => other.unwrap(),
    };
    for tag in tags {
        keep(segmenter.push(tag.borrow(), &mut auditor));
    }
    keep(segmenter.finish(End::List, &mut auditor));
    auditor.assert_clean();
    (errors, auditor.into_inner())
}

/// Everything on: tables repeated, snapshots, a jump.
fn everything() -> (Vec<OwnedTag>, Options) {
    let mut tags = Base { millis: 14_000, ..BASE }.both();
    shift(&mut tags, 7000, 30_000);
    let options = Options {
        frag_duration: FragDuration::new(2).unwrap(),
        psi_interval: Some(TickSpan::from_millis(400)),
        snapshot_interval: Some(TickSpan::from_secs(3)),
        ..Options::default()
    };
    (tags, options)
}

/// MP3 beside video, in tags of more than a PES packet.
fn long_mp3_tags() -> (Vec<OwnedTag>, Options) {
    let video = Base { millis: 6_000, ..BASE }.video();
    let tags = in_order(video.into_iter().chain(mp3_tags(200, 40)));
    let options = Options {
        frag_duration: FragDuration::new(2).unwrap(),
        announced_audio: Some(StreamType::MPEG1_AUDIO),
        ..Options::default()
    };
    (tags, options)
}

/// MP3 alone, alike.
fn long_mp3_tags_alone() -> (Vec<OwnedTag>, Options) {
    let options = Options { frag_duration: FragDuration::new(2).unwrap(), ..Options::default() };
    (mp3_tags(200, 40).collect(), options)
}

#[test]
fn r_52_r_80_h_13_every_call_may_fail_and_costs_one_segment_at_the_most() {
    for (tags, options) in [everything(), long_mp3_tags(), long_mp3_tags_alone()] {
        every_call_fails::<Ts>(&tags, options);
        every_call_fails::<Fmp4>(&tags, options);
    }
}

fn every_call_fails<C: Container>(tags: &[OwnedTag], options: Options) {
    let (errors, whole) = run_as::<C>(tags, options, usize::MAX);
    assert!(errors.is_empty());
    let segments = whole.memory.segments.len();
    for fails_at in 1..=whole.calls.len() {
        let (errors, sink) = run_as::<C>(tags, options, fails_at);
        let name = sink.failed.unwrap();
        assert_eq!(errors, [name], "call {fails_at}: the error comes back, once");
        let memory = &sink.memory;
        let sequences: Vec<_> = memory.segments.iter().map(|segment| segment.sequence).collect();
        assert_eq!(
            sequences,
            (0..sequences.len() as u64).collect::<Vec<_>>(),
            "call {fails_at}, {name}"
        );
        let lost = usize::from(name != "update");
        assert!(
            sequences.len() + lost >= segments,
            "call {fails_at}, {name}: {} of {segments}",
            sequences.len()
        );
        assert_eq!(memory.aborted.len(), lost, "call {fails_at}, {name}");
        // The version that ends the list is told whatever happened to the last segment.
        let last = memory.playlists.last().unwrap();
        assert!(
            last.ends_with("#EXT-X-ENDLIST\n") || fails_at == whole.calls.len(),
            "call {fails_at}, {name}"
        );
        if let (Some(aborted), Some(next)) = (
            memory.aborted.first(),
            memory.segments.iter().find(|s| s.id > memory.aborted.first().map_or(0, |a| a.id)),
        ) {
            assert_eq!(next.discontinuity, next.sequence > 0, "call {fails_at}, {name}");
            assert!(memory.segments.iter().all(|segment| segment.id != aborted.id));
        }
    }
}

#[test]
fn r_52_of_two_calls_that_fail_in_one_push_the_first_is_told() {
    let tags = BASE.both();
    let (_, whole) = run(&tags, Options::default(), usize::MAX);
    let mut sink = Failing {
        fails_at: whole.numbers("close").next().unwrap(),
        for_good: true,
        ..Failing::default()
    };
    let mut segmenter = Segmenter::new(Config::default());
    let mut errors = tags.iter().filter_map(|tag| segmenter.push(tag.borrow(), &mut sink).err());
    // The segment that is to follow fails to open, by the same tag.
    assert_eq!(errors.next(), Some(Error::Sink("close")));
    drop(errors);
    assert_eq!(sink.failed, Some("open"));
}

#[test]
fn h_15_r_19_the_first_segment_of_a_list_has_its_own_date_where_one_before_it_was_lost() {
    let mut segmenter = Segmenter::new(Config::default());
    let mut sink = Failing { fails_at: 20, ..Failing::default() };
    for tag in BASE.both() {
        segmenter.set_wall_time(WallTime::from_unix_millis(tag.millis));
        let _ = segmenter.push(tag.borrow(), &mut sink);
    }
    let dates = sink.memory.segments.iter().map(|s| s.program_date_time);
    let want = (0..7).map(|n| Some(WallTime::from_unix_millis(1000 + n * 5000)));
    assert!(dates.eq(want));
    assert!(!sink.memory.segments[0].discontinuity);
}

#[test]
fn audio_that_came_into_a_segment_that_was_lost_runs_at_its_own_rate() {
    // The header comes when a segment is open, the first frame when none is.
    let mut tags = BASE.video();
    tags.extend(BASE.audio().into_iter().filter(|tag| tag.is_header() || tag.millis > 80));
    for tag in tags.iter_mut().filter(|tag| tag.is_header() && !support::is_video(tag)) {
        tag.millis = 40;
    }
    tags.sort_by_key(|tag| tag.millis);
    // Tables, three pictures: the fifth call is the write of the one at 80 ms.
    let (_, sink) = run(&tags, Options::default(), 5);
    let extinf: Vec<_> = sink.memory.segments.iter().map(|s| s.extinf.millis()).collect();
    assert_eq!(extinf, [5000, 5000, 5000, 5000, 5000, 5000, 5000, 4000]);
}

#[test]
fn behind_a_lost_segment_the_next_begins_where_the_clock_has_its_first_frame() {
    // Audio alone, whose tags run ahead of the clock by less than a re-anchor, and at last two
    // frames too large to wait.
    let mut tags = BASE.audio();
    for tag in &mut tags {
        tag.millis += tag.millis / 100;
    }
    let large = tags.iter().position(|tag| tag.millis > 500).unwrap();
    for tag in &mut tags[large..large + 2] {
        *tag = support::stream::audio(tag.millis, 4000);
    }
    tags.truncate(large + 2);
    // The segment, its tables, gathered audio, a clock reference; then what was gathered when the
    // first of the two comes.
    let (_, sink) = run(&tags, Options::default(), 5);
    let durations: Vec<_> = sink.memory.segments.iter().map(|s| s.duration.get()).collect();
    assert_eq!(durations, [2089]);
}

#[test]
fn r_52_a_call_that_fails_while_video_is_silent_costs_one_segment_too() {
    let mut tags = Base { millis: 200_000, ..BASE }.both();
    tags.retain(|tag| !support::is_video(tag) || tag.millis < 8_000);
    let (_, whole) = run(&tags, Options::default(), 0);
    for fails_at in (1..whole.calls.len()).step_by(61) {
        let (_, sink) = run(&tags, Options::default(), fails_at);
        let (left, all) = (sink.memory.segments.len(), whole.memory.segments.len());
        assert!(left + 1 >= all, "{left} of {all} when call {fails_at} fails");
    }
}

#[test]
fn y_11_the_number_of_an_aborted_segment_goes_to_the_next_and_its_id_does_not() {
    let tags = BASE.both();
    let (_, whole) = run(&tags, Options::default(), usize::MAX);
    let fails_at = whole.numbers("close").nth(4).unwrap();
    let (_, sink) = run(&tags, Options::default(), fails_at);
    let ids: Vec<_> = sink.memory.segments.iter().map(|segment| segment.id).collect();
    let aborted = sink.memory.aborted[0].id;
    assert!(!ids.contains(&aborted));
    assert_eq!(ids.len(), 7);
    assert_eq!(sink.memory.starts.iter().filter(|start| start.sequence == aborted).count(), 2);
    assert_eq!(sink.memory.segments[aborted as usize].id, aborted + 1);
}

#[test]
fn r_19_a_first_segment_behind_failures_is_not_tagged() {
    for fails_at in [1, 2, 40] {
        let (_, sink) = run(&BASE.both(), Options::default(), fails_at);
        assert!(!sink.memory.segments[0].discontinuity, "{fails_at}");
        assert_eq!(sink.memory.segments[0].sequence, 0, "{fails_at}");
    }
}

#[test]
fn r_49_h_10_a_segment_whose_close_failed_is_never_listed() {
    let tags = BASE.both();
    let (_, whole) = run(&tags, Options::default(), usize::MAX);
    let mut seen = 0;
    for fails_at in whole.numbers("close") {
        let (_, sink) = run(&tags, Options::default(), fails_at);
        let lost = format!("\n{}.ts\n", sink.memory.aborted[0].id);
        assert!(sink.memory.playlists.iter().all(|text| !text.contains(&lost)));
        seen += 1;
    }
    assert_eq!(seen, 8);
}

#[test]
fn two_sinks_are_one_and_the_first_errors_keep_the_call_from_the_second() {
    let mut tee = (Failing { fails_at: 30, ..Failing::default() }, Failing::default());
    let mut segmenter = Segmenter::new(Config::default());
    for tag in BASE.both() {
        let _ = segmenter.push(tag.borrow(), &mut tee);
    }
    segmenter.finish(End::List, &mut tee).unwrap();
    assert_eq!(tee.0.memory.bodies, tee.1.memory.bodies);
    assert_eq!(tee.0.memory.aborted, tee.1.memory.aborted);
    assert_eq!(tee.1.calls.len(), tee.0.calls.len() - 1);
}

/// The trait is fit for a dynamic sink with a fixed error.
#[test]
fn r_56_a_sink_may_be_a_trait_object_and_the_engine_may_move_between_threads() {
    fn assert_threads<T: Send + Sync + 'static>() {}
    assert_threads::<Segmenter>();
    let mut memory = Memory::default();
    let mut sink: Box<dyn SegmentSink<Error = std::convert::Infallible> + '_> =
        Box::new(&mut memory);
    let mut segmenter = Segmenter::new(Config::default());
    for tag in BASE.both() {
        segmenter.push(tag.borrow(), &mut *sink).unwrap();
    }
    drop(sink);
    assert_eq!(memory.segments.len(), 7);
}
