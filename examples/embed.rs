//! How a media server embeds the segmenter: `cargo run --example embed`.
//!
//! A server has RTMP messages and wants segments and a playlist to serve over HTTP. Here the
//! messages come from a capture.

use core::convert::Infallible;
use std::collections::BTreeMap;

use hls_segmenter::flv::{Tag, TagKind};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::FlvTime;
use hls_segmenter::ts::{PACKET_LEN, TsPackets};
use hls_segmenter::{ExpiredSegment, Segment, SegmentSink, SegmentStart, Segmenter};

/// One live stream, as an HTTP handler looks into it.
#[derive(Default)]
struct Channel {
    playlist: String,
    segments: BTreeMap<u64, Vec<u8>>, // by the number in their names
    open: Vec<[u8; PACKET_LEN]>,      // being written, and not served yet
}

impl SegmentSink for Channel {
    type Error = Infallible; // what storage may answer

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), Infallible> {
        self.open.clear();
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Infallible> {
        packets.append_to(&mut self.open); // the only copy of a picture's bytes
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), Infallible> {
        let bytes = core::mem::take(&mut self.open).into_flattened();
        self.segments.insert(segment.id, bytes);
        Ok(()) // from here on a playlist may name it
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Infallible> {
        let m3u8 = playlist.m3u8(|segment, uri| write!(uri, "{}.ts", segment.id));
        self.playlist = m3u8.to_string();
        Ok(())
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        self.segments.remove(&expired.id); // a server waits `expired.keep_for` first
    }
}

/// Takes a message of the publisher: audio, video, data or an aggregate.
fn message(to: &mut Segmenter, channel: &mut Channel, type_id: u8, timestamp: u32, data: &[u8]) {
    let (kind, time) = (TagKind::new(type_id), FlvTime::from_millis(timestamp));
    if let Err(error) = to.push(Tag { kind, time, data }, channel) {
        eprintln!("{error}"); // this tag or the open segment is lost; the stream goes on
    }
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    use hls_segmenter::flv::{Reader, Step};
    use hls_segmenter::{Config, End};

    let mut channel = Channel::default();
    let mut segmenter = Segmenter::new(Config::default());

    let mut rest: &[u8] = include_bytes!("../testdata/bframes.flv");
    let mut reader = Reader::new();
    loop {
        let consumed = match reader.step(rest)? {
            Step::Header { consumed, .. } => consumed,
            Step::Tag { tag, consumed } => {
                let (type_id, timestamp) = (tag.kind.get(), tag.time.millis());
                message(&mut segmenter, &mut channel, type_id, timestamp, tag.data);
                consumed
            }
            _ => break, // the reader needs more bytes, and there are no more
        };
        rest = rest.get(consumed..).unwrap_or_default();
    }
    segmenter.finish(End::List, &mut channel)?; // or End::Pause, if the publisher may come back

    println!("{}", channel.playlist);
    for (id, bytes) in &channel.segments {
        println!("{id}.ts: {} bytes", bytes.len());
    }
    Ok(())
}
