//! FLAC: the stream's description (RFC 9639 §8.2) and the header of a frame (§9.1).

use super::sampled::SampledFormat;
use crate::flv::AudioCodec;

/// A FLAC header or frame that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlacError {
    /// The description of the stream has `len` bytes, not 34, or states no sample rate.
    StreamInfo {
        /// Bytes that are there.
        len: usize,
    },
    /// The header of a frame is cut, or is none.
    Frame {
        /// Bytes that are there.
        len: usize,
    },
}

error_texts! {
    FlacError {
        Self::StreamInfo { len } => "FLAC stream description of {len} bytes is none";
        Self::Frame { len } => "FLAC frame of {len} bytes has no header";
    }
}

/// Reads the description of a stream. Enhanced RTMP has it as a file does, behind `fLaC` and the
/// head of the block; some encoders send it bare, and again at the end with its totals.
pub(crate) fn format(header: &[u8]) -> Result<SampledFormat, FlacError> {
    let fail = FlacError::StreamInfo { len: header.len() };
    let info = match header.strip_prefix(b"fLaC") {
        Some(blocks) => blocks.get(BLOCK_HEAD_LEN..).ok_or(fail)?,
        None => header,
    };
    let info: [u8; INFO_LEN] = *info.first_chunk().ok_or(fail)?;
    let [.., c0, c1, c2, c3, _, _, _, _] = info.first_chunk::<18>().ok_or(fail)?;
    let bits = u32::from_be_bytes([*c0, *c1, *c2, *c3]);
    let (sample_rate, channels, depth) = (bits >> 12, (bits >> 9 & 7) + 1, (bits >> 4 & 31) + 1);
    if sample_rate == 0 {
        return Err(fail);
    }
    let mut record = [0; BOX_LEN];
    let (head, body) = record.split_at_mut(BOX_LEN - INFO_LEN);
    head.copy_from_slice(&[0, 0, 0, 0, LAST_BLOCK, 0, 0, INFO_LEN as u8]);
    body.copy_from_slice(&info);
    // Sizes of frames, totals and check sum are known at the end alone, and no decoder needs them.
    for (nth, byte) in body.iter_mut().enumerate() {
        match nth {
            4..10 | 14.. => *byte = 0,
            13 => *byte &= 0xf0,
            _ => {}
        }
    }
    let said = (sample_rate, channels as u8, depth as u8);
    Ok(SampledFormat::new(AudioCodec::FLAC, said, &record))
}

/// Returns how many samples a frame has.
pub(crate) fn samples(frame: &[u8]) -> Result<u32, FlacError> {
    let fail = FlacError::Frame { len: frame.len() };
    let &[0xff, 0xf8 | 0xf9, sizes, _, number, ..] = frame else {
        return Err(fail);
    };
    // The number of the frame or of its first sample is as long as its first byte says, as in
    // UTF-8.
    let number_len = (number.leading_ones() as usize).max(1);
    let stated = frame.get(4 + number_len..).unwrap_or_default();
    match (sizes >> 4, stated) {
        (1, _) => Ok(192),
        (code @ 2..=5, _) => Ok(144 << code),
        (6, [size, ..]) => Ok(u32::from(*size) + 1),
        (7, [high, low, ..]) => Ok(u32::from(u16::from_be_bytes([*high, *low])) + 1),
        (code @ 8.., _) => Ok(1 << code),
        _ => Err(fail),
    }
}

const BLOCK_HEAD_LEN: usize = 4;
const INFO_LEN: usize = 34;
/// Version and flags, the head of the block, and the block.
const BOX_LEN: usize = 4 + BLOCK_HEAD_LEN + INFO_LEN;
/// The description is block type 0, and no block follows it.
const LAST_BLOCK: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: [u8; 34] = [
        0x10, 0, 0x10, 0, 0, 0, 0x0e, 0, 0x20, 0x10, 0x0a, 0xc4, 0x42, 0xf0, 0, 0, 1, 2, 9, 9, 9,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
    ];

    #[test]
    fn av1_3_a_description_is_taken_bare_and_as_a_file_has_it_and_its_totals_change_nothing() {
        let format = format(&INFO).unwrap();
        assert_eq!((format.sample_rate, format.channels, format.sample_bits), (44_100, 2, 16));
        let file = [b"fLaC\x80\0\0\x22", &INFO[..]].concat();
        assert_eq!(super::format(&file), Ok(format));
        let mut later = INFO;
        later[4..10].fill(7);
        later[13..].fill(0xf7);
        assert_eq!(super::format(&later), Ok(format));
        assert_eq!(format.record()[..8], [0, 0, 0, 0, 0x80, 0, 0, 0x22]);
        assert_eq!(format.record()[8..12], INFO[..4]);
        assert_eq!(format.record()[18..21], INFO[10..13]);
        assert_eq!(super::format(&INFO[..33]), Err(FlacError::StreamInfo { len: 33 }));
    }

    #[test]
    fn av1_3_the_header_of_a_frame_says_how_many_samples_it_has() {
        for (frame, want) in [
            (&[0xff, 0xf8, 0xc9, 0x18, 0, 0][..], Some(4096)),
            (&[0xff, 0xf8, 0x59, 0x18, 0, 0], Some(4608)),
            (&[0xff, 0xf8, 0x19, 0x18, 0, 0], Some(192)),
            (&[0xff, 0xf9, 0x69, 0x18, 0xc4, 0x80, 99, 0], Some(100)),
            (&[0xff, 0xf9, 0x79, 0x18, 0xe2, 0x80, 0x80, 0x12, 0x33], Some(0x1234)),
            (&[0xff, 0xf8, 0x09, 0x18, 0, 0], None),
            (&[0xff, 0xf8, 0x79, 0x18, 0, 1], None),
            (&[0xff, 0xf1, 0xc9, 0x18, 0, 0], None),
        ] {
            assert_eq!(samples(frame).ok(), want, "{frame:02x?}");
        }
    }
}
