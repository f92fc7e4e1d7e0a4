//! Where the output goes: the trait that a host implements.

use crate::notice::Notice;
use crate::playlist::Playlist;
use crate::segment::{AbortedSegment, ExpiredSegment, Segment, SegmentStart};
use crate::snapshot::Snapshot;
use crate::track::Track;
use crate::ts::TsPackets;

/// Takes segments and playlists. It is lent to the engine for one call at a time.
///
/// # Order
///
/// ```text
/// stream = *( listed / lost ) [ update_playlist ]              ; the last one with ENDLIST
/// listed = open_segment 1*write_packets close_segment          ; all of them Ok
///          update_playlist *expire_segment
/// lost   = open_segment *write_packets [ close_segment ]       ; the last of them failed
///          abort_segment
/// ```
///
/// `snapshot`, `track` and `notice` come anywhere. A playlist never names a segment whose
/// `close_segment` failed, and a segment is closed before the playlist that names it: enough for
/// write-then-rename, a multipart upload, or memory.
///
/// # Errors
///
/// A method's error ends the segment it belongs to and comes back from
/// [`push`](crate::Segmenter::push): after a failed `open_segment`, `write_packets` or
/// `close_segment` follows `abort_segment`, the media sequence number goes to the next segment, and
/// that one opens at the next key frame behind EXT-X-DISCONTINUITY. A failed `update_playlist`
/// costs nothing: the next version has it all; only behind the last version none comes.
///
/// # Dynamic sinks
///
/// The trait is object-safe, and a reference to a sink is one: `segmenter.push(tag, &mut &mut
/// *boxed)` takes a `Box<dyn SegmentSink<Error = E>>`.
#[expect(unused_variables, reason = "a sink may let events pass")]
pub trait SegmentSink {
    /// What can go wrong in the host.
    type Error;

    /// Begins a segment.
    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), Self::Error>;

    /// Takes a run of whole TS packets for the open segment.
    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Self::Error>;

    /// Completes the open segment: once this is `Ok` it must be obtainable whole.
    fn close_segment(&mut self, segment: &Segment) -> Result<(), Self::Error>;

    /// Publishes a version of the playlist.
    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Self::Error>;

    /// Tells that a segment has left the playlist and how long it must stay available.
    fn expire_segment(&mut self, expired: &ExpiredSegment) {}

    /// Drops the open segment, or one that failed to open or to close. By default nothing is done:
    /// what `open_segment` took stays taken.
    fn abort_segment(&mut self, aborted: &AbortedSegment) {}

    /// Takes a key frame for a picture of the stream, at the pace of the snapshot interval.
    fn snapshot(&mut self, snapshot: Snapshot<'_>) {}

    /// Tells what a track is, on first sight and whenever that changes.
    fn track(&mut self, track: &Track) {}

    /// Tells what the engine noticed, repaired or dropped.
    fn notice(&mut self, notice: &Notice) {}
}

impl<S: SegmentSink + ?Sized> SegmentSink for &mut S {
    type Error = S::Error;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), Self::Error> {
        (**self).open_segment(start)
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Self::Error> {
        (**self).write_packets(packets)
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), Self::Error> {
        (**self).close_segment(segment)
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Self::Error> {
        (**self).update_playlist(playlist)
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        (**self).expire_segment(expired);
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        (**self).abort_segment(aborted);
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        (**self).snapshot(snapshot);
    }

    fn track(&mut self, track: &Track) {
        (**self).track(track);
    }

    fn notice(&mut self, notice: &Notice) {
        (**self).notice(notice);
    }
}

/// Both take everything, the first one first. An error of the first keeps the call from the second,
/// and one of either costs both the segment: so the first may be told to
/// [abort](SegmentSink::abort_segment) a segment that it has closed, and the second one that it has
/// never opened. A sink that is not to cost the other anything keeps its errors to itself.
impl<A: SegmentSink, B: SegmentSink<Error = A::Error>> SegmentSink for (A, B) {
    type Error = A::Error;

    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), Self::Error> {
        self.0.open_segment(start)?;
        self.1.open_segment(start)
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Self::Error> {
        self.0.write_packets(packets)?;
        self.1.write_packets(packets)
    }

    fn close_segment(&mut self, segment: &Segment) -> Result<(), Self::Error> {
        self.0.close_segment(segment)?;
        self.1.close_segment(segment)
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Self::Error> {
        self.0.update_playlist(playlist)?;
        self.1.update_playlist(playlist)
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        self.0.expire_segment(expired);
        self.1.expire_segment(expired);
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        self.0.abort_segment(aborted);
        self.1.abort_segment(aborted);
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        self.0.snapshot(snapshot);
        self.1.snapshot(snapshot);
    }

    fn track(&mut self, track: &Track) {
        self.0.track(track);
        self.1.track(track);
    }

    fn notice(&mut self, notice: &Notice) {
        self.0.notice(notice);
        self.1.notice(notice);
    }
}
