//! The frames of a tag with what lies between them, so that nothing of a tag is lost.

use super::{FrameHeader, Frames};

/// Splits the body of a tag at its frames. Bytes that are no frame stay with the frame before them;
/// they are left out where the two together are longer than a limit.
#[derive(Clone, Debug)]
pub(crate) struct PaddedFrames<'a> {
    rest: &'a [u8],
    max_len: usize,
}

impl<'a> PaddedFrames<'a> {
    /// Takes the body of an MP3 tag; a frame and its padding are at most `max_len` bytes.
    pub(crate) const fn new(body: &'a [u8], max_len: usize) -> Self {
        Self { rest: body, max_len }
    }
}

impl<'a> Iterator for PaddedFrames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let header = FrameHeader::parse(self.rest).ok()?;
        let len = header.frame_len.min(self.rest.len());
        let begins_like = |at: &usize| {
            let later = self.rest.get(*at..).unwrap_or_default();
            let next = Frames::new(later).next();
            next.is_some_and(|(next, _)| header.is_like(&next))
        };
        let end = (len..self.rest.len()).find(begins_like);
        let (padded, later) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = later;
        if padded.len() <= self.max_len { Some(padded) } else { padded.get(..len) }
    }
}
