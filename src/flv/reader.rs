//! From the bytes of an FLV file, in pieces of any size, to tags (FLV 10.1 E.2, E.3, E.4.1).

use super::Tag;
use super::header::{FileHeader, TagHeader};
use nom::{IResult, Parser, ToUsize, bytes::streaming::take, number::streaming::be_u32};

/// Most bytes that one [`Reader::step`] can ever ask for: `PreviousTagSize`, tag header and the
/// largest body.
pub const MAX_TAG_LEN: usize = PREFIX_LEN + 0xff_ffff;

/// Takes an FLV file apart, one tag at a time, out of a buffer that the caller owns.
///
/// The caller keeps the bytes not yet consumed at the front of a buffer and repeats:
/// [`step`](Self::step); on `Header` and `Tag` drop `consumed` bytes from the front; on `Need`
/// append until there are `at_least` bytes. Bytes asked for once are never asked for again, however
/// they arrive, the tags are the same.
///
/// `PreviousTagSize` and `StreamID` are read, compared and counted, but nothing hangs on them:
/// whole families of writers fill them wrongly. A tag is handed out as soon as its body is there;
/// the `PreviousTagSize` after it belongs to the next step, so a file may end without it.
///
/// ```
/// # use hls_segmenter::flv::{Reader, Step, TagKind};
/// let mut reader = Reader::new();
/// let mut input: &[u8] = b"FLV\x01\x05\0\0\0\x09\0\0\0\0\x08\0\0\x02\0\0\x17\0\0\0\0\xaf\x01\0\0\0\x0d";
/// loop {
///     match reader.step(input)? {
///         Step::Header { consumed, .. } => input = &input[consumed..],
///         Step::Tag { tag, consumed } => {
///             assert_eq!((tag.kind, tag.time.millis(), tag.data), (TagKind::AUDIO, 23, &[0xaf, 1][..]));
///             input = &input[consumed..];
///         }
///         _ => break, // `Need`: read more of the file, here there is no more
///     }
/// }
/// assert!(reader.ends_cleanly(input));
/// # Ok::<(), hls_segmenter::flv::ReaderError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Reader {
    expect: Expect,
    wrong_previous_tag_size: u64,
    nonzero_stream_id: u64,
}

impl Reader {
    /// Begins at the start of a file.
    pub const fn new() -> Self {
        Self { expect: Expect::Header, wrong_previous_tag_size: 0, nonzero_stream_id: 0 }
    }

    /// Reads the next header or tag from the front of `input`.
    ///
    /// # Errors
    ///
    /// Only before the first tag: `input` does not begin as an FLV file does. The reader stays
    /// where it is.
    ///
    /// # Termination
    ///
    /// `consumed` is never 0, and `at_least` is always more than `input.len()` and at most
    /// [`MAX_TAG_LEN`].
    #[inline]
    pub fn step<'a>(&mut self, input: &'a [u8]) -> Result<Step<'a>, ReaderError> {
        match self.expect {
            Expect::Header => self.header(input),
            Expect::Tag { previous } => Ok(self.tag(input, previous)),
        }
    }

    /// Returns whether a file may end here, with `rest` left: between two tags, with or without
    /// `PreviousTagSize`.
    pub const fn ends_cleanly(&self, rest: &[u8]) -> bool {
        matches!(self.expect, Expect::Tag { .. }) && matches!(rest.len(), 0 | PREVIOUS_LEN)
    }

    /// Counts the tags whose preceding `PreviousTagSize` was not the size of the tag before.
    pub const fn wrong_previous_tag_size(&self) -> u64 {
        self.wrong_previous_tag_size
    }

    /// Counts the tags whose `StreamID` was not 0.
    pub const fn nonzero_stream_id(&self) -> u64 {
        self.nonzero_stream_id
    }

    fn header<'a>(&mut self, input: &'a [u8]) -> Result<Step<'a>, ReaderError> {
        // What is no FLV file is refused at its first wrong byte, not after nine bytes.
        if let Some(at) = input.iter().zip(SIGNATURE).position(|(byte, want)| byte != want) {
            return Err(ReaderError::Signature { at });
        }
        let Ok((_, header)) = FileHeader::parse(input) else {
            return Ok(Step::Need { at_least: FileHeader::LEN });
        };
        let consumed = header.check()?.data_offset.to_usize();
        if input.len() < consumed {
            return Ok(Step::Need { at_least: consumed });
        }
        self.expect = Expect::Tag { previous: 0 };
        Ok(Step::Header { header, consumed })
    }

    #[inline]
    fn tag<'a>(&mut self, input: &'a [u8], previous: u32) -> Step<'a> {
        let Ok((rest, (stated, header))) = prefix(input) else {
            return Step::Need { at_least: PREFIX_LEN };
        };
        let consumed = PREFIX_LEN + header.data_len.to_usize();
        let body: IResult<&[u8], &[u8]> = take(header.data_len)(rest);
        let Ok((_, data)) = body else {
            return Step::Need { at_least: consumed };
        };
        self.wrong_previous_tag_size += u64::from(stated != previous);
        self.nonzero_stream_id += u64::from(header.stream_id != 0);
        self.expect = Expect::Tag { previous: TagHeader::LEN as u32 + header.data_len };
        Step::Tag { tag: Tag { kind: header.kind, time: header.time, data }, consumed }
    }
}

/// What one [`Reader::step`] found. Further outcomes may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step<'a> {
    /// The file header, once, before everything else.
    Header {
        /// What it says.
        header: FileHeader,
        /// Bytes to drop from the front of the buffer.
        consumed: usize,
    },
    /// A tag of any kind, encrypted and unknown ones included.
    Tag {
        /// The tag; its body lies in the caller's buffer.
        tag: Tag<'a>,
        /// Bytes to drop from the front of the buffer.
        consumed: usize,
    },
    /// Not yet: the buffer holds no whole header or tag.
    Need {
        /// Bytes that the buffer must hold, those already there included, before the next step can
        /// say more.
        at_least: usize,
    },
}

/// An input that is no FLV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReaderError {
    /// The file does not begin with `FLV`.
    Signature {
        /// The first byte that is different, 0 to 2.
        at: usize,
    },
    /// `DataOffset` points into the header or more than 64 KiB away.
    DataOffset(u32),
}

error_texts! {
    ReaderError {
        Self::Signature { at } => "not an FLV file: byte {at} of the signature is different";
        Self::DataOffset(offset) =>
            "file header says that tags begin at {offset}, which is not in 9..={}",
            FileHeader::MAX_DATA_OFFSET;
    }
}

/// What the front of the buffer is.
#[derive(Clone, Copy, Debug, Default)]
enum Expect {
    #[default]
    Header,
    /// A `PreviousTagSize`, which should be `previous`, and a tag.
    Tag { previous: u32 },
}

/// Reads all that precedes a body: the size of the tag before, and the tag header.
#[inline]
fn prefix(input: &[u8]) -> IResult<&[u8], (u32, TagHeader)> {
    (be_u32, TagHeader::parse).parse(input)
}

const SIGNATURE: &[u8; 3] = b"FLV";
const PREVIOUS_LEN: usize = 4;
const PREFIX_LEN: usize = PREVIOUS_LEN + TagHeader::LEN;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flv::TagKind;
    use std::vec::Vec;

    fn header(data_offset: u32) -> Vec<u8> {
        let mut file = Vec::from(*b"FLV\x01\x05");
        file.extend(data_offset.to_be_bytes());
        file.resize(data_offset as usize, 0xee);
        file
    }

    fn append(file: &mut Vec<u8>, previous: u32, kind: u8, stream_id: u8, data: &[u8]) {
        file.extend(previous.to_be_bytes());
        file.push(kind);
        file.extend(&(data.len() as u32).to_be_bytes()[1..]);
        file.extend([0, 0, 40, 0]); // 40 ms
        file.extend([0, 0, stream_id]);
        file.extend(data);
    }

    type Tags = Vec<(u8, Vec<u8>)>;

    /// Feeds the file in the pieces given, keeping to what `Need` asks for.
    fn read(pieces: &[&[u8]]) -> (Tags, Reader, Vec<u8>) {
        let (mut reader, mut buffer, mut tags, mut need) =
            (Reader::new(), Vec::new(), Vec::new(), 0);
        for piece in pieces {
            buffer.extend_from_slice(piece);
            while buffer.len() >= need {
                match reader.step(&buffer).unwrap() {
                    Step::Header { consumed, .. } => {
                        assert!(consumed >= 9);
                        buffer.drain(..consumed);
                        need = 0;
                    }
                    Step::Tag { tag, consumed } => {
                        tags.push((tag.kind.get(), tag.data.to_vec()));
                        buffer.drain(..consumed);
                        need = 0;
                    }
                    Step::Need { at_least } => {
                        assert!(at_least > buffer.len() && at_least <= MAX_TAG_LEN);
                        need = at_least;
                    }
                }
            }
        }
        (tags, reader, buffer)
    }

    fn sample() -> Vec<u8> {
        let mut file = header(12);
        append(&mut file, 0, 18, 0, b"meta");
        append(&mut file, 15, 8, 0, &[]);
        append(&mut file, 11, 9, 0, &[7; 300]);
        append(&mut file, 311, 0x29, 0, &[1]);
        file.extend(12_u32.to_be_bytes());
        file
    }

    #[test]
    fn r_58_a_file_split_at_every_byte_gives_the_same_tags() {
        let file = sample();
        let (whole, reader, rest) = read(&[&file]);
        assert_eq!(whole.len(), 4);
        assert!(reader.ends_cleanly(&rest));
        assert_eq!((reader.wrong_previous_tag_size(), reader.nonzero_stream_id()), (0, 0));
        for at in 0..=file.len() {
            let (left, right) = file.split_at(at);
            assert_eq!(read(&[left, right]).0, whole, "split at {at}");
        }
        let bytes: Vec<&[u8]> = file.chunks(1).collect();
        assert_eq!(read(&bytes).0, whole);
    }

    #[test]
    fn need_says_exactly_how_many_bytes_the_buffer_must_hold() {
        let file = sample();
        let mut reader = Reader::new();
        for (len, want) in [(0, 9), (8, 9), (9, 12), (11, 12)] {
            assert_eq!(reader.step(&file[..len]), Ok(Step::Need { at_least: want }), "{len}");
        }
        assert!(matches!(reader.step(&file[..12]), Ok(Step::Header { consumed: 12, .. })));
        let tags = &file[12..];
        for (len, want) in [(0, 15), (4, 15), (14, 15), (15, 19), (18, 19)] {
            assert_eq!(reader.step(&tags[..len]), Ok(Step::Need { at_least: want }), "{len}");
        }
        assert!(matches!(reader.step(&tags[..19]), Ok(Step::Tag { consumed: 19, .. })));
    }

    #[test]
    fn need_never_exceeds_the_largest_tag() {
        let mut reader = Reader::new();
        reader.step(&header(9)).unwrap();
        let input = [0, 0, 0, 0, 9, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(reader.step(&input), Ok(Step::Need { at_least: MAX_TAG_LEN }));
    }

    #[test]
    fn f_51_wrong_sizes_and_stream_ids_are_counted_and_not_believed() {
        let mut file = header(9);
        append(&mut file, 7, 9, 0, &[1, 2]);
        append(&mut file, 17, 9, 1, &[3, 4]); // + 4, as Red5 writes it
        append(&mut file, 0, 8, 1, &[5]);
        let (tags, reader, rest) = read(&[&file]);
        assert_eq!(tags, [(9, [1, 2].to_vec()), (9, [3, 4].to_vec()), (8, [5].to_vec())]);
        assert_eq!((reader.wrong_previous_tag_size(), reader.nonzero_stream_id()), (3, 2));
        assert!(reader.ends_cleanly(&rest), "no size behind the last tag");
    }

    #[test]
    fn a_file_cut_inside_a_tag_does_not_end_cleanly() {
        let file = sample();
        let (_, reader, rest) = read(&[&file[..file.len() - 5]]);
        assert!(!reader.ends_cleanly(&rest));
        assert!(!Reader::new().ends_cleanly(&[]));
    }

    #[test]
    fn f_02_an_encrypted_tag_comes_out_and_says_so() {
        let (tags, ..) = read(&[&sample()]);
        assert!(TagKind::new(tags[3].0).is_encrypted());
    }

    #[test]
    fn f_01_another_version_is_read_all_the_same() {
        let mut file = header(9);
        file[3] = 7;
        assert!(
            matches!(Reader::new().step(&file), Ok(Step::Header { header, .. }) if header.version == 7)
        );
    }

    #[test]
    fn f_01_what_is_no_flv_file_is_told_at_once() {
        for (input, want) in [
            (&b"G"[..], ReaderError::Signature { at: 0 }),
            (b"FLX", ReaderError::Signature { at: 2 }),
            (b"FLV\x01\x05\0\0\0\x08", ReaderError::DataOffset(8)),
            (b"FLV\x01\x05\x01\0\0\x09", ReaderError::DataOffset(0x0100_0009)),
        ] {
            assert_eq!(Reader::new().step(input), Err(want));
        }
    }
}
