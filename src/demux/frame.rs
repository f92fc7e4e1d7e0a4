//! Frames without tags: the same readings, of media that says its codec and its times itself.

use crate::codec::nal::{AccessUnit, Packing, ParameterSets};
use crate::codec::video::{VideoCoding, VideoConfiguration};
use crate::flv::AudioCodec;
use crate::frame::{AudioCoding, Units};
use crate::notice::{NoticeAmount, NoticeKind};
use crate::time::{TickSpan, Ticks};

use super::audio::{AudioReading, KnownAudio, read_aac, read_mpeg};
use super::found::{FoundUnit, KeyClaim};
use super::sampled::read_sampled;
use super::video::{VideoDemux, VideoReading};
use super::{Findings, ReadError};

/// A picture that came without a tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PictureFrame<'a> {
    pub(crate) coding: VideoCoding,
    pub(crate) dts: Ticks,
    /// PTS minus DTS.
    pub(crate) composition: TickSpan,
    pub(crate) units: Units<'a>,
}

/// Audio that came without a tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AudioFrames<'a> {
    pub(crate) coding: AudioCoding,
    pub(crate) pts: Ticks,
    pub(crate) data: &'a [u8],
}

/// Reads the NAL units of a picture.
pub(crate) fn read_picture<'a>(
    video: &mut VideoDemux,
    frame: &PictureFrame<'a>,
    findings: &mut Findings,
) -> VideoReading<'a> {
    if !video.carries(frame.coding) {
        return VideoDemux::refuse(frame.coding.codec(), findings);
    }
    video.expect(frame.coding);
    let (unit, contents) = match frame.units {
        Units::AnnexB(data) | Units::Obus(data) => AccessUnit::in_byte_stream(data, frame.coding),
        Units::LengthPrefixed(len, data) => {
            AccessUnit::new(data, Packing::new(frame.coding, len.get()))
        }
    };
    let composition = frame.composition;
    let found = FoundUnit { unit, contents, composition, claim: KeyClaim::None };
    video.take(found, || frame.dts, findings)
}

/// Reads audio frames.
pub(crate) fn read_audio_frames<'a>(
    frames: &AudioFrames<'a>,
    known: KnownAudio<'_>,
    findings: &mut Findings,
) -> Result<AudioReading<'a>, ReadError> {
    let time = || frames.pts;
    let codec = match frames.coding {
        AudioCoding::Aac => AudioCodec::AAC,
        AudioCoding::Mpeg => AudioCodec::MP3,
        AudioCoding::Opus => AudioCodec::OPUS,
        AudioCoding::Flac => AudioCodec::FLAC,
        AudioCoding::Ac3 => AudioCodec::AC3,
        AudioCoding::Ec3 => AudioCodec::EC3,
    };
    if !known.carried.contains(&codec) {
        findings.add_codec(NoticeKind::UnsupportedAudio, NoticeAmount::AudioCodec(codec));
        return Ok(AudioReading::NotCarried);
    }
    match frames.coding {
        AudioCoding::Aac => read_aac(frames.data, known.format, time, findings),
        AudioCoding::Mpeg => read_mpeg(frames.data, time, findings),
        _ => read_sampled(codec, frames.data, known.format, time, findings),
    }
}

/// Reads a decoder configuration record.
pub(crate) fn read_record(
    video: &mut VideoDemux,
    coding: VideoCoding,
    record: &[u8],
    findings: &mut Findings,
) -> Result<VideoReading<'static>, ReadError> {
    if !video.carries(coding) {
        return Ok(VideoDemux::refuse(coding.codec(), findings));
    }
    Ok(video.configure(coding.configuration(record)?, findings))
}

/// Reads parameter sets out of a byte stream.
pub(crate) fn read_parameter_sets(
    video: &mut VideoDemux,
    coding: VideoCoding,
    stream: &[u8],
    findings: &mut Findings,
) -> Result<VideoReading<'static>, ReadError> {
    if !video.carries(coding) {
        return Ok(VideoDemux::refuse(coding.codec(), findings));
    }
    let mut sets = ParameterSets::new(coding);
    for unit in AccessUnit::of_byte_stream(stream, coding).nal_units() {
        sets.update(unit).map_err(|full| coding.sets_too_large(full.len))?;
    }
    if sets.sps().next().is_none() {
        return Err(coding.no_sequence_parameter_set().into());
    }
    let configuration = VideoConfiguration { length_len: 4, sets, empty_entries: 0 };
    Ok(video.configure(configuration, findings))
}
