//! Audio whose frames go into MP4 as they came: [Opus](super::opus), [FLAC](super::flac), [AC-3 and
//! E-AC-3](super::ac3).

use crate::flv::AudioCodec;
use crate::stream_type::StreamType;

/// How such frames are coded, and what a sample entry says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SampledFormat {
    pub(crate) codec: AudioCodec,
    pub(crate) sample_rate: u32,
    pub(crate) channels: u8,
    /// Bits of a sample, as the sample entry has them.
    pub(crate) sample_bits: u8,
    record: [u8; RECORD_ROOM],
    record_len: u8,
}

/// What FLAC needs: eight bytes, and 34 that describe the stream.
const RECORD_ROOM: usize = 42;

impl SampledFormat {
    /// `record` is the content of the codec's own box in the sample entry.
    pub(super) fn new(
        codec: AudioCodec,
        (sample_rate, channels, sample_bits): (u32, u8, u8),
        record: &[u8],
    ) -> Self {
        let mut room = [0; RECORD_ROOM];
        room.iter_mut().zip(record).for_each(|(to, from)| *to = *from);
        let record_len = record.len().min(RECORD_ROOM) as u8;
        Self { codec, sample_rate, channels, sample_bits, record: room, record_len }
    }

    /// Returns the content of the codec's own box in the sample entry.
    pub(crate) fn record(&self) -> &[u8] {
        self.record.get(..usize::from(self.record_len)).unwrap_or_default()
    }

    /// Returns the types of the sample entry and of the codec's own box in it.
    pub(crate) const fn sample_entry(&self) -> (&'static [u8; 4], &'static [u8; 4]) {
        match self.codec {
            AudioCodec::OPUS => (b"Opus", b"dOps"),
            AudioCodec::FLAC => (b"fLaC", b"dfLa"),
            AudioCodec::AC3 => (b"ac-3", b"dac3"),
            _ => (b"ec-3", b"dec3"),
        }
    }

    /// Returns the stream type that a program map table would have.
    pub(crate) const fn stream_type(&self) -> StreamType {
        match self.codec {
            AudioCodec::AC3 => StreamType::AC3,
            AudioCodec::EC3 => StreamType::EC3,
            _ => StreamType::PRIVATE_PES,
        }
    }
}
