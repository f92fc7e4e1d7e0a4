//! MPEG audio: the frames of a tag, one after the other.

use crate::codec::mpeg_audio::{FrameHeader, Frames, Version};
use crate::error::Error;
use crate::flv::Tag;
use crate::notice::NoticeKind;
use crate::sink::SegmentSink;

use super::Segmenter;
use super::audio::Incoming;
use super::format::Format;
use super::lifecycle::keep_first;
use super::queue::AudioQueue;

impl Segmenter {
    /// Takes the frames of a tag, of which the first tells how they are coded. What is no frame goes with the one before it,
    /// or is dropped where both do not fit a PES packet.
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
        let FrameHeader {
            version,
            sample_rate,
            channels,
            samples,
            ..
        } = FrameHeader::parse(body)?;
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
        let (mut rest, mut before) = (body, 0);
        while let Some((payload, behind)) = split_frame(rest) {
            let later = before * 1000 / u64::from(sample_rate);
            let incoming = Incoming {
                tag: Tag {
                    time: tag.time.offset(later as i32),
                    ..tag
                },
                header: &[],
                payload,
                samples,
            };
            let placed = self.place_audio(&incoming, sink, trouble);
            keep_first(trouble, placed);
            (rest, before) = (behind, before + u64::from(samples));
        }
        if !rest.is_empty() {
            self.tally(sink, NoticeKind::AudioNotCarried);
        }
        Ok(())
    }
}

/// Returns the frame at the front, and what stands behind it.
fn split_frame(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let header = FrameHeader::parse(body).ok()?;
    let (frame, behind) = body
        .split_at_checked(header.frame_len)
        .unwrap_or((body, &[]));
    let last = Frames::new(behind).next().is_none();
    if last && AudioQueue::could_hold(body.len()) {
        Some((body, &[]))
    } else {
        Some((frame, behind))
    }
}
