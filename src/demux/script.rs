//! Script tags: the tracks that metadata announces.

use crate::codec::video::{CarriedVideo, VideoCoding};
use crate::flv::{AudioCodec, Metadata};
use crate::stream_type::StreamType;
use crate::track::Announced;

/// Reads the body of a script tag; `None` if it announces no track. Video counts where it is
/// carried.
#[cold]
pub(crate) fn read_script(data: &[u8], carried: CarriedVideo) -> Option<Announced> {
    let metadata = Metadata::parse(data)?;
    let low_rate = metadata.audio_sample_rate.is_some_and(|rate| rate < 32_000);
    Some(Announced {
        video: metadata
            .video
            .and_then(VideoCoding::of)
            .is_some_and(|video| carried.contains(video)),
        audio: match metadata.audio {
            Some(AudioCodec::AAC) => Some(StreamType::AAC_ADTS),
            Some(AudioCodec::MP3) if low_rate => Some(StreamType::MPEG2_AUDIO),
            Some(AudioCodec::MP3) => Some(StreamType::MPEG1_AUDIO),
            Some(AudioCodec::AC3) => Some(StreamType::AC3),
            _ => None,
        },
    })
}
