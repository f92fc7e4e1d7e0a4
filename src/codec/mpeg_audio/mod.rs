//! MPEG audio: the header of each layer I, II or III frame (ISO/IEC 11172-3 §2.4.1.3, ISO/IEC
//! 13818-3 §2.4.1.3).
//!
//! ```text
//! sync 11 │ version 2 │ layer 2 │ protection 1 │ bit rate 4 │ sample rate 2 │ padding 1 │ private 1 │ mode 2 │ … 6
//! ```

mod padded;

pub(crate) use padded::PaddedFrames;

use core::iter::FusedIterator;

/// What the header of an MPEG audio frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameHeader {
    /// MPEG-1, MPEG-2 or the unofficial MPEG-2.5.
    pub version: Version,
    /// The layer, 1 to 3; "MP3" is 3.
    pub layer: u8,
    /// Bit rate in bit/s.
    pub bit_rate: u32,
    /// Sample rate in Hz.
    pub sample_rate: u32,
    /// Channels, 1 or 2.
    pub channels: u8,
    /// Bytes of the whole frame, header included; never less than the header.
    pub frame_len: usize,
    /// Samples per channel in the frame.
    pub samples: u32,
}

impl FrameHeader {
    /// Bytes of a header.
    pub const LEN: usize = 4;

    /// Reads the header at the front of `data`; the frame itself need not be there.
    ///
    /// # Errors
    ///
    /// Fewer than four bytes, no sync word, a reserved value, or free format, whose frame length is
    /// stated nowhere.
    pub fn parse(data: &[u8]) -> Result<Self, MpegAudioError> {
        let Some(&[b0, b1, b2, b3]) = data.first_chunk() else {
            return Err(MpegAudioError::Truncated { needed: Self::LEN, left: data.len() });
        };
        if b0 != 0xff || b1 & 0xe0 != 0xe0 {
            return Err(MpegAudioError::NoSync([b0, b1]));
        }
        let reserved = MpegAudioError::Reserved([b0, b1, b2, b3]);
        let (version, layer) = match (b1 >> 3 & 0x03, b1 >> 1 & 0x03) {
            (1, _) | (_, 0) => return Err(reserved),
            (0, code) => (Version::Mpeg25, 4 - code),
            (2, code) => (Version::Mpeg2, 4 - code),
            (_, code) => (Version::Mpeg1, 4 - code),
        };
        let kilobits = match version.bit_rates(layer).get(usize::from(b2 >> 4)) {
            Some(0) => return Err(MpegAudioError::FreeFormat),
            Some(kilobits) => u32::from(*kilobits),
            None => return Err(reserved),
        };
        let (bit_rate, padding) = (kilobits * 1000, u32::from(b2 >> 1 & 1));
        let sample_rate =
            *SAMPLE_RATES.get(usize::from(b2 >> 2 & 0x03)).ok_or(reserved)? >> version as u8;
        let samples = match (layer, version) {
            (1, _) => 384,
            (3, Version::Mpeg2 | Version::Mpeg25) => 576,
            _ => 1152,
        };
        // Layer I counts in slots of four bytes, the others in bytes.
        let slot = if layer == 1 { 4 } else { 1 };
        let frame_len = (samples / 8 / slot * bit_rate / sample_rate + padding) * slot;
        Ok(Self {
            version,
            layer,
            bit_rate,
            sample_rate,
            channels: if b3 >> 6 == MODE_SINGLE_CHANNEL { 1 } else { 2 },
            frame_len: frame_len as usize,
            samples,
        })
    }

    /// Returns whether both are of one stream.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let stream = |header: &Self| (header.version, header.layer, header.sample_rate);
        stream(self) == stream(other)
    }
}

/// Version of the standard that a frame follows; each halves the sample rates of the one before.
/// Exhaustive: no further ones will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "two bits, of which the fourth value is reserved since 1995"
)]
pub enum Version {
    /// ISO/IEC 11172-3: 32, 44.1 and 48 kHz; stream type 0x03.
    Mpeg1,
    /// ISO/IEC 13818-3, low sampling frequencies: 16, 22.05 and 24 kHz; stream type 0x04.
    Mpeg2,
    /// No standard: 8, 11.025 and 12 kHz; no stream type carries it.
    Mpeg25,
}

impl Version {
    /// Returns the bit rates in kbit/s by index; 0 is free format.
    const fn bit_rates(self, layer: u8) -> &'static [u16; 15] {
        match (self, layer) {
            (Self::Mpeg1, 1) => {
                &[0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448]
            }
            (Self::Mpeg1, 2) => {
                &[0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384]
            }
            (Self::Mpeg1, _) => &[0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
            (_, 1) => &[0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
            _ => &[0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        }
    }
}

/// The whole frames at the front of a tag's body.
///
/// Ends at the end, at a frame that is cut and at bytes that are no frame;
/// [`remainder`](Self::remainder) is how many bytes are left, [`error`](Self::error) why.
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    rest: &'a [u8],
    error: Option<MpegAudioError>,
}

impl<'a> Frames<'a> {
    /// Takes the body of an MP3 tag.
    pub const fn new(data: &'a [u8]) -> Self {
        Self { rest: data, error: None }
    }

    /// Returns how many bytes have not come out as frames yet; after the last frame, 0 means that
    /// all have.
    pub const fn remainder(&self) -> usize {
        self.rest.len()
    }

    /// Returns why the walk ended before the end of the data.
    pub const fn error(&self) -> Option<MpegAudioError> {
        self.error
    }

    fn frame(&self) -> Result<(FrameHeader, &'a [u8], &'a [u8]), MpegAudioError> {
        let header = FrameHeader::parse(self.rest)?;
        let cut = MpegAudioError::Truncated { needed: header.frame_len, left: self.rest.len() };
        let (frame, rest) = self.rest.split_at_checked(header.frame_len).ok_or(cut)?;
        Ok((header, frame, rest))
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = (FrameHeader, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() || self.error.is_some() {
            return None;
        }
        match self.frame() {
            Ok((header, frame, rest)) => {
                self.rest = rest;
                Some((header, frame))
            }
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }
}

impl FusedIterator for Frames<'_> {}

/// Bytes that are no MPEG audio frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MpegAudioError {
    /// The data ends inside a header or a frame.
    Truncated {
        /// Bytes that the header or the frame has.
        needed: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// The first eleven bits are not all 1.
    NoSync([u8; 2]),
    /// The header holds a reserved version, layer, bit rate or sample rate.
    Reserved([u8; 4]),
    /// Bit rate 0: free format, whose frame length only the next sync word shows.
    FreeFormat,
}

error_texts! {
    MpegAudioError {
        Self::Truncated { needed, left } => "MPEG audio frame of {needed} bytes is cut to {left}";
        Self::NoSync([b0, b1]) => "no MPEG audio sync word in {b0:#04x} {b1:#04x}";
        Self::Reserved(header) =>
            "reserved value in MPEG audio header {:#010x}", u32::from_be_bytes(header);
        Self::FreeFormat => "MPEG audio of free format";
    }
}

/// Sample rates of MPEG-1 by index, in Hz.
const SAMPLE_RATES: [u32; 3] = [44_100, 48_000, 32_000];
const MODE_SINGLE_CHANNEL: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn f_44_headers_of_every_version_and_layer() {
        use Version::{Mpeg1, Mpeg2, Mpeg25};
        for (bytes, version, layer, kilobits, sample_rate, channels, frame_len, samples) in [
            ([0xff, 0xfb, 0x90, 0x64], Mpeg1, 3, 128, 44_100, 2, 417, 1152),
            ([0xff, 0xfb, 0x92, 0x64], Mpeg1, 3, 128, 44_100, 2, 418, 1152), // padded
            ([0xff, 0xfb, 0x94, 0xc4], Mpeg1, 3, 128, 48_000, 1, 384, 1152),
            ([0xff, 0xf3, 0x40, 0xc4], Mpeg2, 3, 32, 22_050, 1, 104, 576), // LAME
            ([0xff, 0xe3, 0x18, 0xc4], Mpeg25, 3, 8, 8_000, 1, 72, 576),
            ([0xff, 0xfd, 0xc4, 0x04], Mpeg1, 2, 256, 48_000, 2, 768, 1152),
            ([0xff, 0xf5, 0x84, 0x04], Mpeg2, 2, 64, 24_000, 2, 384, 1152),
            ([0xff, 0xff, 0xc2, 0x04], Mpeg1, 1, 384, 44_100, 2, 420, 384), // padded by a slot
            ([0xff, 0xf7, 0xc0, 0x04], Mpeg2, 1, 192, 22_050, 2, 416, 384),
        ] {
            let bit_rate = kilobits * 1000;
            let want =
                FrameHeader { version, layer, bit_rate, sample_rate, channels, frame_len, samples };
            assert_eq!(FrameHeader::parse(&bytes), Ok(want), "{bytes:x?}");
        }
    }

    #[test]
    fn t_18_mpeg_2_5_is_recognised() {
        let header = FrameHeader::parse(&[0xff, 0xe3, 0x18, 0xc4]).unwrap();
        assert_eq!(header.version, Version::Mpeg25);
    }

    #[test]
    fn o_34_what_is_no_frame_is_a_typed_error() {
        for (bytes, want) in [
            (&[0xff, 0xfb, 0x90][..], MpegAudioError::Truncated { needed: 4, left: 3 }),
            (&[0xff, 0x1b, 0x90, 0], MpegAudioError::NoSync([0xff, 0x1b])),
            (&[0xff, 0xeb, 0x90, 0], MpegAudioError::Reserved([0xff, 0xeb, 0x90, 0])),
            (&[0xff, 0xf9, 0x90, 0], MpegAudioError::Reserved([0xff, 0xf9, 0x90, 0])),
            (&[0xff, 0xfb, 0xf0, 0], MpegAudioError::Reserved([0xff, 0xfb, 0xf0, 0])),
            (&[0xff, 0xfb, 0x9c, 0], MpegAudioError::Reserved([0xff, 0xfb, 0x9c, 0])),
            (&[0xff, 0xfb, 0x00, 0], MpegAudioError::FreeFormat),
        ] {
            assert_eq!(FrameHeader::parse(bytes), Err(want), "{bytes:x?}");
        }
    }

    #[test]
    fn f_44_whole_frames_and_samples_of_a_tag_are_counted() {
        let mut frame = Vec::from([0xff, 0xfb, 0x90, 0x64]);
        frame.resize(417, 0);
        let body = [&frame[..], &frame, &frame[..100]].concat();
        let mut frames = Frames::new(&body);
        let samples: u32 = frames
            .by_ref()
            .map(|(header, frame)| header.samples * u32::from(frame.len() == 417))
            .sum();
        assert_eq!((samples, frames.remainder()), (2304, 100));
        assert_eq!(frames.error(), Some(MpegAudioError::Truncated { needed: 417, left: 100 }));
        assert_eq!(frames.next(), None);
        let mut whole = Frames::new(&frame);
        assert_eq!(whole.by_ref().count(), 1);
        assert_eq!((whole.remainder(), whole.error()), (0, None));
    }

    #[test]
    fn r_55_every_header_gives_a_frame_longer_than_itself_or_an_error() {
        for bits in 0..1_u32 << 21 {
            let header = (0x7ff << 21 | bits).to_be_bytes();
            if let Ok(header) = FrameHeader::parse(&header) {
                assert!(header.frame_len >= FrameHeader::LEN, "{header:?}");
            }
        }
    }
}
