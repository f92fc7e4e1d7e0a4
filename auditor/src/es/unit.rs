//! What came out, for a comparison with what went in.

use hls_segmenter::time::{TickSpan, WireTime};

use super::super::ts::Pes;
use super::annex_b::NalUnits;

/// What an [`ElementaryUnit`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnitKind {
    /// An access unit of H.264: all NAL units of a picture, behind start codes.
    AccessUnit,
    /// A frame of audio: AAC without its ADTS header, MPEG audio with its own.
    AudioFrame,
}

/// An access unit or an audio frame as a player gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ElementaryUnit {
    /// Id of the segment that it came in.
    pub segment: u64,
    /// What it is.
    pub kind: UnitKind,
    /// PTS as written; for audio frames after the first of a PES packet, as their duration
    /// implies.
    pub pts: WireTime,
    /// DTS as written, or PTS where there is none.
    pub dts: WireTime,
    /// The picture or frame.
    pub bytes: Vec<u8>,
}

impl ElementaryUnit {
    pub(super) fn access_unit(segment: u64, pes: &Pes) -> Self {
        Self {
            segment,
            kind: UnitKind::AccessUnit,
            pts: pes.pts,
            dts: pes.dts,
            bytes: pes.payload.clone(),
        }
    }

    pub(super) fn audio_frame(segment: u64, pes: &Pes, after: TickSpan, bytes: &[u8]) -> Self {
        let pts = WireTime::new(pes.pts.get().wrapping_add_signed(after.get()));
        Self { segment, kind: UnitKind::AudioFrame, pts, dts: pts, bytes: bytes.to_vec() }
    }

    /// Iterates over the NAL units of an access unit, without start codes and trailing zero bytes.
    pub fn nal_units(&self) -> impl Iterator<Item = &[u8]> {
        let stream = match self.kind {
            UnitKind::AccessUnit => self.bytes.as_slice(),
            UnitKind::AudioFrame => &[],
        };
        NalUnits::new(stream).bytes()
    }
}
