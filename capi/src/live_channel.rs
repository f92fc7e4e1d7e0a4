//! The parameters of PutLiveChannel and their limits.

use core::ffi::{CStr, c_char};
use core::mem::size_of;
use core::ptr;

use hls_segmenter::oss::{ParameterError, PutLiveChannel, PutSnapshot, Status};

use crate::border::{Result, call, read, size_in, text, write};
use crate::config::hlsseg_config;
use crate::status::hlsseg_status;
use crate::text::array;

/// A PutLiveChannel request: the channel's name from the URL, percent-decoded, and the texts of the
/// body's elements, each ended by NUL; NULL where an element is absent. All of it stays the
/// caller's.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_live_channel_request {
    /// `sizeof(hlsseg_live_channel_request)`.
    pub size: usize,
    /// ChannelName: 1 to 64 bytes of UTF-8 without slash or backslash.
    pub channel_name: *const c_char,
    /// `Description`: at most 128 bytes.
    pub description: *const c_char,
    /// `Status`: `enabled` or `disabled`.
    pub status: *const c_char,
    /// `Target.Type`: `HLS`.
    pub target_type: *const c_char,
    /// `Target.FragDuration`: 1 to 100 s.
    pub frag_duration: *const c_char,
    /// `Target.FragCount`: 1 to 100.
    pub frag_count: *const c_char,
    /// `Target.PlaylistName`: 6 to 128 bytes without slash, ending in `.m3u8`.
    pub playlist_name: *const c_char,
    /// Not 0: there is a `Snapshot`, and the four below are its elements.
    pub has_snapshot: usize,
    /// `Snapshot.RoleName`.
    pub role_name: *const c_char,
    /// `Snapshot.DestBucket`.
    pub dest_bucket: *const c_char,
    /// `Snapshot.NotifyTopic`.
    pub notify_topic: *const c_char,
    /// `Snapshot.Interval`: 1 to 100 s.
    pub interval: *const c_char,
}

/// What a PutLiveChannel request comes to: its values, or why it is refused.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_live_channel {
    /// `sizeof(hlsseg_live_channel)`.
    pub size: usize,
    /// The request's playlist name, or `playlist.m3u8` where it has none: a text that lives as
    /// long as the request's, or as the program.
    pub playlist_name: *const c_char,
    /// FragDuration in seconds; 5 by default.
    pub frag_duration: u32,
    /// FragCount; 3 by default.
    pub frag_count: u32,
    /// Seconds from 1 to 100 between two snapshots; 0 without them.
    pub snapshot_interval: u32,
    /// 1 where the channel may be pushed to, 0 where it is disabled.
    pub enabled: u32,
    /// Where it is refused: the `Code` of the error response, ended by NUL.
    pub code: [c_char; 32],
    /// Where it is refused: the `EC` of the error response, ended by NUL; empty where OSS
    /// documents none.
    pub ec: [c_char; 32],
    /// Where it is refused: why, in English, ended by NUL.
    pub message: [c_char; 128],
}

impl hlsseg_live_channel {
    const EMPTY: Self = Self {
        size: size_of::<Self>(),
        playlist_name: ptr::null(),
        frag_duration: 0,
        frag_count: 0,
        snapshot_interval: 0,
        enabled: 0,
        code: [0; 32],
        ec: [0; 32],
        message: [0; 128],
    };

    fn refused(error: &ParameterError) -> Self {
        Self {
            code: array(error.code()),
            ec: array(error.ec().unwrap_or_default()),
            message: array(error),
            ..Self::EMPTY
        }
    }
}

/// Checks the parameters of a PutLiveChannel request in the order of the request, fills `channel`,
/// whose `size` must have been set, and puts FragDuration, FragCount and the snapshot's interval
/// into `config`, which may be NULL.
///
/// `channel_name` is the one text that must not be NULL. Threads: any. Errors:
/// `HLSSEG_STATUS_PARAMETER` when a parameter is beyond its limits: `code`, `ec` and `message` of
/// `channel` say which, and `config` is left alone; `HLSSEG_STATUS_CONFIG` when the rest of
/// `config` contradicts the channel's values; `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`,
/// `HLSSEG_STATUS_ALIGNMENT`; `HLSSEG_STATUS_ARGUMENT` when a text other than the name is no UTF-8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_live_channel_check(
    request: *const hlsseg_live_channel_request,
    channel: *mut hlsseg_live_channel,
    config: *mut hlsseg_config,
) -> hlsseg_status {
    call(|| {
        size_in(channel)?;
        let nothing = hlsseg_live_channel_request {
            size: 0,
            channel_name: ptr::null(),
            description: ptr::null(),
            status: ptr::null(),
            target_type: ptr::null(),
            frag_duration: ptr::null(),
            frag_count: ptr::null(),
            playlist_name: ptr::null(),
            has_snapshot: 0,
            role_name: ptr::null(),
            dest_bucket: ptr::null(),
            notify_topic: ptr::null(),
            interval: ptr::null(),
        };
        let request = read(request, nothing)?;
        let name = text(request.channel_name).ok_or(hlsseg_status::Null)?;
        let put = PutLiveChannel {
            channel_name: name.to_bytes(),
            description: utf8(request.description)?,
            status: utf8(request.status)?,
            target_type: utf8(request.target_type)?,
            frag_duration: utf8(request.frag_duration)?,
            frag_count: utf8(request.frag_count)?,
            playlist_name: utf8(request.playlist_name)?,
            snapshot: if request.has_snapshot == 0 {
                None
            } else {
                Some(PutSnapshot {
                    role_name: utf8(request.role_name)?,
                    dest_bucket: utf8(request.dest_bucket)?,
                    notify_topic: utf8(request.notify_topic)?,
                    interval: utf8(request.interval)?,
                })
            },
        };
        let checked = match put.check() {
            Ok(checked) => checked,
            Err(error) => {
                write(channel, &hlsseg_live_channel::refused(&error))?;
                return Err(hlsseg_status::Parameter);
            }
        };
        let named = put.playlist_name.is_some_and(|name| !name.is_empty());
        let values = hlsseg_live_channel {
            playlist_name: if named { request.playlist_name } else { c"playlist.m3u8".as_ptr() },
            frag_duration: checked.frag_duration.secs(),
            frag_count: u32::try_from(checked.frag_count.get()).unwrap_or(u32::MAX),
            snapshot_interval: checked.snapshot.map_or(0, |snapshot| snapshot.interval.secs()),
            enabled: (checked.status == Status::Enabled).into(),
            ..hlsseg_live_channel::EMPTY
        };
        write(channel, &values)?;
        if config.is_null() {
            return Ok(());
        }
        let given = hlsseg_config::take(config)?;
        given.kind()?;
        let sound = checked.config(given.options()?);
        let sound = sound.map_err(|_| hlsseg_status::Config)?;
        let container = given.container;
        write(config, &hlsseg_config { container, ..hlsseg_config::of(sound.options()) })
    })
}

fn utf8<'a>(from: *const c_char) -> Result<Option<&'a str>> {
    let text = text(from).map(CStr::to_str).transpose();
    text.map_err(|_| hlsseg_status::Argument)
}
