//! A look ahead at the beginning of the input: which tracks are there.
//!
//! A segment lists its tracks when it opens, and often its first key frame comes before the first
//! audio tag. Metadata tells of the audio, but not every writer says enough in it. Whoever reads a
//! file can look for himself.

use std::io;

use hls_segmenter::codec::mpeg_audio::{FrameHeader, Version};
use hls_segmenter::flv::{
    AudioCodec, AudioPacket, AudioTag, FileHeader, Reader, Step, TagKind, VideoCodec, VideoTag,
};
use hls_segmenter::ts::StreamType;
use hls_segmenter::{Config, Options};

use crate::input::Input;

/// Reads ahead, consumes nothing, and announces to the engine what tracks there are.
///
/// The same input gives the same answer, however it arrives.
///
/// # Errors
///
/// Those of the operating system.
pub(crate) fn announce(config: Config, input: &mut Input) -> io::Result<Config> {
    let tracks = loop {
        let (tracks, need) = look(input.bytes());
        match need {
            Some(at_least) if at_least <= LOOK_LEN && input.fill(at_least)? => {}
            _ => break tracks,
        }
    };
    let options = Options {
        announced_video: tracks.video,
        announced_audio: tracks.audio,
        ..*config.options()
    };
    Ok(Config::new(options).unwrap_or(config))
}

/// The tracks seen so far.
#[derive(Default)]
struct Tracks {
    video: bool,
    audio: Option<StreamType>,
}

impl Tracks {
    /// Says whether all is there that the file header speaks of.
    fn fulfil(&self, header: FileHeader) -> bool {
        self.video >= header.has_video && self.audio.is_some() >= header.has_audio
    }
}

/// Goes over the tags; returns also how many bytes it needs to say more, if there is more to say.
fn look(bytes: &[u8]) -> (Tracks, Option<usize>) {
    let (mut reader, mut rest) = (Reader::new(), bytes);
    let (mut tracks, mut said, mut first) = (Tracks::default(), None, None);
    loop {
        let consumed = match reader.step(rest) {
            Ok(Step::Header { header, consumed }) => {
                said = Some(header);
                consumed
            }
            Ok(Step::Tag { tag, consumed }) => {
                match tag.kind {
                    TagKind::VIDEO => tracks.video |= is_avc(tag.data),
                    TagKind::AUDIO => tracks.audio = tracks.audio.or_else(|| audio_type(tag.data)),
                    _ => {}
                }
                let late = tag.time.since(*first.get_or_insert(tag.time)) > LOOK_MILLIS;
                if late || said.is_some_and(|header| tracks.fulfil(header)) {
                    return (tracks, None);
                }
                consumed
            }
            Ok(Step::Need { at_least }) => {
                let before = bytes.len() - rest.len();
                return (tracks, Some(before + at_least));
            }
            _ => return (tracks, None),
        };
        rest = rest.get(consumed..).unwrap_or_default();
    }
}

fn is_avc(data: &[u8]) -> bool {
    VideoTag::parse(data).is_ok_and(|tag| tag.codec == VideoCodec::AVC)
}

/// Returns the stream type of audio that MPEG-TS can carry.
fn audio_type(data: &[u8]) -> Option<StreamType> {
    let tag = AudioTag::parse(data).ok()?;
    match (tag.codec, tag.packet) {
        (AudioCodec::AAC, AudioPacket::SequenceHeader(_)) => Some(StreamType::AAC_ADTS),
        (AudioCodec::MP3 | AudioCodec::MP3_8K, AudioPacket::Frame(frame)) => {
            match FrameHeader::parse(frame).ok()?.version {
                Version::Mpeg1 => Some(StreamType::MPEG1_AUDIO),
                Version::Mpeg2 => Some(StreamType::MPEG2_AUDIO),
                Version::Mpeg25 => None,
            }
        }
        _ => None,
    }
}

/// Most bytes to look at: a second of 4 Mbit/s.
const LOOK_LEN: usize = 512 * 1024;

/// Most media time to look at, which is what a live stream may be delayed by at its beginning.
const LOOK_MILLIS: i32 = 1000;
