//! What the engine's statistics are called in GetLiveChannelStat.

use hls_segmenter::Stats;

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
        codec: name(&video.track.codec.to_string()),
    })
}

/// Audio, once media of it has come.
pub(crate) fn audio(stats: &Stats) -> Option<StoredAudio> {
    let audio = stats.audio.filter(|audio| audio.frames > 0)?;
    Some(StoredAudio {
        bandwidth: audio.bytes_per_second,
        sample_rate: audio.track.sample_rate,
        codec: name(&audio.track.codec.to_string()),
    })
}

/// Returns what a codec is called that has this codecs parameter (RFC 6381). OSS has names for H.264
/// and AAC; the others are made like them.
fn name(parameter: &str) -> String {
    let (_, known) = match NAMES.iter().find(|(begin, _)| parameter.starts_with(begin)) {
        Some(found) => *found,
        None => ("", parameter),
    };
    known.to_owned()
}

const NAMES: [(&str, &str); 9] = [
    ("avc", "H264"),
    ("hvc", "H265"),
    ("av01", "AV1"),
    ("mp4a.40.34", "MP3"),
    ("mp4a", "AAC"),
    ("Opus", "Opus"),
    ("fLaC", "FLAC"),
    ("ac-3", "AC3"),
    ("ec-3", "EAC3"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o_20_codecs_have_names_like_those_of_oss() {
        for (parameter, want) in [
            ("avc1.64001F", "H264"),
            ("hvc1.1.6.L93.B0", "H265"),
            ("av01.0.04M.08", "AV1"),
            ("mp4a.40.2", "AAC"),
            ("mp4a.40.34", "MP3"),
            ("Opus", "Opus"),
            ("xyz1", "xyz1"),
        ] {
            assert_eq!(name(parameter), want);
        }
    }
}
