//! Runs of samples of one track that lie side by side: counted, and written (ISO/IEC
//! 14496-12 §8.8.8).

use super::table::{Sample, TrackKind};

/// Whether the durations of audio frames are stated one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Durations {
    /// All are the same.
    #[default]
    Even,
    Stated,
}

/// The parts of a track that a head has to count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) runs: u32,
    /// Runs that begin with a key frame.
    pub(super) key_runs: u32,
    pub(super) samples: u32,
    pub(super) durations: Durations,
}

impl Count {
    /// Counts the runs of a track; an audio frame usually lasts for `frame_len`.
    pub(super) fn of(samples: &[Sample], track: TrackKind, frame_len: u32) -> Self {
        let mut count = Self::default();
        let mut rest = samples;
        while let Some((run, later)) = split_run(rest) {
            rest = later;
            if let Some(first) = run.first().filter(|first| first.track() == track) {
                count.runs += 1;
                count.key_runs += u32::from(first.is_key());
                count.samples += run.len() as u32;
                if run.iter().any(|sample| sample.duration != frame_len) {
                    count.durations = Durations::Stated;
                }
            }
        }
        count
    }
}

/// Splits the first run off.
pub(super) fn split_run(samples: &[Sample]) -> Option<(&[Sample], &[Sample])> {
    let (first, rest) = samples.split_first()?;
    let goes_on = |sample: &&Sample| {
        let begins_run = sample.track() == TrackKind::Video && sample.is_key();
        sample.track() == first.track() && !begins_run
    };
    let len = 1 + rest.iter().take_while(goes_on).count();
    samples.split_at_checked(len)
}

/// Writes the box of one run (§8.8.8), whose samples begin `offset` bytes behind the beginning of
/// the movie fragment box.
pub(super) fn write_run<E>(
    run: &[Sample],
    offset: u32,
    durations: Durations,
    piece: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let count = run.len() as u32;
    let Some(first) = run.first() else {
        return Ok(());
    };
    match first.track() {
        TrackKind::Video => {
            if first.is_key() {
                let len = TRUN_LEN + 4 + 12 * count;
                piece(&words([len, TRUN, 0x0100_0b05, count, offset, SYNC_SAMPLE]))?;
            } else {
                piece(&words([TRUN_LEN + 12 * count, TRUN, 0x0100_0b01, count, offset]))?;
            }
            run.iter().try_for_each(|sample| {
                piece(&words([sample.duration, sample.len(), sample.offset.cast_unsigned()]))
            })
        }
        TrackKind::Audio if durations == Durations::Stated => {
            piece(&words([TRUN_LEN + 8 * count, TRUN, 0x0100_0301, count, offset]))?;
            run.iter().try_for_each(|sample| piece(&words([sample.duration, sample.len()])))
        }
        TrackKind::Audio => {
            piece(&words([TRUN_LEN + 4 * count, TRUN, 0x0100_0201, count, offset]))?;
            run.iter().try_for_each(|sample| piece(&words([sample.len()])))
        }
    }
}

/// Puts numbers one behind the other, in network byte order.
#[inline]
pub(super) fn words<const COUNT: usize>(words: [u32; COUNT]) -> Words<COUNT> {
    Words(words.map(u32::to_be_bytes))
}

/// Numbers in network byte order.
pub(super) struct Words<const COUNT: usize>([[u8; 4]; COUNT]);

impl<const COUNT: usize> core::ops::Deref for Words<COUNT> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_flattened()
    }
}

/// Without samples, and without the flags of the first one.
pub(super) const TRUN_LEN: u32 = 20;
const TRUN: u32 = u32::from_be_bytes(*b"trun");
/// Nothing refers to others: `sample_depends_on` 2 (§8.8.3.1).
pub(super) const SYNC_SAMPLE: u32 = 0x0200_0000;
