//! What an engine needs of an earlier one to go on with the same list.

use crate::crc::crc32_mpeg2;
use crate::stream_type::{Program, StreamType};
use crate::time::{Secs, WallTime};

/// The numbers that must not be used twice, as they stood at one version of the playlist.
///
/// Stored beside the [listed segments](crate::playlist::ListedSegment), it lets
/// [`Segmenter::resume`](crate::Segmenter::resume) go on after a restart: players see one
/// discontinuity and no media sequence number twice. It fits [`LEN`](Self::LEN) bytes.
///
/// > Persist token and segments of a version, then publish it. An engine that resumes from what was
/// > persisted last uses no id and no media sequence number twice that players may have seen; one
/// > that resumes from an older version does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumeToken {
    pub(crate) numbers: ListNumbers,
    /// Continuity counters of PAT, PMT, video and audio, or the number of the next fragment.
    pub(crate) counters: [u8; 4],
    /// [`FRAGMENTED`] where it is the latter.
    pub(crate) pmt_version: u8,
    pub(crate) program: Program,
    pub(crate) list_end: ListEnd,
}

/// Whether a version of the list is its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListEnd {
    /// Segments may follow.
    GoesOn,
    /// It has EXT-X-ENDLIST.
    Ends,
}

/// The numbers of a list that must never be used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListNumbers {
    pub(crate) first_sequence: u64,
    /// How many segments are listed.
    pub(crate) listed: u8,
    pub(crate) discontinuity_sequence: u64,
    pub(crate) next_id: u64,
    pub(crate) target: Secs,
    /// Rounding error of EXTINF, in ticks: less than a millisecond.
    pub(crate) extinf_error: i8,
    /// The next segment's wall time is later than this.
    pub(crate) last_wall: Option<WallTime>,
}

impl ResumeToken {
    /// Length of the stored form in bytes.
    pub const LEN: usize = 51;

    /// Returns the stored form, whose numbers are in network byte order:
    ///
    /// | bytes | field |
    /// |---:|---|
    /// | 1 | format, 2 |
    /// | 1 | number of segments that are listed |
    /// | 8 | media sequence number of the first |
    /// | 8 | EXT-X-DISCONTINUITY-SEQUENCE |
    /// | 8 | id of the next segment |
    /// | 4 | EXT-X-TARGETDURATION, in seconds |
    /// | 1 | rounding error of EXTINF so far, in ticks, signed |
    /// | 4 | continuity counters of PAT, PMT, video, audio; in fMP4 number of the next fragment |
    /// | 1 | version of the PMT; 255 in fMP4 |
    /// | 2 | stream types of video and audio in it, 0 for none |
    /// | 8 | Unix milliseconds that the next date must exceed, signed |
    /// | 1 | 1 where the list has ended, else 0 |
    /// | 4 | CRC-32/MPEG-2 of all bytes before |
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let numbers = &self.numbers;
        let stream_type = |stream: Option<StreamType>| stream.map_or(0, StreamType::get);
        let ended = u8::from(self.list_end == ListEnd::Ends);
        seal(&[
            &[FORMAT, numbers.listed],
            &numbers.first_sequence.to_be_bytes(),
            &numbers.discontinuity_sequence.to_be_bytes(),
            &numbers.next_id.to_be_bytes(),
            &numbers.target.secs().to_be_bytes(),
            &numbers.extinf_error.to_be_bytes(),
            &self.counters,
            &[self.pmt_version],
            &[self.program.video, self.program.audio].map(stream_type),
            &stored_time(numbers.last_wall),
            &[ended],
        ])
    }

    /// Reads the stored form.
    ///
    /// # Errors
    ///
    /// [`ResumeError::Format`] when these bytes are no token of this version,
    /// [`ResumeError::Damaged`] when they are one no longer.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, ResumeError> {
        check(bytes, FORMAT)?;
        let token = Self::read(bytes).ok_or(ResumeError::Format)?;
        let is_sound = token.is_in_range() && token.to_bytes() == *bytes;
        if is_sound { Ok(token) } else { Err(ResumeError::Format) }
    }

    /// Returns whether an engine may have come to these numbers: no more segments than it lists,
    /// four bits of counters, five of the PMT's version, and less than a millisecond of EXTINF. The
    /// number of a fragment may be any but 0.
    fn is_in_range(&self) -> bool {
        let is_counter = |&counter: &u8| counter < 16;
        let error = self.numbers.extinf_error.unsigned_abs();
        let is_listed = self.numbers.listed <= MOST_LISTED;
        let has_tables = if self.pmt_version == FRAGMENTED {
            self.counters != [0; 4]
        } else {
            self.counters.iter().all(is_counter) && self.pmt_version < 32
        };
        is_listed && has_tables && error < 90
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (&[_, listed], rest) = bytes.split_first_chunk()?;
        let (first_sequence, rest) = rest.split_first_chunk()?;
        let (discontinuity_sequence, rest) = rest.split_first_chunk()?;
        let (next_id, rest) = rest.split_first_chunk()?;
        let (target, rest) = rest.split_first_chunk()?;
        let (extinf_error, rest) = rest.split_first_chunk()?;
        let (&counters, rest) = rest.split_first_chunk()?;
        let (&pmt_version, rest) = rest.split_first()?;
        let (&streams, rest) = rest.split_first_chunk()?;
        let (last_wall, rest) = rest.split_first_chunk()?;
        let list_end = if rest.first()? == &0 { ListEnd::GoesOn } else { ListEnd::Ends };
        let [video, audio] = streams.map(|value| (value != 0).then(|| StreamType::new(value)));
        Some(Self {
            numbers: ListNumbers {
                first_sequence: u64::from_be_bytes(*first_sequence),
                listed,
                discontinuity_sequence: u64::from_be_bytes(*discontinuity_sequence),
                next_id: u64::from_be_bytes(*next_id),
                target: Secs::new(u32::from_be_bytes(*target)),
                extinf_error: i8::from_be_bytes(*extinf_error),
                last_wall: time_of(*last_wall),
            },
            counters,
            pmt_version,
            program: Program { video, audio },
            list_end,
        })
    }
}

/// Puts fields one behind another, and a check sum behind them: a stored form of `LEN` bytes.
pub(crate) fn seal<const LEN: usize>(fields: &[&[u8]]) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    let (room, crc) = bytes.split_at_mut(LEN.saturating_sub(CRC_LEN));
    let mut rest = &mut *room;
    for field in fields {
        let split = core::mem::take(&mut rest).split_at_mut_checked(field.len());
        if let Some((place, later)) = split {
            place.copy_from_slice(field);
            rest = later;
        }
    }
    crc.copy_from_slice(&crc32_mpeg2(room).to_be_bytes());
    bytes
}

/// Checks that bytes are a stored form of this format, and undamaged.
pub(crate) fn check(bytes: &[u8], format: u8) -> Result<(), ResumeError> {
    if bytes.first() != Some(&format) {
        Err(ResumeError::Format)
    } else if crc32_mpeg2(bytes) != 0 {
        Err(ResumeError::Damaged)
    } else {
        Ok(())
    }
}

/// Returns a time as stored forms have it.
pub(crate) fn stored_time(time: Option<WallTime>) -> [u8; 8] {
    time.map_or(NO_WALL, WallTime::unix_millis).to_be_bytes()
}

/// Reads a time of a stored form.
pub(crate) fn time_of(stored: [u8; 8]) -> Option<WallTime> {
    let millis = i64::from_be_bytes(stored);
    (millis != NO_WALL).then(|| WallTime::from_unix_millis(millis))
}

/// Why an engine cannot go on from a token and a list of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResumeError {
    /// The bytes are no token, or no segment, of this version.
    Format,
    /// The bytes are not those that were stored: their check sum is wrong.
    Damaged,
    /// The list has ended: nothing may follow EXT-X-ENDLIST (RFC 8216 §4.3.3.4).
    Ended,
    /// The segments are not those of the token's playlist.
    Segments {
        /// Media sequence number that is missing or out of place.
        sequence: u64,
    },
}

error_texts! {
    ResumeError {
        Self::Format => "not a resume token or a listed segment of this version";
        Self::Damaged => "the resume token or the listed segment is damaged";
        Self::Ended => "the list of the resume token has ended";
        Self::Segments { sequence } =>
            "segment {sequence} of the stored playlist is missing or out of place";
    }
}

/// Stands for a version of the PMT where there is none: segments are fragments.
pub(crate) const FRAGMENTED: u8 = 0xff;

/// Segments that an engine lists at the most.
pub(crate) const MOST_LISTED: u8 = 111;

/// First byte of the stored form.
const FORMAT: u8 = 2;

/// Bytes of the check sum.
const CRC_LEN: usize = 4;

/// Unix milliseconds that stand for no wall time.
const NO_WALL: i64 = i64::MIN;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_46_numbers_that_no_engine_comes_to_are_no_token() {
        let numbers = ListNumbers {
            first_sequence: 0,
            listed: 0,
            discontinuity_sequence: 0,
            next_id: 0,
            target: Secs::new(5),
            extinf_error: 0,
            last_wall: None,
        };
        let program = Program { video: None, audio: None };
        let (counters, list_end) = ([0; 4], ListEnd::GoesOn);
        let token = ResumeToken { numbers, counters, pmt_version: 0, program, list_end };
        let bytes = token.to_bytes();
        for (at, most, beyond) in
            [(1, 111, 112), (30, 89, 90), (31, 15, 16), (34, 15, 16), (35, 31, 32)]
        {
            for (value, is_token) in [(most, true), (beyond, false)] {
                let mut other = bytes;
                other[at] = value;
                let (fields, crc) = other.split_at_mut(ResumeToken::LEN - CRC_LEN);
                crc.copy_from_slice(&crc32_mpeg2(fields).to_be_bytes());
                let read = ResumeToken::from_bytes(&other);
                assert_eq!(read.is_ok(), is_token, "byte {at}: {value}");
                assert!(is_token || read == Err(ResumeError::Format));
            }
        }
    }

    #[test]
    fn r_46_a_token_is_read_as_it_was_stored_and_is_small_and_no_bit_of_it_may_change() {
        let token = ResumeToken {
            numbers: ListNumbers {
                first_sequence: u64::MAX - 3,
                listed: 100,
                discontinuity_sequence: 7,
                next_id: 1 << 40,
                target: Secs::new(61),
                extinf_error: -45,
                last_wall: Some(WallTime::from_unix_millis(-5)),
            },
            counters: [1, 15, 0, 8],
            pmt_version: 31,
            program: Program { video: Some(StreamType::AVC), audio: Some(StreamType::AAC_ADTS) },
            list_end: ListEnd::Ends,
        };
        let bytes = token.to_bytes();
        assert_eq!(ResumeToken::from_bytes(&bytes), Ok(token));
        assert!(bytes.len() <= 128 && size_of::<ResumeToken>() <= 128);
        let mut other = bytes;
        other[0] = 1;
        assert_eq!(ResumeToken::from_bytes(&other), Err(ResumeError::Format));
        for bit in 8..bytes.len() * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            let read = ResumeToken::from_bytes(&damaged);
            assert_eq!(read, Err(ResumeError::Damaged), "bit {bit}");
        }
    }
}
