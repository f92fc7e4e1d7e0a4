//! The one walk over the packets of a run: copying, showing pieces and reading as a buffer all take
//! it.
//!
//! Most packets of a run are plain: four bytes of header, and payload. A run is walked from one
//! packet that is not to the next, so that a picture of 160 packets takes two steps. The first
//! packet stands outside of the walk.
//!
//! ```text
//!   first │ 158 plain, last                                          a picture: times first, stuffing last
//!   first │ 8 plain, PCR │ 8 plain, PCR │ 8 plain, last              audio alone
//! ```

use super::packet::Field;
use super::run::PesRun;
use crate::time::{TickSpan, Ticks};

/// Walks over the packets of a run after the first one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// The packet that the walk has come to.
    index: usize,
    /// Clock references that are still to come, each in a packet of its own before the last one.
    pcrs_left: usize,
    /// The next of them.
    pcr: Ticks,
    step: TickSpan,
    /// How many packets apart they are.
    every: usize,
    last: Last,
}

/// The last packet of a run.
#[derive(Clone, Copy, Debug)]
struct Last {
    index: usize,
    field: Field,
}

/// Some plain packets, and one that may not be plain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) plain: usize,
    pub(super) then: Special,
}

/// A packet that may not be plain.
#[derive(Clone, Copy, Debug)]
pub(super) enum Special {
    /// It has a clock reference, and nothing else.
    Pcr(Ticks),
    /// It is the last one: it may have a clock reference, and it may be stuffed.
    Last(Field),
}

impl Layout {
    /// Begins after the first packet.
    #[inline(always)]
    pub(super) fn new(run: &PesRun<'_>) -> Self {
        let pcrs = &run.pcrs;
        let last = run.packets() - 1;
        let of_first = usize::from(pcrs.at == 0);
        let pcr_of_last = pcrs.last().filter(|&(at, _)| at == last).map(|(_, pcr)| pcr);
        let elsewhere = of_first + usize::from(pcr_of_last.is_some());
        Self {
            index: 1,
            pcrs_left: pcrs.count.saturating_sub(elsewhere),
            pcr: pcrs.nth(1),
            step: pcrs.step,
            every: pcrs.every,
            last: Last {
                index: last,
                field: Field { flags: 0, pcr: pcr_of_last, stuffing: run.stuffing },
            },
        }
    }

    /// Returns the next stretch; `None` at the end of the run.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<Stretch> {
        let Some(left) = self.pcrs_left.checked_sub(1) else {
            let plain = self.last.index.checked_sub(self.index)?;
            self.index = self.last.index + 1;
            let then = Special::Last(self.last.field);
            return Some(Stretch { plain, then });
        };
        let pcr = self.pcr;
        self.pcrs_left = left;
        self.pcr = pcr + self.step;
        self.index += self.every;
        Some(Stretch { plain: self.every - 1, then: Special::Pcr(pcr) })
    }
}
