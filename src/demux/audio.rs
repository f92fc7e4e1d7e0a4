//! Audio tags: configurations and frames.

use crate::codec::aac::{
    Adts, AdtsHeader, AudioSpecificConfig, begins_with_program_config, strip_adts,
};
use crate::codec::audio::AudioFormat;
use crate::codec::mpeg_audio::{FrameHeader, PaddedFrames, Version};
use crate::flv::{AudioCodec, AudioPacket, AudioTag, Tag};
use crate::notice::NoticeKind;
use crate::sample::{AudioBatch, CodedAudio, MAX_PES_AUDIO_LEN};
use crate::time::Ticks;
use crate::timeline::Unroller;

use super::{Findings, ReadError};

/// What an audio tag brings.
#[derive(Clone, Debug)]
pub(crate) enum AudioReading<'a> {
    /// Nothing that goes on.
    Nothing,
    /// How the frames that follow are coded.
    Header(AudioFormat),
    /// Frames.
    Batch(AudioBatch<'a>),
    /// Frames that say themselves how they are coded.
    Described { format: AudioFormat, batch: AudioBatch<'a> },
    /// A frame with nothing in it: its time passes.
    Empty,
}

/// Reads what nearly every audio tag is, one AAC frame with nothing odd about it; `None` for any
/// other tag.
#[inline(always)]
pub(crate) fn read_plain_frame<'a>(
    tag: &Tag<'a>,
    format: Option<&AudioFormat>,
    unroller: &mut Unroller,
) -> Option<AudioBatch<'a>> {
    let frame = AudioTag::raw_aac_frame(tag.data)?;
    match format {
        Some(AudioFormat::Aac { config, adts }) if config.channel_config != 0 => {
            let header = adts.padded_header(frame.len()).ok()?;
            Some(aac_batch(unroller.unroll(tag.time), header, frame, config))
        }
        _ => None,
    }
}

/// Reads an audio tag; `format` is how its frames are coded as far as that is known.
pub(crate) fn read_audio<'a>(
    tag: Tag<'a>,
    format: Option<&AudioFormat>,
    unroller: &mut Unroller,
    findings: &mut Findings,
) -> Result<AudioReading<'a>, ReadError> {
    let audio = AudioTag::parse(tag.data)?;
    if audio.skipped_tracks > 0 {
        findings.add(NoticeKind::OtherTrack);
    }
    match (audio.packet, audio.codec) {
        (AudioPacket::Frame(frame), AudioCodec::AAC) => {
            let Some(AudioFormat::Aac { config, adts }) = format else {
                findings.add(NoticeKind::AudioBeforeHeader);
                return Ok(AudioReading::Nothing);
            };
            if frame.is_empty() {
                return Ok(AudioReading::Empty);
            }
            if let Some((header, frame)) = aac_frame(frame, config, *adts, findings)? {
                let time = unroller.unroll(tag.time);
                return Ok(AudioReading::Batch(aac_batch(time, header, frame, config)));
            }
        }
        (AudioPacket::Frame(frames), AudioCodec::MP3) => {
            return mpeg_frames(tag, frames, unroller, findings);
        }
        (AudioPacket::SequenceHeader(config), AudioCodec::AAC) => {
            let config = AudioSpecificConfig::parse(config)?;
            let adts = Adts::new(&config)?;
            return Ok(AudioReading::Header(AudioFormat::Aac { config, adts }));
        }
        (AudioPacket::SequenceHeader(_), AudioCodec::MP3) => {}
        (AudioPacket::SequenceHeader(_) | AudioPacket::Frame(_), AudioCodec::MP3_8K) => {
            findings.add(NoticeKind::AudioNotCarried);
        }
        (AudioPacket::SequenceHeader(_) | AudioPacket::Frame(_), _) => {
            findings.add(NoticeKind::UnsupportedAudio);
        }
        (AudioPacket::Ignored(_), _) => findings.add(NoticeKind::UnknownPacket),
        _ => {}
    }
    Ok(AudioReading::Nothing)
}

/// Makes a batch of one AAC frame.
#[inline(always)]
fn aac_batch<'a>(
    time: Ticks,
    header: AdtsHeader,
    frame: &'a [u8],
    config: &AudioSpecificConfig,
) -> AudioBatch<'a> {
    AudioBatch {
        time,
        coded: CodedAudio::Aac { header, frame },
        count: 1,
        len: Adts::HEADER_LEN + frame.len(),
        samples: u32::from(config.frame_len),
    }
}

/// Returns the ADTS header of an AAC frame, and the frame; `None` if it cannot be carried.
fn aac_frame<'a>(
    frame: &'a [u8],
    config: &AudioSpecificConfig,
    adts: Adts,
    findings: &mut Findings,
) -> Result<Option<(AdtsHeader, &'a [u8])>, ReadError> {
    let frame = match strip_adts(frame) {
        Some(payload) => {
            findings.add(NoticeKind::AdtsInFlv);
            payload
        }
        None => frame,
    };
    let header = adts.padded_header(frame.len());
    let layout_is_known = config.channel_config != 0 || begins_with_program_config(frame);
    if header.is_err() || !layout_is_known {
        findings.add(NoticeKind::AudioNotCarried);
    }
    let header = header?;
    Ok(layout_is_known.then_some((header, frame)))
}

/// Takes the frames of a tag, of which the first says how they are coded.
fn mpeg_frames<'a>(
    tag: Tag<'a>,
    body: &'a [u8],
    unroller: &mut Unroller,
    findings: &mut Findings,
) -> Result<AudioReading<'a>, ReadError> {
    if body.is_empty() {
        return Ok(AudioReading::Nothing);
    }
    let first = FrameHeader::parse(body)?;
    if first.version == Version::Mpeg25 {
        findings.add(NoticeKind::AudioNotCarried);
        return Ok(AudioReading::Nothing);
    }
    let frames = PaddedFrames::new(body, MAX_PES_AUDIO_LEN);
    let (mut count, mut len) = (0, 0);
    for frame in frames.clone() {
        count += 1;
        len += frame.len();
    }
    if len < body.len() {
        findings.add(NoticeKind::AudioNotCarried);
    }
    let batch = AudioBatch {
        time: unroller.unroll(tag.time),
        coded: CodedAudio::Mpeg(frames),
        count,
        len,
        samples: first.samples.saturating_mul(count),
    };
    Ok(AudioReading::Described { format: AudioFormat::of_mpeg(&first), batch })
}
