//! Audio frames that wait: to be gathered into one PES packet, or for video to open a segment.
//!
//! ```text
//!  bytes  │ ADTS │ frame │ ADTS │ frame │ … │        frames  │ PTS, length │ PTS, length │ …
//! ```
//!
//! A frame of 128 kbit/s has 370 bytes: in a PES packet of its own it would fill two TS packets and
//! leave a third one nearly empty. Gathered, frames share packets, and a PES header is paid once in
//! 300 ms, which is worth a copy.

use crate::sample::{AudioFrame, GatheredFrame, MAX_PES_AUDIO_LEN};
use crate::time::{TickSpan, Ticks};

/// The most media time in one PES packet. A PTS must come every 700 ms (ISO/IEC 13818-1 §2.7.4);
/// audio that waited longer than this would also come too close to the PCR.
pub(crate) const GATHERED: TickSpan = TickSpan::from_millis(300);

/// Frames of 1024 samples at 96 kHz last 10.7 ms: 28 of them are 300 ms.
const MAX_FRAMES: usize = 32;

/// Audio frames with their times, in an inline buffer.
#[derive(Clone, Debug)]
// In this order the fields that every frame touches share cache lines.
#[repr(C)]
pub(crate) struct Gather {
    /// Bytes that are in use.
    len: usize,
    /// Frames that wait.
    count: usize,
    /// Frames that begin a PES packet, one bit each: there is a gap or an overlap before them.
    detached: u32,
    frames: [GatheredFrame; MAX_FRAMES],
    bytes: [u8; MAX_PES_AUDIO_LEN],
}

/// Frames that follow each other without a gap: one PES packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GatheredPes<'a> {
    pub(crate) pts: Ticks,
    /// Where the last frame ends, rounded down.
    pub(crate) end: Ticks,
    pub(crate) frames: &'a [GatheredFrame],
    pub(crate) bytes: &'a [u8],
}

impl Gather {
    pub(crate) const fn new() -> Self {
        let vacant = GatheredFrame { pts: Ticks::new(0), duration: 0, len: 0, samples: 0 };
        Self {
            len: 0,
            count: 0,
            detached: 0,
            frames: [vacant; MAX_FRAMES],
            bytes: [0; MAX_PES_AUDIO_LEN],
        }
    }

    /// Returns whether no frame waits.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns whether a frame of `len` bytes can wait beside those that do.
    #[inline]
    pub(crate) const fn fits(&self, len: usize) -> bool {
        self.count < MAX_FRAMES && len <= MAX_PES_AUDIO_LEN - self.len
    }

    /// Returns the PTS of the oldest frame.
    #[inline]
    pub(crate) fn first_pts(&self) -> Option<Ticks> {
        let [first, ..] = &self.frames;
        (!self.is_empty()).then_some(first.pts)
    }

    /// Returns the time from the oldest frame to `end`; 0 where none waits.
    #[inline]
    pub(crate) fn span_to(&self, end: Ticks) -> TickSpan {
        self.first_pts().map_or(TickSpan::ZERO, |first| end - first)
    }

    /// Appends a frame to the PES packet that the waiting frames make; returns whether it has a
    /// place there. A gap or an overlap, 300 ms, or the end of the room begin another packet.
    #[inline(always)]
    pub(crate) fn join(&mut self, frame: &AudioFrame<'_>) -> bool {
        let joins = !frame.detached && self.span_to(frame.end()) <= GATHERED;
        joins && self.push(frame)
    }

    /// Appends a frame; returns whether there is room for it.
    #[inline(always)]
    pub(crate) fn push(&mut self, frame: &AudioFrame<'_>) -> bool {
        let len = frame.len();
        let free = self.bytes.get_mut(self.len..).unwrap_or_default();
        let (Some(gathered), Some((room, _))) =
            (self.frames.get_mut(self.count), free.split_at_mut_checked(len))
        else {
            return false;
        };
        frame.write(room);
        gathered.pts = frame.pts;
        gathered.duration = frame.duration.get() as u32;
        gathered.len = len as u16;
        gathered.samples = frame.samples;
        self.detached |= u32::from(frame.detached) << self.count;
        self.count += 1;
        self.len += len;
        true
    }

    /// Drops the oldest `count` frames.
    pub(crate) fn drop_oldest(&mut self, count: usize) {
        let count = count.min(self.count);
        let dropped = self.frames.iter().take(count);
        let len: usize = dropped.map(|frame| usize::from(frame.len)).sum();
        self.bytes.copy_within(len..self.len, 0);
        self.frames.copy_within(count..self.count, 0);
        self.detached = self.detached.checked_shr(count as u32).unwrap_or(0);
        self.len -= len;
        self.count -= count;
    }

    /// Drops the frames before `earliest` and returns how many those were.
    pub(crate) fn drop_before(&mut self, earliest: Ticks) -> usize {
        let waiting = self.frames.iter().take(self.count);
        let count = waiting.take_while(|frame| frame.pts < earliest).count();
        self.drop_oldest(count);
        count
    }

    /// Drops the frames after `latest` and returns how many those were.
    pub(crate) fn drop_after(&mut self, latest: Ticks) -> usize {
        let waiting = self.frames.get(..self.count).unwrap_or_default();
        let kept = waiting.iter().take_while(|frame| frame.pts <= latest);
        let (count, len) =
            kept.fold((0, 0), |(count, len), frame| (count + 1, len + usize::from(frame.len)));
        let dropped = self.count - count;
        self.len = len;
        self.count = count;
        self.detached &= !(u32::MAX.checked_shl(count as u32).unwrap_or(0));
        dropped
    }

    /// Drops oldest frames until one of `len` bytes fits, and returns how many those were.
    pub(crate) fn make_room(&mut self, len: usize) -> usize {
        let mut dropped = 0;
        while !self.fits(len) && !self.is_empty() {
            self.drop_oldest(1);
            dropped += 1;
        }
        dropped
    }

    /// Drops all frames and returns how many those were.
    #[inline]
    pub(crate) const fn clear(&mut self) -> usize {
        let count = self.count;
        self.len = 0;
        self.count = 0;
        self.detached = 0;
        count
    }

    /// Iterates over the PES packets that the frames make. Frames that were gathered make one;
    /// those that waited for a segment may have gaps, and more than 300 ms.
    #[inline]
    pub(crate) fn packets(&self) -> impl Iterator<Item = GatheredPes<'_>> {
        let mut frames = self.frames.get(..self.count).unwrap_or_default();
        let mut bytes = self.bytes.get(..self.len).unwrap_or_default();
        let mut detached = self.detached;
        core::iter::from_fn(move || {
            let [first, .., last] = frames else {
                let [only] = frames else {
                    return None;
                };
                let packet = GatheredPes { pts: only.pts, end: only.end(), frames, bytes };
                frames = &[];
                return Some(packet);
            };
            let mut count = frames.len();
            let mut len = bytes.len();
            // Nearly always all of them make one packet.
            if detached >> 1 != 0 || last.end() - first.pts > GATHERED {
                let joins = |frame: &&GatheredFrame| {
                    detached >>= 1;
                    detached & 1 == 0 && frame.end() - first.pts <= GATHERED
                };
                count = 1 + frames.iter().skip(1).take_while(joins).count();
                len = frames.iter().take(count).map(|frame| usize::from(frame.len)).sum();
            }
            let (now, later) = frames.split_at_checked(count)?;
            let (packet, left) = bytes.split_at_checked(len)?;
            frames = later;
            bytes = left;
            Some(GatheredPes { pts: first.pts, end: now.last()?.end(), frames: now, bytes: packet })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::FrameHead;
    use std::vec::Vec;

    fn at(millis: i64) -> Ticks {
        Ticks::new(0) + TickSpan::from_millis(millis)
    }

    /// A frame of 21 ms.
    fn frame<'a>(millis: i64, detached: bool, payload: &'a [u8]) -> AudioFrame<'a> {
        AudioFrame {
            pts: at(millis),
            duration: TickSpan::from_millis(21),
            samples: 1024,
            detached,
            head: FrameHead::None,
            payload,
        }
    }

    fn gather() -> Gather {
        let mut gather = Gather::new();
        for (millis, detached, byte) in
            [(0, true, 1), (21, false, 2), (90, true, 3), (111, false, 4)]
        {
            gather.push(&frame(millis, detached, &[0xff, byte, byte]));
        }
        gather
    }

    #[test]
    fn y_08_frames_that_waited_longer_than_300_ms_make_several_pes_packets() {
        let mut gather = Gather::new();
        for n in 0..30 {
            gather.push(&frame(n * 21, n == 0, &[1]));
        }
        let frames: Vec<_> = gather.packets().map(|packet| packet.frames.len()).collect();
        assert_eq!(frames, [14, 14, 2]);
    }

    #[test]
    fn y_07_a_gap_begins_a_pes_packet_of_its_own() {
        let gather = gather();
        let packets: Vec<_> = gather
            .packets()
            .map(|packet| (packet.pts, packet.frames.len(), packet.bytes.to_vec()))
            .collect();
        assert_eq!(
            packets,
            [
                (at(0), 2, [0xff, 1, 1, 0xff, 2, 2].to_vec()),
                (at(90), 2, [0xff, 3, 3, 0xff, 4, 4].to_vec())
            ]
        );
    }

    #[test]
    fn frames_that_are_dropped_take_their_gaps_along() {
        let mut gather = gather();
        assert_eq!(gather.clear(), 4);
        for n in 0..4 {
            gather.push(&frame(n * 21, false, &[1]));
        }
        assert_eq!(gather.packets().count(), 1);
    }

    #[test]
    fn y_07_y_08_two_frames_share_a_packet_that_is_whole_and_no_longer_than_300_ms() {
        for (second, detached, want) in
            [(21, false, 1), (21, true, 2), (279, false, 1), (280, false, 2), (300, false, 2)]
        {
            let mut gather = Gather::new();
            gather.push(&frame(0, true, &[1]));
            gather.push(&frame(second, detached, &[2]));
            assert_eq!(gather.packets().count(), want, "{second} {detached}");
        }
    }

    #[test]
    fn as_many_frames_fit_as_there_is_room_for_their_times() {
        let mut gather = Gather::new();
        for n in 0..MAX_FRAMES as i64 {
            assert!(gather.fits(1), "{n}");
            gather.push(&frame(n * 21, false, &[1]));
        }
        assert!(!gather.fits(1));
    }

    #[test]
    fn r_10_frames_that_have_made_a_jump_are_dropped_from_the_end() {
        for (latest, want) in [(-1, 0), (0, 1), (21, 2), (90, 3), (111, 4)] {
            let mut gather = gather();
            assert_eq!(gather.drop_after(at(latest)), 4 - want);
            let frames: usize = gather.packets().map(|packet| packet.frames.len()).sum();
            assert_eq!(frames, want);
            gather.push(&frame(112, false, &[9]));
            let last = gather.packets().last().unwrap();
            assert_eq!(last.bytes.last(), Some(&9));
        }
    }

    #[test]
    fn y_06_the_oldest_frames_make_room() {
        let mut gather = gather();
        assert_eq!(gather.drop_before(at(90)), 2);
        assert_eq!(gather.first_pts(), Some(at(90)));
        let frames: Vec<_> = gather.packets().flat_map(|packet| packet.bytes.to_vec()).collect();
        assert_eq!(frames, [0xff, 3, 3, 0xff, 4, 4]);
        assert_eq!(gather.clear(), 2);
        assert!(gather.is_empty());
    }

    #[test]
    fn y_08_a_frame_larger_than_the_buffer_is_told_apart() {
        assert!(Gather::new().fits(MAX_PES_AUDIO_LEN));
        assert!(!Gather::new().fits(MAX_PES_AUDIO_LEN + 1));
        let mut gather = gather();
        assert!(gather.fits(MAX_PES_AUDIO_LEN - 12));
        assert!(!gather.fits(MAX_PES_AUDIO_LEN - 11));
        gather.push(&frame(200, true, &[0; MAX_PES_AUDIO_LEN]));
        assert_eq!(gather.clear(), 4, "what does not fit is left out");
    }
}
