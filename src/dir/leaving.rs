//! Files that are to be deleted, and when (RFC 8216 §6.2.2).
//!
//! ```text
//!   left the list at 10.0 s, keep_for 20 s      swept over at 11.0 s: may go at 31.0 s
//!   the clock is set back to 5.0 s              may go at 25.0 s: no later than it would have
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use super::files::Files;
use super::state::Entry;
use crate::time::WallTime;

/// A file that is listed no more, or never was, or is listed by a list that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaving {
    /// Number of the segment; `None` where the file is a leftover that nothing knows.
    pub(super) id: Option<u64>,
    pub(super) name: String,
    /// For how long it must stay from when it is first swept over, in milliseconds.
    pub(super) keep_millis: i64,
    /// The moment from which nobody may ask for it, once it is known.
    pub(super) until: Option<WallTime>,
}

impl Leaving {
    /// Makes one of a file that nothing lists, and that was written at this Unix time.
    pub(super) fn of_leftover(name: String, written: Option<i64>, keep_millis: i64) -> Self {
        let until = written.map(|at| WallTime::from_unix_millis(at).offset(keep_millis));
        Self { id: None, name, keep_millis, until }
    }

    /// Returns whether the file may go now.
    pub(super) fn is_due(&self, now: WallTime) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// Makes the files leave of segments that follow each other, and that were in playlists of this
/// length at the most. An initialization section leaves with the last segment that needs it, unless
/// it is `needed` by what follows.
pub(super) fn of_segments(
    entries: &[Entry],
    needed: Option<u64>,
    longest_millis: i64,
    init_name: &dyn Fn(u64) -> String,
) -> Vec<Leaving> {
    let mut leaving = Vec::new();
    let later = entries.iter().skip(1).map(|entry| entry.listed.init).chain([needed]);
    for (Entry { listed, name }, later) in entries.iter().zip(later) {
        let keep_millis = i64::from(listed.extinf.millis()) + longest_millis;
        let (id, name, until) = (Some(listed.id), name.clone(), None);
        leaving.push(Leaving { id, name, keep_millis, until });
        if let Some(init) = listed.init.filter(|_| listed.init != later) {
            leaving.push(Leaving { id: None, name: init_name(init), keep_millis, until });
        }
    }
    leaving
}

/// Deletes what may go, and returns when the next file may; `None` where nothing waits.
pub(super) fn sweep(
    leaving: &mut Vec<Leaving>,
    files: &mut Files,
    is_published: bool,
    now: WallTime,
) -> Option<WallTime> {
    let mut next = None;
    for mut file in mem::take(leaving) {
        // The playlist in the folder may still list what the next version does not.
        if file.until.is_some() || is_published {
            // A clock that was set back keeps nothing for longer than it would have stayed.
            let whole = now.offset(file.keep_millis);
            let mut due = file.until.map_or(whole, |until| until.min(whole));
            if due <= now {
                if files.remove(&file.name).is_ok() {
                    continue;
                }
                due = now.offset(RETRY_MILLIS);
                file.keep_millis = file.keep_millis.max(RETRY_MILLIS);
            }
            file.until = Some(due);
            next = next.min(file.until).or(file.until);
        }
        leaving.push(file);
    }
    next
}

/// Milliseconds until a file that could not be deleted is tried again.
pub(super) const RETRY_MILLIS: i64 = 10_000;
