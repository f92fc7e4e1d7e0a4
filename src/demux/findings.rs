//! What was odd about a tag, and what the tag says of its track: collected while the tag is read,
//! reported afterwards.

use crate::notice::{NoticeAmount, NoticeKind};
use crate::track::Track;

/// What reading a tag found out apart from its media.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Findings {
    found: [Found; MAX_KINDS],
    len: usize,
    /// The codec of media that is not carried.
    pub(crate) codec: NoticeAmount,
    /// The track as this tag describes it, if that is new.
    pub(crate) track: Option<Track>,
}

/// One kind of notice, and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) kind: NoticeKind,
    pub(crate) times: u32,
}

impl Findings {
    #[inline]
    pub(crate) const fn new() -> Self {
        let vacant = Found { kind: NoticeKind::BadTag, times: 0 };
        Self { found: [vacant; MAX_KINDS], len: 0, codec: NoticeAmount::None, track: None }
    }

    /// Adds something that was found once.
    #[cold]
    pub(crate) fn add(&mut self, kind: NoticeKind) {
        self.add_times(kind, 1);
    }

    /// Adds something that was found `times` times, which may be 0.
    pub(crate) fn add_times(&mut self, kind: NoticeKind, times: usize) {
        let times = u32::try_from(times).unwrap_or(u32::MAX);
        if times > 0
            && let Some(room) = self.found.get_mut(self.len)
        {
            *room = Found { kind, times };
            self.len += 1;
        }
    }

    /// Adds media that is not carried, with its codec.
    #[cold]
    pub(crate) fn add_codec(&mut self, kind: NoticeKind, codec: NoticeAmount) {
        self.add(kind);
        self.codec = codec;
    }

    /// Takes what was found, and leaves nothing.
    #[cold]
    pub(crate) const fn take(&mut self) -> Self {
        core::mem::replace(self, Self::new())
    }

    /// Returns whether there is nothing to report.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0 && self.track.is_none()
    }

    /// Iterates over what was found, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Found> {
        self.found.iter().take(self.len).copied()
    }
}

/// Kinds of notices that one tag can cause, with room to spare.
const MAX_KINDS: usize = 8;
