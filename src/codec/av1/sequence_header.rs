//! What a sequence header says (§5.5).

use super::CodecString;
use super::obu::{ObuType, payload};
use crate::codec::bits::Bits;

/// Profile, level, size and sample format of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SequenceHeader {
    /// `seq_profile`: 0 Main, 1 High, 2 Professional.
    pub profile: u8,
    /// `seq_level_idx[0]`: 0 is level 2.0, 31 no limit.
    pub level: u8,
    /// `seq_tier[0]` is 1.
    pub is_high_tier: bool,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Frames per second as numerator and denominator, where stated; neither is 0.
    pub frame_rate: Option<(u32, u32)>,
    /// Format of the samples.
    pub samples: SampleFormat,
}

/// How the samples of a picture are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SampleFormat {
    /// 8, 10 or 12.
    pub bit_depth: u8,
    /// There is no colour.
    pub is_monochrome: bool,
    /// `subsampling_x` and `subsampling_y`, 0 or 1.
    pub subsampling: [u8; 2],
    /// `chroma_sample_position`.
    pub chroma_position: u8,
}

impl SequenceHeader {
    /// Reads an open bitstream unit that is a sequence header; `None` if it is none, or ends too
    /// early.
    pub fn parse(obu: &[u8]) -> Option<Self> {
        if ObuType::of(obu) != ObuType::SEQUENCE_HEADER {
            return None;
        }
        let mut bits = Bits::new(payload(obu));
        let profile = bits.take(3)? as u8;
        bits.take(1)?; // still_picture
        let is_reduced = bits.take(1)? == 1;
        let operation =
            if is_reduced { Operation::reduced(&mut bits) } else { Operation::parse(&mut bits) };
        let Operation { level, is_high_tier, frame_rate } = operation?;
        let (width_bits, height_bits) = (bits.take(4)? as u8 + 1, bits.take(4)? as u8 + 1);
        let (width, height) = (bits.take(width_bits)? + 1, bits.take(height_bits)? + 1);
        skip_tools(&mut bits, is_reduced)?;
        let samples = SampleFormat::parse(&mut bits, profile)?;
        Some(Self { profile, level, is_high_tier, width, height, frame_rate, samples })
    }

    /// Returns the codecs parameter of the stream.
    pub const fn codec_string(&self) -> CodecString {
        let Self { profile, level, is_high_tier, samples, .. } = *self;
        CodecString { profile, level, is_high_tier, bit_depth: samples.bit_depth }
    }
}

/// What is said of the whole stream, its first operating point.
struct Operation {
    level: u8,
    is_high_tier: bool,
    frame_rate: Option<(u32, u32)>,
}

impl Operation {
    fn reduced(bits: &mut Bits<'_>) -> Option<Self> {
        Some(Self { level: bits.take(5)? as u8, is_high_tier: false, frame_rate: None })
    }

    fn parse(bits: &mut Bits<'_>) -> Option<Self> {
        let (mut frame_rate, mut delay_bits) = (None, None);
        if bits.take(1)? == 1 {
            frame_rate = timing_info(bits)?;
            if bits.take(1)? == 1 {
                delay_bits = Some(bits.take(5)? as u8 + 1);
                bits.take(32)?; // num_units_in_decoding_tick
                bits.take(10)?; // the lengths of two more fields, of frame headers
            }
        }
        let has_initial_delay = bits.take(1)? == 1;
        let mut first = None;
        for _ in 0..=bits.take(5)? {
            bits.take(12)?; // operating_point_idc
            let level = bits.take(5)? as u8;
            let is_high_tier = level > 7 && bits.take(1)? == 1;
            if let Some(delay_bits) = delay_bits
                && bits.take(1)? == 1
            {
                bits.take(delay_bits)?;
                bits.take(delay_bits)?;
                bits.take(1)?; // low_delay_mode_flag
            }
            if has_initial_delay && bits.take(1)? == 1 {
                bits.take(4)?;
            }
            first.get_or_insert((level, is_high_tier));
        }
        let (level, is_high_tier) = first?;
        Some(Self { level, is_high_tier, frame_rate })
    }
}

/// Reads `timing_info` (§5.5.3): a frame rate, where all frames last equally long.
fn timing_info(bits: &mut Bits<'_>) -> Option<Option<(u32, u32)>> {
    let (units, scale) = (bits.take(32)?, bits.take(32)?);
    if bits.take(1)? == 0 {
        return Some(None);
    }
    let ticks = u64::from(units) * (u64::from(unsigned_var(bits)?) + 1);
    Some(in_lowest_terms(u64::from(scale), ticks))
}

/// Reads `uvlc()` (§4.10.3).
fn unsigned_var(bits: &mut Bits<'_>) -> Option<u32> {
    let mut zeros = 0;
    while bits.take(1)? == 0 {
        zeros += 1;
        if zeros == 32 {
            return Some(u32::MAX);
        }
    }
    Some((1u32 << zeros) - 1 + bits.take(zeros)?)
}

/// Divides by the greatest common divisor; `None` if one is 0, or has more than 32 bits then.
fn in_lowest_terms(frames: u64, seconds: u64) -> Option<(u32, u32)> {
    let (mut divisor, mut rest) = (frames, seconds);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    let frames = u32::try_from(frames.checked_div(divisor)?).ok()?;
    let seconds = u32::try_from(seconds.checked_div(divisor)?).ok()?;
    (frames > 0 && seconds > 0).then_some((frames, seconds))
}

/// Passes over which coding tools are used, up to `color_config`.
fn skip_tools(bits: &mut Bits<'_>, is_reduced: bool) -> Option<()> {
    if !is_reduced && bits.take(1)? == 1 {
        bits.take(7)?; // the lengths of frame ids
    }
    bits.take(3)?; // 128x128 superblocks, filter-intra, edge filter
    if !is_reduced {
        bits.take(4)?; // inter-intra, masked, warped motion, dual filter
        let has_order_hint = bits.take(1)? == 1;
        if has_order_hint {
            bits.take(2)?; // joint compound, reference motion vectors
        }
        // seq_choose_screen_content_tools, or the choice
        let screen_content = if bits.take(1)? == 1 { 2 } else { bits.take(1)? };
        // The same for integer motion vectors.
        if screen_content > 0 && bits.take(1)? == 0 {
            bits.take(1)?;
        }
        if has_order_hint {
            bits.take(3)?;
        }
    }
    bits.take(3)?; // superres, CDEF, loop restoration
    Some(())
}

impl SampleFormat {
    /// Reads `color_config` (§5.5.2).
    fn parse(bits: &mut Bits<'_>, profile: u8) -> Option<Self> {
        let is_high = bits.take(1)? == 1;
        let is_twelve = profile == 2 && is_high && bits.take(1)? == 1;
        let bit_depth = match (is_high, is_twelve) {
            (_, true) => 12,
            (true, false) => 10,
            (false, false) => 8,
        };
        let is_monochrome = profile != 1 && bits.take(1)? == 1;
        let mut colour = UNSPECIFIED;
        if bits.take(1)? == 1 {
            colour = [bits.take(8)?, bits.take(8)?, bits.take(8)?];
        }
        let format = Self { bit_depth, is_monochrome, subsampling: [1, 1], chroma_position: 0 };
        if is_monochrome {
            bits.take(1)?; // color_range
            return Some(format);
        }
        if colour == SRGB {
            return Some(Self { subsampling: [0, 0], ..format });
        }
        bits.take(1)?; // color_range
        let subsampling = match profile {
            0 => [1, 1],
            1 => [0, 0],
            _ if bit_depth < 12 => [1, 0],
            _ => match bits.take(1)? {
                0 => [0, 0],
                _ => [1, bits.take(1)? as u8],
            },
        };
        let chroma_position = if subsampling == [1, 1] { bits.take(2)? as u8 } else { 0 };
        Some(Self { subsampling, chroma_position, ..format })
    }
}

/// `color_primaries`, `transfer_characteristics` and `matrix_coefficients` where nothing is said.
const UNSPECIFIED: [u32; 3] = [2, 2, 2];
/// RGB samples of IEC 61966-2-1.
const SRGB: [u32; 3] = [1, 13, 0];

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    /// 320x180, as SVT-AV1 writes it.
    const SVT: &[u8] = &[0x0a, 0x0b, 2, 0, 0, 5, 0x21, 0xe7, 0xf6, 0x62, 0x57, 0xc8, 2];

    #[test]
    fn av1_1_a_header_of_a_real_encoder_says_size_and_level() {
        let header = SequenceHeader::parse(SVT).unwrap();
        let SampleFormat { bit_depth, is_monochrome, subsampling, .. } = header.samples;
        assert_eq!((header.profile, header.level, header.is_high_tier), (0, 0, false));
        assert_eq!((bit_depth, is_monochrome, subsampling), (8, false, [1, 1]));
        assert_eq!(header.codec_string().to_string(), "av01.0.00M.08");
    }

    #[test]
    fn av1_1_a_header_that_is_cut_is_none() {
        assert_eq!(SequenceHeader::parse(&[0x12, 0]), None);
        for len in 0..SVT.len() - 2 {
            assert_eq!(SequenceHeader::parse(&SVT[..len]), None, "{len}");
        }
    }

    /// Writes bits as text, most significant first, behind the header of a unit.
    fn obu(fields: &[&str]) -> std::vec::Vec<u8> {
        let text = fields.concat().replace(' ', "");
        let mut bytes = std::vec![0x08];
        for byte in text.as_bytes().chunks(8) {
            let bits = byte.iter().fold(0, |bits, &bit| bits << 1 | u8::from(bit == b'1'));
            bytes.push(bits << (8 - byte.len()));
        }
        bytes
    }

    const SIZE: &str = "1010 1001 11101111111 1000011011"; // 1920x540
    const TOOLS: &str = "0 000 0000 0 1 1 000";

    #[test]
    fn av1_1_timing_and_a_decoder_model_stand_before_the_level() {
        let thirty = "00000000000000000000001111101001 00000000000000000111010100110000 1 1";
        let bytes = obu(&[
            "000 0 0 1",
            thirty,
            "1 01111 00000000000000000000000000000001 00000 00000",
            "1 00001",
            "000000000000 01000 1 1 0000000000000001 0000000000000001 0 1 0011",
            "000000000000 00111 0 0",
            SIZE,
            TOOLS,
            "1 0 0 0 00",
            "1",
        ]);
        let header = SequenceHeader::parse(&bytes).unwrap();
        assert_eq!(header.frame_rate, Some((30_000, 1001)));
        assert_eq!((header.width, header.height), (1920, 540));
        assert_eq!(header.codec_string().to_string(), "av01.0.08H.10");
    }

    #[test]
    fn av1_1_the_sample_format_follows_from_the_profile() {
        let operation = "0 0 00000 000000000000 00001";
        for (profile, colour, depth, subsampling, position) in [
            ("000", "0 0 0 0 10 1", 8, [1, 1], 2),
            ("001", "1 0 0 1", 10, [0, 0], 0),
            ("010", "1 0 0 0 0 1", 10, [1, 0], 0),
            ("010", "1 1 0 0 0 1 1 01 1", 12, [1, 1], 1),
            ("010", "1 1 0 0 0 1 0 1", 12, [1, 0], 0),
            ("010", "1 1 0 0 0 0 1", 12, [0, 0], 0),
            ("001", "0 1 00000001 00001101 00000000 1", 8, [0, 0], 0),
            ("000", "0 1 0 1", 8, [1, 1], 0),
        ] {
            let bytes = obu(&[profile, "0 0", operation, SIZE, TOOLS, colour]);
            let samples = SequenceHeader::parse(&bytes).unwrap().samples;
            let got = (samples.bit_depth, samples.subsampling, samples.chroma_position);
            assert_eq!(got, (depth, subsampling, position), "{profile} {colour}");
        }
    }
}
