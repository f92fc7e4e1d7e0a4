//! Audio frames that wait: to be gathered into one PES packet, or for video to open a segment.
//!
//! ```text
//!  bytes  │ ADTS │ frame │ ADTS │ frame │ … │        frames  │ PTS, length │ PTS, length │ …
//! ```

use crate::codec::aac::Adts;
use crate::time::{TickSpan, Ticks};
use crate::timeline::AudioClock;

use super::in_step::Pace;
use super::incoming::Frame;

/// The most media time in one PES packet. A PTS must come every 700 ms (ISO/IEC 13818-1 §2.7.4); audio that waited
/// longer than this would also come too close to the PCR.
pub(super) const GATHERED: TickSpan = TickSpan::from_millis(300);

/// Bytes of audio in one PES packet at the most: what the main audio buffer of the system target decoder holds for
/// two channels is 3584 bytes (ISO/IEC 14496-3 and 13818-1 §2.4.2.6), less a PES header.
const CAPACITY: usize = 3570;
/// Frames of 1024 samples at 96 kHz last 10.7 ms: 28 of them are 300 ms.
const MAX_FRAMES: usize = 32;

/// Gathered audio frames, in an inline buffer.
#[derive(Clone, Debug)]
// What every frame touches comes first.
#[repr(C)]
pub(super) struct AudioQueue {
    /// How the frames that follow join the last one, where that is known.
    pub(super) pace: Option<Pace>,
    len: usize,
    count: usize,
    /// Frames that begin a PES packet, one bit each: there is a gap or an overlap before them.
    detached: u32,
    /// All frames are known to make one PES packet; false says nothing.
    unbroken: bool,
    frames: [Queued; MAX_FRAMES],
    bytes: [u8; CAPACITY],
}

#[derive(Clone, Copy, Debug, Default)]
struct Queued {
    pts: Ticks,
    /// Duration in ticks.
    duration: u32,
    len: u16,
}

impl Queued {
    /// Where the frame ends, rounded down.
    fn end(&self) -> Ticks {
        self.pts + TickSpan::new(i64::from(self.duration))
    }
}

/// Frames that follow each other without a gap: one PES packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gathered<'a> {
    pub(super) pts: Ticks,
    /// Where the last frame ends, rounded down.
    pub(super) end: Ticks,
    pub(super) frames: u32,
    pub(super) bytes: &'a [u8],
}

impl AudioQueue {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; CAPACITY],
            len: 0,
            frames: [Queued {
                pts: Ticks::new(0),
                duration: 0,
                len: 0,
            }; MAX_FRAMES],
            count: 0,
            detached: 0,
            unbroken: true,
            pace: None,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) const fn fits(&self, len: usize) -> bool {
        self.count < MAX_FRAMES && len <= CAPACITY - self.len
    }

    /// Says whether a frame of `len` bytes can wait at all.
    pub(super) const fn could_hold(len: usize) -> bool {
        len <= CAPACITY
    }

    /// Returns the PTS of the oldest frame.
    pub(super) fn first_pts(&self) -> Option<Ticks> {
        self.frames
            .get(..self.count)?
            .first()
            .map(|frame| frame.pts)
    }

    /// Returns the time from the oldest frame to `end`.
    pub(super) fn span_to(&self, end: Ticks) -> TickSpan {
        self.first_pts().map_or(TickSpan::ZERO, |first| end - first)
    }

    /// Appends an AAC frame that follows the one before it and joins its PES packet; says whether it fits.
    #[inline(always)]
    pub(super) fn append(
        &mut self,
        pts: Ticks,
        duration: TickSpan,
        adts: Adts,
        frame: &[u8],
    ) -> bool {
        let len = Adts::HEADER_LEN + frame.len();
        let (Some(queued), Some((_, free))) = (
            self.frames.get_mut(self.count),
            self.bytes.split_at_mut_checked(self.len),
        ) else {
            return false;
        };
        let Some(room) = free.get_mut(..len) else {
            return false;
        };
        if let Some(head) = room.first_chunk_mut() {
            *head = adts.header_and_byte(frame.len());
        }
        if let Some(body) = room.get_mut(Adts::HEADER_LEN..) {
            body.copy_from_slice(frame);
        }
        *queued = Queued {
            pts,
            duration: duration.get() as u32,
            len: len as u16,
        };
        self.count += 1;
        self.len += len;
        true
    }

    /// Appends a frame; one that does not [fit](Self::fits) is left out.
    pub(super) fn push(&mut self, frame: &Frame<'_>) {
        let (time, len) = (&frame.time, frame.len());
        if !self.fits(len) {
            return;
        }
        let Some((head, body)) = self
            .bytes
            .get_mut(self.len..self.len + len)
            .map(|room| room.split_at_mut(frame.header.len()))
        else {
            return;
        };
        head.copy_from_slice(frame.header);
        body.copy_from_slice(frame.payload);
        let end = time.pts + time.duration;
        self.pace = None;
        self.unbroken &= self.is_empty() || !time.detached && self.span_to(end) <= GATHERED;
        if let Some(queued) = self.frames.get_mut(self.count) {
            *queued = Queued {
                pts: time.pts,
                duration: u32::try_from(time.duration.get()).unwrap_or(u32::MAX),
                len: len as u16,
            };
            self.detached |= u32::from(time.detached) << self.count;
            self.count += 1;
            self.len += len;
        }
    }

    /// Drops the oldest `count` frames.
    pub(super) fn drop_oldest(&mut self, count: usize) {
        let count = count.min(self.count);
        let dropped = self.frames.iter().take(count);
        let len: usize = dropped.map(|frame| usize::from(frame.len)).sum();
        self.pace = None;
        self.bytes.copy_within(len..self.len, 0);
        self.frames.copy_within(count..self.count, 0);
        self.detached = self.detached.checked_shr(count as u32).unwrap_or(0);
        self.len -= len;
        self.count -= count;
    }

    /// Drops the frames before `earliest` and returns how many those were.
    pub(super) fn drop_before(&mut self, earliest: Ticks) -> usize {
        let count = self
            .frames
            .iter()
            .take(self.count)
            .take_while(|frame| frame.pts < earliest)
            .count();
        self.drop_oldest(count);
        count
    }

    pub(super) const fn clear(&mut self) -> usize {
        let count = self.count;
        (self.len, self.count, self.detached) = (0, 0, 0);
        (self.unbroken, self.pace) = (true, None);
        count
    }

    /// Iterates over the PES packets that the frames make.
    #[inline]
    pub(super) fn gathered(&self) -> impl Iterator<Item = Gathered<'_>> {
        let mut frames = self.frames.get(..self.count).unwrap_or_default();
        let mut bytes = self.bytes.get(..self.len).unwrap_or_default();
        let mut detached = self.detached;
        core::iter::from_fn(move || {
            let (first, rest) = frames.split_first()?;
            let (now, later, len);
            if self.unbroken {
                (now, later, len) = (frames, [].as_slice(), bytes.len());
            } else {
                let last = first.pts + GATHERED;
                let joins = |frame: &&Queued| {
                    detached >>= 1;
                    detached & 1 == 0 && frame.end() <= last
                };
                (now, later) =
                    frames.split_at_checked(1 + rest.iter().take_while(joins).count())?;
                len = now.iter().map(|frame| usize::from(frame.len)).sum();
            }
            let (packet, left) = bytes.split_at_checked(len)?;
            (frames, bytes) = (later, left);
            Some(Gathered {
                pts: first.pts,
                end: now.last()?.end(),
                frames: now.len() as u32,
                bytes: packet,
            })
        })
    }
}

/// Returns how far the queue's frames reach: to the end of the clock's last frame.
pub(super) fn span(queue: &AudioQueue, clock: &AudioClock) -> TickSpan {
    clock.end().map_or(TickSpan::ZERO, |end| queue.span_to(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::AudioTime;
    use std::vec::Vec;

    fn at(millis: i64) -> Ticks {
        Ticks::new(0) + TickSpan::from_millis(millis)
    }

    fn queue() -> AudioQueue {
        let mut queue = AudioQueue::new();
        for (millis, detached, byte) in
            [(0, true, 1), (21, false, 2), (90, true, 3), (111, false, 4)]
        {
            push(&mut queue, time(millis, detached), &[0xff], &[byte, byte]);
        }
        queue
    }

    fn push(queue: &mut AudioQueue, time: AudioTime, header: &[u8], payload: &[u8]) {
        queue.push(&Frame {
            time,
            header,
            payload,
        });
    }

    fn time(millis: i64, detached: bool) -> AudioTime {
        let duration = TickSpan::from_millis(21);
        AudioTime {
            pts: at(millis),
            duration,
            detached,
            reanchored: None,
            repaired: None,
            run_begins: false,
        }
    }

    #[test]
    fn y_08_frames_that_waited_longer_than_300_ms_make_several_pes_packets() {
        let mut queue = AudioQueue::new();
        for n in 0..30 {
            push(&mut queue, time(n * 21, n == 0), &[], &[1]);
        }
        let frames: Vec<_> = queue.gathered().map(|packet| packet.frames).collect();
        assert_eq!(frames, [14, 14, 2]);
    }

    #[test]
    fn y_07_a_gap_begins_a_pes_packet_of_its_own() {
        let queue = queue();
        let packets: Vec<_> = queue
            .gathered()
            .map(|packet| (packet.pts, packet.frames, packet.bytes.to_vec()))
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
    fn y_07_y_08_two_frames_share_a_packet_that_is_whole_and_no_longer_than_300_ms() {
        for (second, detached, want) in [
            (21, false, 1),
            (21, true, 2),
            (279, false, 1),
            (280, false, 2),
            (300, false, 2),
        ] {
            let mut queue = AudioQueue::new();
            push(&mut queue, time(0, true), &[], &[1]);
            push(&mut queue, time(second, detached), &[], &[2]);
            assert_eq!(queue.gathered().count(), want, "{second} {detached}");
        }
    }

    #[test]
    fn as_many_frames_fit_as_there_is_room_for_their_times() {
        let mut queue = AudioQueue::new();
        for n in 0..MAX_FRAMES as i64 {
            assert!(queue.fits(1), "{n}");
            push(&mut queue, time(n * 21, false), &[], &[1]);
        }
        assert!(!queue.fits(1));
    }

    #[test]
    fn y_06_the_oldest_frames_make_room() {
        let mut queue = queue();
        assert_eq!(queue.drop_before(at(90)), 2);
        assert_eq!(queue.first_pts(), Some(at(90)));
        let frames: Vec<_> = queue
            .gathered()
            .flat_map(|packet| packet.bytes.to_vec())
            .collect();
        assert_eq!(frames, [0xff, 3, 3, 0xff, 4, 4]);
        assert_eq!(queue.clear(), 2);
        assert!(queue.is_empty());
    }

    #[test]
    fn y_08_a_frame_larger_than_the_buffer_is_told_apart() {
        assert!(AudioQueue::could_hold(CAPACITY));
        assert!(!AudioQueue::could_hold(CAPACITY + 1));
        let mut queue = queue();
        assert!(queue.fits(CAPACITY - 12));
        assert!(!queue.fits(CAPACITY - 11));
        push(&mut queue, time(200, true), &[], &[0; CAPACITY]);
        assert_eq!(queue.clear(), 4, "what does not fit is left out");
    }
}
