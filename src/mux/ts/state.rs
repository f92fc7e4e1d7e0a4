//! What of a transport stream outlives a segment, an interruption, and a process.
//!
//! A resume token carries all of it: players join the segments of a list to one stream, in which
//! continuity counters and the version of the tables have to go on.

use super::packet::ContinuityCounter;
use crate::stream_type::Program;

/// What goes on from one segment to the next, and from one process to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TsState {
    pub(crate) program: Program,
    /// Version of the PMT, modulo 32.
    pub(crate) version: u8,
    /// Of the next packet with this table.
    pub(super) pat: ContinuityCounter,
    pub(super) pmt: ContinuityCounter,
    pub(super) video: PidState,
    pub(super) audio: PidState,
}

/// What goes on from packet to packet of an elementary stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PidState {
    /// Of the next packet with payload.
    pub(super) counter: ContinuityCounter,
    pub(super) clock: ClockContinuity,
}

/// Whether the next packet of a PID has to say that the clock is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClockContinuity {
    Continues,
    Broken,
}

impl TsState {
    /// Takes a program, its version, and the counters of PAT, PMT, video and audio.
    pub(crate) const fn new(program: Program, version: u8, counters: [u8; 4]) -> Self {
        let [pat, pmt, video, audio] = counters;
        Self {
            program,
            version: version & 0x1f,
            pat: ContinuityCounter::new(pat),
            pmt: ContinuityCounter::new(pmt),
            video: PidState::new(video),
            audio: PidState::new(audio),
        }
    }

    /// Returns the counters of PAT, PMT, video and audio.
    pub(crate) const fn counters(&self) -> [u8; 4] {
        [self.pat.get(), self.pmt.get(), self.video.counter.get(), self.audio.counter.get()]
    }
}

impl PidState {
    const fn new(counter: u8) -> Self {
        Self { counter: ContinuityCounter::new(counter), clock: ClockContinuity::Continues }
    }

    /// Returns whether the packet that comes now has to say that the clock is another one.
    #[inline]
    pub(super) fn take_discontinuity(&mut self) -> bool {
        let clock = core::mem::replace(&mut self.clock, ClockContinuity::Continues);
        clock == ClockContinuity::Broken
    }
}
