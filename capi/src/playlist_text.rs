//! Playlists as text.

use core::ffi::{c_char, c_int, c_void};
use core::fmt::{self, Write};
use core::mem::size_of;
use core::ptr;

use hls_segmenter::playlist::{IndexKind, IndexPlaylist, ListedSegment, NextPart};

use crate::border::{Result, call, lent, read};
use crate::part::hlsseg_next_part;
use crate::playlist::{Listed, hlsseg_listed_segment, hlsseg_playlist};
use crate::status::hlsseg_status;
use crate::text::put;

/// Writes the URI of a segment, relative to the playlist, into `dst`, which has room for `len`
/// bytes, a NUL included, and returns its length as `snprintf` does, so that `return snprintf(dst,
/// len, "%llu.ts", ...)` is a whole callback; or a negative number when it failed. `segment` and
/// `dst` are lent for the time of the callback, `user` is what the caller gave. It is UTF-8 without
/// blanks, control characters and double quotes, and does not begin with `#`.
pub type hlsseg_uri = Option<
    extern "C" fn(
        user: *mut c_void,
        segment: *const hlsseg_listed_segment,
        dst: *mut c_char,
        len: usize,
    ) -> c_int,
>;

/// Writes the URI of the initialization section of this `id`, as `hlsseg_uri` does that of a
/// segment.
pub type hlsseg_init_uri =
    Option<extern "C" fn(user: *mut c_void, id: u64, dst: *mut c_char, len: usize) -> c_int>;

/// Writes the URI of a part, one that is listed or the next one, as `hlsseg_uri` does that of a
/// segment.
pub type hlsseg_part_uri = Option<
    extern "C" fn(
        user: *mut c_void,
        part: *const hlsseg_next_part,
        dst: *mut c_char,
        len: usize,
    ) -> c_int,
>;

/// What writes the URIs of a playlist.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_uris {
    /// `sizeof(hlsseg_uris)`.
    pub size: usize,
    /// The caller's own, handed to every callback; the library does not look at it.
    pub user: *mut c_void,
    /// Segments.
    pub segment: hlsseg_uri,
    /// Initialization sections; may be NULL where no segment is fMP4.
    pub init: hlsseg_init_uri,
    /// Parts; may be NULL where none are asked for.
    pub part: hlsseg_part_uri,
}

/// What a playlist shows. Later versions may add values.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_view {
    /// Segments, for all players.
    Plain = 0,
    /// Low-Latency HLS: segments and parts, EXT-X-SERVER-CONTROL and EXT-X-PRELOAD-HINT.
    LowLatency = 1,
    /// The delta update that answers `_HLS_skip=YES`: the same, where segments further from the end
    /// than six target durations are counted by EXT-X-SKIP. A list that has ended is always whole.
    Delta = 2,
}

/// Longest URI, and its NUL.
const URI_ROOM: usize = 4096;

impl hlsseg_uris {
    const EMPTY: Self = Self {
        size: size_of::<Self>(),
        user: ptr::null_mut(),
        segment: None,
        init: None,
        part: None,
    };

    fn take(uris: *const Self) -> Result<Self> {
        Self::check(read(uris, Self::EMPTY)?)
    }

    /// Takes what writes the URIs of segments; there is nothing else.
    fn of_segments(segment: hlsseg_uri, user: *mut c_void) -> Result<Self> {
        Self::check(Self { user, segment, ..Self::EMPTY })
    }

    fn check(self) -> Result<Self> {
        if self.segment.is_some() { Ok(self) } else { Err(hlsseg_status::Null) }
    }

    fn segment(&self, segment: &ListedSegment, out: &mut dyn Write) -> fmt::Result {
        let write = self.segment.ok_or(fmt::Error)?;
        put_uri(out, |dst, len| write(self.user, &segment.into(), dst, len))
    }

    fn init(&self, id: u64, out: &mut dyn Write) -> fmt::Result {
        let write = self.init.ok_or(fmt::Error)?;
        put_uri(out, |dst, len| write(self.user, id, dst, len))
    }

    fn part(&self, part: NextPart, out: &mut dyn Write) -> fmt::Result {
        let write = self.part.ok_or(fmt::Error)?;
        put_uri(out, |dst, len| write(self.user, &part.into(), dst, len))
    }
}

/// Has a callback write a URI, and passes it on.
fn put_uri(out: &mut dyn Write, write: impl FnOnce(*mut c_char, usize) -> c_int) -> fmt::Result {
    let mut room = [0_u8; URI_ROOM];
    let len = write(room.as_mut_ptr().cast(), URI_ROOM);
    let uri = usize::try_from(len)
        .ok()
        .filter(|&len| len < URI_ROOM)
        .and_then(|len| room.get(..len))
        .and_then(|uri| core::str::from_utf8(uri).ok());
    out.write_str(uri.ok_or(fmt::Error)?)
}

/// Writes the playlist of segments in MPEG-TS as text and a NUL into `dst`, which has room for
/// `len` bytes and stays the caller's. `text_len` gets the length of the text without its NUL and
/// may be NULL. `uri` is called once per listed segment, with `user`. For fMP4 and for parts there
/// is `hlsseg_playlist_text`.
///
/// To learn how much room is needed, call it with `dst` NULL and `len` 0: it returns
/// `HLSSEG_STATUS_SHORT_BUFFER` and sets `text_len`. A kilobyte and 100 bytes and the URI for every
/// segment are always enough.
///
/// Only within `update_playlist`, on its thread. Errors: `HLSSEG_STATUS_SHORT_BUFFER` when the text
/// does not fit (`dst` gets an empty one), `HLSSEG_STATUS_URI` when a URI could not be written, and
/// for fMP4, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_playlist_m3u8(
    playlist: *const hlsseg_playlist<'_>,
    uri: hlsseg_uri,
    user: *mut c_void,
    dst: *mut c_char,
    len: usize,
    text_len: *mut usize,
) -> hlsseg_status {
    call(|| {
        let uris = hlsseg_uris::of_segments(uri, user)?;
        let text = lent(playlist)?.0.m3u8(|segment, out| uris.segment(segment, out));
        put(dst, len, text_len, text)
    })
}

/// Writes the playlist as text and a NUL into `dst`, as `hlsseg_playlist_m3u8` does, for any
/// container: EXT-X-MAP stands before the first segment of fMP4 and wherever another section
/// begins. `view` is an `hlsseg_view`. `uris`, `dst` and `text_len` stay the caller's.
///
/// For parts, 150 bytes and the URI for each are enough in addition; no more than 128 are listed.
///
/// Only within `update_playlist`, on its thread. Errors: those of `hlsseg_playlist_m3u8`, among
/// them `HLSSEG_STATUS_URI` where sections are listed and `init` of `uris` is NULL,
/// `HLSSEG_STATUS_NULL` also where parts are asked for and `part` is, `HLSSEG_STATUS_ABSENT` where
/// parts are asked for and the engine has none, `HLSSEG_STATUS_ARGUMENT`, `HLSSEG_STATUS_SIZE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_playlist_text(
    playlist: *const hlsseg_playlist<'_>,
    uris: *const hlsseg_uris,
    view: u32,
    dst: *mut c_char,
    len: usize,
    text_len: *mut usize,
) -> hlsseg_status {
    call(|| {
        let playlist = lent(playlist)?.0;
        let uris = hlsseg_uris::take(uris)?;
        let text = playlist.m3u8(|segment, out| uris.segment(segment, out));
        let text = text.init_uri(|id, out| uris.init(id, out));
        if view == hlsseg_view::Plain as u32 {
            return put(dst, len, text_len, text);
        }
        if uris.part.is_none() {
            return Err(hlsseg_status::Null);
        }
        if playlist.live_edge().is_none() {
            return Err(hlsseg_status::Absent);
        }
        let text = text.low_latency(|part, out| uris.part(part, out));
        if view == hlsseg_view::LowLatency as u32 {
            put(dst, len, text_len, text)
        } else if view == hlsseg_view::Delta as u32 {
            put(dst, len, text_len, text.delta())
        } else {
            Err(hlsseg_status::Argument)
        }
    })
}

/// Writes a complete playlist over any `count` segments in MPEG-TS, with EXT-X-ENDLIST, oldest
/// first, as text and a NUL into `dst`: the VOD playlists of PostVodPlaylist and GetVodPlaylist.
/// `typed` not 0 adds EXT-X-PLAYLIST-TYPE:VOD. `segments`, `dst` and `text_len` are as for
/// `hlsseg_playlist_m3u8` and stay the caller's; of a segment, `id`, `extinf_millis`, the date,
/// `discontinuity` and `gap` are looked at. For fMP4 there is `hlsseg_vod_text`.
///
/// Threads: any. Errors: as for `hlsseg_playlist_m3u8`, and `HLSSEG_STATUS_SIZE` when the sizes are
/// not in order.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_vod_m3u8(
    segments: *const hlsseg_listed_segment,
    count: usize,
    typed: u8,
    uri: hlsseg_uri,
    user: *mut c_void,
    dst: *mut c_char,
    len: usize,
    text_len: *mut usize,
) -> hlsseg_status {
    call(|| {
        let uris = hlsseg_uris::of_segments(uri, user)?;
        let listed = Listed::take(segments, count)?;
        let text =
            IndexPlaylist::new(IndexKind::Vod, listed, |segment, out| uris.segment(segment, out));
        if typed == 0 {
            put(dst, len, text_len, text)
        } else {
            put(dst, len, text_len, text.typed())
        }
    })
}

/// Writes a complete playlist, as `hlsseg_vod_m3u8` does, of segments of any container: `init` of
/// segments is looked at too. `uris` stays the caller's.
///
/// Threads: any. Errors: as for `hlsseg_vod_m3u8`, `HLSSEG_STATUS_URI` also where a segment needs
/// an initialization section and `init` of `uris` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_vod_text(
    segments: *const hlsseg_listed_segment,
    count: usize,
    typed: u8,
    uris: *const hlsseg_uris,
    dst: *mut c_char,
    len: usize,
    text_len: *mut usize,
) -> hlsseg_status {
    call(|| {
        let uris = hlsseg_uris::take(uris)?;
        let listed = Listed::take(segments, count)?;
        let text =
            IndexPlaylist::new(IndexKind::Vod, listed, |segment, out| uris.segment(segment, out));
        let text = text.init_uri(|id, out| uris.init(id, out));
        if typed == 0 {
            put(dst, len, text_len, text)
        } else {
            put(dst, len, text_len, text.typed())
        }
    })
}
