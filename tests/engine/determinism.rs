//! The same tags give the same bytes, however they were cut up on the way in.

use crate::support::{Memory, OwnedTag, captures, policy_for, read_flv, run};
use hls_segmenter::config::{FragDuration, Options};
use hls_segmenter::flv::{Reader, Step};
use hls_segmenter::{Config, End, Segmenter};

fn options(capture: &str) -> Options {
    Options {
        frag_duration: FragDuration::new(2).unwrap(),
        key_frames: policy_for(capture),
        ..Options::default()
    }
}

/// Feeds the reader pieces whose lengths `piece` chooses.
fn read_in_pieces(bytes: &[u8], mut piece: impl FnMut() -> usize) -> Vec<OwnedTag> {
    let (mut reader, mut buffer, mut tags) = (Reader::new(), Vec::new(), Vec::new());
    let mut rest = bytes;
    loop {
        let consumed = match reader.step(&buffer).unwrap() {
            Step::Header { consumed, .. } => consumed,
            Step::Tag { tag, consumed } => {
                tags.push(OwnedTag::from(tag));
                consumed
            }
            Step::Need { at_least } => {
                assert!(at_least > buffer.len(), "the reader asks for what it has");
                if rest.is_empty() {
                    return tags;
                }
                let (now, later) = rest.split_at(piece().clamp(1, rest.len()));
                buffer.extend_from_slice(now);
                rest = later;
                0
            }
            _ => unreachable!(),
        };
        buffer.drain(..consumed);
    }
}

#[test]
fn r_58_the_same_tags_pushed_twice_give_the_same_bytes() {
    for (name, bytes) in captures() {
        let tags = read_flv(&bytes);
        let (first, second) = (run(&tags, options(&name)), run(&tags, options(&name)));
        assert!(!first.memory.segments.is_empty(), "{name}");
        assert_eq!(first.memory.bodies, second.memory.bodies, "{name}");
        assert_eq!(first.memory.playlists, second.memory.playlists, "{name}");
    }
}

#[test]
fn r_58_a_capture_split_at_every_byte_gives_the_same_bytes() {
    for (name, bytes) in captures() {
        let whole = read_flv(&bytes);
        assert_eq!(read_in_pieces(&bytes, || 1), whole, "{name}");
        let mut state = 1_u32;
        let random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 20) as usize
        };
        let tags = read_in_pieces(&bytes, random);
        assert_eq!(tags, whole, "{name}");
        assert_eq!(
            run(&tags, options(&name)).memory.bodies,
            run(&whole, options(&name)).memory.bodies,
            "{name}"
        );
    }
}

#[test]
fn r_57_nothing_of_a_tag_is_kept_by_reference() {
    let (_, bytes) = captures().swap_remove(0);
    let tags = read_flv(&bytes);
    let mut segmenter = Segmenter::new(Config::default());
    let mut memory = Memory::default();
    let mut buffer = Vec::new();
    for tag in &tags {
        // One buffer for all, overwritten after each call.
        buffer.clear();
        buffer.extend_from_slice(&tag.data);
        let lent = hls_segmenter::flv::Tag { data: &buffer, ..tag.borrow() };
        segmenter.push(lent, &mut memory).unwrap();
        buffer.fill(0xee);
    }
    segmenter.finish(End::List, &mut memory).unwrap();
    assert_eq!(memory.bodies, run(&tags, Options::default()).memory.bodies);
}

#[test]
fn r_07_no_clock_is_read() {
    // Without a word of the host's there is no wall time anywhere in the output.
    let (_, bytes) = captures().swap_remove(0);
    let output = run(&read_flv(&bytes), Options::default());
    assert!(
        output
            .memory
            .segments
            .iter()
            .all(|segment| segment.wall.is_none() && segment.program_date_time.is_none())
    );
}
