//! What an engine can be asked for: its tracks, what it noticed, the token to resume with, why a
//! call failed.

use core::ffi::{c_char, c_int};

use hls_segmenter::Error;

use crate::border::{call, store, write};
use crate::engine::hlsseg_engine;
use crate::engine_kind::with_engine;
use crate::notice_kind::notice_kind;
use crate::playlist::put_token;
use crate::status::hlsseg_status;
use crate::text::put;
use crate::track::{hlsseg_track, hlsseg_track_kind};

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
        let stats = with_engine!(engine, |engine| engine.segmenter.stats());
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
        let stats = with_engine!(engine, |engine| engine.segmenter.stats());
        store(count, stats.count(kind))
    })
}

/// Writes what a later engine needs in addition to the listed segments to go on with this list:
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
        let token = with_engine!(engine, |engine| engine.segmenter.resume_token());
        put_token(&token, dst, len)
    })
}

/// Writes why the last call of this engine that takes a sink failed, as a text and a NUL, into
/// `dst`, which stays the caller's; 160 bytes are enough. `text_len` gets the length without the
/// NUL and may be NULL.
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
        let error = with_engine!(engine, |engine| engine.error);
        let error = error.ok_or(hlsseg_status::Absent)?;
        put(dst, len, text_len, error)
    })
}

/// Sets `error` to what the callback returned that failed the last call of this engine that takes a
/// sink.
///
/// Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_ABSENT` when no
/// callback failed it, `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`,
/// `HLSSEG_STATUS_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_sink_error(
    engine: *mut hlsseg_engine,
    error: *mut c_int,
) -> hlsseg_status {
    call(|| match with_engine!(engine, |engine| engine.error) {
        Some(Error::Sink(returned)) => store(error, returned),
        _ => Err(hlsseg_status::Absent),
    })
}
