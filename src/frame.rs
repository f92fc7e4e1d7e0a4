//! Coded frames as other protocols than RTMP bring them: the second door of the engine.
//!
//! A host that receives RTSP, SRT or WebRTC has access units and audio frames, times on a 90 kHz
//! clock, and parameter sets in the stream or beside it. The same media gives the same bytes
//! through both doors.
//!
//! ```
//! use hls_segmenter::codec::video::VideoCoding;
//! use hls_segmenter::frame::{Configuration, Frame, Units};
//! use hls_segmenter::time::Ticks;
//! # use hls_segmenter::{Config, Options, Segmenter, SegmentSink, Segment, SegmentStart, Error};
//! # use hls_segmenter::{playlist::Playlist, ts::TsPackets};
//! # struct Sink;
//! # impl SegmentSink for Sink {
//! #     type Error = core::convert::Infallible;
//! #     fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Self::Error> { Ok(()) }
//! #     fn write_packets(&mut self, _: TsPackets<'_>) -> Result<(), Self::Error> { Ok(()) }
//! #     fn close_segment(&mut self, _: &Segment) -> Result<(), Self::Error> { Ok(()) }
//! #     fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), Self::Error> { Ok(()) }
//! # }
//! # let mut sink = Sink;
//! let mut segmenter = Segmenter::new(Config::new(Options::default()).unwrap());
//! // AAC-LC, 44.1 kHz, mono, as SDP or a container states it.
//! segmenter.configure(Configuration::Aac(&[0x12, 0x08]), &mut sink)?;
//! // The parameter sets of video may come in the stream.
//! # let access_unit = [0, 0, 0, 1, 0x09, 0xf0];
//! segmenter.push_frame(
//!     Frame::Video {
//!         coding: VideoCoding::Avc,
//!         dts: Ticks::new(0),
//!         pts: Ticks::new(6006),
//!         units: Units::AnnexB(&access_unit),
//!     },
//!     &mut sink,
//! )?;
//! # Ok::<(), Error<core::convert::Infallible>>(())
//! ```

use crate::codec::video::VideoCoding;
use crate::time::Ticks;

/// One coded unit in time, for [`Segmenter::push_frame`](crate::Segmenter::push_frame). Further
/// kinds may come.
///
/// Times are on one clock for both tracks. They do not wrap: a host unrolls those of 33 bits with
/// [`Ticks::near`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Frame<'a> {
    /// One picture: all NAL units of an access unit, or of one of its slices.
    Video {
        /// How the picture is coded. Where that changes, a segment begins at the next key frame.
        coding: VideoCoding,
        /// When the picture is to be decoded. Frames of a track come in this order. A host that
        /// knows PTS alone gives PTS: where pictures are reordered, DTS follow from the order of
        /// those.
        dts: Ticks,
        /// When the picture is to be shown.
        pts: Ticks,
        /// The NAL units.
        units: Units<'a>,
    },
    /// One audio frame or several.
    Audio {
        /// How the frames are coded.
        coding: AudioCoding,
        /// When the first frame is to be heard.
        pts: Ticks,
        /// The frames. AAC: one raw data block as [`Configuration::Aac`] describes it, or ADTS
        /// frames, which need no configuration. MPEG audio: whole frames.
        data: &'a [u8],
    },
}

/// The NAL units of an access unit, as they are separated. Units of AV1 say their sizes, whatever
/// is said here. Further ways may come.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Units<'a> {
    /// Each follows a start code (ITU-T H.264 and H.265 Annex B).
    AnnexB(&'a [u8]),
    /// Each follows its length, big-endian, in so many bytes (ISO/IEC 14496-15).
    LengthPrefixed(LengthLen, &'a [u8]),
    /// Each says its size, the last one may not: open bitstream units of a temporal unit (AV1
    /// specification §5.2).
    Obus(&'a [u8]),
}

/// How many bytes the length before each NAL unit has. Exhaustive: there are no others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "ISO/IEC 14496-15 §5.3.3.1 has no others")]
pub enum LengthLen {
    /// One.
    One,
    /// Two.
    Two,
    /// Four, which nearly every writer uses.
    #[default]
    Four,
}

impl LengthLen {
    /// Returns the number of bytes.
    pub const fn get(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }
}

/// How audio frames are coded. Further codings may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AudioCoding {
    /// AAC.
    Aac,
    /// MPEG-1 and MPEG-2 audio: MP3 and its lower layers.
    Mpeg,
    /// Opus, one packet; only in fMP4.
    Opus,
    /// FLAC, one frame; only in fMP4.
    Flac,
    /// AC-3, one syncframe.
    Ac3,
    /// E-AC-3, one syncframe; only in fMP4.
    Ec3,
}

/// How the frames that follow are coded, for [`Segmenter::configure`](crate::Segmenter::configure).
/// Further kinds may come.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Configuration<'a> {
    /// A decoder configuration record (ISO/IEC 14496-15 §5.3.3.1, §8.3.3.1; AV1 in ISOBMFF
    /// §2.3): `avcC`, `hvcC` or `av1C`.
    Video(VideoCoding, &'a [u8]),
    /// Parameter sets alone, each behind a start code: `sprop-parameter-sets` of SDP, decoded. Of
    /// AV1 the sequence header.
    ParameterSets(VideoCoding, &'a [u8]),
    /// An `AudioSpecificConfig` (ISO/IEC 14496-3 §1.6.2.1).
    Aac(&'a [u8]),
    /// The identification header of Opus (RFC 7845 §5.1); an empty one stands for stereo.
    Opus(&'a [u8]),
    /// The description of a FLAC stream (RFC 9639 §8.2), 34 bytes, or as a file has it.
    Flac(&'a [u8]),
}
