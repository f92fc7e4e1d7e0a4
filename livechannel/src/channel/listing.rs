//! What the lists of a publication say: which names segments, sections and parts have, and the texts.

use core::fmt::{self, Write as _};

use bytes::Bytes;
use hls_segmenter::SegmentStart;
use hls_segmenter::playlist::{ListedSegment, NextPart, Playlist};
use hls_segmenter::time::WallTime;

use super::edge::{Names, Section};
use super::versions::Version;
use crate::store::{Container, StoredInit, StoredSegment};

/// The names of one publication.
#[derive(Debug)]
pub(super) struct Listing {
    /// Makes the names of its segments differ from those of all others.
    epoch: u64,
    container: Container,
    /// The segments that the newest list has, those of earlier publications among them.
    listed: Vec<StoredSegment>,
    /// The section in force.
    section: Option<InForce>,
    /// The section before that, which is in force again if the segment is lost that begins with it.
    earlier: Option<InForce>,
}

/// An initialization section of this publication.
#[derive(Clone, Debug)]
struct InForce {
    init: StoredInit,
    section: Section,
}

impl Listing {
    pub(super) const fn new(
        epoch: u64,
        container: Container,
        inherited: Vec<StoredSegment>,
    ) -> Self {
        Self { epoch, container, listed: inherited, section: None, earlier: None }
    }

    /// Begins a section. Its name has the time of the segment that opens next.
    pub(super) fn begin_section(&mut self, id: u64, bytes: Bytes) {
        let section = Section { name: String::new(), bytes };
        let init = StoredInit { id, wall: 0 };
        self.earlier = self.section.replace(InForce { init, section });
    }

    /// Begins a segment, and names the section that begins with it.
    pub(super) fn open(&mut self, start: &SegmentStart) {
        if let Some(InForce { init, section }) = &mut self.section
            && init.id == start.id
        {
            init.wall = start.wall.map(WallTime::unix_millis).unwrap_or_default();
            section.name = init.name(self.epoch);
        }
    }

    /// Forgets the section that began with a segment which is lost.
    pub(super) fn lose(&mut self, id: u64) {
        if self.section.as_ref().is_some_and(|section| section.init.id == id) {
            self.section = self.earlier.take();
        }
    }

    /// Returns the section in force.
    pub(super) fn section(&self) -> Option<Section> {
        self.section.as_ref().map(|section| section.section.clone())
    }

    /// Returns what players call a segment that has opened, and its parts.
    pub(super) fn names(&self, start: &SegmentStart) -> Names {
        let segment = self.stored(&ListedSegment::from(start)).name();
        Names { segment, part_stem: self.part_stem(start.id) }
    }

    /// Returns the segments of a list.
    pub(super) fn listed(&self, playlist: Playlist<'_>) -> Vec<StoredSegment> {
        playlist.segments().map(|segment| self.stored(&segment)).collect()
    }

    /// Returns the number of the newest segment, if this publication has written it.
    pub(super) fn newest(&self, listed: &[StoredSegment]) -> Option<u64> {
        let newest = listed.last().filter(|segment| segment.epoch == self.epoch);
        newest.map(|segment| segment.sequence)
    }

    /// Notes that these segments are what the newest list has.
    pub(super) fn publish(&mut self, listed: &[StoredSegment]) {
        self.listed.clear();
        self.listed.extend_from_slice(listed);
    }

    /// Writes a list without parts; `None` where the engine names what it never handed out.
    pub(super) fn plain(&self, playlist: Playlist<'_>, listed: &[StoredSegment]) -> Option<String> {
        let m3u8 = playlist
            .m3u8(|segment, uri| uri.write_str(&self.stored(segment).name()))
            .init_uri(|id, uri| uri.write_str(&self.section_name(id, listed)?));
        written(m3u8)
    }

    /// Writes a list with parts; `None` as before, and where the engine makes no parts.
    pub(super) fn version(
        &self,
        playlist: Playlist<'_>,
        listed: &[StoredSegment],
    ) -> Option<Version> {
        let m3u8 = playlist
            .m3u8(|segment, uri| uri.write_str(&self.stored(segment).name()))
            .init_uri(|id, uri| uri.write_str(&self.section_name(id, listed)?))
            .low_latency(|part, uri| uri.write_str(&self.part_name(part)));
        Some(Version {
            whole: written(m3u8)?.into(),
            delta: written(m3u8.delta())?.into(),
            edge: playlist.live_edge()?,
            hinted: playlist.next_part().map(|part| self.part_name(part)),
        })
    }

    /// Takes over what the engine says of a listed segment, which an earlier publication may have
    /// written.
    fn stored(&self, segment: &ListedSegment) -> StoredSegment {
        let same = |old: &&StoredSegment| old.sequence == segment.sequence && old.id == segment.id;
        match self.listed.iter().find(same) {
            Some(known) => StoredSegment::new(segment, known.epoch, known.init),
            None => StoredSegment::new(segment, self.epoch, self.init(segment.init)),
        }
    }

    /// Returns the section in force, if it is the one of this id.
    fn init(&self, id: Option<u64>) -> Option<StoredInit> {
        let in_force = self.section.as_ref().map(|section| section.init);
        in_force.filter(|init| Some(init.id) == id)
    }

    /// Returns the name of the section that listed segments or the open one need.
    fn section_name(&self, id: u64, listed: &[StoredSegment]) -> Result<String, fmt::Error> {
        let found = listed.iter().find(|segment| segment.init.is_some_and(|init| init.id == id));
        found
            .and_then(StoredSegment::init_name)
            .or_else(|| Some(self.init(Some(id))?.name(self.epoch)))
            .ok_or(fmt::Error)
    }

    /// Returns what the names of the parts of a segment begin with. The next segment has no time
    /// yet, and so parts have none.
    fn part_stem(&self, id: u64) -> String {
        format!("p{id}_{}", self.epoch)
    }

    fn part_name(&self, part: NextPart) -> String {
        let stem = self.part_stem(part.segment);
        Names::part(&stem, part.index, self.container.extension())
    }
}

/// Returns a text, where it can be written.
fn written(text: impl fmt::Display) -> Option<String> {
    let mut out = String::new();
    write!(out, "{text}").is_ok().then_some(out)
}
