//! Codecs as a program map table names them (ISO/IEC 13818-1 table 2-34).

/// Codec of an elementary stream as the program map table names it (table 2-34 and its registered
/// extensions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamType(u8);

impl StreamType {
    /// MPEG-1 audio: 32, 44.1 and 48 kHz.
    pub const MPEG1_AUDIO: Self = Self(0x03);
    /// MPEG-2 audio at the low sampling frequencies: 16, 22.05 and 24 kHz.
    pub const MPEG2_AUDIO: Self = Self(0x04);
    /// AAC in ADTS.
    pub const AAC_ADTS: Self = Self(0x0f);
    /// H.264 as an Annex B byte stream.
    pub const AVC: Self = Self(0x1b);
    /// H.265 as an Annex B byte stream.
    pub const HEVC: Self = Self(0x24);
    /// AC-3 (ATSC A/52 Annex A).
    pub const AC3: Self = Self(0x81);
    /// E-AC-3 (ATSC A/52 Annex G).
    pub const EC3: Self = Self(0x87);
    /// What only descriptors name, such as Opus: PES packets with private data.
    pub const PRIVATE_PES: Self = Self(0x06);

    /// Audio that is carried in a transport stream.
    pub const AUDIO: [Self; 4] = [Self::MPEG1_AUDIO, Self::MPEG2_AUDIO, Self::AAC_ADTS, Self::AC3];

    /// Takes the value of the wire.
    pub const fn new(value: u8) -> Self {
        Self(value)
    }

    /// Returns the value of the wire.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Which elementary streams a segment has: only those that exist, video before audio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) video: Option<StreamType>,
    pub(crate) audio: Option<StreamType>,
}

impl Program {
    /// Nothing: what is listed before anything is known.
    pub(crate) const NOTHING: Self = Self { video: None, audio: None };
}
