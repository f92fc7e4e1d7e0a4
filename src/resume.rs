//! What an engine needs of an earlier one to go on with the same list.

use core::fmt;

/// The numbers that must not be used twice, as they stood at one version of the playlist.
///
/// Stored beside the [listed segments](crate::playlist::ListedSegment), it lets
/// [`Segmenter::resume`](crate::Segmenter::resume) go on after a restart: players see one discontinuity and no media
/// sequence number twice. It fits [`LEN`](Self::LEN) bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumeToken {
    pub(crate) first_sequence: u64,
    pub(crate) listed: u8,
    pub(crate) discontinuity_sequence: u64,
    pub(crate) next_id: u64,
    pub(crate) target_secs: u32,
    /// Rounding error of EXTINF, in ticks.
    pub(crate) carry: i8,
    /// Continuity counters of PAT, PMT, video and audio.
    pub(crate) counters: [u8; 4],
    pub(crate) pmt_version: u8,
    /// Stream types of video and audio in the PMT, 0 for none.
    pub(crate) program: [u8; 2],
    /// Unix milliseconds that the next segment's stamp must exceed.
    pub(crate) last_wall: i64,
}

/// First byte of the stored form.
const FORMAT: u8 = 1;

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
            if let Some((room, later)) =
                core::mem::take(&mut rest).split_at_mut_checked(field.len())
            {
                room.copy_from_slice(field);
                rest = later;
            }
        };
        put(&[FORMAT, self.listed]);
        put(&self.first_sequence.to_be_bytes());
        put(&self.discontinuity_sequence.to_be_bytes());
        put(&self.next_id.to_be_bytes());
        put(&self.target_secs.to_be_bytes());
        put(&self.carry.to_be_bytes());
        put(&self.counters);
        put(&[self.pmt_version]);
        put(&self.program);
        put(&self.last_wall.to_be_bytes());
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    ///
    /// [`ResumeError::Format`] when these bytes are no token of this version.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Result<Self, ResumeError> {
        let token = Self::read(bytes).ok_or(ResumeError::Format)?;
        if token.to_bytes() == *bytes {
            Ok(token)
        } else {
            Err(ResumeError::Format)
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (&[_, listed], rest) = bytes.split_first_chunk()?;
        let (first_sequence, rest) = rest.split_first_chunk()?;
        let (discontinuity_sequence, rest) = rest.split_first_chunk()?;
        let (next_id, rest) = rest.split_first_chunk()?;
        let (target_secs, rest) = rest.split_first_chunk()?;
        let (carry, rest) = rest.split_first_chunk()?;
        let (&counters, rest) = rest.split_first_chunk()?;
        let (&pmt_version, rest) = rest.split_first()?;
        let (&program, rest) = rest.split_first_chunk()?;
        let (last_wall, _) = rest.split_first_chunk()?;
        Some(Self {
            first_sequence: u64::from_be_bytes(*first_sequence),
            listed,
            discontinuity_sequence: u64::from_be_bytes(*discontinuity_sequence),
            next_id: u64::from_be_bytes(*next_id),
            target_secs: u32::from_be_bytes(*target_secs),
            carry: i8::from_be_bytes(*carry),
            counters,
            pmt_version,
            program,
            last_wall: i64::from_be_bytes(*last_wall),
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

impl fmt::Display for ResumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format => f.write_str("not a resume token of this version"),
            Self::Segments { sequence } => write!(
                f,
                "segment {sequence} of the stored playlist is missing or out of place"
            ),
        }
    }
}

impl core::error::Error for ResumeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_46_a_token_is_read_as_it_was_stored_and_is_small() {
        let token = ResumeToken {
            first_sequence: u64::MAX - 3,
            listed: 100,
            discontinuity_sequence: 7,
            next_id: 1 << 40,
            target_secs: 61,
            carry: -45,
            counters: [1, 15, 0, 8],
            pmt_version: 31,
            program: [0x1b, 0x0f],
            last_wall: -5,
        };
        let bytes = token.to_bytes();
        assert_eq!(ResumeToken::from_bytes(&bytes), Ok(token));
        assert!(bytes.len() <= 128 && size_of::<ResumeToken>() <= 128);
        let mut other = bytes;
        other[0] = 2;
        assert_eq!(ResumeToken::from_bytes(&other), Err(ResumeError::Format));
    }
}
