//! Coded frames, for hosts that have no tags.

use hls_segmenter::codec::video::VideoCoding;
use hls_segmenter::frame::{AudioCoding, Configuration, Frame, LengthLen, Units};
use hls_segmenter::time::{Ticks, WireTime};

use crate::border::{Result, bytes, call};
use crate::engine::hlsseg_engine;
use crate::engine_kind::with_sink;
use crate::sink::hlsseg_sink;
use crate::status::hlsseg_status;

/// How a picture is coded. Later versions may add values.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_video_coding {
    /// H.264.
    Avc = 1,
    /// H.265.
    Hevc = 2,
    /// AV1: a temporal unit. Only in fMP4.
    Av1 = 3,
}

/// How audio frames are coded. Later versions may add values.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_audio_coding {
    /// AAC: one raw data block as the AudioSpecificConfig describes it, or ADTS frames, which need
    /// no configuration.
    Aac = 1,
    /// MPEG-1 and MPEG-2 audio, MP3 and its lower layers: whole frames. Only in MPEG-TS.
    Mpeg = 2,
    /// Opus: one packet. Only in fMP4.
    Opus = 3,
    /// FLAC: one frame. Only in fMP4.
    Flac = 4,
    /// AC-3: one syncframe.
    Ac3 = 5,
    /// E-AC-3: one syncframe. Only in fMP4.
    Ec3 = 6,
}

/// How the NAL units of a picture are separated. Later versions may add values.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_units {
    /// Each follows a start code (ITU-T H.264 and H.265 Annex B).
    AnnexB = 0,
    /// Each follows its length in one byte.
    Length1 = 1,
    /// Each follows its length in two bytes, big-endian.
    Length2 = 2,
    /// Each says its size: open bitstream units (AV1 5.2). Units of AV1 do so whatever is told here.
    Obus = 3,
    /// Each follows its length in four bytes, big-endian, as nearly every MP4 file has it.
    Length4 = 4,
}

/// What a configuration is. Later versions may add values.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_configuration {
    /// A decoder configuration record of H.264 (`avcC`, ISO/IEC 14496-15 5.3.3.1).
    AvcRecord = 1,
    /// A decoder configuration record of H.265 (`hvcC`, ISO/IEC 14496-15 8.3.3.1).
    HevcRecord = 2,
    /// Parameter sets of H.264 alone, each after a start code.
    AvcParameterSets = 3,
    /// Parameter sets of H.265 alone, each after a start code.
    HevcParameterSets = 4,
    /// An AudioSpecificConfig of AAC (ISO/IEC 14496-3 1.6.2.1).
    AacConfig = 5,
    /// The identification header of Opus (RFC 7845 5.1); an empty one stands for stereo.
    OpusHeader = 6,
    /// The description of a FLAC stream (RFC 9639 8.2), 34 bytes, or as a file has it.
    FlacStreamInfo = 7,
    /// A configuration record of AV1 (`av1C`, AV1 in ISOBMFF 2.3).
    Av1Record = 8,
    /// A sequence header of AV1 alone.
    Av1SequenceHeader = 9,
}

const fn video_coding(coding: u32) -> Result<VideoCoding> {
    match coding {
        1 => Ok(VideoCoding::Avc),
        2 => Ok(VideoCoding::Hevc),
        3 => Ok(VideoCoding::Av1),
        _ => Err(hlsseg_status::Argument),
    }
}

const fn audio_coding(coding: u32) -> Result<AudioCoding> {
    match coding {
        1 => Ok(AudioCoding::Aac),
        2 => Ok(AudioCoding::Mpeg),
        3 => Ok(AudioCoding::Opus),
        4 => Ok(AudioCoding::Flac),
        5 => Ok(AudioCoding::Ac3),
        6 => Ok(AudioCoding::Ec3),
        _ => Err(hlsseg_status::Argument),
    }
}

const fn units_of(units: u32, data: &[u8]) -> Result<Units<'_>> {
    match units {
        0 => Ok(Units::AnnexB(data)),
        1 => Ok(Units::LengthPrefixed(LengthLen::One, data)),
        2 => Ok(Units::LengthPrefixed(LengthLen::Two, data)),
        3 => Ok(Units::Obus(data)),
        4 => Ok(Units::LengthPrefixed(LengthLen::Four, data)),
        _ => Err(hlsseg_status::Argument),
    }
}

const fn configuration(kind: u32, data: &[u8]) -> Result<Configuration<'_>> {
    match kind {
        1 => Ok(Configuration::Video(VideoCoding::Avc, data)),
        2 => Ok(Configuration::Video(VideoCoding::Hevc, data)),
        3 => Ok(Configuration::ParameterSets(VideoCoding::Avc, data)),
        4 => Ok(Configuration::ParameterSets(VideoCoding::Hevc, data)),
        5 => Ok(Configuration::Aac(data)),
        6 => Ok(Configuration::Opus(data)),
        7 => Ok(Configuration::Flac(data)),
        8 => Ok(Configuration::Video(VideoCoding::Av1, data)),
        9 => Ok(Configuration::ParameterSets(VideoCoding::Av1, data)),
        _ => Err(hlsseg_status::Argument),
    }
}

/// Hands one frame to an engine.
fn push_frame(engine: *mut hlsseg_engine, frame: Frame<'_>, sink: *const hlsseg_sink) -> Result {
    with_sink!(engine, sink, |segmenter, sink| segmenter.push_frame(frame, sink))
}

/// Hands one picture to the engine, in decoding order: all NAL units of an access unit, or of one
/// of its slices. `coding` is an `hlsseg_video_coding`; `units`, an `hlsseg_units`, tells how the
/// NAL units in `data` are separated, whose `len` bytes stay the caller's and are not kept.
/// `dts_ticks` and `pts_ticks` tell when the picture is decoded and when it is shown, in 1/90000 s,
/// on one clock with audio. They do not wrap: `hlsseg_ticks_near` unrolls times of 33 bits. A host
/// that knows PTS alone gives it twice. Whatever the picture leads to has gone to the `sink` when
/// this returns.
///
/// A publication comes as tags, by `hlsseg_push`, or as frames, not as both: their clocks are not
/// the same.
///
/// Threads: any, one call with this engine at a time. Errors, after all of which the next frame may
/// be pushed: `HLSSEG_STATUS_CODEC`, the picture was passed over; `HLSSEG_STATUS_SINK`, a callback
/// failed; `HLSSEG_STATUS_FINISHED`, the list was ended; `HLSSEG_STATUS_ARGUMENT`,
/// `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`,
/// `HLSSEG_STATUS_BUSY`, nothing was done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_push_video(
    engine: *mut hlsseg_engine,
    coding: u32,
    dts_ticks: i64,
    pts_ticks: i64,
    units: u32,
    data: *const u8,
    len: usize,
    sink: *const hlsseg_sink,
) -> hlsseg_status {
    call(|| {
        let frame = Frame::Video {
            coding: video_coding(coding)?,
            dts: Ticks::new(dts_ticks),
            pts: Ticks::new(pts_ticks),
            units: units_of(units, bytes(data, len)?)?,
        };
        push_frame(engine, frame, sink)
    })
}

/// Hands one audio frame or several to the engine, in the order of time. `coding` is an
/// `hlsseg_audio_coding`; `data` are the frames, `len` bytes that stay the caller's and are not
/// kept; `pts_ticks` tells when the first one is heard, in 1/90000 s, as for `hlsseg_push_video`.
/// Whatever the frames lead to has gone to the `sink` when this returns.
///
/// Threads: any, one call with this engine at a time. Errors: as for `hlsseg_push_video`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_push_audio(
    engine: *mut hlsseg_engine,
    coding: u32,
    pts_ticks: i64,
    data: *const u8,
    len: usize,
    sink: *const hlsseg_sink,
) -> hlsseg_status {
    call(|| {
        let frame = Frame::Audio {
            coding: audio_coding(coding)?,
            pts: Ticks::new(pts_ticks),
            data: bytes(data, len)?,
        };
        push_frame(engine, frame, sink)
    })
}

/// Tells how the frames are coded that come from now on, where they do not say so themselves.
/// `kind` is an `hlsseg_configuration`, `data` its `len` bytes, which stay the caller's and are
/// copied. Parameter sets take effect at the next key frame. The callback `track` of the `sink` is
/// told of the track.
///
/// Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_CODEC`, the
/// configuration cannot be used and was passed over; else as for `hlsseg_push_video`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_configure(
    engine: *mut hlsseg_engine,
    kind: u32,
    data: *const u8,
    len: usize,
    sink: *const hlsseg_sink,
) -> hlsseg_status {
    call(|| {
        let configuration = configuration(kind, bytes(data, len)?)?;
        with_sink!(engine, sink, |segmenter, sink| segmenter.configure(configuration, sink))
    })
}

/// Returns the time nearest to `last_ticks` whose low 33 bits are those of `wire`: unrolls PTS and
/// DTS of a transport stream, in 1/90000 s, where `last_ticks` is the time before. Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn hlsseg_ticks_near(last_ticks: i64, wire: u64) -> i64 {
    Ticks::near(Ticks::new(last_ticks), WireTime::new(wire)).get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_the_enums_is_taken_and_no_other() {
        let taken = |takes: &dyn Fn(u32) -> bool| -> Vec<u32> {
            (0..12).chain([u32::MAX]).filter(|&value| takes(value)).collect()
        };
        assert_eq!(taken(&|value| video_coding(value).is_ok()), [1, 2, 3]);
        assert_eq!(taken(&|value| audio_coding(value).is_ok()), [1, 2, 3, 4, 5, 6]);
        assert_eq!(taken(&|value| units_of(value, b"").is_ok()), [0, 1, 2, 3, 4]);
        let configurations = taken(&|value| configuration(value, b"").is_ok());
        assert_eq!(configurations, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn times_of_33_bits_are_unrolled_to_the_nearest() {
        assert_eq!(hlsseg_ticks_near(0x1_ffff_ffff, 3002), 0x2_0000_0bba);
        assert_eq!(hlsseg_ticks_near(0x2_0000_0bba, 0x1_ffff_ffff), 0x1_ffff_ffff);
        assert_eq!(hlsseg_ticks_near(0, 0x1_ffff_ffff), -1);
    }
}
