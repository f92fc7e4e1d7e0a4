//! Our output raises no indicator.

use dvb_conformance::Indicator;
use hls_segmenter::flv::TagKind;
use tr101290::capture::{Capture, OwnedTag, capture, captures};
use tr101290::{monitor, relevant, summary};

fn assert_clean(captures: &[Capture]) {
    let mut faults = String::new();
    for capture in captures {
        let stream = capture.segment();
        let events = relevant(monitor(&stream));
        println!("{}: {} packets, {} events", capture.name, stream.len(), events.len());
        if !events.is_empty() {
            faults += &format!("\n{}:{}", capture.name, summary(&events));
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn v_02_no_capture_raises_an_indicator() {
    assert_clean(&captures());
}

#[test]
fn v_02_a_track_alone_raises_no_indicator() {
    let captures =
        ["bframes", "nobframes", "long_gop", "mp3", "he_aac", "h265/open_gop", "h265/hdr"]
            .map(capture);
    let tracks = captures.iter().flat_map(|capture| {
        [
            capture.only(TagKind::AUDIO, "without video"),
            capture.only(TagKind::VIDEO, "without audio"),
        ]
    });
    assert_clean(&tracks.collect::<Vec<_>>());
}

#[test]
fn t_17_clocks_that_wrap_raise_no_indicator() {
    for capture in ["bframes", "h265/open_gop"].map(capture) {
        // 2^33 ticks are 95 443 717.7 ms, less the lead of 700 ms; tag time wraps at 2^32 ms.
        assert_clean(&[
            capture.later(95_443_717 - 700 - 5_000, "across the wrap of PTS, DTS and PCR"),
            capture.later((1 << 32) - 5_000, "across the wrap of tag time"),
        ]);
    }
}

#[test]
fn t_08_a_break_of_the_timeline_raises_no_indicator() {
    // The same again, and a change of codec.
    let pairs = [("bframes", "bframes"), ("h265/hdr", "h265/hdr"), ("bframes", "h265/open_gop")];
    for (first, second) in pairs {
        let (once, other) = (capture(first), capture(second));
        let breaks = [("an hour later", 3_600_000), ("from the beginning", 0)];
        let streams = breaks.map(|(how, later)| {
            let again = other.later(later, how);
            let tags = [once.tags.clone(), again.tags].concat();
            once.made(&format!("and then {second} {how}"), tags)
        });
        assert_clean(&streams);
    }
}

#[test]
fn t_05_a_track_that_joins_late_raises_no_indicator() {
    ["nobframes", "h265/hdr"].map(capture).iter().for_each(assert_clean_with_late_tracks);
}

fn assert_clean_with_late_tracks(capture: &Capture) {
    let late = |kind: TagKind, millis: i64| -> Vec<OwnedTag> {
        // Nothing announces the track before it comes.
        let joins = |tag: &&OwnedTag| match tag.kind {
            TagKind::SCRIPT => false,
            other => other != kind || tag.millis >= millis || is_header(tag),
        };
        let mut tags: Vec<_> = capture.tags.iter().filter(joins).cloned().collect();
        for tag in tags.iter_mut().filter(|tag| tag.kind == kind) {
            tag.millis = tag.millis.max(millis);
        }
        // Stable: the header stays before its frames.
        tags.sort_by_key(|tag| tag.millis);
        tags
    };
    assert_clean(&[
        capture.made("with audio from 3 s on", late(TagKind::AUDIO, 3_000)),
        capture.made("with video from 3 s on", late(TagKind::VIDEO, 3_000)),
    ]);
}

/// Says whether this is a sequence header of H.264 or AAC, or of H.265 as Enhanced RTMP has it.
fn is_header(tag: &OwnedTag) -> bool {
    let is_enhanced = tag.kind == TagKind::VIDEO && tag.data[0] & 0x80 != 0;
    if is_enhanced { tag.data[0] & 0x0f == 0 } else { tag.data[1] == 0 }
}

#[test]
fn indicators_that_do_not_apply_are_never_raised() {
    for capture in captures() {
        let events = monitor(&capture.segment());
        let inapplicable = [Indicator::PcrAccuracyError, Indicator::CatError];
        assert!(!events.iter().any(|event| inapplicable.contains(&event.indicator)));
    }
}
