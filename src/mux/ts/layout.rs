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
use super::run::{Pcrs, PesRun};
use crate::time::{TickSpan, Ticks};

/// Walks over the packets of a run after the first one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// The packet that the walk has come to.
    index: usize,
    inner: InnerPcrs,
    last: Last,
}

/// The clock references that are still to come before the last packet, evenly spaced.
#[derive(Clone, Copy, Debug)]
struct InnerPcrs {
    left: usize,
    next: Ticks,
    step: TickSpan,
    /// How many packets they are apart.
    every: usize,
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
        let mut inner =
            InnerPcrs { left: 0, next: Ticks::default(), step: TickSpan::ZERO, every: 1 };
        let mut pcr = None;
        match run.pcrs {
            Pcrs::None => {}
            Pcrs::InLast(last) => pcr = Some(last),
            Pcrs::FromFirst { first, step, more, every } => {
                inner = InnerPcrs { left: more, next: first + step, step, every };
            }
        }
        let field = Field { flags: 0, pcr, stuffing: run.stuffing };
        Self { index: 1, inner, last: Last { index: run.packets - 1, field } }
    }

    /// Returns the next stretch; `None` at the end of the run.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<Stretch> {
        let inner = &mut self.inner;
        let Some(left) = inner.left.checked_sub(1) else {
            let plain = self.last.index.checked_sub(self.index)?;
            self.index = self.last.index + 1;
            return Some(Stretch { plain, then: Special::Last(self.last.field) });
        };
        let pcr = inner.next;
        inner.left = left;
        inner.next = pcr + inner.step;
        self.index += inner.every;
        Some(Stretch { plain: inner.every - 1, then: Special::Pcr(pcr) })
    }
}
