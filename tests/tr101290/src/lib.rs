//! What the tests of TR 101 290 share: transport streams out of the engine, a clock, and the
//! monitor.
//!
//! ```text
//!   capture ──► Segmenter ──► segments, one behind the other ──► ConformanceMonitor ──► indicators
//!               PSI every 400 ms                  packet times from the PCRs
//! ```
//!
//! Indicator 2.4 (accuracy of the PCR) is about the clock of a channel with a constant rate, and
//! 2.6 (CAT) about scrambled streams: neither applies to segments, and neither can fire here.
#![forbid(unsafe_code)]

pub mod capture;
pub mod clock;
pub mod packet;

use std::time::Duration;

use dvb_conformance::{ConformanceEvent, ConformanceMonitor, Indicator, Priority};
use packet::Packet;

/// Feeds a stream to the monitor at the times that its PCRs say and returns what was raised.
///
/// The monitor looks at nothing before its fifth good packet; null packets lead, so that it sees
/// the whole stream.
pub fn monitor(stream: &[Packet]) -> Vec<ConformanceEvent> {
    let mut monitor = ConformanceMonitor::new();
    for _ in 0..5 {
        let events = monitor.feed(&packet::NULL, Duration::ZERO);
        assert!(events.is_empty(), "null packets are no error: {events:?}");
    }
    let times = clock::times(stream);
    let events = stream
        .iter()
        .zip(times)
        .flat_map(|(packet, at)| monitor.feed(packet, at).to_vec())
        .collect();
    assert_eq!(monitor.stats().packets, stream.len() as u64 + 5);
    events
}

/// Keeps what must be absent from our output: everything of priorities 1 and 2, and of priority 3
/// PIDs that no table lists (3.4) and the buffer of the tables (3.3, 3.9, 3.10 on `TBsys`).
///
/// The buffers of the elementary streams are left out: the monitor drains them at the mean rate of
/// the stream so far, which no stream of variable rate can satisfy, and not at the rate of the
/// level (ISO/IEC 13818-1 §2.4.2.4).
pub fn relevant(events: Vec<ConformanceEvent>) -> Vec<ConformanceEvent> {
    let matters = |event: &ConformanceEvent| match event.indicator {
        Indicator::BufferError | Indicator::EmptyBufferError | Indicator::DataDelayError => {
            event.detail.starts_with("TBsys")
        }
        Indicator::UnreferencedPid => true,
        _ => event.priority != Priority::Third,
    };
    events.into_iter().filter(matters).collect()
}

/// Says how often each indicator was raised, for the message of a failed test.
pub fn summary(events: &[ConformanceEvent]) -> String {
    let mut lines: Vec<(String, usize, &ConformanceEvent)> = Vec::new();
    for event in events {
        let name = format!("{} {}", event.indicator.clause(), event.indicator.name());
        match lines.iter_mut().find(|(known, ..)| *known == name) {
            Some((_, count, _)) => *count += 1,
            None => lines.push((name, 1, event)),
        }
    }
    lines
        .iter()
        .map(|(name, count, first)| {
            format!("\n  {count} x {name}, first at {:?}: {}", first.at, first.detail)
        })
        .collect()
}
