//! A sink that keeps every call, and one that keeps nothing.

use core::convert::Infallible;
use core::fmt::{self, Write as _};

use hls_segmenter::fmp4::{FragmentHead, Init, Payload};
use hls_segmenter::notice::Notice;
use hls_segmenter::playlist::{NextPart, Playlist};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    AbortedSegment, ExpiredSegment, Part, Segment, SegmentSink, SegmentStart, Snapshot, Track,
};

use super::event::Event;

/// Takes everything, keeps nothing, never fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discard;

impl SegmentSink for Discard {
    type Error = Infallible;

    fn open_segment(&mut self, _start: &SegmentStart) -> Result<(), Infallible> {
        Ok(())
    }

    fn write_packets(&mut self, _packets: TsPackets<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    fn close_segment(&mut self, _segment: &Segment) -> Result<(), Infallible> {
        Ok(())
    }

    fn update_playlist(&mut self, _playlist: Playlist<'_>) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Keeps every call as an [`Event`] on its way to another sink.
///
/// Two runs of the engine over the same tags give equal events; a test can alter one and have an
/// [`Auditor`](super::Auditor) judge what came of it.
#[derive(Clone, Debug, Default)]
pub struct Recorder<S = Discard> {
    inner: S,
    events: Vec<Event>,
}

impl<S> Recorder<S> {
    /// Wraps a sink.
    pub const fn new(inner: S) -> Self {
        Self { inner, events: Vec::new() }
    }

    /// Returns the calls so far.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Returns the sink and the calls.
    pub fn into_parts(self) -> (S, Vec<Event>) {
        (self.inner, self.events)
    }

    fn keep<E>(&mut self, event: Event, result: Result<(), E>) -> Result<(), E> {
        let event = if result.is_ok() { event } else { Event::Failed(Box::new(event)) };
        self.events.push(event);
        result
    }
}

impl<S: SegmentSink> SegmentSink for Recorder<S> {
    type Error = S::Error;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), S::Error> {
        let result = self.inner.open_segment(start);
        self.keep(Event::Open(*start), result)
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), S::Error> {
        let mut bytes = Vec::new();
        copy_packets(&packets, &mut bytes);
        let result = self.inner.write_packets(packets);
        self.keep(Event::Packets(bytes), result)
    }

    fn init_section(&mut self, init: &Init<'_>) -> Result<(), S::Error> {
        let result = self.inner.init_section(init);
        self.keep(Event::Init { id: init.id(), bytes: init.as_bytes().to_vec() }, result)
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), S::Error> {
        let mut bytes = Vec::new();
        copy_payload(&payload, &mut bytes);
        let result = self.inner.write_payload(payload);
        self.keep(Event::Payload(bytes), result)
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), S::Error> {
        let mut bytes = Vec::new();
        copy_head(&head, &mut bytes);
        let (payload_len, sequence) = (head.payload_len(), head.sequence_number());
        let result = self.inner.close_fragment(head);
        self.keep(Event::Head { bytes, payload_len, sequence }, result)
    }

    fn close_part(&mut self, part: &Part) -> Result<(), S::Error> {
        let result = self.inner.close_part(part);
        self.keep(Event::Part(*part), result)
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), S::Error> {
        let result = self.inner.close_segment(segment);
        self.keep(Event::Close(*segment), result)
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), S::Error> {
        let (text, live) = playlist_texts(playlist);
        let event = Event::Playlist { text, live, ended: playlist.ended() };
        let result = self.inner.update_playlist(playlist);
        self.keep(event, result)
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        self.events.push(Event::Expire(*expired));
        self.inner.expire_segment(expired);
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        self.events.push(Event::Abort(*aborted));
        self.inner.abort_segment(aborted);
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        self.inner.snapshot(snapshot);
    }

    fn track(&mut self, track: &Track) {
        self.inner.track(track);
    }

    fn notice(&mut self, notice: &Notice) {
        self.inner.notice(notice);
    }
}

/// Copies a run into `bytes`, in place of what is there.
pub(super) fn copy_packets(packets: &TsPackets<'_>, bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.resize(packets.len(), 0);
    if packets.copy_to_slice(bytes).is_err() {
        bytes.clear();
    }
}

/// Copies payload into `bytes`, in place of what is there.
pub(super) fn copy_payload(payload: &Payload<'_>, bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.resize(payload.len(), 0);
    if payload.copy_to_slice(bytes).is_err() {
        bytes.clear();
    }
}

/// Copies a head into `bytes`, in place of what is there.
pub(super) fn copy_head(head: &FragmentHead<'_>, bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.resize(head.len(), 0);
    if head.copy_to_slice(bytes).is_err() {
        bytes.clear();
    }
}

/// Writes the playlist with segments, sections and parts named by their ids, plain and with parts if
/// there are any; a playlist that cannot be written is an empty text.
pub(super) fn playlist_texts(playlist: Playlist<'_>) -> (String, Option<String>) {
    let mut text = String::new();
    let m3u8 = playlist.m3u8(|segment, uri| match segment.init {
        None => write!(uri, "{}.ts", segment.id),
        Some(_) => write!(uri, "{}.m4s", segment.id),
    });
    let m3u8 = m3u8.init_uri(|id, uri| write!(uri, "{id}.mp4"));
    if write!(text, "{m3u8}").is_err() {
        text.clear();
    }
    let live = playlist.live_edge().map(|_| {
        let name = |part: NextPart, uri: &mut dyn fmt::Write| {
            write!(uri, "{}.{}.part", part.segment, part.index)
        };
        let mut live = String::new();
        if write!(live, "{}", m3u8.low_latency(name)).is_err() {
            live.clear();
        }
        live
    });
    (text, live)
}
