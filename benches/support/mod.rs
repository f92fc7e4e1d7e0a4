//! What the benchmarks share: inputs, sinks, and what we are measured against.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::alloc_instead_of_core,
    reason = "every benchmark uses its own part, and fails loudly"
)]

pub mod elementary;
pub mod fragments;
pub mod input;
pub mod peer;
pub mod sinks;
pub mod strided;

use hls_segmenter::config::{Options, Parts, TargetDuration};
use hls_segmenter::flv::{Reader, Step, Tag};
use hls_segmenter::time::Secs;
use hls_segmenter::{Config, Container, End, Fmp4, LowLatency, SegmentSink, Segmenter};

/// Reads an FLV file and hands every tag to a fresh engine.
pub fn segment_file<S: SegmentSink>(file: &[u8], sink: &mut S)
where
    S::Error: core::fmt::Debug,
{
    let mut segmenter = Segmenter::new(Config::default());
    read(file, |tag| segmenter.push(tag, sink).unwrap());
    segmenter.finish(End::List, sink).unwrap();
}

/// Hands tags, as RTMP brings them, to a fresh engine.
pub fn segment<S: SegmentSink>(tags: &[Tag<'_>], sink: &mut S)
where
    S::Error: core::fmt::Debug,
{
    segment_with(Segmenter::new(Config::default()), tags, sink);
}

/// The same in fragmented MP4.
pub fn segment_fmp4<S: SegmentSink>(tags: &[Tag<'_>], sink: &mut S)
where
    S::Error: core::fmt::Debug,
{
    segment_with(Segmenter::fmp4(Config::default()), tags, sink);
}

/// The same with parts of half a second.
pub fn segment_parts<S: SegmentSink>(tags: &[Tag<'_>], sink: &mut S)
where
    S::Error: core::fmt::Debug,
{
    let options = Options {
        target_duration: TargetDuration::Declared(Secs::new(6)),
        parts: Some(Parts::lasting(500).unwrap()),
        ..Options::default()
    };
    let config = Config::new(options).unwrap();
    segment_with(Segmenter::<LowLatency<Fmp4>>::with_container(config), tags, sink);
}

fn segment_with<C: Container, S: SegmentSink>(
    mut segmenter: Segmenter<C>,
    tags: &[Tag<'_>],
    sink: &mut S,
) where
    S::Error: core::fmt::Debug,
{
    for tag in tags {
        segmenter.push(*tag, sink).unwrap();
    }
    segmenter.finish(End::List, sink).unwrap();
}

/// Returns the tags of an FLV file.
pub fn tags(file: &[u8]) -> Vec<Tag<'_>> {
    let mut tags = Vec::new();
    read(file, |tag| tags.push(tag));
    tags
}

/// Reads an FLV file and returns how many tags it has.
pub fn read<'a>(file: &'a [u8], mut tag: impl FnMut(Tag<'a>)) -> usize {
    let (mut reader, mut rest, mut tags) = (Reader::new(), file, 0);
    loop {
        let consumed = match reader.step(rest).unwrap() {
            Step::Header { consumed, .. } => consumed,
            Step::Tag { tag: next, consumed } => {
                tags += 1;
                tag(next);
                consumed
            }
            _ => return tags,
        };
        rest = &rest[consumed..];
    }
}
