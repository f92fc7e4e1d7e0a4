//! Captures, what is made of them, and the transport streams that the engine makes of those.

use std::convert::Infallible;
use std::path::Path;

use hls_segmenter::config::{FragDuration, KeyFramePolicy};
use hls_segmenter::flv::{Reader, Step, Tag, TagKind};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::{FlvTime, TickSpan};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Config, End, Options, Segment, SegmentSink, SegmentStart, Segmenter};

use crate::packet::{Packet, packets};

/// A tag with a time that does not wrap.
#[derive(Clone)]
pub struct OwnedTag {
    pub kind: TagKind,
    pub millis: i64,
    pub data: Vec<u8>,
}

impl OwnedTag {
    fn borrow(&self) -> Tag<'_> {
        Tag { kind: self.kind, time: FlvTime::from_millis(self.millis as u32), data: &self.data }
    }
}

/// A stream to segment.
pub struct Capture {
    pub name: String,
    pub tags: Vec<OwnedTag>,
}

impl Capture {
    /// Makes another stream of this one.
    pub fn made(&self, how: &str, tags: Vec<OwnedTag>) -> Self {
        Self { name: format!("{} {how}", self.name), tags }
    }

    /// Keeps the tags of one kind.
    pub fn only(&self, kind: TagKind, how: &str) -> Self {
        let tags = self.tags.iter().filter(|tag| tag.kind == kind);
        self.made(how, tags.cloned().collect())
    }

    /// Moves the whole stream in time.
    pub fn later(&self, millis: i64, how: &str) -> Self {
        let moved =
            self.tags.iter().map(|tag| OwnedTag { millis: tag.millis + millis, ..tag.clone() });
        self.made(how, moved.collect())
    }

    /// Runs the engine with tables every 400 ms and returns its segments, one behind the other.
    pub fn segment(&self) -> Vec<Packet> {
        // Under the other policy these have one access point only.
        let open = ["open_gop", "intra_refresh"];
        let key_frames = if open.iter().any(|name| self.name.starts_with(name)) {
            KeyFramePolicy::IdrOrRecoveryPoint
        } else {
            KeyFramePolicy::Idr
        };
        let options = Options {
            frag_duration: FragDuration::new(2).unwrap(),
            psi_interval: Some(TickSpan::from_millis(400)),
            key_frames,
            ..Options::default()
        };
        let mut segmenter = Segmenter::new(Config::new(options).unwrap());
        let mut sink = Concatenated::default();
        for tag in &self.tags {
            segmenter.push(tag.borrow(), &mut sink).unwrap();
        }
        segmenter.finish(End::List, &mut sink).unwrap();
        assert!(sink.segments > 1, "{}: one segment shows no seam", self.name);
        packets(&sink.bytes)
    }
}

/// Reads every capture of `testdata/`, those of H.265 too, which are called `h265/…`.
pub fn captures() -> Vec<Capture> {
    let captures = [captures_in("", 12), captures_in("h265/", 2)];
    captures.into_iter().flatten().collect()
}

fn captures_in(prefix: &str, count: usize) -> Vec<Capture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(prefix);
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "flv"))
        .collect();
    paths.sort();
    assert!(paths.len() >= count, "testdata/{prefix} has its captures");
    let name = |path: &Path| format!("{prefix}{}", path.file_stem().unwrap().to_string_lossy());
    let captures = paths
        .iter()
        .map(|path| Capture { name: name(path), tags: read(&std::fs::read(path).unwrap()) });
    captures.collect()
}

/// Reads the capture called `name`.
pub fn capture(name: &str) -> Capture {
    let found = captures().into_iter().find(|capture| capture.name == name);
    found.unwrap_or_else(|| panic!("testdata/ has no {name}"))
}

fn read(mut rest: &[u8]) -> Vec<OwnedTag> {
    let (mut reader, mut tags) = (Reader::new(), Vec::new());
    loop {
        let consumed = match reader.step(rest).unwrap() {
            Step::Header { consumed, .. } => consumed,
            Step::Tag { tag, consumed } => {
                tags.push(OwnedTag {
                    kind: tag.kind,
                    millis: i64::from(tag.time.millis()),
                    data: tag.data.to_vec(),
                });
                consumed
            }
            _ => return tags,
        };
        rest = &rest[consumed..];
    }
}

/// A sink that lays segment behind segment.
#[derive(Default)]
struct Concatenated {
    bytes: Vec<u8>,
    segments: usize,
}

impl SegmentSink for Concatenated {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Infallible> {
        packets.for_each_piece(|piece| self.bytes.extend_from_slice(piece));
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> Result<(), Infallible> {
        self.segments += 1;
        Ok(())
    }

    fn update_playlist(&mut self, _: Playlist<'_>) -> Result<(), Infallible> {
        Ok(())
    }
}
