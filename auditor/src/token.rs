//! A resume token, read from its stored form as [`ResumeToken::to_bytes`] describes it.

use hls_segmenter::ResumeToken;
use hls_segmenter::time::TickSpan;

/// What a token says of the list that goes on.
pub(super) struct Resumed {
    /// Media sequence number of the next segment.
    pub(super) next_sequence: u64,
    /// The least id that the next segment may have.
    pub(super) next_id: u64,
    pub(super) discontinuity_sequence: u64,
    /// EXT-X-TARGETDURATION.
    pub(super) target_secs: u32,
    /// Rounding error of EXTINF so far.
    pub(super) carry: TickSpan,
    /// Continuity counters of PAT, PMT, video and audio.
    pub(super) counters: [u8; 4],
    /// Whether the list has segments.
    pub(super) any: bool,
}

impl Resumed {
    /// Reads the stored form; `None` for fields that end too early.
    pub(super) fn of(token: &ResumeToken) -> Option<Self> {
        let bytes = token.to_bytes();
        let (&[_format, listed], rest) = bytes.split_first_chunk()?;
        let (&first_sequence, rest) = rest.split_first_chunk()?;
        let (&discontinuity_sequence, rest) = rest.split_first_chunk()?;
        let (&next_id, rest) = rest.split_first_chunk()?;
        let (&target_secs, rest) = rest.split_first_chunk()?;
        let (&carry, rest) = rest.split_first_chunk()?;
        let (&counters, _) = rest.split_first_chunk()?;
        Some(Self {
            next_sequence: u64::from_be_bytes(first_sequence).wrapping_add(listed.into()),
            next_id: u64::from_be_bytes(next_id),
            discontinuity_sequence: u64::from_be_bytes(discontinuity_sequence),
            target_secs: u32::from_be_bytes(target_secs),
            carry: TickSpan::new(i8::from_be_bytes(carry).into()),
            counters,
            any: listed > 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_read_where_the_stored_form_has_them() {
        let stored = [
            [2, 3].as_slice(),         // format, segments listed
            &[0, 0, 0, 0, 0, 0, 1, 4], // media sequence number of the first
            &[0, 0, 0, 0, 0, 0, 0, 7], // discontinuity sequence
            &[0, 0, 0, 1, 0, 0, 0, 9], // next id
            &[0, 0, 0, 6],             // target duration
            &[0xd3],                   // carry, -45
            &[1, 15, 0, 8],            // continuity counters
            &[31, 0x1b, 0x0f],         // PMT version, stream types
            &[0, 0, 0, 0, 0, 0, 0, 0], // newest stamp
            &[0],                      // the list goes on
            &[0xac, 0xfa, 0x0f, 0xf9], // check sum
        ]
        .concat();
        let token = ResumeToken::from_bytes(stored.as_slice().try_into().unwrap()).unwrap();
        let resumed = Resumed::of(&token).unwrap();
        assert_eq!(resumed.next_sequence, 0x107);
        assert_eq!(resumed.next_id, 0x1_0000_0009);
        assert_eq!(resumed.discontinuity_sequence, 7);
        assert_eq!(resumed.target_secs, 6);
        assert_eq!(resumed.carry, TickSpan::new(-45));
        assert_eq!(resumed.counters, [1, 15, 0, 8]);
        assert!(resumed.any);
    }
}
