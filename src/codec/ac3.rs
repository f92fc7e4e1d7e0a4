//! AC-3 and E-AC-3: what the first syncframe says (ETSI TS 102 366 §4.3, §4.4, §E.1.2), as the
//! sample entry has it (§F.4, §F.6).

use super::sampled::SampledFormat;
use crate::flv::AudioCodec;

/// An AC-3 or E-AC-3 frame that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ac3Error {
    /// The frame of `len` bytes has no sync word, or ends inside its header.
    Sync {
        /// Bytes that are there.
        len: usize,
    },
    /// A sample rate or frame size that is reserved.
    Reserved,
}

error_texts! {
    Ac3Error {
        Self::Sync { len } => "AC-3 frame of {len} bytes has no header";
        Self::Reserved => "sample rate or frame size of AC-3 is reserved";
    }
}

/// A frame: how it is coded, and how many samples it has.
pub(crate) struct Ac3Frame {
    pub(crate) format: SampledFormat,
    pub(crate) samples: u32,
}

/// Reads the header of a frame.
pub(crate) fn read(frame: &[u8]) -> Result<Ac3Frame, Ac3Error> {
    let fail = Ac3Error::Sync { len: frame.len() };
    let &[0x0b, 0x77, b2, b3, b4, b5, b6, ..] = frame else {
        return Err(fail);
    };
    if b5 >> 3 <= MOST_PLAIN_BSID { plain([b4, b5, b6]) } else { enhanced([b2, b3, b4, b5]) }
}

/// Reads `fscod`, `frmsizecod`, `bsid`, `bsmod`, `acmod`, and the flag of the low frequencies.
fn plain([b4, b5, b6]: [u8; 3]) -> Result<Ac3Frame, Ac3Error> {
    let (rate_code, size_code) = (b4 >> 6, b4 & 0x3f);
    let sample_rate = *RATES.get(usize::from(rate_code)).ok_or(Ac3Error::Reserved)?;
    if size_code > MOST_SIZE_CODE {
        return Err(Ac3Error::Reserved);
    }
    let (bsid, bsmod, acmod) = (b5 >> 3, b5 & 7, b6 >> 5);
    // Mix levels of two bits each stand before the flag, as far as there are such channels.
    let center = acmod & 1 != 0 && acmod != 1;
    let mix_bits =
        [center, acmod & 4 != 0, acmod == 2].map(|has| 2 * u8::from(has)).iter().sum::<u8>();
    let lfe = b6 >> (4 - mix_bits.min(4)) & 1;
    let bits = u32::from(rate_code) << 22
        | u32::from(bsid) << 17
        | u32::from(bsmod) << 14
        | u32::from(acmod) << 11
        | u32::from(lfe) << 10
        | u32::from(size_code >> 1) << 5;
    let [_, record @ ..] = bits.to_be_bytes();
    let said = (sample_rate, channels(acmod, lfe), 16);
    let format = SampledFormat::new(AudioCodec::AC3, said, &record);
    Ok(Ac3Frame { format, samples: 1536 })
}

/// Reads `frmsiz`, `fscod`, `numblkscod`, `acmod`, the flag of the low frequencies, and `bsid`.
fn enhanced([b2, b3, b4, b5]: [u8; 4]) -> Result<Ac3Frame, Ac3Error> {
    let frame_len = 2 * ((u32::from(b2 & 7) << 8 | u32::from(b3)) + 1);
    let (rate_code, blocks_code) = (b4 >> 6, b4 >> 4 & 3);
    let (acmod, lfe, bsid) = (b4 >> 1 & 7, b4 & 1, b5 >> 3);
    let (sample_rate, blocks) = if rate_code == 3 {
        let half = RATES.get(usize::from(blocks_code)).ok_or(Ac3Error::Reserved)?;
        (half / 2, 6)
    } else {
        let rate = RATES.get(usize::from(rate_code)).ok_or(Ac3Error::Reserved)?;
        (*rate, if blocks_code == 3 { 6 } else { u32::from(blocks_code) + 1 })
    };
    let samples = 256 * blocks;
    let kilobits = (frame_len * 8 * (sample_rate / 100) / samples).div_ceil(10);
    let bits = u64::from(kilobits & 0x1fff) << 27
        | u64::from(rate_code) << 22
        | u64::from(bsid) << 17
        | u64::from(acmod) << 9
        | u64::from(lfe) << 8;
    let [_, _, _, record @ ..] = bits.to_be_bytes();
    let said = (sample_rate, channels(acmod, lfe), 16);
    let format = SampledFormat::new(AudioCodec::EC3, said, &record);
    Ok(Ac3Frame { format, samples })
}

/// Returns the channels of an audio coding mode (table 4.3), and the one of low frequencies.
fn channels(acmod: u8, lfe: u8) -> u8 {
    [2, 1, 2, 3, 3, 4, 4, 5].get(usize::from(acmod)).unwrap_or(&2) + lfe
}

/// Sample rates by `fscod`.
const RATES: [u32; 3] = [48_000, 44_100, 32_000];
/// Up to this `bsid` a frame is AC-3.
const MOST_PLAIN_BSID: u8 = 10;
const MOST_SIZE_CODE: u8 = 37;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn av1_4_the_box_says_what_the_first_frame_does() {
        // Frames of ffmpeg, mono at 48 kHz and 96 kbit/s, and the boxes that it writes of them.
        for (frame, record, said) in [
            (b"\x0b\x77\x48\x0d\x0c\x40\x2f\x84", &b"\x10\x08\xc0"[..], (1, 1536)),
            (b"\x0b\x77\x00\xbf\x32\x87\xc0\x00", b"\x03\x00\x20\x02\x00", (1, 1536)),
        ] {
            let Ac3Frame { format, samples } = read(frame).unwrap();
            assert_eq!((format.record(), format.sample_rate), (record, 48_000));
            assert_eq!((format.channels, samples), said);
        }
        // Five channels and the low frequencies; half a rate, with six blocks.
        assert_eq!(read(b"\x0b\x77\0\0\x14\x40\xe1\0").unwrap().format.channels, 6);
        let half = read(b"\x0b\x77\0\x7f\xc4\x80\0\0").unwrap();
        assert_eq!((half.format.sample_rate, half.samples), (24_000, 1536));
    }

    #[test]
    fn av1_4_what_is_no_frame_is_a_typed_error() {
        for (frame, want) in [
            (&b""[..], Ac3Error::Sync { len: 0 }),
            (b"\x0b\x77\0\0\0\0", Ac3Error::Sync { len: 6 }),
            (b"\x77\x0b\0\0\0\x40\0", Ac3Error::Sync { len: 7 }),
            (b"\x0b\x77\0\0\xc0\x40\0", Ac3Error::Reserved),
            (b"\x0b\x77\0\0\x26\x40\0", Ac3Error::Reserved),
            (b"\x0b\x77\0\0\xf0\x80\0", Ac3Error::Reserved),
        ] {
            assert_eq!(read(frame).err(), Some(want), "{frame:02x?}");
        }
    }
}
