//! Segments that have left the playlist and wait for their deletion.

use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

use hls_segmenter::ExpiredSegment;

/// The segments that have left, each with the moment from which no player may ask for it any more
/// (RFC 8216 §6.2.2).
///
/// The engine reckons the grace in media time; players live by the clock on the wall, so the grace
/// runs on that one, from the moment the segment left the list.
#[derive(Default)]
pub(crate) struct Expiry(VecDeque<(Instant, u64)>);

impl Expiry {
    /// Takes a segment that has just left.
    pub(crate) fn add(&mut self, expired: &ExpiredSegment) {
        let millis = u64::try_from(expired.keep_for.round_millis()).unwrap_or(0);
        let due = Instant::now() + Duration::from_millis(millis);
        self.0.push_back((due, expired.id));
    }

    /// Takes out the ids of the segments whose grace has passed. One with a long grace holds up
    /// those behind it.
    pub(crate) fn take_due(&mut self) -> impl Iterator<Item = u64> + '_ {
        let now = Instant::now();
        core::iter::from_fn(move || {
            let &(due, id) = self.0.front()?;
            (due <= now).then(|| self.0.pop_front())?;
            Some(id)
        })
    }
}
