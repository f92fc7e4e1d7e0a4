//! The two headers of an FLV file: the file's own and the one before each tag (FLV 10.1 E.2,
//! E.4.1).

use super::{ReaderError, TagKind};
use crate::time::FlvTime;
use nom::{
    IResult, Needed, Parser,
    bytes::streaming::take,
    number::streaming::{be_u8, be_u32},
};

/// The FLV file header, 9 bytes (FLV 10.1 E.2).
///
/// ```text
/// 'F' 'L' 'V' │ Version 8 │ 0 5 │ audio 1 │ 0 1 │ video 1 │ DataOffset 32
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileHeader {
    /// `Version`, 1 in every known file; others are read the same way.
    pub version: u8,
    /// `TypeFlagsAudio`: a hint, often wrong, never a track decision.
    pub has_audio: bool,
    /// `TypeFlagsVideo`: a hint, often wrong, never a track decision.
    pub has_video: bool,
    /// `DataOffset`: bytes from the start of the file to the first `PreviousTagSize`; 9 in every
    /// known file.
    pub data_offset: u32,
}

impl FileHeader {
    /// Bytes that every header has; `DataOffset` may add some.
    pub(super) const LEN: usize = 9;
    /// Largest `DataOffset` believed. Larger ones were never seen; a buffer of this size is cheap.
    pub(super) const MAX_DATA_OFFSET: u32 = 64 * 1024;

    /// Reads the nine bytes; asks for more only while there are fewer.
    pub(super) fn parse(input: &[u8]) -> IResult<&[u8], Self> {
        let (input, (_, version, flags, data_offset)) =
            (take(3_usize), be_u8, be_u8, be_u32).parse(input)?;
        let header =
            Self { version, has_audio: flags & 4 != 0, has_video: flags & 1 != 0, data_offset };
        Ok((input, header))
    }

    /// Refuses what no reader could go on from.
    pub(super) const fn check(self) -> Result<Self, ReaderError> {
        match self.data_offset {
            9..=Self::MAX_DATA_OFFSET => Ok(self),
            offset => Err(ReaderError::DataOffset(offset)),
        }
    }
}

/// The eleven bytes before a tag's body (FLV 10.1 E.4.1), with RTMP aggregates in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TagHeader {
    pub(super) kind: TagKind,
    pub(super) data_len: u32,
    pub(super) time: FlvTime,
    pub(super) stream_id: u32,
}

impl TagHeader {
    pub(super) const LEN: usize = 11;

    /// Reads the eleven bytes; asks for more only while there are fewer.
    ///
    /// One pattern instead of five parsers: this is the one place that every tag of a file goes
    /// through.
    #[inline]
    pub(super) fn parse(input: &[u8]) -> IResult<&[u8], Self> {
        let Some((header, rest)) = input.split_first_chunk() else {
            return Err(nom::Err::Incomplete(Needed::Unknown));
        };
        let &[kind, l0, l1, l2, t0, t1, t2, t_high, s0, s1, s2]: &[u8; Self::LEN] = header;
        let header = Self {
            kind: TagKind::new(kind),
            data_len: u32::from_be_bytes([0, l0, l1, l2]),
            time: FlvTime::from_millis(u32::from_be_bytes([t_high, t0, t1, t2])),
            stream_id: u32::from_be_bytes([0, s0, s1, s2]),
        };
        Ok((rest, header))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_02_timestamp_extended_holds_bits_24_to_31() {
        let bytes = [
            9, // type
            0, 0, 5, // DataSize
            0x00, 0x0e, 0x17, // Timestamp
            0x01, // TimestampExtended
            0, 0, 0, // StreamID
        ];
        let (rest, header) = TagHeader::parse(&bytes).unwrap();
        assert!(rest.is_empty());
        assert_eq!(header.time, FlvTime::from_millis(16_780_823));
        assert_eq!((header.kind, header.data_len, header.stream_id), (TagKind::VIDEO, 5, 0));
    }

    #[test]
    fn f_01_flags_are_read_as_hints() {
        for (flags, audio, video) in
            [(0, false, false), (1, false, true), (4, true, false), (0xff, true, true)]
        {
            let bytes = [b'F', b'L', b'V', 1, flags, 0, 0, 0, 9];
            let (_, header) = FileHeader::parse(&bytes).unwrap();
            assert_eq!((header.has_audio, header.has_video), (audio, video), "{flags}");
        }
    }

    #[test]
    fn f_01_a_data_offset_out_of_range_is_refused() {
        for offset in [0, 8, 65_537, u32::MAX] {
            let header =
                FileHeader { version: 1, has_audio: false, has_video: false, data_offset: offset };
            assert_eq!(header.check(), Err(ReaderError::DataOffset(offset)));
        }
    }
}
