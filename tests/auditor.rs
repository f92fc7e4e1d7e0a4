//! The Auditor: what the engine puts out is clean, and every fault put into it is told under its rule.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::std_instead_of_core,
    reason = "helpers of tests fail loudly"
)]

#[path = "auditor/faults.rs"]
mod faults;
mod support;
#[path = "auditor/tamper.rs"]
mod tamper;

use std::convert::Infallible;

use faults::{FAULTS, Fault};
use hls_segmenter::audit::{Auditor, Discard, Event, Recorder, Rule, UnitKind};
use hls_segmenter::flv::TagKind;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::WallTime;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Config, End, Error, Options, Segment, SegmentSink, SegmentStart, Segmenter};
use support::{OwnedTag, captures, policy_for, read_flv};
use tamper::nth;

/// Runs a stream, told the wall time tag by tag, into `sink`.
fn run<S: SegmentSink<Error = Infallible>>(tags: &[OwnedTag], options: Options, sink: &mut S) {
    let mut segmenter = Segmenter::new(Config::new(options).unwrap());
    for tag in tags {
        let now = WallTime::from_unix_millis(1_795_421_730_250).offset(tag.millis);
        segmenter.set_wall_time(now);
        segmenter.push(tag.borrow(), sink).unwrap();
    }
    segmenter.finish(End::List, sink).unwrap();
}

fn capture(name: &str) -> Vec<OwnedTag> {
    let all = captures();
    let (_, bytes) = all.iter().find(|(found, _)| found == name).unwrap();
    read_flv(bytes)
}

/// The calls for a capture, with segments of 1 s, a window of 2, and a jump of an hour in the middle.
fn events(name: &str, jump: bool) -> Vec<Event> {
    let mut tags = capture(name);
    if jump {
        for tag in tags.iter_mut().filter(|tag| tag.millis >= 6000) {
            tag.millis += 3_600_000;
        }
    }
    let mut recorder = Recorder::new(Discard);
    run(&tags, short(), &mut recorder);
    recorder.into_parts().1
}

fn short() -> Options {
    Options {
        frag_duration: hls_segmenter::config::FragDuration::new(1).unwrap(),
        frag_count: hls_segmenter::config::FragCount::new(2).unwrap(),
        ..Options::default()
    }
}

fn judge(events: &[Event]) -> Auditor {
    let mut auditor = Auditor::new(Discard).frag_count(2);
    for event in events {
        auditor.observe(event);
    }
    auditor
}

#[test]
fn v_01_every_capture_comes_out_clean() {
    for (name, bytes) in captures() {
        let options = Options {
            key_frames: policy_for(&name),
            ..Options::default()
        };
        for options in [options, short()] {
            let options = Options {
                key_frames: policy_for(&name),
                ..options
            };
            let mut auditor = Auditor::with_options(Recorder::new(Discard), &options);
            run(&read_flv(&bytes), options, &mut auditor);
            assert_eq!(auditor.violations(), [], "{name}");
            let (_, events) = auditor.into_inner().into_parts();
            let mut replay = Auditor::with_options(Discard, &options);
            events.iter().for_each(|event| replay.observe(event));
            assert_eq!(replay.violations(), [], "replay of {name}");
        }
    }
}

#[test]
fn v_01_the_streams_that_faults_are_put_into_are_clean_themselves() {
    for (name, jump) in [
        ("nobframes", false),
        ("nobframes", true),
        ("slices", false),
        ("audio_only", false),
    ] {
        judge(&events(name, jump)).assert_clean();
    }
}

#[test]
fn v_01_every_fault_is_told_under_its_rule() {
    let mut missed = Vec::new();
    for Fault {
        name,
        rule,
        stream,
        spoil,
    } in FAULTS
    {
        let mut events = events(stream.0, stream.1);
        spoil(&mut events);
        let auditor = judge(&events);
        let told = auditor.violations();
        println!(
            "{name} | {} | {}",
            rule.id(),
            told.first().map(ToString::to_string).unwrap_or_default()
        );
        if !told.iter().any(|violation| violation.rule == *rule) {
            missed.push(format!("{name}: {} is not among {told:#?}", rule.id()));
        }
    }
    assert_eq!(missed, Vec::<String>::new());
}

/// NAL units of H.264 other than delimiters and parameter sets, which a segmenter adds.
fn is_coded(unit: &&[u8]) -> bool {
    ![7, 8, 9].contains(&(unit[0] & 0x1f))
}

/// Splits the body of a tag at its NAL lengths of four bytes.
fn nal_units(mut body: &[u8]) -> Vec<&[u8]> {
    let mut units = Vec::new();
    while let Some((len, rest)) = body.split_first_chunk() {
        let (unit, rest) = rest.split_at(u32::from_be_bytes(*len) as usize);
        units.push(unit);
        body = rest;
    }
    units
}

#[test]
fn r_37_what_is_recorded_is_what_the_tags_brought() {
    for name in ["nobframes", "bframes", "slices", "aud_inband", "mp3"] {
        let tags = capture(name);
        let mut auditor = Auditor::new(Discard).record(true);
        run(&tags, Options::default(), &mut auditor);
        auditor.assert_clean();
        let out = |kind| {
            auditor
                .elementary()
                .iter()
                .filter(move |unit| unit.kind == kind)
        };
        let body = |kind, packet_type| {
            let tags = tags.iter().filter(move |tag| tag.kind == kind);
            tags.filter(move |tag| tag.data[1] == packet_type)
        };
        let sent: Vec<Vec<_>> = body(TagKind::VIDEO, 1)
            .map(|tag| {
                nal_units(&tag.data[5..])
                    .into_iter()
                    .filter(is_coded)
                    .collect()
            })
            .collect();
        let came: Vec<Vec<_>> = out(UnitKind::AccessUnit)
            .map(|unit| unit.nal_units().filter(is_coded).collect())
            .collect();
        assert_eq!(sent, came, "{name}");
        let sent: Vec<_> = match name {
            "mp3" => tags
                .iter()
                .filter(|tag| tag.kind == TagKind::AUDIO)
                .map(|tag| &tag.data[1..])
                .collect(),
            _ => body(TagKind::AUDIO, 1).map(|tag| &tag.data[2..]).collect(),
        };
        let came: Vec<_> = out(UnitKind::AudioFrame)
            .map(|unit| unit.bytes.as_slice())
            .collect();
        assert_eq!(sent, came, "{name}");
    }
}

#[test]
fn r_58_two_runs_give_equal_events() {
    assert_eq!(events("bframes", true), events("bframes", true));
}

/// Fails one `open_segment`.
#[derive(Default)]
struct Refusing {
    opened: usize,
}

impl SegmentSink for Refusing {
    type Error = &'static str;

    fn open_segment(&mut self, _start: &SegmentStart) -> Result<(), Self::Error> {
        self.opened += 1;
        if self.opened == 3 {
            Err("no room")
        } else {
            Ok(())
        }
    }

    fn write_packets(&mut self, _packets: TsPackets<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    fn close_segment(&mut self, _segment: &Segment) -> Result<(), Self::Error> {
        Ok(())
    }

    fn update_playlist(&mut self, _playlist: Playlist<'_>) -> Result<(), Self::Error> {
        Ok(())
    }
}

#[test]
fn r_52_an_error_goes_through_and_costs_one_segment() {
    let mut auditor = Auditor::with_options(Recorder::new(Refusing::default()), &short());
    let mut segmenter = Segmenter::new(Config::new(short()).unwrap());
    let mut errors = Vec::new();
    for tag in capture("nobframes") {
        match segmenter.push(tag.borrow(), &mut auditor) {
            Err(Error::Sink(error)) => errors.push(error),
            result => result.unwrap(),
        }
    }
    segmenter.finish(End::List, &mut auditor).unwrap();
    auditor.assert_clean();
    assert_eq!(errors, ["no room"]);

    let (_, mut events) = auditor.into_inner().into_parts();
    let failed = nth(&events, 0, |event| matches!(event, Event::Failed(_)));
    assert!(matches!(events[failed + 1], Event::Abort(aborted) if aborted.bytes == 0));
    let aborted = events.remove(failed + 1);
    assert_eq!(judge(&events).violations()[0].rule, Rule::Abort);
    events.insert(failed + 1, aborted);
    // The segment behind it must say that it breaks with the one before.
    let Event::Open(start) = &mut events[failed + 2] else {
        panic!("a segment opens next")
    };
    start.discontinuity = false;
    let told = judge(&events);
    let missing = |rule| {
        told.violations()
            .iter()
            .any(|violation| violation.rule == rule)
    };
    assert!(missing(Rule::DiscontinuityMissing));
    // And it takes the number of the one that was lost.
    let Event::Open(start) = &mut events[failed + 2] else {
        panic!("a segment opens next")
    };
    start.sequence += 1;
    let told = judge(&events);
    let missing = |rule| {
        told.violations()
            .iter()
            .any(|violation| violation.rule == rule)
    };
    assert!(missing(Rule::Sequence));
}
