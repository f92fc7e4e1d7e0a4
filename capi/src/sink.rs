//! The sink: a table of the caller's callbacks, lent to a call.

use core::ffi::{c_int, c_void};
use core::mem::size_of;
use core::ptr;

use hls_segmenter::fmp4::{FragmentHead, Init, Payload};
use hls_segmenter::notice::Notice;
use hls_segmenter::playlist::Playlist;
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    AbortedSegment, ExpiredSegment, Part, Segment, SegmentSink, SegmentStart, Snapshot, Track,
};

use crate::border::{Result, view};
use crate::engine_kind::{Made, hlsseg_container};
use crate::fragment::{hlsseg_fragment_head, hlsseg_init_section};
use crate::notice::hlsseg_notice;
use crate::packets::hlsseg_packets;
use crate::part::hlsseg_part;
use crate::payload::hlsseg_payload;
use crate::playlist::hlsseg_playlist;
use crate::segment::{
    hlsseg_aborted_segment, hlsseg_expired_segment, hlsseg_segment, hlsseg_segment_start,
};
use crate::snapshot::hlsseg_snapshot;
use crate::status::hlsseg_status;
use crate::track::hlsseg_track;

/// Takes segments and playlists: callbacks of the caller, lent to a call of `hlsseg_push` or
/// `hlsseg_finish`, and not to be changed before it returns. They are called on the thread of that
/// call, before it returns, in this order:
///
///     stream  = *segment [ update_playlist ]                      ; the last has EXT-X-ENDLIST
///     segment = open_segment 1*media
///               ( close_segment update_playlist *expire_segment   ; listed from here on
///               / abort_segment )                                 ; after a failure: never listed
///     media   = write_packets                                     ; MPEG-TS
///             / 1*write_payload close_fragment                    ; fMP4
///
/// In fMP4 `init_section` comes before the `open_segment` of a segment that needs another section.
/// With parts, `*( 1*media close_part update_playlist ) 1*media close_part` stands for `1*media`.
///
/// `snapshot`, `track` and `notice` come anywhere. A playlist never names a segment whose
/// `close_segment` failed, and a segment is closed before the playlist that names it: enough for
/// write-then-rename, a multipart upload, or memory.
///
/// `open_segment`, `close_segment` and `update_playlist` must be there; for MPEG-TS
/// `write_packets`, for fMP4 `init_section`, `write_payload` and `close_fragment`; with parts
/// `close_part`. The others may be NULL. They return 0, or any other number when they failed: that
/// ends the segment they belong to, and the call returns `HLSSEG_STATUS_SINK`. After a failure of
/// any of them but `update_playlist` follows `abort_segment`, the media sequence number goes to the
/// next segment, and that one opens at the next key frame behind EXT-X-DISCONTINUITY. A failed
/// `update_playlist` costs nothing: the next version has it all.
///
/// A callback must return: no `longjmp`, no C++ exception out of it. What it is given by pointer is
/// gone when it returns. Of this library it may call what is said to be for that callback, and
/// anything with another object; a call with the engine that is calling back gets
/// `HLSSEG_STATUS_BUSY`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_sink {
    /// `sizeof(hlsseg_sink)`.
    pub size: usize,
    /// The caller's own, handed to every callback; the library does not look at it.
    pub user: *mut c_void,
    /// Begins a segment.
    pub open_segment:
        Option<extern "C" fn(user: *mut c_void, start: *const hlsseg_segment_start) -> c_int>,
    /// MPEG-TS: takes a run of whole TS packets of `len` bytes for the open segment:
    /// `hlsseg_packets_copy` copies it, `hlsseg_pieces_init` shows it in pieces.
    pub write_packets: Option<
        extern "C" fn(user: *mut c_void, packets: *const hlsseg_packets, len: usize) -> c_int,
    >,
    /// Completes the open segment: once this returns 0 it must be obtainable whole.
    pub close_segment:
        Option<extern "C" fn(user: *mut c_void, segment: *const hlsseg_segment) -> c_int>,
    /// Publishes a version of the playlist: `hlsseg_playlist_m3u8` writes it as text.
    pub update_playlist:
        Option<extern "C" fn(user: *mut c_void, playlist: *const hlsseg_playlist<'_>) -> c_int>,
    /// Tells that a segment has left the playlist and how long it must stay available; may be
    /// NULL.
    pub expire_segment:
        Option<extern "C" fn(user: *mut c_void, expired: *const hlsseg_expired_segment)>,
    /// Drops the open segment, or one that failed to open or to close; may be NULL.
    pub abort_segment:
        Option<extern "C" fn(user: *mut c_void, aborted: *const hlsseg_aborted_segment)>,
    /// Takes a key frame for a picture of the stream, at the pace of `snapshot_interval_millis`;
    /// may be NULL.
    pub snapshot: Option<extern "C" fn(user: *mut c_void, snapshot: *const hlsseg_snapshot<'_>)>,
    /// Tells what a track is, on first sight and whenever that changes; may be NULL.
    pub track: Option<extern "C" fn(user: *mut c_void, track: *const hlsseg_track)>,
    /// Tells what the engine noticed, repaired or dropped; may be NULL.
    pub notice: Option<extern "C" fn(user: *mut c_void, notice: *const hlsseg_notice)>,
    /// fMP4: takes an initialization section, before the first segment that needs it opens. Once
    /// this returns 0 it must be obtainable.
    pub init_section:
        Option<extern "C" fn(user: *mut c_void, section: *const hlsseg_init_section) -> c_int>,
    /// fMP4: takes payload of `len` bytes for the fragment that is next in the open segment:
    /// `hlsseg_payload_copy` copies it, `hlsseg_pieces_init_payload` shows it in pieces,
    /// `hlsseg_fragment_write` puts fragments together.
    pub write_payload: Option<
        extern "C" fn(user: *mut c_void, payload: *const hlsseg_payload, len: usize) -> c_int,
    >,
    /// fMP4: takes the head of a fragment, `len` bytes, which goes before the payload that came
    /// since the last head: `hlsseg_fragment_head_copy` copies it, `hlsseg_fragment_close`
    /// completes the fragment.
    pub close_fragment: Option<
        extern "C" fn(user: *mut c_void, head: *const hlsseg_fragment_head, len: usize) -> c_int,
    >,
    /// Parts: completes a part of the open segment, all that came of the segment since the last
    /// part. Once this returns 0 it must be obtainable whole, and for three target durations after
    /// it has left the list.
    pub close_part: Option<extern "C" fn(user: *mut c_void, part: *const hlsseg_part) -> c_int>,
}

impl hlsseg_sink {
    const EMPTY: Self = Self {
        size: size_of::<Self>(),
        user: ptr::null_mut(),
        open_segment: None,
        write_packets: None,
        close_segment: None,
        update_playlist: None,
        expire_segment: None,
        abort_segment: None,
        snapshot: None,
        track: None,
        notice: None,
        init_section: None,
        write_payload: None,
        close_fragment: None,
        close_part: None,
    };
}

/// The callbacks as the engine calls them.
pub(crate) struct Sink<'a>(&'a hlsseg_sink);

impl<'a> Sink<'a> {
    /// Takes the caller's table; one of another length is copied into `room`.
    pub(crate) fn take(
        sink: *const hlsseg_sink,
        room: &'a mut Option<hlsseg_sink>,
    ) -> Result<Self> {
        let table = view(sink, room, &hlsseg_sink::EMPTY)?;
        let whole = table.open_segment.is_some()
            && table.close_segment.is_some()
            && table.update_playlist.is_some();
        if whole { Ok(Self(table)) } else { Err(hlsseg_status::Null) }
    }

    /// Says whether the callbacks are there that an engine of this kind cannot do without.
    #[inline]
    pub(crate) fn serves<C: Made>(&self) -> bool {
        let Self(table) = self;
        let takes_media = match C::CONTAINER {
            hlsseg_container::Ts => table.write_packets.is_some(),
            hlsseg_container::Fmp4 => {
                table.init_section.is_some()
                    && table.write_payload.is_some()
                    && table.close_fragment.is_some()
            }
        };
        takes_media && (!C::HAS_PARTS || table.close_part.is_some())
    }
}

/// What a callback returned, as a result; one that is not there, which `Sink` does not let through,
/// failed.
const fn outcome(returned: Option<c_int>) -> core::result::Result<(), c_int> {
    match returned {
        Some(0) => Ok(()),
        Some(error) => Err(error),
        None => Err(-1),
    }
}

impl SegmentSink for Sink<'_> {
    type Error = c_int;

    fn open_segment(&mut self, start: &SegmentStart) -> core::result::Result<(), c_int> {
        let Self(table) = self;
        outcome(table.open_segment.map(|open| open(table.user, &start.into())))
    }

    fn write_packets(&mut self, packets: TsPackets<'_>) -> core::result::Result<(), c_int> {
        let Self(table) = self;
        let run = hlsseg_packets::lend(&packets);
        outcome(table.write_packets.map(|write| write(table.user, run, packets.len())))
    }

    fn init_section(&mut self, init: &Init<'_>) -> core::result::Result<(), c_int> {
        let Self(table) = self;
        outcome(table.init_section.map(|take| take(table.user, &init.into())))
    }

    fn write_payload(&mut self, payload: Payload<'_>) -> core::result::Result<(), c_int> {
        let Self(table) = self;
        let lent = hlsseg_payload::lend(&payload);
        outcome(table.write_payload.map(|write| write(table.user, lent, payload.len())))
    }

    fn close_fragment(&mut self, head: FragmentHead<'_>) -> core::result::Result<(), c_int> {
        let Self(table) = self;
        let lent = hlsseg_fragment_head::lend(&head);
        outcome(table.close_fragment.map(|close| close(table.user, lent, head.len())))
    }

    fn close_part(&mut self, part: &Part) -> core::result::Result<(), c_int> {
        let Self(table) = self;
        outcome(table.close_part.map(|close| close(table.user, &part.into())))
    }

    fn close_segment(&mut self, segment: &Segment) -> core::result::Result<(), c_int> {
        let Self(table) = self;
        outcome(table.close_segment.map(|close| close(table.user, &segment.into())))
    }

    fn update_playlist(&mut self, playlist: Playlist<'_>) -> core::result::Result<(), c_int> {
        let Self(table) = self;
        let playlist = hlsseg_playlist(playlist);
        outcome(table.update_playlist.map(|update| update(table.user, &playlist)))
    }

    fn expire_segment(&mut self, expired: &ExpiredSegment) {
        if let Some(expire_segment) = self.0.expire_segment {
            expire_segment(self.0.user, &expired.into());
        }
    }

    fn abort_segment(&mut self, aborted: &AbortedSegment) {
        if let Some(abort_segment) = self.0.abort_segment {
            abort_segment(self.0.user, &aborted.into());
        }
    }

    fn snapshot(&mut self, snapshot: Snapshot<'_>) {
        if let Some(take) = self.0.snapshot {
            take(self.0.user, &hlsseg_snapshot(snapshot));
        }
    }

    fn track(&mut self, track: &Track) {
        if let (Some(tell), Some(track)) = (self.0.track, hlsseg_track::of(track)) {
            tell(self.0.user, &track);
        }
    }

    fn notice(&mut self, notice: &Notice) {
        if let Some(tell) = self.0.notice {
            tell(self.0.user, &notice.into());
        }
    }
}
