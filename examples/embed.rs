//! How a media server embeds the segmenter: `cargo run --example embed`.
//!
//! The server has tags, which are what RTMP messages carry, and wants segments and a playlist to serve over HTTP. Here
//! the tags come from a capture, and what would be served stays in memory.

use core::error::Error;
use std::collections::BTreeMap;

use hls_segmenter::flv::{Reader, Step};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::{ShortBuffer, TsPackets};
use hls_segmenter::{
    AbortedSegment, Config, End, ExpiredSegment, Segment, SegmentSink, SegmentStart, Segmenter,
};

/// One live stream, as an HTTP handler would look into it.
#[derive(Default)]
struct LiveStream {
    /// The segments that may be asked for, by the number in their names.
    segments: BTreeMap<u64, Vec<u8>>,
    playlist: String,
    /// The segment that is being written; nobody sees it yet.
    open: Vec<u8>,
}

/// The engine calls these from within `push` and `finish`, in this order.
impl SegmentSink for LiveStream {
    /// What can go wrong on this side; storage would have more to say.
    type Error = ShortBuffer;

    fn open_segment(&mut self, _: &SegmentStart) -> Result<(), ShortBuffer> {
        self.open.clear();
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), ShortBuffer> {
        let end = self.open.len();
        self.open.resize(end + packets.len(), 0);
        let room = self.open.get_mut(end..).unwrap_or_default();
        packets.copy_to_slice(room)?; // the only copy that a picture's bytes go through
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), ShortBuffer> {
        let bytes = core::mem::take(&mut self.open);
        self.segments.insert(segment.id, bytes);
        Ok(()) // from here on the playlist may name it
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), ShortBuffer> {
        self.playlist = playlist
            .m3u8(|segment, uri| write!(uri, "{}.ts", segment.id))
            .to_string();
        Ok(())
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        // Players may still be loading it: a server waits `expired.keep_for` before it does this.
        self.segments.remove(&expired.id);
    }

    fn abort_segment(&mut self, _: &AbortedSegment) {
        self.open.clear();
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut stream = LiveStream::default();
    let mut segmenter = Segmenter::new(Config::default());

    // RTMP: `Tag { kind: TagKind::new(message_type_id), time: FlvTime::from_millis(timestamp), data: &payload }`.
    let (mut reader, mut input) = (Reader::new(), CAPTURE);
    loop {
        let consumed = match reader.step(input)? {
            Step::Header { consumed, .. } => consumed,
            Step::Tag { tag, consumed } => {
                // An error costs this tag or the open segment, never the stream: log it and go on.
                if let Err(error) = segmenter.push(tag, &mut stream) {
                    eprintln!("{error}");
                }
                consumed
            }
            _ => break, // the reader needs more bytes, and there are no more
        };
        input = input.get(consumed..).unwrap_or_default();
    }
    segmenter.finish(End::List, &mut stream)?;

    println!("{}", stream.playlist);
    for (id, bytes) in &stream.segments {
        println!("{id}.ts: {} bytes", bytes.len());
    }
    Ok(())
}

/// Twelve seconds of H.264 with B-frames and AAC.
const CAPTURE: &[u8] = include_bytes!("../testdata/bframes.flv");
