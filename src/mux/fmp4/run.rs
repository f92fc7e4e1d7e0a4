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

impl Durations {
    /// Looks at the audio frames of a fragment, which usually last for `frame_len`.
    pub(super) fn of_audio(samples: &[Sample], frame_len: u32) -> Self {
        let is_odd =
            |sample: &Sample| sample.track() == TrackKind::Audio && sample.duration != frame_len;
        if samples.iter().any(is_odd) { Self::Stated } else { Self::Even }
    }
}

/// Splits the first run off.
pub(super) fn split_run(samples: &[Sample]) -> Option<(&[Sample], &[Sample])> {
    let (_first, rest) = samples.split_first()?;
    let len = 1 + rest.iter().take_while(|sample| !sample.begins_run()).count();
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
            let fields =
                |sample: &Sample| [sample.duration, sample.len(), sample.offset.cast_unsigned()];
            write_samples(run, fields, piece)
        }
        TrackKind::Audio if durations == Durations::Stated => {
            piece(&words([TRUN_LEN + 8 * count, TRUN, 0x0100_0301, count, offset]))?;
            write_samples(run, |sample| [sample.duration, sample.len()], piece)
        }
        TrackKind::Audio => {
            piece(&words([TRUN_LEN + 4 * count, TRUN, 0x0100_0201, count, offset]))?;
            write_samples(run, |sample| [sample.len()], piece)
        }
    }
}

/// Writes what a run says of each sample, of several at once.
fn write_samples<const COUNT: usize, E>(
    run: &[Sample],
    fields: impl Fn(&Sample) -> [u32; COUNT],
    piece: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut room = [[[0; 4]; COUNT]; 16];
    for samples in run.chunks(room.len()) {
        for (to, sample) in room.iter_mut().zip(samples) {
            *to = fields(sample).map(u32::to_be_bytes);
        }
        let written = room.get(..samples.len()).unwrap_or_default();
        piece(written.as_flattened().as_flattened())?;
    }
    Ok(())
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
