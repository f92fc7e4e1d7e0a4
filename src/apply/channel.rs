//! Everything that an engine keeps of its stream, but for what reading a tag needs.

use crate::config::Config;
use crate::cut::State;
use crate::demux::VideoDemux;
use crate::mux::{Container, Muxer};
use crate::notice::Notices;
use crate::playlist::List;
use crate::resume::{ListEnd, ResumeToken};
use crate::snapshot::SnapshotPace;
use crate::stats::Totals;

/// What plans are decided from, and what they change.
#[derive(Clone, Debug)]
// In this order the fields that every tag touches share cache lines.
#[repr(C)]
pub(crate) struct Channel<C: Container> {
    pub(crate) state: State,
    pub(crate) mux: C::Muxer,
    pub(crate) totals: Totals,
    pub(crate) video: VideoDemux,
    pub(crate) snapshots: SnapshotPace,
    pub(crate) notices: Notices,
    pub(crate) list: List<C::Parts>,
}

impl<C: Container> Channel<C> {
    pub(crate) fn new(config: &Config) -> Self {
        let options = config.options();
        Self {
            state: State::new(config, C::Muxer::HEADERS),
            mux: C::Muxer::new(options),
            totals: Totals::new(),
            video: VideoDemux::new::<C::Muxer>(options),
            snapshots: SnapshotPace::new(options.snapshot_interval),
            notices: Notices::new(),
            list: List::new(options),
        }
    }

    /// Forgets the publication, and keeps the list.
    pub(crate) fn pause(&mut self) {
        self.video = VideoDemux::new::<C::Muxer>(&self.state.options);
        self.state.pause();
        self.mux.break_timeline();
    }

    /// Returns what a later engine needs, apart from the listed segments, to go on with this list.
    pub(crate) fn resume_token(&self, list_end: ListEnd) -> ResumeToken {
        let (pmt_version, counters) = self.mux.counters();
        ResumeToken {
            numbers: self.list.numbers(),
            counters,
            pmt_version,
            program: self.mux.program(),
            list_end,
        }
    }
}
