//! The engine: made in the caller's memory, fed, asked, and ended.

use core::ffi::{c_char, c_int};

use hls_segmenter::flv::{Tag, TagKind};
use hls_segmenter::time::{FlvTime, WallTime};
use hls_segmenter::{End, Error, ResumeToken, Segmenter, SwitchAt};

use crate::border::{Guard, Result, Slot, bytes, call, layout, store, write};
use crate::config::hlsseg_config;
use crate::notice_kind::notice_kind;
use crate::playlist::{Listed, hlsseg_listed_segment, put_token};
use crate::sink::{Sink, hlsseg_sink};
use crate::status::hlsseg_status;
use crate::text::put;
use crate::track::{hlsseg_track, hlsseg_track_kind};

/// Turns the tags of one stream into segments and playlists. It lives in memory of the caller, is
/// used by one call at a time on any thread, and needs no clean-up: when it is done with, the
/// memory is simply the caller's again.
pub struct hlsseg_engine(());

/// What is in it.
struct Engine {
    segmenter: Segmenter,
    /// Why the last call failed.
    error: Option<Error<c_int>>,
}

impl Engine {
    const fn new(segmenter: Segmenter) -> Self {
        Self { segmenter, error: None }
    }

    /// Keeps what a call said for `hlsseg_error_text`.
    fn note(&mut self, said: core::result::Result<(), Error<c_int>>) -> Result {
        let Err(error) = said else {
            self.error = None;
            return Ok(());
        };
        self.error = Some(error);
        Err(match error {
            Error::Tag(_) => hlsseg_status::Tag,
            Error::Codec(_) => hlsseg_status::Codec,
            Error::Sink(_) => hlsseg_status::Sink,
            Error::Finished => hlsseg_status::Finished,
            _ => hlsseg_status::Internal,
        })
    }
}

fn place(
    memory: *mut core::ffi::c_void,
    len: usize,
    segmenter: Segmenter,
    engine: *mut *mut hlsseg_engine,
) -> Result {
    store(engine, core::ptr::null_mut())?;
    Slot::place(memory.cast(), len, Engine::new(segmenter))?;
    store(engine, memory.cast())
}

fn enter<'a>(engine: *mut hlsseg_engine) -> Result<Guard<'a, Engine>> {
    Slot::enter(engine.cast())
}

/// Where a requested switch may fall.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_switch {
    /// The next key frame, whatever the age of the segment.
    KeyFrame = 0,
    /// The next frame, key frame or not.
    Once = 1,
}

/// How a stream ends.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_end {
    /// For good: the playlist gets EXT-X-ENDLIST.
    List = 0,
    /// Until the encoder comes back: the next tag begins a publication after EXT-X-DISCONTINUITY.
    Pause = 1,
}

/// Returns how many bytes of memory an engine needs: less than 16 KiB, the same for every engine of
/// this library. A host asks at run time, since another version of the library may need another
/// number. Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn hlsseg_sizeof() -> usize {
    layout::<Engine>().0
}

/// Returns the alignment in bytes that an engine needs; `malloc` gives as much. Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn hlsseg_alignof() -> usize {
    layout::<Engine>().1
}

/// Makes an engine for a new list in `len` bytes of memory at `memory`, `hlsseg_sizeof()` at least,
/// aligned to `hlsseg_alignof()`; what was there is overwritten. `config` is copied; NULL is the
/// default one. `engine` gets the engine, or NULL.
///
/// The memory stays the caller's: it must not be moved, written to or freed while the engine is
/// used. Nothing is to be done with an engine before its memory is freed.
///
/// Threads: any. Errors: `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_MEMORY`,
/// `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_CONFIG`, for which `hlsseg_config_check` has the reason.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_init(
    memory: *mut core::ffi::c_void,
    len: usize,
    config: *const hlsseg_config,
    engine: *mut *mut hlsseg_engine,
) -> hlsseg_status {
    call(|| {
        let config = hlsseg_config::take(config)?.check()?;
        place(memory, len, Segmenter::new(config), engine)
    })
}

/// Makes an engine, as `hlsseg_init` does, that goes on with the list of an earlier one: numbers,
/// counters and target duration continue, and its first segment comes behind EXT-X-DISCONTINUITY.
///
/// `token` is the stored token of `token_len` bytes, `HLSSEG_TOKEN_LEN`; `listed` are the `count`
/// segments of the playlist that the token came with, oldest first. Both are copied and stay the
/// caller's. Where `config` lists fewer, the excess leaves with the first new segment.
///
/// Threads: any. Errors: those of `hlsseg_init`, `HLSSEG_STATUS_TOKEN`, `HLSSEG_STATUS_SEGMENTS`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_resume(
    memory: *mut core::ffi::c_void,
    len: usize,
    config: *const hlsseg_config,
    token: *const u8,
    token_len: usize,
    listed: *const hlsseg_listed_segment,
    count: usize,
    engine: *mut *mut hlsseg_engine,
) -> hlsseg_status {
    call(|| {
        let config = hlsseg_config::take(config)?.check()?;
        let token = bytes(token, token_len)?;
        let token = token.try_into().map_err(|_| hlsseg_status::Token)?;
        let token = ResumeToken::from_bytes(token).map_err(|_| hlsseg_status::Token)?;
        let listed = Listed::take(listed, count)?;
        let segmenter = Segmenter::resume(config, &token, listed);
        let segmenter = segmenter.map_err(|_| hlsseg_status::Segments)?;
        place(memory, len, segmenter, engine)
    })
}

/// Hands one FLV tag or RTMP message to the engine, in the order of arrival, audio, video and
/// script alike. `kind` is the tag type or message type id: 8 audio, 9 video, 15 and 18 script
/// data, 22 aggregate; `time_millis` its time in ms, any epoch, wrapping; `data` its body of `len`
/// bytes, which stays the caller's and is not kept. Whatever it leads to has gone to the `sink`
/// when this returns.
///
/// Threads: any, one call with this engine at a time. Errors, after all of which the next tag may
/// be pushed: `HLSSEG_STATUS_TAG` and `HLSSEG_STATUS_CODEC`, the tag was passed over;
/// `HLSSEG_STATUS_SINK`, a callback failed; `HLSSEG_STATUS_FINISHED`, the list was ended;
/// `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`,
/// `HLSSEG_STATUS_BUSY`, nothing was done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_push(
    engine: *mut hlsseg_engine,
    kind: u8,
    time_millis: u32,
    data: *const u8,
    len: usize,
    sink: *const hlsseg_sink,
) -> hlsseg_status {
    call(|| {
        let tag = Tag {
            kind: TagKind::new(kind),
            time: FlvTime::from_millis(time_millis),
            data: bytes(data, len)?,
        };
        let mut room = None;
        let mut sink = Sink::take(sink, &mut room)?;
        let mut engine = enter(engine)?;
        let said = engine.segmenter.push(tag, &mut sink);
        engine.note(said)
    })
}

/// Ends the stream, `end` an `hlsseg_end`: what waits is written, the open segment is closed and
/// listed. All of it has gone to the `sink` when this returns. After `HLSSEG_END_PAUSE` the engine
/// may be pushed to again.
///
/// Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_SINK` when a callback
/// failed, the end stands nevertheless; `HLSSEG_STATUS_FINISHED` after `HLSSEG_END_LIST`;
/// `HLSSEG_STATUS_ARGUMENT`, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`,
/// `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`, nothing was done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_finish(
    engine: *mut hlsseg_engine,
    end: u32,
    sink: *const hlsseg_sink,
) -> hlsseg_status {
    call(|| {
        let end = match end {
            0 => End::List,
            1 => End::Pause,
            _ => return Err(hlsseg_status::Argument),
        };
        let mut room = None;
        let mut sink = Sink::take(sink, &mut room)?;
        let mut engine = enter(engine)?;
        let said = engine.segmenter.finish(end, &mut sink);
        engine.note(said)
    })
}

/// Tells the calendar time at which the next tag arrived, in ms since 1970 UTC. It names segments
/// and dates the playlist; a stream that is never told has no EXT-X-PROGRAM-DATE-TIME.
///
/// Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_NULL`,
/// `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_set_wall_time(
    engine: *mut hlsseg_engine,
    unix_millis: i64,
) -> hlsseg_status {
    call(|| {
        let now = WallTime::from_unix_millis(unix_millis);
        enter(engine)?.segmenter.set_wall_time(now);
        Ok(())
    })
}

/// Asks for a switch regardless of FragDuration, `at` an `hlsseg_switch`. Where playlists promise
/// independent segments, a switch at once falls on the next key frame too.
///
/// Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_ARGUMENT`,
/// `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_request_switch(
    engine: *mut hlsseg_engine,
    at: u32,
) -> hlsseg_status {
    call(|| {
        let at = match at {
            0 => SwitchAt::KeyFrame,
            1 => SwitchAt::Once,
            _ => return Err(hlsseg_status::Argument),
        };
        enter(engine)?.segmenter.request_switch(at);
        Ok(())
    })
}

/// Writes why the last `hlsseg_push` or `hlsseg_finish` of this engine failed, as a text and a NUL,
/// into `dst`, which stays the caller's; 160 bytes are enough. `text_len` gets the length without
/// the NUL and may be NULL.
///
/// Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_ABSENT` when it did
/// not fail, `HLSSEG_STATUS_SHORT_BUFFER` (`dst` gets an empty text), `HLSSEG_STATUS_NULL`,
/// `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_error_text(
    engine: *mut hlsseg_engine,
    dst: *mut c_char,
    len: usize,
    text_len: *mut usize,
) -> hlsseg_status {
    call(|| {
        let error = enter(engine)?.error.ok_or(hlsseg_status::Absent)?;
        put(dst, len, text_len, error)
    })
}

/// Sets `error` to what the callback returned that failed the last `hlsseg_push` or `hlsseg_finish`
/// of this engine.
///
/// Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_ABSENT` when no
/// callback failed it, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`,
/// `HLSSEG_STATUS_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_sink_error(
    engine: *mut hlsseg_engine,
    error: *mut c_int,
) -> hlsseg_status {
    call(|| match enter(engine)?.error {
        Some(Error::Sink(returned)) => store(error, returned),
        _ => Err(hlsseg_status::Absent),
    })
}

/// Fills `track`, whose `size` must have been set, with what has gone through of a track: the
/// values of GetLiveChannelStat. `kind` is an `hlsseg_track_kind`.
///
/// Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_ABSENT` while the
/// track has not been seen, `HLSSEG_STATUS_ARGUMENT`, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`,
/// `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_read_track(
    engine: *mut hlsseg_engine,
    kind: u32,
    track: *mut hlsseg_track,
) -> hlsseg_status {
    call(|| {
        let stats = enter(engine)?.segmenter.stats();
        let known = if kind == hlsseg_track_kind::Video as u32 {
            stats.video.as_ref().map(hlsseg_track::with_stats)
        } else if kind == hlsseg_track_kind::Audio as u32 {
            stats.audio.as_ref().map(hlsseg_track::with_stats)
        } else {
            return Err(hlsseg_status::Argument);
        };
        write(track, &known.ok_or(hlsseg_status::Absent)?)
    })
}

/// Sets `count` to how often something was noticed so far. `kind` is an `hlsseg_notice_kind`, from
/// 1 to `HLSSEG_NOTICE_KINDS`.
///
/// Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_ARGUMENT`,
/// `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_notice_count(
    engine: *mut hlsseg_engine,
    kind: u32,
    count: *mut u64,
) -> hlsseg_status {
    call(|| {
        let kind = notice_kind(kind)?;
        let stats = enter(engine)?.segmenter.stats();
        store(count, stats.count(kind))
    })
}

/// Writes what a later engine needs, besides the listed segments, to go on with this list:
/// `HLSSEG_TOKEN_LEN` bytes into `dst`, which stays the caller's. `hlsseg_playlist_token` gives the
/// one that belongs to a version of the playlist.
///
/// Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_SHORT_BUFFER`,
/// `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_read_token(
    engine: *mut hlsseg_engine,
    dst: *mut u8,
    len: usize,
) -> hlsseg_status {
    call(|| {
        let token = enter(engine)?.segmenter.resume_token();
        put_token(&token, dst, len)
    })
}
