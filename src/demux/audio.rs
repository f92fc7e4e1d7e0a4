//! Audio tags: configurations and frames.

use crate::codec::aac::{
    AacFrames, Adts, AdtsFrames, AdtsHeader, AudioSpecificConfig, begins_with_program_config,
};
use crate::codec::audio::AudioFormat;
use crate::codec::mpeg_audio::{FrameHeader, PaddedFrames, Version};
use crate::flv::{AudioCodec, AudioPacket, AudioTag, Tag};
use crate::notice::{NoticeAmount, NoticeKind};
use crate::sample::{AudioBatch, CodedAudio, MAX_PES_AUDIO_LEN};
use crate::time::Ticks;
use crate::timeline::Unroller;

use super::sampled::{read_sampled, read_sampled_header};
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
    /// Media that cannot be carried, in a codec or a version that is not supported.
    NotCarried,
    /// A header of frames that cannot be carried, and why.
    Refused(ReadError),
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

/// What is known of audio before a tag of it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownAudio<'f> {
    /// How frames are coded, as far as that was said.
    pub(crate) format: Option<&'f AudioFormat>,
    /// What is carried.
    pub(crate) carried: &'static [AudioCodec],
}

/// Reads an audio tag.
pub(crate) fn read_audio<'a>(
    tag: Tag<'a>,
    known: KnownAudio<'_>,
    unroller: &mut Unroller,
    findings: &mut Findings,
) -> Result<AudioReading<'a>, ReadError> {
    let audio = AudioTag::parse(tag.data)?;
    if audio.skipped_tracks > 0 {
        findings.add(NoticeKind::OtherTrack);
    }
    read_parsed_audio(audio, known, || unroller.unroll(tag.time), findings)
}

/// Reads an audio tag that was taken apart.
pub(crate) fn read_parsed_audio<'a>(
    audio: AudioTag<'a>,
    known: KnownAudio<'_>,
    time: impl FnOnce() -> Ticks,
    findings: &mut Findings,
) -> Result<AudioReading<'a>, ReadError> {
    let time = || time() + audio.offset;
    match (audio.packet, audio.codec) {
        (AudioPacket::SequenceHeader(_) | AudioPacket::Frame(_), codec)
            if !known.carried.contains(&codec) =>
        {
            let kind = if codec == AudioCodec::MP3_8K {
                NoticeKind::AudioNotCarried
            } else {
                NoticeKind::UnsupportedAudio
            };
            findings.add_codec(kind, NoticeAmount::AudioCodec(codec));
            Ok(AudioReading::NotCarried)
        }
        (AudioPacket::Frame(frame), AudioCodec::AAC) => {
            read_aac(frame, known.format, time, findings)
        }
        (AudioPacket::Frame(frames), AudioCodec::MP3) => read_mpeg(frames, time, findings),
        (AudioPacket::SequenceHeader(config), AudioCodec::AAC) => read_aac_config(config),
        (AudioPacket::SequenceHeader(header), codec) => read_sampled_header(codec, header),
        (AudioPacket::Frame(frame), codec) => {
            read_sampled(codec, frame, known.format, time, findings)
        }
        (AudioPacket::Ignored(_), _) => {
            findings.add(NoticeKind::UnknownPacket);
            Ok(AudioReading::Nothing)
        }
        _ => Ok(AudioReading::Nothing),
    }
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
        coded: CodedAudio::PlainAac { header, frame },
        count: 1,
        len: Adts::HEADER_LEN + frame.len(),
        samples: u32::from(config.frame_len),
    }
}

/// Reads an `AudioSpecificConfig`.
pub(crate) fn read_aac_config(config: &[u8]) -> Result<AudioReading<'static>, ReadError> {
    let config = AudioSpecificConfig::parse(config)?;
    Ok(match Adts::new(&config) {
        Ok(adts) => AudioReading::Header(AudioFormat::Aac { config, adts }),
        Err(error) => AudioReading::Refused(error.into()),
    })
}

/// Takes AAC frames: one, or several in ADTS frames. Where no sequence header has
/// come, the first ADTS header serves as one.
pub(super) fn read_aac<'a>(
    payload: &'a [u8],
    format: Option<&AudioFormat>,
    time: impl FnOnce() -> Ticks,
    findings: &mut Findings,
) -> Result<AudioReading<'a>, ReadError> {
    let (config, adts, is_told) = match format {
        Some(AudioFormat::Aac { config, adts }) => (*config, *adts, true),
        _ => match AdtsFrames::new(payload).and_then(|frames| frames.config()) {
            Some(config) => (config, Adts::new(&config)?, false),
            None => {
                findings.add(NoticeKind::AudioBeforeHeader);
                return Ok(AudioReading::Nothing);
            }
        },
    };
    if payload.is_empty() {
        return Ok(AudioReading::Empty);
    }
    let frames = AacFrames::new(payload, &config, adts, MAX_PES_AUDIO_LEN);
    if !frames.are_adts() && config.channel_config != 0 && is_told {
        let header = header_of(payload, adts, findings)?;
        let batch = aac_batch(time(), header, payload, &config);
        return Ok(AudioReading::Batch(batch));
    }
    if frames.are_adts() {
        findings.add(NoticeKind::AdtsInFlv);
    }
    let layout_is_known = |payload| {
        let has_layout = config.channel_config != 0 || config.channel_layout.is_some();
        has_layout || begins_with_program_config(payload)
    };
    let (mut count, mut len) = (0, 0);
    let mut walk = frames.clone();
    while let Some(frame) = walk.next() {
        if !layout_is_known(frame.payload) {
            findings.add(NoticeKind::AudioNotCarried);
            break;
        }
        count += 1;
        len += frame.len();
    }
    if count == 0 {
        header_of(payload, adts, findings)?;
        return Ok(AudioReading::Nothing);
    }
    let batch = AudioBatch {
        time: time(),
        coded: CodedAudio::Aac(frames),
        count,
        len,
        samples: u32::from(config.frame_len).saturating_mul(count),
    };
    Ok(if is_told {
        AudioReading::Batch(batch)
    } else {
        AudioReading::Described { format: AudioFormat::Aac { config, adts }, batch }
    })
}

/// Returns the ADTS header of an AAC frame; notes one that is too long for it.
fn header_of(frame: &[u8], adts: Adts, findings: &mut Findings) -> Result<AdtsHeader, ReadError> {
    let header = adts.padded_header(frame.len());
    if header.is_err() {
        findings.add(NoticeKind::AudioNotCarried);
    }
    Ok(header?)
}

/// Takes MPEG audio frames, of which the first says how they are coded.
pub(super) fn read_mpeg<'a>(
    body: &'a [u8],
    time: impl FnOnce() -> Ticks,
    findings: &mut Findings,
) -> Result<AudioReading<'a>, ReadError> {
    if body.is_empty() {
        return Ok(AudioReading::Nothing);
    }
    let first = FrameHeader::parse(body)?;
    if first.version == Version::Mpeg25 {
        let codec = NoticeAmount::AudioCodec(AudioCodec::MP3);
        findings.add_codec(NoticeKind::AudioNotCarried, codec);
        return Ok(AudioReading::NotCarried);
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
        time: time(),
        coded: CodedAudio::Mpeg(frames),
        count,
        len,
        samples: first.samples.saturating_mul(count),
    };
    Ok(AudioReading::Described { format: AudioFormat::of_mpeg(&first), batch })
}
