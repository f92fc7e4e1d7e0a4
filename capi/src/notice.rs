//! What was noticed, repaired or dropped.

use core::ffi::c_char;
use core::fmt::{self, Display};
use core::mem::size_of;

use hls_segmenter::flv::{AudioCodec, VideoCodec};
use hls_segmenter::notice::{Notice, NoticeAmount};

use crate::border::{call, lent};
use crate::notice_kind::{KINDS, hlsseg_notice_kind, kind};
use crate::status::hlsseg_status;
use crate::text::put;

/// One notice. What comes with tag after tag is told once per segment, a repair once per run; all
/// are counted. Lent to the callback `notice` for its time.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_notice {
    /// Length of the struct as the library fills it.
    pub size: usize,
    /// What was noticed, an `hlsseg_notice_kind`.
    pub kind: u32,
    /// Reserved: 0.
    pub reserved: u32,
    /// Where, on the engine's timeline, in 1/90000 s.
    pub time_ticks: i64,
    /// How much: 1/90000 s of a repair, a step or a re-anchor, seconds of a new target; the codec
    /// of what is not carried, a FourCC as a big-endian number or a legacy number below 16; else 0.
    pub amount: i64,
    /// How often this kind was counted so far, this one included.
    pub count: u64,
}

impl From<&Notice> for hlsseg_notice {
    fn from(notice: &Notice) -> Self {
        let known = KINDS.iter().find(|(kind, ..)| *kind == notice.kind);
        let kind = known.map_or(hlsseg_notice_kind::Other, |&(_, kind, _)| kind);
        Self {
            size: size_of::<Self>(),
            kind: kind as u32,
            reserved: 0,
            time_ticks: notice.time.get(),
            amount: match notice.amount {
                NoticeAmount::Span(span) => span.get(),
                NoticeAmount::Target(target) => target.secs().into(),
                NoticeAmount::AudioCodec(codec) => codec.get().into(),
                NoticeAmount::VideoCodec(codec) => codec.get().into(),
                _ => 0,
            },
            count: notice.count,
        }
    }
}

/// Writes a notice as a line for a log, `timeline-jump at 12.345 s: 3600.000 s (1)`, and a NUL into
/// `dst`, which stays the caller's; 128 bytes are enough. `text_len` gets the length without the
/// NUL and may be NULL.
///
/// `notice` is what the callback got, or a copy of it. Threads: any. Errors: `HLSSEG_STATUS_NULL`,
/// `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_SHORT_BUFFER`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_notice_text(
    notice: *const hlsseg_notice,
    dst: *mut c_char,
    len: usize,
    text_len: *mut usize,
) -> hlsseg_status {
    call(|| put(dst, len, text_len, Line(lent(notice)?)))
}

/// A notice as a line.
struct Line<'a>(&'a hlsseg_notice);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(notice) = self;
        let name = kind(notice.kind).map_or("other", |(kind, ..)| kind.name());
        write!(f, "{name} at {}", Seconds(notice.time_ticks))?;
        let targets =
            [hlsseg_notice_kind::TargetGrew as u32, hlsseg_notice_kind::TargetViolated as u32];
        match notice.amount {
            codec if hlsseg_notice_kind::UnsupportedVideo as u32 == notice.kind => {
                write!(f, ": {}", VideoCodec::from_number(codec as u32))?;
            }
            codec if hlsseg_notice_kind::UnsupportedAudio as u32 == notice.kind => {
                write!(f, ": {}", AudioCodec::from_number(codec as u32))?;
            }
            _ if hlsseg_notice_kind::AudioNotCarried as u32 == notice.kind => {}
            0 => {}
            secs if targets.contains(&notice.kind) => write!(f, ": {secs} s")?,
            ticks => write!(f, ": {}", Seconds(ticks))?,
        }
        write!(f, " ({})", notice.count)
    }
}

/// Ticks as seconds with three decimals.
struct Seconds(i64);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0 / 90;
        let sign = if millis < 0 { "-" } else { "" };
        let millis = millis.unsigned_abs();
        write!(f, "{sign}{}.{:03} s", millis / 1000, millis % 1000)
    }
}
