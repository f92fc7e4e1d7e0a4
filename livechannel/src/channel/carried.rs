//! What of a publication can be carried, and what is said of the rest.

use std::collections::HashSet;

use hls_segmenter::Track;
use hls_segmenter::flv::{AudioCodec, VideoCodec};
use hls_segmenter::notice::{Notice, NoticeAmount};

use crate::store::{Container, Dropped, Media};

/// What has come of one publication so far.
#[derive(Debug)]
pub(super) struct Carried {
    container: Container,
    /// What was told already.
    dropped: HashSet<(Media, String)>,
    reasons: Vec<String>,
    outlook: Outlook,
    pictures: Pictures,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outlook {
    Open,
    /// All that came was dropped, for so long that nothing else is likely to come.
    Nothing,
}

/// Whether snapshots can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pictures {
    Decodable,
    Other,
}

impl Carried {
    pub(super) fn new(container: Container) -> Self {
        Self {
            container,
            dropped: HashSet::new(),
            reasons: Vec::new(),
            outlook: Outlook::Open,
            pictures: Pictures::Decodable,
        }
    }

    /// Returns what a notice says of media that is dropped for its codec, once for each codec.
    pub(super) fn dropped(&mut self, notice: &Notice) -> Option<Dropped> {
        let (media, codec) = match notice.amount {
            NoticeAmount::VideoCodec(codec) => (Media::Video, codec.to_string()),
            NoticeAmount::AudioCodec(codec) => (Media::Audio, codec.to_string()),
            _ => return None,
        };
        if self.dropped.len() >= MOST || !self.dropped.insert((media, codec.clone())) {
            return None;
        }
        let reason = match (self.container, notice.amount) {
            (Container::Ts, amount) if is_of_fmp4(amount) => {
                format!("{codec} is carried in fMP4 alone: set x-Container to fMP4")
            }
            (Container::Fmp4, NoticeAmount::AudioCodec(AudioCodec::MP3)) => {
                format!("{codec} is carried in MPEG-TS alone: set x-Container to TS")
            }
            _ => format!("{codec} is not carried"),
        };
        self.reasons.push(reason.clone());
        Some(Dropped { media, codec, reason })
    }

    /// Notes that nothing which came could be carried.
    pub(super) const fn nothing(&mut self) {
        self.outlook = Outlook::Nothing;
    }

    /// Returns why the publisher has to be refused.
    pub(super) fn refusal(&self) -> Option<String> {
        let reasons = self.reasons.join("; ");
        (self.outlook == Outlook::Nothing).then(|| {
            format!("CodecNotSupported: nothing of this stream can be carried: {reasons}.")
        })
    }

    pub(super) fn track(&mut self, track: &Track) {
        if let Track::Video(video) = track {
            let is_avc = video.codec.to_string().starts_with("avc");
            self.pictures = if is_avc { Pictures::Decodable } else { Pictures::Other };
        }
    }

    /// Returns whether key frames can become snapshots.
    pub(super) fn has_pictures(&self) -> bool {
        self.pictures == Pictures::Decodable
    }
}

/// Returns whether players take a codec in fragmented MP4 and not in MPEG-TS.
const fn is_of_fmp4(amount: NoticeAmount) -> bool {
    matches!(
        amount,
        NoticeAmount::VideoCodec(VideoCodec::AV1)
            | NoticeAmount::AudioCodec(AudioCodec::OPUS | AudioCodec::FLAC | AudioCodec::EC3)
    )
}

/// Codecs that one publication is told of: an encoder that changes its codec with every message
/// fills no log.
const MOST: usize = 8;
