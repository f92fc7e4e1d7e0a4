//! An access unit as a tag or a frame brings it, and what is odd about it.

use crate::codec::nal::{AccessUnit, Contents};
use crate::flv::FrameType;
use crate::notice::NoticeKind;
use crate::time::TickSpan;

use super::Findings;

/// An access unit, and what was said of it where it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct FoundUnit<'a> {
    pub(super) unit: AccessUnit<'a>,
    pub(super) contents: Contents,
    /// PTS minus DTS.
    pub(super) composition: TickSpan,
    pub(super) claim: KeyClaim,
}

/// Whether an access unit is said to be a key frame, whatever is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyClaim {
    /// Nothing is said.
    None,
    Key,
    Other,
}

impl From<FrameType> for KeyClaim {
    fn from(frame: FrameType) -> Self {
        match frame {
            FrameType::KEY | FrameType::GENERATED_KEY => Self::Key,
            _ => Self::Other,
        }
    }
}

impl FoundUnit<'_> {
    /// Notes what was odd about the NAL units.
    #[inline]
    pub(super) fn note_oddities(&self, findings: &mut Findings) {
        let contents = &self.contents;
        if contents.empty > 0 {
            findings.add_times(NoticeKind::EmptyNalUnit, contents.empty);
        }
        if contents.misplaced > 0 {
            findings.add_times(NoticeKind::MisplacedNalUnit, contents.misplaced);
        }
        if contents.truncated {
            findings.add(NoticeKind::TruncatedNalUnit);
        }
        if contents.start_codes {
            findings.add(NoticeKind::StartCodes);
        }
    }
}
