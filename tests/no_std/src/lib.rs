//! The core as a C program on bare metal would have it: `#![no_std]`, no `alloc`, a panic handler
//! and nothing else.
//!
//! There is no allocator in this crate, so `extern crate alloc` anywhere below it is an error of
//! the compiler.

#![no_std]

use core::ffi::c_void;
use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::slice;

use hls_segmenter::flv::{Reader, Step};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{Config, End, Segment, SegmentSink, SegmentStart, Segmenter};

/// What C wants to hear of a finished segment.
pub type OnSegment = extern "C" fn(context: *mut c_void, number: u64, bytes: usize);

/// Segments the FLV file at `data`, tells each finished segment and returns their number, or -1 if
/// it is no FLV file.
///
/// # Safety
///
/// `data` must point to `len` readable bytes that nobody writes during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segment_flv(
    data: *const u8,
    len: usize,
    on_segment: OnSegment,
    context: *mut c_void,
) -> i64 {
    // SAFETY: the caller's promise.
    let file = unsafe { slice::from_raw_parts(data, len) };
    let mut sink = Counter { on_segment, context, bytes: 0, segments: 0, playlists: 0 };
    segment(file, &mut sink)
}

/// Pushes every tag of the file, and passes over those that cannot be read.
fn segment(file: &[u8], sink: &mut Counter) -> i64 {
    let mut segmenter = Segmenter::new(Config::default());
    let (mut reader, mut rest) = (Reader::new(), file);
    loop {
        let consumed = match reader.step(rest) {
            Ok(Step::Header { consumed, .. }) => consumed,
            Ok(Step::Tag { tag, consumed }) => {
                let _ = segmenter.push(tag, sink);
                consumed
            }
            Ok(_) => break,
            Err(_) => return -1,
        };
        rest = rest.get(consumed..).unwrap_or_default();
    }
    let _ = segmenter.finish(End::List, sink);
    sink.segments
}

/// Lays every run of packets out in a buffer on the stack or, when it is long, piece by piece, and
/// counts.
struct Counter {
    on_segment: OnSegment,
    context: *mut c_void,
    /// Bytes of the open segment.
    bytes: usize,
    segments: i64,
    /// Bytes of the playlists, which are written out as text too.
    playlists: usize,
}

impl SegmentSink for Counter {
    type Error = fmt::Error;

    fn open_segment(&mut self, _: &SegmentStart) -> fmt::Result {
        self.bytes = 0;
        Ok(())
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> fmt::Result {
        let mut room = [0; 8 * 1024];
        match packets.copy_to_slice(&mut room) {
            Ok(len) => self.bytes += len,
            Err(_) => packets.for_each_piece(|piece| self.bytes += piece.len()),
        }
        Ok(())
    }

    fn close_segment(&mut self, segment: &Segment) -> fmt::Result {
        if self.bytes as u64 != segment.bytes {
            return Err(fmt::Error);
        }
        (self.on_segment)(self.context, segment.sequence, self.bytes);
        self.segments += 1;
        Ok(())
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> fmt::Result {
        let text = playlist.m3u8(|segment, uri| write!(uri, "{}.ts", segment.id));
        write!(Length(&mut self.playlists), "{text}")
    }
}

/// Counts text instead of keeping it.
struct Length<'a>(&'a mut usize);

impl Write for Length<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        *self.0 += text.len();
        Ok(())
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
