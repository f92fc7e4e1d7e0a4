//! The head of a fragment: the movie fragment box, and the beginning of the box of its payload
//! (ISO/IEC 14496-12 §8.8.4 to §8.8.12).
//!
//! ```text
//!   moof │ mfhd │ traf: tfhd, tfdt, trun for each run of pictures │ traf: the same for audio │ mdat
//! ```
//!
//! A run is samples of one track that lie side by side, with a key frame at its beginning or none
//! at all: so the flags of a sample are said once for each run.

use core::convert::Infallible;

use super::ShortBuffer;
use super::fill::Fill;
use super::run::{Durations, SYNC_SAMPLE, TRUN_LEN, split_run, words, write_run};
use super::table::{MAX_SAMPLES, Sample, SampleTable, Tally, TrackKind};

/// What goes before the payload of a fragment in its segment.
#[derive(Clone, Copy, Debug)]
pub struct FragmentHead<'a> {
    /// Number of the fragment, one more than that of the one before it.
    sequence: u32,
    samples: &'a [Sample],
    /// Where each track begins, in its own units.
    video_start: u64,
    audio_start: u64,
    /// Samples of each audio frame, where all have the same.
    frame_len: u32,
    /// What there is of each track.
    video: Tally,
    audio: Tally,
    /// Of audio frames.
    durations: Durations,
    moof_len: u32,
    payload_len: u32,
}

impl<'a> FragmentHead<'a> {
    pub(super) fn new(
        sequence: u32,
        table: &'a SampleTable,
        (video_start, audio_start): (u64, u64),
        frame_len: u32,
    ) -> Self {
        let samples = table.samples();
        let (video, audio) = table.tallies();
        let mut head = Self {
            sequence,
            samples,
            video_start,
            audio_start,
            frame_len,
            video,
            audio,
            durations: Durations::of_audio(samples, frame_len),
            moof_len: 0,
            // A table takes no more than 2^30 bytes.
            payload_len: table.payload_len() as u32,
        };
        let [video, audio] = [TrackKind::Video, TrackKind::Audio].map(|track| head.traf_len(track));
        head.moof_len = BOX_LEN + MFHD_LEN + video + audio;
        head
    }

    /// Returns the length in bytes.
    #[expect(clippy::len_without_is_empty, reason = "a head is never empty")]
    pub const fn len(&self) -> usize {
        (self.moof_len + BOX_LEN) as usize
    }

    /// Returns the bytes of payload that belong to the fragment: all that came since the last head.
    pub const fn payload_len(&self) -> usize {
        self.payload_len as usize
    }

    /// Returns the number of the fragment, which grows by 1 from one to the next:
    /// `sequence_number` (§8.8.5).
    pub const fn sequence_number(&self) -> u32 {
        self.sequence
    }

    /// Copies the head to the front of `out` and returns how many bytes that were.
    ///
    /// # Errors
    ///
    /// [`ShortBuffer`] when `out` is shorter than [`len`](Self::len); nothing is written then.
    pub fn copy_to_slice(&self, out: &mut [u8]) -> Result<usize, ShortBuffer> {
        let needed = self.len();
        self.copy_with_gap(out, needed, 0)
    }

    /// Fills `out` with the head and a `free` box (§8.1.2) before the payload: for a sink that
    /// writes payload at once, behind room that it has left.
    ///
    /// # Errors
    ///
    /// [`ShortBuffer`] when `out` has neither the length of the head nor at least 8 bytes more, or
    /// more than 16 MiB; nothing is written then.
    pub fn copy_padded(&self, out: &mut [u8]) -> Result<(), ShortBuffer> {
        let (len, needed) = (out.len(), self.len());
        match len.checked_sub(needed) {
            Some(0) => {}
            Some(free) if (BOX_LEN as usize..=MAX_PADDING).contains(&free) => {
                self.copy_with_gap(out, len, free as u32)?;
                return Ok(());
            }
            _ => return Err(ShortBuffer { needed: needed + BOX_LEN as usize }),
        }
        self.copy_to_slice(out).map(drop)
    }

    fn copy_with_gap(
        &self,
        out: &mut [u8],
        needed: usize,
        free: u32,
    ) -> Result<usize, ShortBuffer> {
        let mut fill = Fill::new(out, needed)?;
        let Ok(()) = self.write(free, |piece| {
            fill.put(piece);
            Ok::<(), Infallible>(())
        });
        Ok(needed)
    }

    /// Calls `piece` with the head from its first byte to its last, in small pieces that are never
    /// empty.
    pub fn for_each_piece(&self, mut piece: impl FnMut(&[u8])) {
        let Ok(()) = self.try_for_each_piece(|chunk| {
            piece(chunk);
            Ok::<(), Infallible>(())
        });
    }

    /// Does the same until `piece` fails.
    ///
    /// # Errors
    ///
    /// The first error of `piece`.
    pub fn try_for_each_piece<E>(
        &self,
        piece: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.write(0, piece)
    }

    /// Writes the head in pieces, with a `free` box of so many bytes before the payload.
    fn write<E>(&self, free: u32, mut piece: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        piece(&words([self.moof_len, MOOF]))?;
        piece(&words([MFHD_LEN, MFHD, 0, self.sequence]))?;
        for track in [TrackKind::Video, TrackKind::Audio] {
            self.write_track(track, free, &mut piece)?;
        }
        if free > 0 {
            piece(&words([free, FREE]))?;
            let mut left = (free - BOX_LEN) as usize;
            while left > 0 {
                let zeros = [0; 64];
                let part = zeros.get(..left.min(zeros.len())).unwrap_or_default();
                piece(part)?;
                left -= part.len();
            }
        }
        piece(&words([self.payload_len + BOX_LEN, MDAT]))
    }

    fn write_track<E>(
        &self,
        track: TrackKind,
        free: u32,
        piece: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.tally(track).samples == 0 {
            return Ok(());
        }
        piece(&words([self.traf_len(track), TRAF]))?;
        let start = match track {
            TrackKind::Video => {
                piece(&words([TFHD_VIDEO_LEN, TFHD, 0x02_0020, VIDEO_TRACK, NO_SYNC_SAMPLE]))?;
                self.video_start
            }
            TrackKind::Audio => {
                let frame_len = self.frame_len;
                piece(&words([
                    TFHD_AUDIO_LEN,
                    TFHD,
                    0x02_0028,
                    AUDIO_TRACK,
                    frame_len,
                    SYNC_SAMPLE,
                ]))?;
                self.audio_start
            }
        };
        let [high, low] = [(start >> 32) as u32, start as u32];
        piece(&words([TFDT_LEN, TFDT, 0x0100_0000, high, low]))?;
        let mut offset = self.moof_len + free + BOX_LEN;
        let mut rest = self.samples;
        while let Some((run, later)) = split_run(rest) {
            if run.first().is_some_and(|first| first.track() == track) {
                write_run(run, offset, self.durations, piece)?;
            }
            offset += run.iter().map(|sample| sample.len()).sum::<u32>();
            rest = later;
        }
        Ok(())
    }

    const fn tally(&self, track: TrackKind) -> Tally {
        match track {
            TrackKind::Video => self.video,
            TrackKind::Audio => self.audio,
        }
    }

    fn traf_len(&self, track: TrackKind) -> u32 {
        let count = self.tally(track);
        if count.samples == 0 {
            return 0;
        }
        let (head_len, sample_len) = match track {
            TrackKind::Video => (TFHD_VIDEO_LEN, 12),
            TrackKind::Audio => {
                let stated = self.durations == Durations::Stated;
                (TFHD_AUDIO_LEN, if stated { 8 } else { 4 })
            }
        };
        let flags_len = match track {
            TrackKind::Video => 4 * count.key_runs,
            TrackKind::Audio => 0,
        };
        BOX_LEN
            + head_len
            + TFDT_LEN
            + count.runs * TRUN_LEN
            + flags_len
            + count.samples * sample_len
    }
}

/// Numbers of the tracks (§8.3.2.3).
pub(super) const VIDEO_TRACK: u32 = 1;
pub(super) const AUDIO_TRACK: u32 = 2;

/// The longest head: samples of both tracks in turn, each a run of its own.
pub(super) const MAX_HEAD_LEN: usize = {
    let tracks = 2 * (BOX_LEN + TFHD_AUDIO_LEN + TFDT_LEN);
    let runs = MAX_SAMPLES as u32 * (TRUN_LEN + 4 + 12);
    (BOX_LEN + MFHD_LEN + tracks + runs + BOX_LEN) as usize
};

/// The longest `free` box.
const MAX_PADDING: usize = 16 << 20;

const BOX_LEN: u32 = 8;
const MFHD_LEN: u32 = 16;
const TFHD_VIDEO_LEN: u32 = 20;
const TFHD_AUDIO_LEN: u32 = 24;
const TFDT_LEN: u32 = 20;

const MOOF: u32 = u32::from_be_bytes(*b"moof");
const MFHD: u32 = u32::from_be_bytes(*b"mfhd");
const TRAF: u32 = u32::from_be_bytes(*b"traf");
const TFHD: u32 = u32::from_be_bytes(*b"tfhd");
const TFDT: u32 = u32::from_be_bytes(*b"tfdt");
const FREE: u32 = u32::from_be_bytes(*b"free");
const MDAT: u32 = u32::from_be_bytes(*b"mdat");

/// It refers to others, and is no sync sample.
const NO_SYNC_SAMPLE: u32 = 0x0101_0000;
