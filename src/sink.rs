//! Where the output goes: the trait that a host implements.

use crate::mux::fmp4::{FragmentHead, Init, Payload};
use crate::notice::Notice;
use crate::part::Part;
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
/// In fMP4, `*( init_section )` goes before an `open_segment` that needs another section, and
/// `1*( 1*write_payload close_fragment )` stands for `1*write_packets`. With parts,
/// `*( 1*write_packets close_part update_playlist ) 1*write_packets close_part` does.
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
/// that one opens at the next key frame after EXT-X-DISCONTINUITY. A failed `update_playlist`
/// costs nothing: the next version has it all, unless it was the last version. What fails after
/// `close_segment` was `Ok` is told to [`lost`](crate::Segmenter::lost).
///
/// # Dynamic sinks
///
/// The trait is object-safe: `segmenter.push(tag, &mut *boxed)` takes a
/// `Box<dyn SegmentSink<Error = E>>`. A reference to a sink is one too.
#[expect(unused_variables, reason = "a sink may let events pass")]
pub trait SegmentSink {
    /// What can go wrong in the host.
    type Error;

    /// Begins a segment.
    fn open_segment(&mut self, start: &SegmentStart) -> Result<(), Self::Error>;

    /// Takes a run of whole TS packets for the open segment. A sink that is for fMP4 alone returns
    /// `Ok(())`: it is never asked.
    fn write_packets(&mut self, packets: TsPackets<'_>) -> Result<(), Self::Error>;

    /// Takes an initialization section, before the first segment that needs it opens. It must be
    /// obtainable once this is `Ok`, and for as long as
    /// [`ExpiredSegment::init`](crate::ExpiredSegment::init) says; only engines of
    /// [fMP4](crate::fmp4) call this.
    fn init_section(&mut self, init: &Init<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Takes payload for the fragment that is next in the open segment; only engines of
    /// [fMP4](crate::fmp4) call this.
    fn write_payload(&mut self, payload: Payload<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Takes the head of a fragment, which goes before the payload that came since the last head;
    /// only engines of [fMP4](crate::fmp4) call this.
    fn close_fragment(&mut self, head: FragmentHead<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Completes a part of the open segment: all that came of the segment since the last part. Once
    /// this is `Ok` the part must be obtainable whole, and for three target durations after it has
    /// left the list. Only engines with [parts](crate::Options::parts) call this.
    fn close_part(&mut self, part: &Part) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Completes the open segment: once this is `Ok` it must be obtainable whole.
    fn close_segment(&mut self, segment: &Segment) -> Result<(), Self::Error>;

    /// Publishes a version of the playlist. A host that goes on after a restart first persists the
    /// version's [token](Playlist::resume_token) and segments: an engine that resumes from an older
    /// version uses ids again that players have seen.
    fn update_playlist(&mut self, playlist: Playlist<'_>) -> Result<(), Self::Error>;

    /// Reports that a segment has left the playlist and how long it must stay available.
    fn expire_segment(&mut self, expired: &ExpiredSegment) {}

    /// Drops the open segment, or one that failed to open or to close. By default nothing is done:
    /// what `open_segment` took stays taken. An [initialization section](Self::init_section) of the
    /// same id is needed no more.
    fn abort_segment(&mut self, aborted: &AbortedSegment) {}

    /// Takes a key frame for a picture of the stream, at the pace of the snapshot interval.
    fn snapshot(&mut self, snapshot: Snapshot<'_>) {}

    /// Reports what a track is, on first sight and whenever that changes.
    fn track(&mut self, track: &Track) {}

    /// Reports what the engine noticed, repaired or dropped.
    fn notice(&mut self, notice: &Notice) {}
}

/// Every method of a sink, passed on to one or more others.
macro_rules! pass_on {
    ($self:ident to $($sink:expr),+) => {
        fn open_segment(&mut $self, start: &SegmentStart) -> Result<(), Self::Error> {
            $($sink.open_segment(start)?;)+
            Ok(())
        }

        fn write_packets(&mut $self, packets: TsPackets<'_>) -> Result<(), Self::Error> {
            $($sink.write_packets(packets)?;)+
            Ok(())
        }

        fn init_section(&mut $self, init: &Init<'_>) -> Result<(), Self::Error> {
            $($sink.init_section(init)?;)+
            Ok(())
        }

        fn write_payload(&mut $self, payload: Payload<'_>) -> Result<(), Self::Error> {
            $($sink.write_payload(payload)?;)+
            Ok(())
        }

        fn close_fragment(&mut $self, head: FragmentHead<'_>) -> Result<(), Self::Error> {
            $($sink.close_fragment(head)?;)+
            Ok(())
        }

        fn close_part(&mut $self, part: &Part) -> Result<(), Self::Error> {
            $($sink.close_part(part)?;)+
            Ok(())
        }

        fn close_segment(&mut $self, segment: &Segment) -> Result<(), Self::Error> {
            $($sink.close_segment(segment)?;)+
            Ok(())
        }

        fn update_playlist(&mut $self, playlist: Playlist<'_>) -> Result<(), Self::Error> {
            $($sink.update_playlist(playlist)?;)+
            Ok(())
        }

        fn expire_segment(&mut $self, expired: &ExpiredSegment) {
            $($sink.expire_segment(expired);)+
        }

        fn abort_segment(&mut $self, aborted: &AbortedSegment) {
            $($sink.abort_segment(aborted);)+
        }

        fn snapshot(&mut $self, snapshot: Snapshot<'_>) {
            $($sink.snapshot(snapshot);)+
        }

        fn track(&mut $self, track: &Track) {
            $($sink.track(track);)+
        }

        fn notice(&mut $self, notice: &Notice) {
            $($sink.notice(notice);)+
        }
    };
}

impl<S: SegmentSink + ?Sized> SegmentSink for &mut S {
    type Error = S::Error;

    pass_on!(self to (**self));
}

/// Both take everything, the first one first. After an error of the first the second is not called.
///
/// An error of either costs both the segment: the first may have to
/// [abort](SegmentSink::abort_segment) a segment that it has closed, and the second one that it
/// never opened. A sink whose errors must not cost the other a segment keeps them to itself.
impl<A: SegmentSink, B: SegmentSink<Error = A::Error>> SegmentSink for (A, B) {
    type Error = A::Error;

    pass_on!(self to self.0, self.1);
}
