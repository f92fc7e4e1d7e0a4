//! Coded audio on its way into a segment: what one tag brought.

use crate::codec::aac::Adts;
use crate::codec::mpeg_audio::{FrameHeader, Frames};
use crate::time::FlvTime;
use crate::timeline::AudioTime;

use super::queue::AudioQueue;

/// The frames of a tag, which are placed in time as one.
pub(super) struct Incoming<'a> {
    pub(super) time: FlvTime,
    pub(super) coded: Coded<'a>,
    /// How many frames: never 0.
    pub(super) count: u32,
    /// Bytes of all of them, headers included.
    pub(super) len: usize,
    /// Samples per channel of all of them.
    pub(super) samples: u32,
}

/// The bytes of a tag's frames.
pub(super) enum Coded<'a> {
    /// One frame, and the header that goes before it.
    Aac {
        header: [u8; Adts::HEADER_LEN],
        frame: &'a [u8],
    },
    Mpeg(MpegFrames<'a>),
}

/// A frame in its place.
pub(super) struct Frame<'a> {
    pub(super) time: AudioTime,
    pub(super) header: &'a [u8],
    pub(super) payload: &'a [u8],
}

impl Frame<'_> {
    pub(super) const fn len(&self) -> usize {
        self.header.len() + self.payload.len()
    }
}

impl Incoming<'_> {
    /// Returns the frames, each with its share of the time that all were `placed` at.
    pub(super) fn frames(&self, placed: AudioTime) -> impl Iterator<Item = Frame<'_>> {
        let (header, alone, several) = match &self.coded {
            Coded::Aac { header, frame } => (header.as_slice(), Some(*frame), None),
            Coded::Mpeg(frames) => ([].as_slice(), None, Some(frames.clone())),
        };
        let payloads = alone.into_iter().chain(several.into_iter().flatten());
        (0..).zip(payloads).map(move |(nth, payload)| Frame {
            time: placed.part(nth, self.count),
            header,
            payload,
        })
    }

    /// Says whether this is a frame that the queue has no room for even when it is empty.
    pub(super) const fn travels_alone(&self) -> bool {
        self.count == 1 && !AudioQueue::could_hold(self.len)
    }
}

/// The frames of an MP3 tag.
///
/// What is no frame goes with the one before it, and is left out where both do not fit a PES packet.
#[derive(Clone)]
pub(super) struct MpegFrames<'a> {
    rest: &'a [u8],
}

impl<'a> MpegFrames<'a> {
    pub(super) const fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }
}

impl<'a> Iterator for MpegFrames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let header = FrameHeader::parse(self.rest).ok()?;
        let len = header.frame_len.min(self.rest.len());
        let follows = |at: &usize| {
            let behind = self.rest.get(*at..).unwrap_or_default();
            let next = Frames::new(behind).next();
            next.is_some_and(|(next, _)| header.is_like(&next))
        };
        let end = (len..self.rest.len()).find(follows);
        let (frame, behind) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = behind;
        if AudioQueue::could_hold(frame.len()) {
            Some(frame)
        } else {
            frame.get(..len)
        }
    }
}
