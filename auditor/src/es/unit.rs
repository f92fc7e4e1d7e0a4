//! What came out, for a comparison with what went in.

use hls_segmenter::time::{TickSpan, WireTime};

use super::super::mp4::Unit;
use super::super::ts::Pes;
use super::annex_b::NalUnits;

/// What an [`ElementaryUnit`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnitKind {
    /// An access unit of H.264 or H.265: all NAL units of a picture, each after a start code, or in
    /// fMP4 after its length.
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
    /// NAL units stand after their lengths.
    is_length_prefixed: bool,
}

impl ElementaryUnit {
    pub(super) fn access_unit(segment: u64, pes: &Pes) -> Self {
        Self {
            segment,
            kind: UnitKind::AccessUnit,
            pts: pes.pts,
            dts: pes.dts,
            bytes: pes.payload.clone(),
            is_length_prefixed: false,
        }
    }

    pub(super) fn audio_frame(segment: u64, pes: &Pes, after: TickSpan, bytes: &[u8]) -> Self {
        let pts = WireTime::new(pes.pts.get().wrapping_add_signed(after.get()));
        Self {
            segment,
            kind: UnitKind::AudioFrame,
            pts,
            dts: pts,
            bytes: bytes.to_vec(),
            is_length_prefixed: false,
        }
    }

    pub(super) fn sample(segment: u64, unit: &Unit) -> Self {
        let kind = if unit.is_video { UnitKind::AccessUnit } else { UnitKind::AudioFrame };
        Self {
            segment,
            kind,
            pts: unit.pts,
            dts: unit.dts,
            bytes: unit.bytes.clone(),
            is_length_prefixed: unit.is_video,
        }
    }

    /// Iterates over the NAL units of an access unit, without start codes and trailing zero bytes, or
    /// without lengths.
    pub fn nal_units(&self) -> impl Iterator<Item = &[u8]> {
        let (stream, prefixed) = match self.kind {
            UnitKind::AccessUnit if self.is_length_prefixed => (&[][..], self.bytes.as_slice()),
            UnitKind::AccessUnit => (self.bytes.as_slice(), &[][..]),
            UnitKind::AudioFrame => (&[][..], &[][..]),
        };
        NalUnits::new(stream).bytes().chain(prefixed_units(prefixed))
    }
}

/// Splits NAL units that each follow their length in 4 bytes, as far as they are whole.
fn prefixed_units(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    core::iter::from_fn(move || {
        let (&len, after) = rest.split_first_chunk()?;
        let (unit, after) = after.split_at_checked(u32::from_be_bytes(len) as usize)?;
        rest = after;
        Some(unit)
    })
}
