//! What an engine needs of an earlier one to go on with the same list.

use crate::stream_type::{Program, StreamType};
use crate::time::{Secs, WallTime};

/// The numbers that must not be used twice, as they stood at one version of the playlist.
///
/// Stored beside the [listed segments](crate::playlist::ListedSegment), it lets
/// [`Segmenter::resume`](crate::Segmenter::resume) go on after a restart: players see one
/// discontinuity and no media sequence number twice. It fits [`LEN`](Self::LEN) bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumeToken {
    pub(crate) numbers: ListNumbers,
    /// Continuity counters of PAT, PMT, video and audio.
    pub(crate) counters: [u8; 4],
    pub(crate) pmt_version: u8,
    pub(crate) program: Program,
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
    pub const LEN: usize = 46;

    /// Returns the stored form, whose numbers are in network byte order:
    ///
    /// | bytes | field |
    /// |---:|---|
    /// | 1 | format, 1 |
    /// | 1 | number of segments that are listed |
    /// | 8 | media sequence number of the first |
    /// | 8 | EXT-X-DISCONTINUITY-SEQUENCE |
    /// | 8 | id of the next segment |
    /// | 4 | EXT-X-TARGETDURATION, in seconds |
    /// | 1 | rounding error of EXTINF so far, in ticks, signed |
    /// | 4 | continuity counters of PAT, PMT, video, audio |
    /// | 1 | version of the PMT |
    /// | 2 | stream types of video and audio in it, 0 for none |
    /// | 8 | Unix milliseconds that the next date must exceed, signed |
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let mut rest = bytes.as_mut_slice();
        let mut put = |field: &[u8]| {
            let split = core::mem::take(&mut rest).split_at_mut_checked(field.len());
            if let Some((room, later)) = split {
                room.copy_from_slice(field);
                rest = later;
            }
        };
        let numbers = &self.numbers;
        let stream_type = |stream: Option<StreamType>| stream.map_or(0, StreamType::get);
        let last_wall = numbers.last_wall.map_or(NO_WALL, WallTime::unix_millis);
        put(&[FORMAT, numbers.listed]);
        put(&numbers.first_sequence.to_be_bytes());
        put(&numbers.discontinuity_sequence.to_be_bytes());
        put(&numbers.next_id.to_be_bytes());
        put(&numbers.target.secs().to_be_bytes());
        put(&numbers.extinf_error.to_be_bytes());
        put(&self.counters);
        put(&[self.pmt_version]);
        put(&[self.program.video, self.program.audio].map(stream_type));
        put(&last_wall.to_be_bytes());
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    ///
    /// [`ResumeError::Format`] when these bytes are no token of this version.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, ResumeError> {
        let token = Self::read(bytes).ok_or(ResumeError::Format)?;
        if token.to_bytes() == *bytes { Ok(token) } else { Err(ResumeError::Format) }
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
        let (last_wall, _) = rest.split_first_chunk()?;
        let last_wall = i64::from_be_bytes(*last_wall);
        let [video, audio] = streams.map(|value| (value != 0).then(|| StreamType::new(value)));
        Some(Self {
            numbers: ListNumbers {
                first_sequence: u64::from_be_bytes(*first_sequence),
                listed,
                discontinuity_sequence: u64::from_be_bytes(*discontinuity_sequence),
                next_id: u64::from_be_bytes(*next_id),
                target: Secs::new(u32::from_be_bytes(*target)),
                extinf_error: i8::from_be_bytes(*extinf_error),
                last_wall: (last_wall != NO_WALL).then(|| WallTime::from_unix_millis(last_wall)),
            },
            counters,
            pmt_version,
            program: Program { video, audio },
        })
    }
}

/// Why an engine cannot go on from a token and a list of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResumeError {
    /// The bytes are no token of this version.
    Format,
    /// The segments are not those of the token's playlist.
    Segments {
        /// Media sequence number that is missing or out of place.
        sequence: u64,
    },
}

error_texts! {
    ResumeError {
        Self::Format => "not a resume token of this version";
        Self::Segments { sequence } =>
            "segment {sequence} of the stored playlist is missing or out of place";
    }
}

/// First byte of the stored form.
const FORMAT: u8 = 1;

/// Unix milliseconds that stand for no wall time.
const NO_WALL: i64 = i64::MIN;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_46_a_token_is_read_as_it_was_stored_and_is_small() {
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
        };
        let bytes = token.to_bytes();
        assert_eq!(ResumeToken::from_bytes(&bytes), Ok(token));
        assert!(bytes.len() <= 128 && size_of::<ResumeToken>() <= 128);
        let mut other = bytes;
        other[0] = 2;
        assert_eq!(ResumeToken::from_bytes(&other), Err(ResumeError::Format));
    }
}
