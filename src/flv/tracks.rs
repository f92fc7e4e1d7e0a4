//! The tracks of one message (E-RTMP v2, multitrack).
//!
//! ```text
//!   ManyTracks │ avc1 │ 0 │ len │ 1080p │ 1 │ len │ 480p    two tracks, one engine for each
//!   legacy AAC                                              one track, 0
//! ```

use super::enhanced::{Bodies, Modified, mod_ex};
use super::error::{Fault, Outcome};
use super::{AudioTag, FrameType, Tag, TagError, TagKind, VideoTag, audio, video};
use crate::time::FlvTime;

/// Id of a track within a message. An id only tells tracks apart: no rank may be read from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(u8);

impl TrackId {
    /// The track of messages that name none, and the one that
    /// [`push`](crate::Segmenter::push) takes.
    pub const DEFAULT: Self = Self(0);

    /// Takes the id as the message states it.
    pub const fn new(id: u8) -> Self {
        Self(id)
    }

    /// Returns the id as the message states it.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// What a message brings for one track, for
/// [`Segmenter::push_track`](crate::Segmenter::push_track). It borrows the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrackTag<'a> {
    /// Which track.
    pub id: TrackId,
    /// Time of the message.
    pub time: FlvTime,
    /// What the message brings.
    pub media: TrackMedia<'a>,
}

/// Media of one track. Further kinds may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrackMedia<'a> {
    /// Of a video track.
    Video(VideoTag<'a>),
    /// Of an audio track.
    Audio(AudioTag<'a>),
}

/// Splits a message by its tracks, without a copy. Audio and video tracks have ids of their own.
///
/// A message without several tracks is one of track 0; one that is neither audio nor video has
/// none.
///
/// ```
/// use hls_segmenter::flv::{Tag, TagKind, tracks};
/// use hls_segmenter::time::FlvTime;
///
/// // Two tracks of AAC, a byte each.
/// let data = b"\x95\x11mp4a\x00\x00\x00\x01a\x01\x00\x00\x01b";
/// let tag = Tag { kind: TagKind::AUDIO, time: FlvTime::from_millis(40), data };
/// let ids: Vec<u8> = tracks(tag)?.map(|track| track.id.get()).collect();
/// assert_eq!(ids, [0, 1]);
/// # Ok::<(), hls_segmenter::flv::TagError>(())
/// ```
///
/// # Errors
///
/// As [`VideoTag::parse`] and [`AudioTag::parse`]: a message that is bad anywhere is refused as a
/// whole.
pub fn tracks(tag: Tag<'_>) -> Result<Tracks<'_>, TagError> {
    let tracks = Tracks { time: tag.time, rest: Rest::of(tag).map_err(Fault::into_tag_error)? };
    let mut walk = tracks.clone();
    while walk.read().map_err(Fault::into_tag_error)?.is_some() {}
    Ok(tracks)
}

/// Iterates over the tracks of a message.
#[derive(Clone, Debug)]
pub struct Tracks<'a> {
    time: FlvTime,
    rest: Rest<'a>,
}

/// What is left of a message.
#[derive(Clone, Debug)]
enum Rest<'a> {
    Nothing,
    /// A message that is no enhanced one, or a command.
    Whole(TrackMedia<'a>),
    Video {
        frame: FrameType,
        modified: Modified,
        bodies: Bodies<'a>,
    },
    Audio {
        modified: Modified,
        bodies: Bodies<'a>,
    },
}

impl<'a> Rest<'a> {
    fn of(tag: Tag<'a>) -> Outcome<Self> {
        Ok(match (tag.kind, tag.data) {
            (TagKind::VIDEO, [byte @ 0x80..=0xff, input @ ..]) => {
                let (input, modified) = mod_ex(input, byte & 0x0f)?;
                if modified.packet_type != video::MULTITRACK {
                    return Self::whole(tag);
                }
                let bodies = Bodies::new(input, modified.packet_type, video::MULTITRACK)?;
                Self::Video { frame: FrameType::new(byte >> 4 & 0x07), modified, bodies }
            }
            (TagKind::AUDIO, [byte @ 0x90..=0x9f, input @ ..]) => {
                let (input, modified) = mod_ex(input, byte & 0x0f)?;
                if modified.packet_type != audio::MULTITRACK {
                    return Self::whole(tag);
                }
                let bodies = Bodies::new(input, modified.packet_type, audio::MULTITRACK)?;
                Self::Audio { modified, bodies }
            }
            _ => return Self::whole(tag),
        })
    }

    fn whole(tag: Tag<'a>) -> Outcome<Self> {
        Ok(match tag.kind {
            TagKind::VIDEO => Self::Whole(TrackMedia::Video(VideoTag::any(tag.data)?)),
            TagKind::AUDIO => Self::Whole(TrackMedia::Audio(AudioTag::any(tag.data)?)),
            _ => Self::Nothing,
        })
    }
}

impl<'a> Tracks<'a> {
    fn read(&mut self) -> Outcome<Option<TrackTag<'a>>> {
        let time = self.time;
        let (id, media) = match &mut self.rest {
            Rest::Nothing => return Ok(None),
            Rest::Whole(media) => {
                let media = *media;
                self.rest = Rest::Nothing;
                (TrackId::DEFAULT, media)
            }
            Rest::Video { frame, modified, bodies } => {
                let Some(track) = bodies.take()? else { return Ok(None) };
                let tag = VideoTag::of_track(*frame, *modified, bodies.packet_type, &track)?;
                (TrackId(track.id), TrackMedia::Video(tag))
            }
            Rest::Audio { modified, bodies } => {
                let Some(track) = bodies.take()? else { return Ok(None) };
                let tag = AudioTag::of_track(*modified, bodies.packet_type, &track);
                (TrackId(track.id), TrackMedia::Audio(tag))
            }
        };
        Ok(Some(TrackTag { id, time, media }))
    }
}

impl<'a> Iterator for Tracks<'a> {
    type Item = TrackTag<'a>;

    fn next(&mut self) -> Option<TrackTag<'a>> {
        // Errors were found where the iterator was made.
        self.read().ok().flatten()
    }
}

impl core::iter::FusedIterator for Tracks<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flv::{AudioCodec, AudioPacket, VideoCodec, VideoPacket};
    use crate::time::TickSpan;
    use std::vec::Vec;

    fn ids(kind: TagKind, data: &[u8]) -> Result<Vec<u8>, TagError> {
        let tag = Tag { kind, time: FlvTime::from_millis(7), data };
        Ok(tracks(tag)?.map(|track| track.id.get()).collect())
    }

    #[test]
    fn f_17_each_track_of_a_message_has_its_codec_and_body() {
        // Key frame, ManyTracksManyCodecs of coded frames.
        let data = b"\x96\x21avc1\x03\x00\x00\x05\x00\x00\x28xyhvc1\x01\x00\x00\x04\x00\x00\x00z";
        let tag = Tag { kind: TagKind::VIDEO, time: FlvTime::from_millis(7), data };
        let found: Vec<_> = tracks(tag).unwrap().collect();
        let video = |codec, millis, data| VideoTag {
            codec,
            frame: FrameType::KEY,
            packet: VideoPacket::AccessUnit { composition: TickSpan::from_millis(millis), data },
            skipped_tracks: 0,
        };
        let want = [(3, video(VideoCodec::AVC, 40, b"xy")), (1, video(VideoCodec::HEVC, 0, b"z"))];
        assert_eq!(found.len(), 2);
        for (track, (id, video)) in found.iter().zip(want) {
            assert_eq!((track.id, track.media), (TrackId::new(id), TrackMedia::Video(video)));
            assert_eq!(track.time, tag.time);
        }
        let one = Tag { kind: TagKind::AUDIO, data: b"\x95\x01mp4a\x02frame", ..tag };
        let found: Vec<_> = tracks(one).unwrap().collect();
        assert_eq!((found.len(), found[0].id), (1, TrackId::new(2)));
        let TrackMedia::Audio(audio) = found[0].media else { panic!("{found:?}") };
        assert_eq!((audio.codec, audio.packet), (AudioCodec::AAC, AudioPacket::Frame(b"frame")));
    }

    #[test]
    fn f_17_a_message_without_tracks_is_one_of_track_0_and_others_have_none() {
        for (kind, data) in [
            (TagKind::VIDEO, &b"\x27\x01\x00\x00\x00x"[..]),
            (TagKind::VIDEO, b"\x91avc1\x00\x00\x00x"),
            (TagKind::VIDEO, b"\xd3\x00"),
            (TagKind::AUDIO, b"\xaf\x01x"),
            (TagKind::AUDIO, b"\x91mp4ax"),
            (TagKind::AUDIO, b""),
        ] {
            assert_eq!(ids(kind, data), Ok(Vec::from([0])), "{data:?}");
        }
        assert_eq!(ids(TagKind::SCRIPT, b"\x02"), Ok(Vec::new()));
        assert_eq!(ids(TagKind::AGGREGATE, b""), Ok(Vec::new()));
    }

    #[test]
    fn f_17_a_message_that_is_cut_is_refused_as_a_whole() {
        let whole = b"\x95\x11mp4a\x00\x00\x00\x01a\x01\x00\x00\x02bc";
        assert_eq!(ids(TagKind::AUDIO, whole), Ok(Vec::from([0, 1])));
        for len in 1..whole.len() {
            let between_tracks = len == 11;
            assert_eq!(ids(TagKind::AUDIO, &whole[..len]).is_ok(), between_tracks, "{len}");
        }
    }
}
