//! When each packet arrives, as the PCRs have it.
//!
//! ```text
//!            PCR n                PCR n+1          a packet between two PCRs stands in time where it stands
//!  packets ───┼────┼────┼────┼────┼───             in the stream: the rate is constant from PCR to PCR
//! ```

use std::time::Duration;

use crate::packet::{Packet, pcr};

/// 33 bits of 90 kHz at 27 MHz.
const MODULUS: u64 = (1 << 33) * 300;

/// Returns a time for every packet: the first PCR is 0, and time never runs back.
///
/// A PCR behind `discontinuity_indicator` says nothing of the time since the one before; the
/// interval before that is taken once more.
pub fn times(stream: &[Packet]) -> Vec<Duration> {
    let mut times = vec![Duration::ZERO; stream.len()];
    let mut last: Option<(usize, u64)> = None;
    // Both in 27 MHz ticks.
    let (mut now, mut interval) = (0, 0);
    for (index, packet) in stream.iter().enumerate() {
        let Some((value, broken)) = pcr(packet) else {
            continue;
        };
        if let Some((from, before)) = last {
            let forward = (value + MODULUS - before) % MODULUS;
            // More than a minute is no interval: the monitor shall see the jump, not wait for it.
            if !broken && forward < 27_000_000 * 60 {
                interval = forward;
            }
            let packets = (index - from) as u64;
            for (nth, time) in (0..).zip(&mut times[from..index]) {
                *time = duration(now + interval * nth / packets);
            }
            now += interval;
        }
        last = Some((index, value));
    }
    let from = last.map_or(0, |(from, _)| from);
    times[from..].fill(duration(now));
    times
}

/// Converts 27 MHz ticks, rounded down to nanoseconds.
fn duration(ticks: u64) -> Duration {
    Duration::from_nanos((u128::from(ticks) * 1000 / 27) as u64)
}
