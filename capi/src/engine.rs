//! The engine: made in the caller's memory, fed and ended.

use core::ffi::c_void;

use hls_segmenter::flv::{Tag, TagKind};
use hls_segmenter::time::{FlvTime, WallTime};
use hls_segmenter::ts::StreamType;
use hls_segmenter::{Announced, End, Lost, ResumeError, ResumeToken, Segmenter, SwitchAt};

use crate::border::{Result, Slot, aligned, bytes, call, store};
use crate::config::hlsseg_config;
use crate::engine_kind::{
    ALIGNMENT, Engine, EngineKind, Made, for_container, len_of, with_engine, with_sink,
};
use crate::playlist::{Listed, hlsseg_listed_segment};
use crate::sink::hlsseg_sink;
use crate::status::hlsseg_status;

/// Turns the tags or frames of one stream into segments and playlists. It lives in memory of the
/// caller, is used by one call at a time on any thread, and needs no clean-up: when it is done
/// with, the memory is simply the caller's again.
pub struct hlsseg_engine(());

fn place<C: Made>(
    memory: *mut c_void,
    len: usize,
    segmenter: Segmenter<C>,
    engine: *mut *mut hlsseg_engine,
) -> Result {
    store(engine, core::ptr::null_mut())?;
    Slot::place(memory.cast(), len, Engine::new(segmenter))?;
    store(engine, memory.cast())
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

/// What became of the word that a segment is lost. Later versions may add values.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_lost_answer {
    /// The segment is listed: from the next version of the playlist on it is a gap.
    Listed = 0,
    /// The segment is open, and nothing has changed. A callback gives such a segment up by failing.
    Open = 1,
    /// The segment is not listed, and nothing has changed: it has left the list, was aborted, or
    /// never was.
    Unlisted = 2,
    /// The list has ended, and nothing has changed: no version follows EXT-X-ENDLIST.
    Ended = 3,
}

/// Returns how many bytes of memory an engine for MPEG-TS without parts needs: some 12 KiB.
/// `hlsseg_sizeof_for` tells it for any configuration. A host asks at run time, since another
/// version of the library may need another number. Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn hlsseg_sizeof() -> usize {
    len_of(EngineKind::Ts)
}

/// Sets `len` to how many bytes of memory an engine with this `config` needs, which depends on
/// `container` and on whether there are parts: some 16 KiB at most. NULL is the default one.
///
/// Threads: any. Errors: `HLSSEG_STATUS_CONFIG` when the configuration is refused,
/// `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`, `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_sizeof_for(
    config: *const hlsseg_config,
    len: *mut usize,
) -> hlsseg_status {
    call(|| {
        let config = hlsseg_config::take(config)?;
        config.check()?;
        store(len, len_of(config.kind()?))
    })
}

/// Returns the alignment in bytes that an engine needs; `malloc` gives as much. Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn hlsseg_alignof() -> usize {
    ALIGNMENT
}

/// Makes an engine for a new list in `len` bytes of memory at `memory`, as many as
/// `hlsseg_sizeof_for` says at least, which without `container` and parts is `hlsseg_sizeof()`, and
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
    memory: *mut c_void,
    len: usize,
    config: *const hlsseg_config,
    engine: *mut *mut hlsseg_engine,
) -> hlsseg_status {
    call(|| {
        let config = hlsseg_config::take(config)?;
        let checked = config.check()?;
        for_container!(config.kind()?, C => {
            place(memory, len, Segmenter::<C>::with_container(checked), engine)
        })
    })
}

/// Makes an engine, as `hlsseg_init` does, that goes on with the list of an earlier one: numbers,
/// counters and target duration continue, and its first segment comes behind EXT-X-DISCONTINUITY.
///
/// `token` is the stored token of `token_len` bytes, `HLSSEG_TOKEN_LEN`; `listed` are the `count`
/// segments of the playlist that the token came with, oldest first. Both are copied and stay the
/// caller's. Where `config` lists fewer, the excess leaves with the first new segment.
///
/// Threads: any. Errors: those of `hlsseg_init`, `HLSSEG_STATUS_TOKEN`, also for a token
/// that is damaged or whose list has ended, `HLSSEG_STATUS_SEGMENTS`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_resume(
    memory: *mut c_void,
    len: usize,
    config: *const hlsseg_config,
    token: *const u8,
    token_len: usize,
    listed: *const hlsseg_listed_segment,
    count: usize,
    engine: *mut *mut hlsseg_engine,
) -> hlsseg_status {
    call(|| {
        let config = hlsseg_config::take(config)?;
        let checked = config.check()?;
        let token = bytes(token, token_len)?;
        let token = token.try_into().map_err(|_| hlsseg_status::Token)?;
        let token = ResumeToken::from_bytes(token).map_err(|_| hlsseg_status::Token)?;
        let listed = Listed::take(listed, count)?;
        for_container!(config.kind()?, C => {
            let segmenter = Segmenter::<C>::resume_with_container(checked, &token, listed);
            let segmenter = segmenter.map_err(|error| match error {
                ResumeError::Segments { .. } => hlsseg_status::Segments,
                _ => hlsseg_status::Token,
            })?;
            place(memory, len, segmenter, engine)
        })
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
        with_sink!(engine, sink, |segmenter, sink| segmenter.push(tag, sink))
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
        with_sink!(engine, sink, |segmenter, sink| segmenter.finish(end, sink))
    })
}

/// Tells the calendar time at which the next tag or frame arrived, in ms since 1970 UTC. It names
/// segments and dates the playlist; a stream that is never told has no EXT-X-PROGRAM-DATE-TIME.
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
        with_engine!(engine, |engine| engine.segmenter.set_wall_time(now));
        Ok(())
    })
}

/// Says what tracks will come. `video` is not 0 where there is video; `audio` is the MPEG-TS stream
/// type of audio, as for `announced_audio` of the configuration, or 0 where there is none. The
/// first segment lists audio that is announced, and audio alone waits for video that is, both for
/// as long as `track_wait_millis` of the configuration says. Once a segment has begun this does
/// nothing; audio that cannot be carried is not listed.
///
/// Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_NULL`,
/// `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_announce(
    engine: *mut hlsseg_engine,
    video: u8,
    audio: u8,
) -> hlsseg_status {
    call(|| {
        let mut announced = Announced::default();
        announced.video = video != 0;
        announced.audio = (audio != 0).then(|| StreamType::new(audio));
        with_engine!(engine, |engine| engine.segmenter.announce(&announced));
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
        with_engine!(engine, |engine| engine.segmenter.request_switch(at));
        Ok(())
    })
}

/// Tells that the segment `id` is lost, which `close_segment` had accepted: its upload has failed
/// after all. It keeps its place in the list, and from the next version on it has EXT-X-GAP, so
/// that players do not ask for it; that version comes with the next segment or with the end of the
/// list. `answer` gets an `hlsseg_lost_answer`. No callback is called.
///
/// A host that can wait answers for the upload in `close_segment` instead: then no version ever
/// names a segment that is not there. A host that resumes from segments which it stored before this
/// call sets `gap` of the lost ones itself.
///
/// Threads: any, one call with this engine at a time. Errors: `HLSSEG_STATUS_NULL`,
/// `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`, nothing was done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_lost(
    engine: *mut hlsseg_engine,
    id: u64,
    answer: *mut u32,
) -> hlsseg_status {
    call(|| {
        aligned(answer)?;
        let said = match with_engine!(engine, |engine| engine.segmenter.lost(id)) {
            Lost::Listed => hlsseg_lost_answer::Listed,
            Lost::Open => hlsseg_lost_answer::Open,
            Lost::Unlisted => hlsseg_lost_answer::Unlisted,
            Lost::Ended => hlsseg_lost_answer::Ended,
            _ => return Err(hlsseg_status::Internal),
        };
        store(answer, said as u32)
    })
}
