//! A segment as the playlist lists it, and as a host stores it.

use crate::resume::{ResumeError, check, seal, stored_time, time_of};
use crate::segment::{Segment, SegmentStart};
use crate::time::{Millis, WallTime};

/// A segment as the playlist lists it. A host that wants to [resume](crate::Segmenter::resume)
/// stores these.
///
/// The struct may grow; a host builds one with [`new`](Self::new) and the setters:
///
/// ```
/// use hls_segmenter::playlist::ListedSegment;
/// use hls_segmenter::time::{Millis, WallTime};
///
/// let stored = ListedSegment::new(7, 7, Millis::new(5005))
///     .with_wall(Some(WallTime::from_unix_millis(1_795_421_730_250)))
///     .with_discontinuity(true);
/// assert_eq!(stored.program_date_time, None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedSegment {
    /// Number of the attempt, as in [`SegmentStart`](crate::SegmentStart).
    pub id: u64,
    /// Media sequence number.
    pub sequence: u64,
    /// EXTINF.
    pub extinf: Millis,
    /// Wall time when the segment was opened.
    pub wall: Option<WallTime>,
    /// EXT-X-PROGRAM-DATE-TIME.
    pub program_date_time: Option<WallTime>,
    /// EXT-X-DISCONTINUITY precedes the segment.
    pub discontinuity: bool,
    /// EXT-X-GAP: the segment was [lost](crate::Segmenter::lost) after it had been closed, and
    /// players do not load it (draft-pantos-hls-rfc8216bis §4.4.4.7).
    pub gap: bool,
    /// EXT-X-MAP: id of the [initialization section](crate::fmp4::Init) that the segment needs.
    pub init: Option<u64>,
}

impl ListedSegment {
    /// Takes what every segment has: no times of the calendar, no discontinuity, and no gap.
    pub const fn new(id: u64, sequence: u64, extinf: Millis) -> Self {
        let (wall, program_date_time, init) = (None, None, None);
        let (discontinuity, gap) = (false, false);
        Self { id, sequence, extinf, wall, program_date_time, discontinuity, gap, init }
    }

    /// Sets [`wall`](Self::wall).
    #[must_use]
    pub const fn with_wall(mut self, wall: Option<WallTime>) -> Self {
        self.wall = wall;
        self
    }

    /// Sets [`program_date_time`](Self::program_date_time).
    #[must_use]
    pub const fn with_program_date_time(mut self, date: Option<WallTime>) -> Self {
        self.program_date_time = date;
        self
    }

    /// Sets [`discontinuity`](Self::discontinuity).
    #[must_use]
    pub const fn with_discontinuity(mut self, discontinuity: bool) -> Self {
        self.discontinuity = discontinuity;
        self
    }

    /// Sets [`gap`](Self::gap).
    #[must_use]
    pub const fn with_gap(mut self, gap: bool) -> Self {
        self.gap = gap;
        self
    }

    /// Sets [`init`](Self::init).
    #[must_use]
    pub const fn with_init(mut self, init: Option<u64>) -> Self {
        self.init = init;
        self
    }
}

/// The stored form. A host may as well store the fields; this is for one that keeps segments beside
/// the bytes of a [`ResumeToken`](crate::ResumeToken).
impl ListedSegment {
    /// Length of the stored form in bytes.
    pub const LEN: usize = 50;

    /// Returns the stored form, whose numbers are in network byte order:
    ///
    /// | bytes | field |
    /// |---:|---|
    /// | 1 | format, 0x82 |
    /// | 1 | 1 for EXT-X-DISCONTINUITY, 2 more for EXT-X-GAP, and 4 for EXT-X-MAP |
    /// | 8 | id |
    /// | 8 | media sequence number |
    /// | 4 | EXTINF, in milliseconds |
    /// | 8 | Unix milliseconds when the segment was opened, signed, −2^63 for none |
    /// | 8 | Unix milliseconds of EXT-X-PROGRAM-DATE-TIME, as before |
    /// | 8 | id of the initialization section, 0 for none |
    /// | 4 | CRC-32/MPEG-2 of all bytes before |
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let flag = |holds, flag| if holds { flag } else { 0 };
        let flags = flag(self.discontinuity, DISCONTINUITY)
            | flag(self.gap, GAP)
            | flag(self.init.is_some(), MAP);
        seal(&[
            &[FORMAT, flags],
            &self.id.to_be_bytes(),
            &self.sequence.to_be_bytes(),
            &self.extinf.millis().to_be_bytes(),
            &stored_time(self.wall),
            &stored_time(self.program_date_time),
            &self.init.unwrap_or_default().to_be_bytes(),
        ])
    }

    /// Reads the stored form.
    ///
    /// # Errors
    ///
    /// [`ResumeError::Format`] when these bytes are no segment of this version,
    /// [`ResumeError::Damaged`] when they are one no longer.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, ResumeError> {
        check(bytes, FORMAT)?;
        Self::read(bytes).ok_or(ResumeError::Format)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (&[_, flags], rest) = bytes.split_first_chunk()?;
        let (&id, rest) = rest.split_first_chunk()?;
        let (&sequence, rest) = rest.split_first_chunk()?;
        let (&extinf, rest) = rest.split_first_chunk()?;
        let (&wall, rest) = rest.split_first_chunk()?;
        let (&date, rest) = rest.split_first_chunk()?;
        let (&init, _crc) = rest.split_first_chunk()?;
        let init = u64::from_be_bytes(init);
        let has_init = flags & MAP != 0;
        let extinf = Millis::new(u32::from_be_bytes(extinf));
        let segment = Self::new(u64::from_be_bytes(id), u64::from_be_bytes(sequence), extinf)
            .with_wall(time_of(wall))
            .with_program_date_time(time_of(date))
            .with_discontinuity(flags & DISCONTINUITY != 0)
            .with_gap(flags & GAP != 0)
            .with_init(has_init.then_some(init));
        let is_known = flags & !(DISCONTINUITY | GAP | MAP) == 0 && (has_init || init == 0);
        is_known.then_some(segment)
    }
}

impl From<&SegmentStart> for ListedSegment {
    /// A segment that is not finished: EXTINF is 0.
    fn from(start: &SegmentStart) -> Self {
        Self::new(start.id, start.sequence, Millis::new(0))
            .with_wall(start.wall)
            .with_program_date_time(start.program_date_time)
            .with_discontinuity(start.discontinuity)
            .with_init(start.init)
    }
}

impl From<&Segment> for ListedSegment {
    fn from(segment: &Segment) -> Self {
        Self::new(segment.id, segment.sequence, segment.extinf)
            .with_wall(segment.wall)
            .with_program_date_time(segment.program_date_time)
            .with_discontinuity(segment.discontinuity)
            .with_init(segment.init)
    }
}

/// First byte of the stored form; those of tokens are small numbers.
const FORMAT: u8 = 0x82;

const DISCONTINUITY: u8 = 1;
const GAP: u8 = 2;
const MAP: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crc::crc32_mpeg2;

    fn segments() -> impl Iterator<Item = ListedSegment> {
        let times = [None, Some(i64::MIN + 1), Some(-5), Some(1_795_421_730_250), Some(i64::MAX)];
        let time = move |nth: usize| times[nth % times.len()].map(WallTime::from_unix_millis);
        (0..40).map(move |nth| {
            ListedSegment::new(u64::MAX - nth as u64, 1 << nth, Millis::new(u32::MAX >> (nth % 32)))
                .with_wall(time(nth))
                .with_program_date_time(time(nth / 2))
                .with_discontinuity(nth % 3 == 0)
                .with_gap(nth % 4 == 1)
                .with_init((nth % 5 == 2).then_some(u64::MAX >> nth))
        })
    }

    #[test]
    fn r_46_a_listed_segment_is_read_as_it_was_stored() {
        for segment in segments() {
            assert_eq!(ListedSegment::from_bytes(&segment.to_bytes()), Ok(segment));
        }
    }

    #[test]
    fn r_46_no_bit_of_a_stored_segment_may_change() {
        let bytes = segments().last().unwrap().to_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            let want = if bit < 8 { ResumeError::Format } else { ResumeError::Damaged };
            assert_eq!(ListedSegment::from_bytes(&damaged), Err(want), "bit {bit}");
        }
    }

    #[test]
    fn r_46_flags_of_a_later_version_are_refused() {
        let mut bytes = segments().last().unwrap().to_bytes();
        bytes[1] |= 8;
        let (fields, crc) = bytes.split_at_mut(ListedSegment::LEN - 4);
        crc.copy_from_slice(&crc32_mpeg2(fields).to_be_bytes());
        assert_eq!(ListedSegment::from_bytes(&bytes), Err(ResumeError::Format));
    }

    #[test]
    fn r_46_the_stored_form_is_exactly_this() {
        let date = Some(WallTime::from_unix_millis(1));
        let segment = ListedSegment::new(2, 3, Millis::new(5005))
            .with_program_date_time(date)
            .with_discontinuity(true)
            .with_gap(true)
            .with_init(Some(1));
        let want = [
            0x82, 7, // format, discontinuity, gap and initialization section
            0, 0, 0, 0, 0, 0, 0, 2, // id
            0, 0, 0, 0, 0, 0, 0, 3, // media sequence number
            0, 0, 0x13, 0x8d, // 5005 ms
            0x80, 0, 0, 0, 0, 0, 0, 0, // no wall time
            0, 0, 0, 0, 0, 0, 0, 1, // program date-time
            0, 0, 0, 0, 0, 0, 0, 1, // initialization section
        ];
        let bytes = segment.to_bytes();
        assert_eq!(bytes[..46], want);
        assert_eq!(bytes[46..], crc32_mpeg2(&want).to_be_bytes());
    }
}
