//! What an earlier process left in a folder.

use alloc::vec::Vec;

use super::state::State;
use crate::config::Config;
use crate::engine::Segmenter;
use crate::mux::Container;
use crate::playlist::ListedSegment;
use crate::resume::{ResumeError, ResumeToken};

/// What an earlier process left in a folder, of a list that goes on; by default nothing.
#[derive(Clone, Debug, Default)]
pub struct Earlier {
    token: Option<ResumeToken>,
    listed: Vec<ListedSegment>,
}

impl Earlier {
    /// Takes what a state says of the list.
    pub(super) fn of(state: &State) -> Self {
        let first = state.token.map_or(0, |token| token.numbers.first_sequence);
        let listed = state.segments.iter().map(|entry| entry.listed);
        let listed = listed.filter(|segment| segment.sequence >= first).collect();
        Self { token: state.token, listed }
    }

    /// Makes an engine that goes on with the list, or begins one where there is none.
    ///
    /// # Errors
    ///
    /// [`ResumeError::Ended`] where the list has ended: another one needs another folder, or
    /// [`Channel::create`](super::Channel::create).
    pub fn segmenter(&self, config: Config) -> Result<Segmenter, ResumeError> {
        self.segmenter_of(config)
    }

    /// Does the same in any container: `earlier.segmenter_of::<Fmp4>(config)`. It must be that of
    /// the segments that are listed.
    ///
    /// # Errors
    ///
    /// As [`segmenter`](Self::segmenter).
    pub fn segmenter_of<C: Container>(&self, config: Config) -> Result<Segmenter<C>, ResumeError> {
        let listed = self.listed.iter().copied();
        match &self.token {
            Some(token) => Segmenter::resume_with_container(config, token, listed),
            None => Ok(Segmenter::with_container(config)),
        }
    }

    /// Returns the token for [`Segmenter::resume`]; `None` where nothing was published yet.
    pub const fn token(&self) -> Option<&ResumeToken> {
        self.token.as_ref()
    }

    /// Returns the listed segments, oldest first.
    pub fn listed(&self) -> &[ListedSegment] {
        &self.listed
    }
}
