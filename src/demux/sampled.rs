//! Tags of Opus, FLAC, AC-3 and E-AC-3, whose frames go into MP4 as they came.

use crate::codec::audio::{AudioFormat, SampledFormat};
use crate::codec::{ac3, flac, opus};
use crate::flv::AudioCodec;
use crate::notice::{NoticeAmount, NoticeKind};
use crate::sample::{AudioBatch, CodedAudio};
use crate::time::Ticks;

use super::audio::AudioReading;
use super::{Findings, ReadError};

/// Reads a sequence header. That of AC-3 and E-AC-3 is empty: frames say themselves how they are
/// coded.
pub(crate) fn read_sampled_header(
    codec: AudioCodec,
    header: &[u8],
) -> Result<AudioReading<'static>, ReadError> {
    let format = match codec {
        AudioCodec::OPUS => opus::format(header)?,
        AudioCodec::FLAC => flac::format(header)?,
        _ => return Ok(AudioReading::Nothing),
    };
    Ok(AudioReading::Header(AudioFormat::Sampled(format)))
}

/// Reads a tag of one frame.
pub(super) fn read_sampled<'a>(
    codec: AudioCodec,
    frame: &'a [u8],
    format: Option<&AudioFormat>,
    time: impl FnOnce() -> Ticks,
    findings: &mut Findings,
) -> Result<AudioReading<'a>, ReadError> {
    if frame.is_empty() {
        return Ok(AudioReading::Nothing);
    }
    if frame.len() > MAX_FRAME_LEN {
        findings.add_codec(NoticeKind::AudioNotCarried, NoticeAmount::AudioCodec(codec));
        return Ok(AudioReading::Nothing);
    }
    if matches!(codec, AudioCodec::AC3 | AudioCodec::EC3) {
        let ac3::Ac3Frame { format, samples } = ac3::read(frame)?;
        let batch = whole(time(), frame, samples);
        return Ok(AudioReading::Described { format: AudioFormat::Sampled(format), batch });
    }
    let is_of = |known: &SampledFormat| known.codec == codec;
    if !matches!(format, Some(AudioFormat::Sampled(known)) if is_of(known)) {
        findings.add(NoticeKind::AudioBeforeHeader);
        return Ok(AudioReading::Nothing);
    }
    let samples =
        if codec == AudioCodec::OPUS { opus::samples(frame)? } else { flac::samples(frame)? };
    Ok(AudioReading::Batch(whole(time(), frame, samples)))
}

fn whole(time: Ticks, frame: &[u8], samples: u32) -> AudioBatch<'_> {
    AudioBatch { time, coded: CodedAudio::Whole(frame), count: 1, len: frame.len(), samples }
}

/// The most bytes of a frame: as many as are counted of one that waits.
const MAX_FRAME_LEN: usize = u16::MAX as usize;
