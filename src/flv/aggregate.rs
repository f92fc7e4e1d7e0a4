//! RTMP aggregate messages: several FLV tags in one message of type 22 (RTMP 1.0 §7.1.6).

use super::Tag;
use super::header::TagHeader;
use crate::time::FlvTime;
use core::iter::FusedIterator;
use nom::{IResult, bytes::streaming::take};

/// The tags inside an aggregate message, in order, re-timed.
///
/// ```text
/// ( tag header 11 │ body │ back pointer 4 )*
/// ```
///
/// The time of the message is the time of its first tag; the others keep their distance to it. The
/// back pointer is not believed and may be missing at the end. A tag that is cut ends the walk:
/// [`remainder`](Self::remainder) is what is left. An aggregate inside an aggregate comes out as
/// the tag it is.
#[derive(Clone, Debug)]
pub struct Aggregate<'a> {
    time: FlvTime,
    rest: &'a [u8],
    /// Milliseconds from the tags' own times to the message's; known once the first tag was read.
    shift: Option<i32>,
}

impl<'a> Aggregate<'a> {
    /// Takes time and body of a message of type 22.
    pub const fn new(time: FlvTime, data: &'a [u8]) -> Self {
        Self { time, rest: data, shift: None }
    }

    /// Returns the bytes that no tag came out of; after the last tag, 0 means that the message was
    /// whole.
    pub const fn remainder(&self) -> usize {
        self.rest.len()
    }
}

impl<'a> Iterator for Aggregate<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        let (rest, (header, data)) = tag(self.rest).ok()?;
        self.rest = rest.get(BACK_POINTER_LEN..).unwrap_or_default();
        let shift = *self.shift.get_or_insert(self.time.since(header.time));
        Some(Tag { kind: header.kind, time: header.time.offset(shift), data })
    }
}

impl FusedIterator for Aggregate<'_> {}

fn tag(input: &[u8]) -> IResult<&[u8], (TagHeader, &[u8])> {
    let (input, header) = TagHeader::parse(input)?;
    let (input, data) = take(header.data_len)(input)?;
    Ok((input, (header, data)))
}

const BACK_POINTER_LEN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn append(message: &mut Vec<u8>, kind: u8, millis: u32, data: &[u8]) {
        let [high, low @ ..] = millis.to_be_bytes();
        message.push(kind);
        message.extend(&(data.len() as u32).to_be_bytes()[1..]);
        message.extend(low);
        message.push(high);
        message.extend([0, 0, 1]); // stream id, as servers fill it
        message.extend(data);
        message.extend([0, 0, 0, 99]); // wrong back pointer
    }

    #[test]
    fn f_03_tags_are_re_timed_by_the_first_offset() {
        let mut message = Vec::new();
        append(&mut message, 9, u32::MAX - 9, &[0x27, 1]);
        append(&mut message, 8, 13, &[0xaf, 1]);
        append(&mut message, 8, 3, &[]);
        let mut tags = Aggregate::new(FlvTime::from_millis(1000), &message);
        for want in [
            Tag::video(FlvTime::from_millis(1000), &[0x27, 1]),
            Tag::audio(FlvTime::from_millis(1023), &[0xaf, 1]),
            Tag::audio(FlvTime::from_millis(1013), &[]),
        ] {
            assert_eq!(tags.next(), Some(want));
        }
        assert_eq!((tags.next(), tags.remainder()), (None, 0));
    }

    #[test]
    fn f_54_a_malformed_tail_ends_the_walk_and_is_reported() {
        let mut message = Vec::new();
        append(&mut message, 8, 0, &[1, 2, 3]);
        let first = message.len();
        append(&mut message, 8, 0, &[4, 5, 6]);
        for len in 0..=message.len() {
            let mut tags = Aggregate::new(FlvTime::default(), &message[..len]);
            let count = tags.by_ref().count();
            // The last back pointer, 4 bytes, may be missing or cut.
            assert_eq!(
                count,
                usize::from(len >= first - 4) + usize::from(len >= message.len() - 4),
                "{len}"
            );
            let whole = len == 0 || (first - 4..=first).contains(&len) || len >= message.len() - 4;
            assert_eq!(tags.remainder() == 0, whole, "{len}");
            assert_eq!(tags.next(), None);
        }
    }
}
