//! The samples of the fragment at hand: what its head says of them.
//!
//! ```text
//!   K V A A V V A K      runs of video: K V, V V, K; of audio: A A, A
//! ```

/// Samples that one fragment may have: 12 bytes are kept of each.
pub(super) const MAX_SAMPLES: usize = 256;

/// The most bytes of payload in one fragment: the lengths of its boxes have 32 bits.
const MAX_PAYLOAD_LEN: u64 = 1 << 30;

/// The tracks of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrackKind {
    Video,
    Audio,
}

/// What a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SampleKind {
    Picture,
    /// A picture that decoding can begin with.
    KeyFrame,
    Audio,
}

/// A sample: one picture, or one audio frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Length in bytes, track, whether it is a key frame and whether it begins a run: 24 bits, and
    /// three flags above them.
    packed: u32,
    /// In the units of its track.
    pub(super) duration: u32,
    /// PTS less DTS.
    pub(super) offset: i32,
}

/// The samples of a fragment, in the order of their bytes.
#[derive(Clone, Debug)]
pub(super) struct SampleTable {
    samples: [Sample; MAX_SAMPLES],
    count: usize,
    /// Bytes of all samples.
    payload_len: u64,
    video: Tally,
    audio: Tally,
}

/// What there is of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    /// Runs: samples that lie side by side, a key frame at the beginning or none at all.
    pub(super) runs: u32,
    /// Runs that begin with a key frame.
    pub(super) key_runs: u32,
    pub(super) samples: u32,
}

impl Sample {
    /// `len` counts up to 2^24 bytes, as a tag has at most.
    pub(super) const fn new(kind: SampleKind, len: usize, offset: i32) -> Self {
        let flag = match kind {
            SampleKind::Picture => 0,
            SampleKind::KeyFrame => KEY,
            SampleKind::Audio => AUDIO,
        };
        let len = if len > LEN_MASK as usize { LEN_MASK } else { len as u32 };
        Self { packed: len | flag, duration: 0, offset }
    }

    pub(super) const fn len(self) -> u32 {
        self.packed & LEN_MASK
    }

    pub(super) const fn track(self) -> TrackKind {
        if self.packed & AUDIO == 0 { TrackKind::Video } else { TrackKind::Audio }
    }

    pub(super) const fn is_key(self) -> bool {
        self.packed & KEY != 0
    }

    pub(super) const fn begins_run(self) -> bool {
        self.packed & RUN != 0
    }
}

impl Tally {
    const NOTHING: Self = Self { runs: 0, key_runs: 0, samples: 0 };
}

impl SampleTable {
    pub(super) const fn new() -> Self {
        let vacant = Sample { packed: 0, duration: 0, offset: 0 };
        let (video, audio) = (Tally::NOTHING, Tally::NOTHING);
        Self { samples: [vacant; MAX_SAMPLES], count: 0, payload_len: 0, video, audio }
    }

    pub(super) fn samples(&self) -> &[Sample] {
        self.samples.get(..self.count).unwrap_or_default()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) const fn payload_len(&self) -> u64 {
        self.payload_len
    }

    /// Returns what there is of video and of audio.
    pub(super) const fn tallies(&self) -> (Tally, Tally) {
        (self.video, self.audio)
    }

    /// Returns whether another sample of `len` bytes has a place.
    pub(super) const fn has_room(&self, len: usize) -> bool {
        self.count < MAX_SAMPLES && self.payload_len + len as u64 <= MAX_PAYLOAD_LEN
    }

    /// Appends a sample; returns its place. There must be room.
    #[inline]
    pub(super) fn push(&mut self, mut sample: Sample) -> usize {
        let place = self.count;
        let last = place.checked_sub(1).and_then(|last| self.samples.get(last));
        let goes_on = last.is_some_and(|last| last.track() == sample.track()) && !sample.is_key();
        if !goes_on {
            sample.packed |= RUN;
        }
        if let Some(slot) = self.samples.get_mut(place) {
            *slot = sample;
            self.count += 1;
            let tally = match sample.track() {
                TrackKind::Video => &mut self.video,
                TrackKind::Audio => &mut self.audio,
            };
            tally.samples += 1;
            tally.runs += u32::from(!goes_on);
            tally.key_runs += u32::from(sample.is_key());
            self.payload_len += u64::from(sample.len());
        }
        place
    }

    /// Adds bytes to the sample that was appended last, if that is of this track; returns whether
    /// it is.
    pub(super) fn extend_last(&mut self, track: TrackKind, len: usize) -> bool {
        let Some(last) = self.count.checked_sub(1).and_then(|place| self.get_mut(place)) else {
            return false;
        };
        let fits = last.track() == track && last.len() as usize + len <= LEN_MASK as usize;
        if fits {
            last.packed += len as u32;
            self.payload_len += len as u64;
        }
        fits
    }

    /// Returns how many samples have a place.
    pub(super) const fn free(&self) -> usize {
        MAX_SAMPLES - self.count
    }

    /// Returns the sample at a place.
    #[inline]
    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Sample> {
        self.samples.get_mut(..self.count)?.get_mut(place)
    }

    pub(super) const fn clear(&mut self) {
        self.count = 0;
        self.payload_len = 0;
        (self.video, self.audio) = (Tally::NOTHING, Tally::NOTHING);
    }
}

const LEN_MASK: u32 = 0x00ff_ffff;
const AUDIO: u32 = 1 << 24;
const KEY: u32 = 1 << 25;
const RUN: u32 = 1 << 26;
