//! MPEG audio: the frames of a tag, in groups that a PES packet may hold.

use crate::codec::mpeg_audio::{FrameHeader, Frames, Version};
use crate::error::Error;
use crate::flv::Tag;
use crate::notice::NoticeKind;
use crate::sink::SegmentSink;

use super::Segmenter;
use super::audio::Incoming;
use super::format::Format;
use super::lifecycle::keep_first;
use super::queue::{AudioQueue, GATHERED};

/// The groups of a tag, from front to back.
struct Groups<'a> {
    rest: &'a [u8],
    /// The most frames in one.
    most: u32,
}

/// Frames that follow each other.
struct Group<'a> {
    payload: &'a [u8],
    count: u32,
}

impl<'a> Groups<'a> {
    /// Takes the body of a tag whose first frame says `header`.
    fn new(body: &'a [u8], header: &FrameHeader) -> Self {
        let samples = GATHERED.get() * i64::from(header.sample_rate) / 90_000;
        Self {
            rest: body,
            most: (samples / i64::from(header.samples)).max(1) as u32,
        }
    }
}

impl<'a> Iterator for Groups<'a> {
    type Item = Group<'a>;

    fn next(&mut self) -> Option<Group<'a>> {
        let mut frames = Frames::new(self.rest);
        let (mut len, mut count) = (0, 0);
        while let Some((_, frame)) = frames.next()
            && count < self.most
            && AudioQueue::could_hold(len + frame.len())
        {
            len += frame.len();
            count += 1;
        }
        // A frame that is cut goes with those before it.
        if frames.error().is_some() && AudioQueue::could_hold(self.rest.len()) {
            len = self.rest.len();
            count = count.max(1);
        }
        let (payload, rest) = self.rest.split_at(len);
        self.rest = rest;
        (count > 0).then_some(Group { payload, count })
    }
}

impl Segmenter {
    /// Takes the frames of a tag, of which the first tells how they are coded. What is no frame and too long to be one
    /// that is cut is dropped.
    pub(super) fn mpeg_frames<S: SegmentSink>(
        &mut self,
        tag: Tag<'_>,
        body: &[u8],
        sink: &mut S,
        trouble: &mut Option<S::Error>,
    ) -> Result<(), Error<S::Error>> {
        if body.is_empty() {
            return Ok(());
        }
        let header = FrameHeader::parse(body)?;
        let FrameHeader {
            version,
            sample_rate,
            channels,
            ..
        } = header;
        if version == Version::Mpeg25 {
            self.tally(sink, NoticeKind::AudioNotCarried);
            return Ok(());
        }
        self.set_format(
            Format::Mpeg {
                version,
                sample_rate,
                channels,
            },
            sink,
        );
        let mut groups = Groups::new(body, &header);
        let mut before = 0;
        for Group { payload, count } in groups.by_ref() {
            let samples = header.samples * count;
            let later = (before * 1000 / u64::from(sample_rate)) as i32;
            let incoming = Incoming {
                tag: Tag {
                    time: tag.time.offset(later),
                    ..tag
                },
                header: &[],
                payload,
                count,
                samples,
            };
            let placed = self.place_audio(&incoming, sink, trouble);
            keep_first(trouble, placed);
            before += u64::from(samples);
        }
        if !groups.rest.is_empty() {
            self.tally(sink, NoticeKind::AudioNotCarried);
        }
        Ok(())
    }
}
