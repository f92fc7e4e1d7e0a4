//! The newest of a live channel, in memory: what is stored, so that players need not wait for the
//! store, and of a channel with parts what is not stored yet, too.
//!
//! ```text
//!   oldest                                               newest
//!   │ stored │ stored │ closed, on its way │ open: 0 1 2 │
//!   └ goes first, by count, age and bytes  └ never goes: players have been told of it
//! ```

use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use crate::store::Cut;

/// The newest segments of a channel, and what is said of them.
#[derive(Debug)]
pub(super) struct Edge {
    /// The playlist without parts, once this publication has written one.
    pub(super) playlist: Option<Bytes>,
    /// The last cuts, oldest first.
    pub(super) cuts: VecDeque<Cut>,
    /// Oldest first.
    segments: VecDeque<Held>,
    room: Room,
}

/// Bytes in memory: those of the edge, and those that left it while a reader has not taken all of
/// them.
#[derive(Clone, Debug)]
pub(super) struct Room {
    held: Arc<AtomicUsize>,
    most: usize,
}

/// A segment in memory.
#[derive(Debug)]
struct Held {
    names: Names,
    /// The initialization section that it needs, with its name.
    section: Option<Section>,
    parts: Vec<Bytes>,
    progress: Progress,
    millis: u64,
}

/// How far a segment is.
#[derive(Debug)]
enum Progress {
    /// It is being written: there are only parts.
    Open,
    Closed(Bytes),
    Stored(Bytes),
}

/// What players call a segment and its parts.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) segment: String,
    /// What the names of parts have in common, up to the number.
    pub(crate) part_stem: String,
}

/// An initialization section in memory.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

/// A segment that is in the store, and the playlist that lists it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) playlist: Bytes,
    pub(crate) name: String,
    pub(crate) segment: Bytes,
    pub(crate) section: Option<Section>,
    pub(crate) cut: Cut,
}

/// How much of what is stored players may still ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    pub(crate) segments: usize,
    /// The newest segments that last so long together.
    pub(crate) millis: u64,
}

/// More memory would be held than may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRoom;

impl Edge {
    /// Makes an empty edge, which holds `most` bytes.
    pub(super) fn new(cuts: &[Cut], most: usize) -> Self {
        Self {
            playlist: None,
            cuts: cuts.iter().cloned().collect(),
            segments: VecDeque::new(),
            room: Room { held: Arc::default(), most },
        }
    }

    /// Returns a segment, a section or a part that is in memory.
    pub(super) fn find(&self, name: &str) -> Option<Bytes> {
        self.segments.iter().rev().find_map(|held| held.find(name))
    }

    /// Returns where bytes are counted.
    pub(super) fn room(&self) -> Room {
        self.room.clone()
    }

    /// Begins a segment whose parts players are told of.
    pub(super) fn open(&mut self, names: Names, section: Option<Section>) {
        let (parts, progress) = (Vec::new(), Progress::Open);
        self.segments.push_back(Held { names, section, parts, progress, millis: 0 });
    }

    /// Adds a part of the open segment. What is stored makes room for it.
    pub(super) fn add_part(&mut self, part: Bytes) -> Result<(), NoRoom> {
        let part = self.room.counted(part);
        self.shrink();
        if self.room.is_exceeded() {
            return Err(NoRoom);
        }
        if let Some(held) = self.segments.back_mut() {
            held.parts.push(part);
        }
        Ok(())
    }

    /// Ends the open segment: its parts become pieces of the whole.
    pub(super) fn close(&mut self, whole: Bytes, millis: u64) {
        let whole = self.room.counted(whole);
        let Some(held) = self.segments.back_mut() else {
            return;
        };
        let mut end = 0;
        for part in &mut held.parts {
            let start = end;
            end = (start + part.len()).min(whole.len());
            *part = whole.slice(start.min(end)..end);
        }
        (held.progress, held.millis) = (Progress::Closed(whole), millis);
        self.shrink();
    }

    /// Forgets the open segment, which is lost.
    pub(super) fn drop_open(&mut self) {
        if self.segments.back().is_some_and(|held| matches!(held.progress, Progress::Open)) {
            self.segments.pop_back();
        }
    }

    /// Shows what has just been stored, and lets go of what nobody asks for any more.
    pub(super) fn show(&mut self, shown: Shown, keep: Keep) {
        let Shown { playlist, name, segment, section, cut } = shown;
        self.playlist = Some(playlist);
        match self.segments.iter_mut().find(|held| held.names.segment == name) {
            Some(held) => held.note_stored(),
            None => {
                let names = Names { segment: name, part_stem: String::new() };
                let progress = Progress::Stored(self.room.counted(segment));
                let millis = u64::from(cut.ms);
                let parts = Vec::new();
                self.segments.push_back(Held { names, section, parts, progress, millis });
            }
        }
        while self.segments.len() > keep.segments
            && self.millis_without_oldest() >= keep.millis
            && self.drop_oldest()
        {}
        self.shrink();
        self.cuts.push_back(cut);
        if self.cuts.len() > CUTS {
            self.cuts.pop_front();
        }
    }

    fn millis_without_oldest(&self) -> u64 {
        self.segments.iter().skip(1).map(|held| held.millis).sum()
    }

    /// Lets go of segments that can be read from the store. What a reader holds does not become less
    /// by that.
    fn shrink(&mut self) {
        while self.room.is_exceeded() && self.drop_oldest() {}
    }

    /// Drops the oldest segment if it is stored; returns whether it was.
    fn drop_oldest(&mut self) -> bool {
        let oldest = self.segments.front();
        let is_stored = oldest.is_some_and(|held| matches!(held.progress, Progress::Stored(_)));
        if is_stored {
            self.segments.pop_front();
        }
        is_stored
    }
}

impl Held {
    fn find(&self, name: &str) -> Option<Bytes> {
        if let Progress::Closed(whole) | Progress::Stored(whole) = &self.progress
            && self.names.segment == name
        {
            return Some(whole.clone());
        }
        if let Some(section) = self.section.as_ref().filter(|section| section.name == name) {
            return Some(section.bytes.clone());
        }
        let part = name.strip_prefix(&self.names.part_stem)?.strip_prefix('.')?;
        let (index, _extension) = part.split_once('.')?;
        self.parts.get(index.parse::<usize>().ok()?).cloned()
    }

    fn note_stored(&mut self) {
        if let Progress::Closed(whole) = &self.progress {
            self.progress = Progress::Stored(whole.clone());
        }
    }
}

impl Names {
    /// Returns the name of a part.
    pub(crate) fn part(stem: &str, index: u32, extension: &str) -> String {
        format!("{stem}.{index}.{extension}")
    }
}

impl Room {
    /// Returns the same bytes, which are counted as long as anybody has them.
    pub(super) fn counted(&self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Counted::new(bytes, &self.held))
    }

    fn is_exceeded(&self) -> bool {
        self.held.load(Ordering::Relaxed) > self.most
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

/// Bytes that are counted as long as anybody has them.
struct Counted {
    bytes: Bytes,
    held: Arc<AtomicUsize>,
}

impl Counted {
    fn new(bytes: Bytes, held: &Arc<AtomicUsize>) -> Self {
        held.fetch_add(bytes.len(), Ordering::Relaxed);
        Self { bytes, held: Arc::clone(held) }
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

/// Cuts that are remembered.
pub(crate) const CUTS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str) -> Shown {
        let cut = Cut {
            wall: 0,
            sequence: 0,
            ms: 1000,
            bytes: 100,
            cause: String::new(),
            gop: 0,
            disc: false,
        };
        let (playlist, segment) = (Bytes::new(), Bytes::from(vec![0; 100]));
        Shown { playlist, name: name.to_owned(), segment, section: None, cut }
    }

    fn show(edge: &mut Edge, name: &str) {
        edge.show(shown(name), Keep { segments: 3, millis: 0 });
    }

    fn names(segment: &str) -> Names {
        Names { segment: segment.to_owned(), part_stem: format!("p{segment}") }
    }

    #[test]
    fn segments_that_readers_hold_count_until_they_let_go() {
        let mut edge = Edge::new(&[], 250);
        show(&mut edge, "a");
        let reader = edge.find("a").unwrap().slice(50..);
        for name in ["b", "c", "d"] {
            show(&mut edge, name);
        }
        assert_eq!(edge.room.held(), 200, "a in a reader's hands, and d");
        assert!(edge.find("c").is_none() && edge.find("d").is_some());
        let greedy = edge.find("d").unwrap();
        show(&mut edge, "e");
        assert!(edge.find("e").is_none(), "readers hold all that there may be");
        drop((reader, greedy));
        assert_eq!(edge.room.held(), 0);
        show(&mut edge, "f");
        assert!(edge.find("f").is_some());
    }

    #[test]
    fn ll_7_parts_become_pieces_of_their_segment_and_are_counted_once() {
        let mut edge = Edge::new(&[], 1000);
        let section = Section { name: "i".to_owned(), bytes: Bytes::from_static(b"init") };
        edge.open(names("a"), Some(section));
        for part in [&b"01"[..], b"234"] {
            edge.add_part(Bytes::from_static(part)).unwrap();
        }
        assert_eq!(edge.find("pa.1.m4s").unwrap(), "234");
        assert_eq!(edge.find("i").unwrap(), "init");
        assert!(edge.find("a").is_none() && edge.find("pa.2.m4s").is_none());
        assert_eq!(edge.room.held(), 5);
        edge.close(Bytes::from_static(b"01234"), 2000);
        assert_eq!(edge.room.held(), 5);
        assert_eq!(edge.find("a").unwrap(), "01234");
        assert_eq!(edge.find("pa.1.m4s").unwrap(), "234");
    }

    #[test]
    fn what_is_not_stored_is_kept_and_refuses_more_than_there_may_be() {
        let mut edge = Edge::new(&[], 250);
        show(&mut edge, "a");
        edge.open(names("b"), None);
        edge.add_part(Bytes::from(vec![0; 100])).unwrap();
        edge.close(Bytes::from(vec![0; 100]), 1000);
        edge.open(names("c"), None);
        edge.add_part(Bytes::from(vec![0; 100])).unwrap();
        assert!(edge.find("a").is_none(), "it can be read from the store");
        assert!(edge.find("b").is_some());
        assert_eq!(edge.add_part(Bytes::from(vec![0; 100])), Err(NoRoom));
        edge.drop_open();
        assert_eq!(edge.room.held(), 100);
        show(&mut edge, "b");
        assert!(edge.find("pb.0.ts").is_some());
    }

    #[test]
    fn ll_6_segments_stay_for_their_time_whatever_their_count() {
        let mut edge = Edge::new(&[], 10_000);
        for name in ["a", "b", "c", "d", "e", "f"] {
            edge.show(shown(name), Keep { segments: 2, millis: 4000 });
        }
        assert!(edge.find("b").is_none() && edge.find("c").is_some());
    }
}
