//! An FLV file cut anywhere gives the tags that it gives in one piece.

use hls_segmenter::flv::{
    Aggregate, AudioTag, MAX_TAG_LEN, Metadata, Reader, ReaderError, Step, Tag, VideoTag,
};

/// What a reader said: headers and tags with all that is in them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    steps: Vec<String>,
    error: Option<ReaderError>,
    wrong_previous: u64,
    nonzero_stream_id: u64,
    clean: bool,
}

/// Reads `data` whole, byte by byte where it is short, and in pieces whose lengths follow from
/// `data` itself.
pub fn check(data: &[u8]) {
    let whole = read(data, |_| usize::MAX);
    if data.len() <= 512 {
        assert_eq!(read(data, |_| 1), whole, "byte by byte");
    }
    let mut state = data.iter().fold(0x9e37_79b9_u32, |state, &byte| {
        state.rotate_left(5).wrapping_mul(31) ^ u32::from(byte)
    });
    let random = move |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        1 + state as usize % 700
    };
    assert_eq!(read(data, random), whole, "in pieces");
}

/// Reads `data` as it arrives, `piece` bytes at a time.
fn read(data: &[u8], mut piece: impl FnMut(usize) -> usize) -> Heard {
    let (mut reader, mut heard) = (Reader::new(), Heard::default());
    // `data[start..end]` has arrived and was not consumed.
    let (mut start, mut end, mut asked) = (0, 0, 0);
    loop {
        match reader.step(&data[start..end]) {
            Ok(Step::Header { header, consumed }) => {
                assert!(0 < consumed && consumed <= end - start);
                heard.steps.push(format!("{header:?}"));
                (start, asked) = (start + consumed, 0);
            }
            Ok(Step::Tag { tag, consumed }) => {
                assert!(consumed > tag.data.len() && consumed <= end - start);
                heard.steps.push(describe(tag));
                (start, asked) = (start + consumed, 0);
            }
            Ok(Step::Need { at_least }) => {
                assert!(end - start < at_least && at_least <= MAX_TAG_LEN);
                assert!(asked <= at_least, "{at_least} asked for after {asked}");
                asked = at_least;
                if end == data.len() {
                    break;
                }
                end = end.saturating_add(piece(end)).min(data.len());
            }
            Ok(other) => panic!("unknown step {other:?}"),
            Err(error) => {
                assert!(heard.steps.is_empty(), "a file that began well fails with {error}");
                let _ = error.to_string();
                heard.error = Some(error);
                break;
            }
        }
    }
    heard.wrong_previous = reader.wrong_previous_tag_size();
    heard.nonzero_stream_id = reader.nonzero_stream_id();
    heard.clean = heard.error.is_none() && reader.ends_cleanly(&data[start..]);
    heard
}

/// Looks into a tag with every parser that there is.
fn describe(tag: Tag<'_>) -> String {
    let mut parts = Aggregate::new(tag.time, tag.data);
    let bytes: usize = parts.by_ref().map(|part| 11 + part.data.len()).sum();
    assert!(bytes + parts.remainder() <= tag.data.len());
    format!(
        "{tag:?} {:?} {:?} {:?}",
        VideoTag::parse(tag.data),
        AudioTag::parse(tag.data),
        Metadata::parse(tag.data)
    )
}
