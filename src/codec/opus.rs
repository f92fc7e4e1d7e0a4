//! Opus: the identification header (RFC 7845 §5.1) and the first byte of a packet (RFC 6716 §3.1).

use super::sampled::SampledFormat;
use crate::flv::AudioCodec;

/// An Opus header or packet that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpusError {
    /// The identification header of `len` bytes is too short, or has another beginning.
    Head {
        /// Bytes that are there.
        len: usize,
    },
    /// A packet of `len` bytes ends before it says how long it lasts.
    Packet {
        /// Bytes that are there.
        len: usize,
    },
    /// A packet would last for so many samples, more than 120 ms.
    Samples(u32),
}

error_texts! {
    OpusError {
        Self::Head { len } => "Opus identification header of {len} bytes is none";
        Self::Packet { len } => "Opus packet of {len} bytes is too short";
        Self::Samples(samples) => "Opus packet of {samples} samples lasts longer than 120 ms";
    }
}

/// Reads an identification header. Encoders of Enhanced RTMP may leave it empty: stereo then.
///
/// Its numbers are little-endian; those of the box in MP4 (Encapsulation of Opus in ISOBMFF §4.3.2)
/// are not.
pub(crate) fn format(head: &[u8]) -> Result<SampledFormat, OpusError> {
    if head.is_empty() {
        return Ok(of(2, &[0, 2, 0x01, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0]));
    }
    let fail = OpusError::Head { len: head.len() };
    let rest = head.strip_prefix(b"OpusHead").ok_or(fail)?;
    let &[_version, channels, s0, s1, r0, r1, r2, r3, g0, g1, family] =
        rest.first_chunk().ok_or(fail)?;
    let mut record = [0; 21];
    let fixed = [0, channels, s1, s0, r3, r2, r1, r0, g1, g0, family];
    let mapping = match family {
        0 => &[][..],
        _ => rest.get(fixed.len()..fixed.len() + 2 + usize::from(channels)).ok_or(fail)?,
    };
    let len = fixed.len() + mapping.len();
    let bytes = fixed.iter().chain(mapping);
    record.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    let record = record.get(..len).ok_or(fail)?;
    if channels == 0 { Err(fail) } else { Ok(of(channels, record)) }
}

fn of(channels: u8, record: &[u8]) -> SampledFormat {
    SampledFormat::new(AudioCodec::OPUS, (SAMPLE_RATE, channels, 16), record)
}

/// Returns for how many samples of 48 kHz a packet lasts.
pub(crate) fn samples(packet: &[u8]) -> Result<u32, OpusError> {
    let fail = OpusError::Packet { len: packet.len() };
    let toc = *packet.first().ok_or(fail)?;
    let config = toc >> 3;
    // SILK alone, hybrid, and CELT alone (RFC 6716 table 2).
    let frame = match (config, config % 4) {
        (0..=11, 3) => 2880,
        (0..=11, power) => 480 << power,
        (12..=15, _) => 480 << (config % 2),
        (_, power) => 120 << power,
    };
    let count = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1).ok_or(fail)? & 0x3f),
    };
    match frame * count {
        samples @ 1..=MOST_SAMPLES => Ok(samples),
        samples => Err(OpusError::Samples(samples)),
    }
}

const SAMPLE_RATE: u32 = 48_000;
/// 120 ms.
const MOST_SAMPLES: u32 = 5760;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn av1_2_the_box_has_the_numbers_of_the_header_the_other_way_round() {
        let head = b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0";
        let format = format(head).unwrap();
        assert_eq!(format.record(), b"\0\x01\x01\x38\0\0\xbb\x80\0\0\0");
        assert_eq!((format.channels, format.sample_rate), (1, 48_000));
        assert_eq!(super::format(b"").unwrap().channels, 2);
        let surround =
            b"OpusHead\x01\x06\x38\x01\x80\xbb\0\0\0\0\x01\x04\x02\0\x04\x01\x02\x03\x05";
        let format = super::format(surround).unwrap();
        assert_eq!(format.record()[10..], *b"\x01\x04\x02\0\x04\x01\x02\x03\x05");
        for len in 1..head.len() {
            assert_eq!(super::format(&head[..len]), Err(OpusError::Head { len }));
        }
        assert!(super::format(&surround[..20]).is_err());
    }

    #[test]
    fn av1_2_the_first_byte_says_how_long_a_packet_lasts() {
        for (packet, want) in [
            (&[0xfc, 1][..], Ok(960)),
            (&[0x08], Ok(960)),
            (&[0x18], Ok(2880)),
            (&[0x60], Ok(480)),
            (&[0x80], Ok(120)),
            (&[0xfd], Ok(1920)),
            (&[0xff, 0x06], Ok(5760)),
            (&[0xff, 0x07], Err(OpusError::Samples(6720))),
            (&[0xff, 0], Err(OpusError::Samples(0))),
            (&[0xff], Err(OpusError::Packet { len: 1 })),
            (&[], Err(OpusError::Packet { len: 0 })),
        ] {
            assert_eq!(samples(packet), want, "{packet:02x?}");
        }
    }
}
