//! What the engine's statistics are called in GetLiveChannelStat.

use hls_segmenter::{AudioCodecString, Stats};

use crate::store::{StoredAudio, StoredVideo};

/// Video, once media of it has come; `measured` is the frame rate of a stream that states none.
pub(crate) fn video(stats: &Stats, measured: u32) -> Option<StoredVideo> {
    let video = stats.video.filter(|video| video.frames > 0)?;
    Some(StoredVideo {
        width: video.track.width.unwrap_or(0),
        height: video.track.height.unwrap_or(0),
        frame_rate: match video.track.frame_rate {
            Some((frames, secs)) => frames / secs.max(1),
            None => measured,
        },
        bandwidth: video.bytes_per_second,
        codec: "H264".to_owned(),
    })
}

/// Audio, once media of it has come.
pub(crate) fn audio(stats: &Stats) -> Option<StoredAudio> {
    let audio = stats.audio.filter(|audio| audio.frames > 0)?;
    let codec = match audio.track.codec {
        AudioCodecString::Mp3 => "MP3",
        _ => "AAC",
    };
    Some(StoredAudio {
        bandwidth: audio.bytes_per_second,
        sample_rate: audio.track.sample_rate,
        codec: codec.to_owned(),
    })
}
