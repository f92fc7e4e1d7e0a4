//! The Auditor: what the engine puts out is clean, and every fault put into it is told under its
//! rule.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::std_instead_of_core,
    reason = "helpers of tests fail loudly"
)]

mod faults;
mod fmp4;
mod parts;
#[path = "../support/mod.rs"]
mod support;
mod tamper;

use std::convert::Infallible;

use faults::{FAULTS, Fault};
use hls_segmenter::flv::TagKind;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::{TickSpan, WallTime};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Config, End, Error, Options, Segment, SegmentSink, SegmentStart, Segmenter};
use hls_segmenter_auditor::{Auditor, Discard, Event, Recorder, Rule, UnitKind};
use support::{OwnedTag, captures, policy_for, read_flv};
use tamper::*;

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

/// The calls for a capture, with segments of 1 s, a window of 2, and a jump of an hour in the
/// middle.
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

fn run_into(segmenter: &mut Segmenter, sink: &mut impl SegmentSink<Error = Infallible>) {
    for tag in capture("nobframes") {
        segmenter.push(tag.borrow(), sink).unwrap();
    }
}

fn short() -> Options {
    Options {
        frag_duration: hls_segmenter::config::FragDuration::new(1).unwrap(),
        frag_count: hls_segmenter::config::FragCount::new(2).unwrap(),
        ..Options::default()
    }
}

fn judge(events: &[Event]) -> Auditor {
    observe(Auditor::new(Discard).frag_count(2), events)
}

fn observe(mut auditor: Auditor, events: &[Event]) -> Auditor {
    for event in events {
        auditor.observe(event);
    }
    auditor
}

fn tells(auditor: &Auditor, rule: Rule) -> bool {
    let mut told = auditor.violations().iter();
    told.any(|violation| violation.rule == rule)
}

#[test]
fn v_01_every_capture_comes_out_clean() {
    for (name, bytes) in captures() {
        let options = Options { key_frames: policy_for(&name), ..Options::default() };
        for options in [options, short()] {
            let options = Options { key_frames: policy_for(&name), ..options };
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
    for (name, jump) in
        [("nobframes", false), ("nobframes", true), ("slices", false), ("audio_only", false)]
    {
        judge(&events(name, jump)).assert_clean();
    }
}

#[test]
fn v_01_every_fault_is_told_under_its_rule() {
    let mut missed = Vec::new();
    for Fault { name, rule, stream, spoil } in FAULTS {
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

#[test]
fn an_auditor_that_found_something_is_not_clean_counts_it_and_ends_a_test() {
    let mut events = events("nobframes", false);
    let clean = judge(&events);
    assert!(clean.is_clean());
    assert_eq!(clean.violation_count(), 0);
    events.remove(nth(&events, 1, is_close));
    let auditor = judge(&events);
    assert!(!auditor.is_clean());
    assert_eq!(
        auditor.violation_count(),
        auditor.violations().len() as u64,
        "all are kept of so few"
    );
    assert!(std::panic::catch_unwind(|| auditor.assert_clean()).is_err());
}

#[test]
fn a_violation_names_the_call_and_the_bytes_of_the_fault() {
    for (cut, rule) in [(0, Rule::Packet), (1, Rule::Packet)] {
        let mut events = events("nobframes", false);
        let at = nth(&events, 5, is_video);
        let bytes = packets(&mut events, at);
        bytes[0] = 0x46;
        bytes.truncate(bytes.len() - cut);
        let len = bytes.len();
        let auditor = judge(&events);
        let first = &auditor.violations()[0];
        assert_eq!((first.rule, first.place.call), (rule, at as u64));
        let short = format!("a run has {len} bytes");
        assert_eq!(first.what == short, cut > 0, "{}", first.what);
    }
}

#[test]
fn tables_that_change_within_a_timeline_are_told_where_they_change() {
    // In the second segment, and behind the tables that begin the first one.
    for third in [false, true] {
        let mut events = events("nobframes", false);
        let at = nth(&events, usize::from(!third), is_tables);
        let tables = packets(&mut events, at);
        let pmt = if third {
            tables.extend_from_within(LEN..);
            &mut tables[2 * LEN..]
        } else {
            &mut tables[LEN..]
        };
        pmt[3] += u8::from(third);
        pmt[10] += 2;
        pmt[22] = 0x03;
        seal(pmt);
        let auditor = judge(&events);
        let what = "PMT changed without a discontinuity";
        let mut told = auditor.violations().iter();
        assert!(
            told.any(|told| told.what == what && told.place.call == at as u64),
            "third table: {third}"
        );
    }
}

#[test]
fn of_any_input_audio_may_be_too_late_for_the_clock_and_video_may_not() {
    for video in [true, false] {
        let is = if video { is_key_frame } else { is_audio };
        let mut events = events("nobframes", false);
        // A second before, which the clock has passed: it is 700 ms behind the times written.
        change(&mut events, 5, is, |bytes| {
            let at = pes_at(bytes) + 9;
            let early = time(&bytes[at..]) - 90_000;
            put_time(&mut bytes[at..], early);
        });
        for any_input in [false, true] {
            let auditor = Auditor::new(Discard).frag_count(2).any_input(any_input);
            assert_eq!(
                tells(&observe(auditor, &events), Rule::PcrOrder),
                video || !any_input,
                "video: {video}, any input: {any_input}"
            );
        }
    }
}

#[test]
fn a_resumed_list_goes_on_with_its_counters() {
    let options = short();
    let mut memory = support::Memory::default();
    let mut segmenter = Segmenter::new(Config::new(options).unwrap());
    run_into(&mut segmenter, &mut memory);
    let (token, listed) = (segmenter.resume_token(), memory.listed);
    let config = Config::new(options).unwrap();
    let mut resumed = Segmenter::resume(config, &token, listed.iter().copied()).unwrap();
    let mut recorder = Recorder::new(Discard);
    run_into(&mut resumed, &mut recorder);
    let mut events = recorder.into_parts().1;
    let at = nth(&events, 0, is_tables);
    let counter = &mut packets(&mut events, at)[3];
    *counter = *counter & 0xf0 | (*counter + 1) & 0x0f;
    let mut auditor = Auditor::new(Discard).frag_count(2);
    auditor.resume(&token, &listed);
    let auditor = observe(auditor, &events);
    let first = &auditor.violations()[0];
    assert_eq!((first.rule, first.place.call), (Rule::Continuity, at as u64));
}

#[test]
fn what_a_segment_repeats_of_its_beginning_is_the_same() {
    type Spoil = fn(&mut Segment);
    let fields: [(&str, Spoil); 7] = [
        ("id", |segment| segment.id += 1),
        ("sequence", |segment| segment.sequence += 1),
        ("start", |segment| segment.start = segment.start + TickSpan::TICK),
        ("wall", |segment| segment.wall = None),
        ("program_date_time", |segment| {
            segment.program_date_time = None;
        }),
        ("discontinuity", |segment| {
            segment.discontinuity = !segment.discontinuity;
        }),
        ("starts_with_idr", |segment| {
            segment.starts_with_idr = !segment.starts_with_idr;
        }),
    ];
    for (name, spoil) in fields {
        let mut events = events("nobframes", false);
        change_segment(&mut events, 1, |_| {}, spoil);
        let auditor = judge(&events);
        let want = format!("{name} of the segment is another than when it was opened");
        let mut told = auditor.violations().iter();
        assert!(told.any(|told| told.rule == Rule::Facts && told.what == want), "{name}");
    }
}

#[test]
fn a_close_that_failed_is_not_judged_by_what_the_segment_holds() {
    let events = events("nobframes", false);
    let (open, close) = (nth(&events, 0, is_open), nth(&events, 0, is_close));
    let failed = Event::Failed(Box::new(events[close].clone()));
    judge(&[events[open].clone(), failed]).assert_clean();
    assert!(!judge(&[events[open].clone(), events[close].clone()]).is_clean());
}

#[test]
fn audio_frames_are_counted_where_they_can_be_told_apart() {
    for (name, any_input, broken, told) in [
        ("audio_only", false, false, true),
        ("audio_only", true, false, true),
        ("audio_only", false, true, false),
        ("mp3", false, false, true),
        ("mp3", true, false, false),
    ] {
        let mut tags = capture(name);
        tags.retain(|tag| tag.kind == TagKind::AUDIO);
        let mut recorder = Recorder::new(Discard);
        run(&tags, short(), &mut recorder);
        let mut events = recorder.into_parts().1;
        if broken {
            change(&mut events, 1, is_audio, |bytes| {
                let at = payload_at(bytes);
                bytes[at + 5] ^= 0x80;
            });
        }
        change_segment(&mut events, 0, |_| {}, |segment| segment.frames += 1);
        let auditor = Auditor::new(Discard).frag_count(2).any_input(any_input);
        let auditor = observe(auditor, &events);
        assert_eq!(
            tells(&auditor, Rule::Facts),
            told,
            "{name}, any input: {any_input}, broken: {broken}"
        );
    }
}

#[test]
fn of_a_resumed_list_a_segment_may_be_kept_longer_than_what_is_known_asks_for() {
    let options = short();
    let mut memory = support::Memory::default();
    let mut segmenter = Segmenter::new(Config::new(options).unwrap());
    run_into(&mut segmenter, &mut memory);
    let (token, listed) = (segmenter.resume_token(), memory.listed);
    let config = Config::new(options).unwrap();
    let mut resumed = Segmenter::resume(config, &token, listed.iter().copied()).unwrap();
    let mut recorder = Recorder::new(Discard);
    run_into(&mut resumed, &mut recorder);
    let events = recorder.into_parts().1;
    for (by, told) in [(-1, true), (0, false), (1, false)] {
        let mut events = events.clone();
        let at = nth(&events, 0, is_expire);
        if let Event::Expire(expired) = &mut events[at] {
            expired.keep_for += TickSpan::from_millis(by);
        }
        let mut auditor = Auditor::new(Discard).frag_count(2);
        auditor.resume(&token, &listed);
        let auditor = observe(auditor, &events);
        assert_eq!(tells(&auditor, Rule::Expiry), told, "{by} ms");
    }
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
        let out = |kind| auditor.elementary().iter().filter(move |unit| unit.kind == kind);
        let body = |kind, packet_type| {
            let tags = tags.iter().filter(move |tag| tag.kind == kind);
            tags.filter(move |tag| tag.data[1] == packet_type)
        };
        let sent: Vec<Vec<_>> = body(TagKind::VIDEO, 1)
            .map(|tag| nal_units(&tag.data[5..]).into_iter().filter(is_coded).collect())
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
        let came: Vec<_> = out(UnitKind::AudioFrame).map(|unit| unit.bytes.as_slice()).collect();
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
        if self.opened == 3 { Err("no room") } else { Ok(()) }
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
    let Event::Open(start) = &mut events[failed + 2] else { panic!("a segment opens next") };
    start.discontinuity = false;
    assert!(tells(&judge(&events), Rule::DiscontinuityMissing));
    // And it takes the number of the one that was lost.
    let Event::Open(start) = &mut events[failed + 2] else { panic!("a segment opens next") };
    start.sequence += 1;
    assert!(tells(&judge(&events), Rule::Sequence));
}
