//! One coded unit in time: a picture, or the audio frames of one tag.
//!
//! This is all that decisions are made from, and all that a container needs. It borrows the tag it
//! came in.

use crate::codec::aac::{AacFrames, Adts, AdtsHeader};
use crate::codec::mpeg_audio::PaddedFrames;
use crate::codec::nal::{AccessUnit, Contents};
use crate::time::{TickSpan, Ticks};

/// Bytes of audio in one PES packet at the most: what the main audio buffer of the system target
/// decoder holds for two channels is 3584 bytes (ISO/IEC 14496-3 and 13818-1 §2.4.2.6), less a PES
/// header.
pub(crate) const MAX_PES_AUDIO_LEN: usize = 3570;

/// A picture as it came, not yet placed on the timeline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PictureInput<'a> {
    pub(crate) timing: PictureTiming,
    pub(crate) unit: AccessUnit<'a>,
    pub(crate) contents: Contents,
    /// A segment may begin with the picture, by the host's policy.
    pub(crate) key_frame: bool,
    /// The picture needs other sequence parameter sets than those before it.
    pub(crate) reconfigured: bool,
    /// Parameter sets of every kind have come.
    pub(crate) decodable: bool,
}

impl PictureInput<'_> {
    /// Returns what the picture is worth as a witness of a jump.
    pub(crate) const fn kind(&self) -> PictureKind {
        if self.key_frame { PictureKind::Key } else { PictureKind::Inter }
    }

    /// Returns whether nothing about the picture itself can cause a switch, a drop or a repair.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        let changes = self.key_frame || self.reconfigured;
        self.decodable && !changes && self.timing.composition >= TickSpan::ZERO
    }
}

/// What a picture is worth as a witness of a jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PictureKind {
    /// A key frame: it is believed.
    Key,
    /// Any other: another one must agree with it.
    Inter,
}

/// What a tag and the parameter sets say of a picture's times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PictureTiming {
    /// The tag's time.
    pub(crate) tag: Ticks,
    /// PTS minus DTS as the tag states it.
    pub(crate) composition: TickSpan,
    /// How many pictures may be decoded before one that is shown earlier; 0 where nothing states
    /// it.
    pub(crate) reorder_frames: u32,
    /// Duration of a frame by parameter sets that came with this picture.
    pub(crate) stated_interval: Option<TickSpan>,
}

/// The audio frames of a tag, which are placed in time as one.
#[derive(Clone, Debug)]
pub(crate) struct AudioBatch<'a> {
    /// The tag's time.
    pub(crate) time: Ticks,
    pub(crate) coded: CodedAudio<'a>,
    /// How many frames: never 0.
    pub(crate) count: u32,
    /// Bytes of all of them, headers included.
    pub(crate) len: usize,
    /// Samples per channel of all of them.
    pub(crate) samples: u32,
}

/// The bytes of a tag's frames.
#[derive(Clone, Debug)]
pub(crate) enum CodedAudio<'a> {
    /// One frame, and the header that goes before it.
    PlainAac {
        header: AdtsHeader,
        frame: &'a [u8],
    },
    Aac(AacFrames<'a>),
    Mpeg(PaddedFrames<'a>),
    /// One frame, as it goes into MP4.
    Whole(&'a [u8]),
}

/// One audio frame in its place on the timeline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AudioFrame<'a> {
    pub(crate) pts: Ticks,
    /// Duration, rounded down.
    pub(crate) duration: TickSpan,
    /// Samples per channel.
    pub(crate) samples: u16,
    /// The frame does not follow the one before it without a gap or an overlap: it begins a PES
    /// packet.
    pub(crate) detached: bool,
    /// Goes before `payload`.
    pub(crate) head: FrameHead<'a>,
    pub(crate) payload: &'a [u8],
}

/// An audio frame that waits; its bytes lie after those of the frames before it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GatheredFrame {
    pub(crate) pts: Ticks,
    /// Duration in ticks, rounded down: a frame of 1152 samples at 8 kHz has 12,960.
    pub(crate) duration: u32,
    pub(crate) len: u16,
    /// Samples per channel.
    pub(crate) samples: u16,
}

impl GatheredFrame {
    /// Returns where the frame ends, rounded down.
    #[inline]
    pub(crate) fn end(&self) -> Ticks {
        self.pts + TickSpan::new(i64::from(self.duration))
    }
}

/// What goes before the payload of an audio frame.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FrameHead<'a> {
    None,
    Adts(AdtsHeader),
    /// An ADTS header that counts the channel layout behind it.
    AdtsAndLayout(AdtsHeader, &'a [u8]),
}

impl AudioFrame<'_> {
    #[inline]
    pub(crate) const fn len(&self) -> usize {
        let head_len = match self.head {
            FrameHead::None => 0,
            FrameHead::Adts(_) => Adts::HEADER_LEN,
            FrameHead::AdtsAndLayout(_, layout) => Adts::HEADER_LEN + layout.len(),
        };
        head_len + self.payload.len()
    }

    /// Returns the frame as it came.
    #[inline(always)]
    pub(crate) const fn without_head(&self) -> Self {
        Self { head: FrameHead::None, ..*self }
    }

    /// Returns what is kept of the frame beside its bytes, at most [`MAX_PES_AUDIO_LEN`] of which
    /// are gathered.
    #[inline(always)]
    pub(crate) const fn gathered(&self) -> GatheredFrame {
        let (duration, len) = (self.duration.get() as u32, self.len() as u16);
        GatheredFrame { pts: self.pts, duration, len, samples: self.samples }
    }

    /// Lays the frame into `room`, which is as long as the frame.
    #[inline(always)]
    pub(crate) fn write(&self, room: &mut [u8]) {
        let room = match &self.head {
            FrameHead::None => room,
            FrameHead::Adts(header) => header.write(room),
            FrameHead::AdtsAndLayout(header, layout) => {
                let Some((place, room)) = header.write(room).split_at_mut_checked(layout.len())
                else {
                    return;
                };
                place.copy_from_slice(layout);
                room
            }
        };
        if room.len() == self.payload.len() {
            room.copy_from_slice(self.payload);
        }
    }

    /// Returns where the frame ends, rounded down.
    #[inline]
    pub(crate) fn end(&self) -> Ticks {
        self.pts + self.duration
    }
}

impl AudioBatch<'_> {
    /// Returns whether the batch is one frame of more than `room` bytes.
    #[inline]
    pub(crate) const fn is_one_larger_than(&self, room: usize) -> bool {
        self.count == 1 && self.len > room
    }
}
