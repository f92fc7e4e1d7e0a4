//! FLV files: from bytes to tags.

use core::ffi::c_char;
use core::mem::size_of;
use core::ptr;

use hls_segmenter::flv::{Reader, ReaderError, Step};

use crate::border::{Guard, Object, Result, Slot, bytes, call, layout, store, write};
use crate::status::hlsseg_status;
use crate::text::put;

/// Takes an FLV file or stream apart, one tag at a time, out of a buffer that the caller keeps. It
/// is memory of the caller, made by `hlsseg_reader_init`, used by one call at a time on any thread,
/// and needs no clean-up.
#[repr(C)]
#[derive(Debug)]
pub struct hlsseg_reader {
    /// The library's.
    pub opaque: [u64; 16],
}

/// What is in it.
struct Inside {
    reader: Reader,
    error: Option<ReaderError>,
}

impl Object for Inside {
    const KIND: u8 = 5;
}

const _: () =
    assert!(layout::<Inside>().0 <= size_of::<hlsseg_reader>() && layout::<Inside>().1 <= 8);

/// Most bytes that a reader ever asks for at a time: the largest tag there is.
pub const HLSSEG_MAX_TAG_LEN: usize = 16_777_230;

const _: () = assert!(HLSSEG_MAX_TAG_LEN == hls_segmenter::flv::MAX_TAG_LEN);

/// What a step of a reader found. Later versions may add values.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_step_kind {
    /// Not yet: the buffer must hold `at_least` bytes before the next step can say more.
    Need = 0,
    /// The file header, once, before everything else.
    Header = 1,
    /// A tag: `tag_kind`, `time_millis`, `data` and `len` are what `hlsseg_push` takes.
    Tag = 2,
}

/// What a step of a reader found.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct hlsseg_step {
    /// `sizeof(hlsseg_step)`.
    pub size: usize,
    /// Bytes to drop from the front of the buffer before the next step; 0 for
    /// `HLSSEG_STEP_KIND_NEED`.
    pub consumed: usize,
    /// Bytes that the buffer must hold, those already there included; 0 unless
    /// `HLSSEG_STEP_KIND_NEED`.
    pub at_least: usize,
    /// Body of the tag: it lies in the caller's buffer.
    pub data: *const u8,
    /// Its length in bytes.
    pub len: usize,
    /// What was found, an `hlsseg_step_kind`.
    pub kind: u32,
    /// Time of the tag in ms.
    pub time_millis: u32,
    /// Kind of the tag: 8 audio, 9 video, 18 script data.
    pub tag_kind: u8,
    /// Version in the file header.
    pub version: u8,
    /// Not 0: the file header says that there is audio. A hint, often wrong.
    pub has_audio: u8,
    /// Not 0: the file header says that there is video. A hint, often wrong.
    pub has_video: u8,
}

impl From<Step<'_>> for hlsseg_step {
    fn from(step: Step<'_>) -> Self {
        let nothing = Self {
            size: size_of::<Self>(),
            consumed: 0,
            at_least: 0,
            data: ptr::null(),
            len: 0,
            kind: hlsseg_step_kind::Need as u32,
            time_millis: 0,
            tag_kind: 0,
            version: 0,
            has_audio: 0,
            has_video: 0,
        };
        match step {
            Step::Header { header, consumed } => Self {
                kind: hlsseg_step_kind::Header as u32,
                consumed,
                version: header.version,
                has_audio: header.has_audio.into(),
                has_video: header.has_video.into(),
                ..nothing
            },
            Step::Tag { tag, consumed } => Self {
                kind: hlsseg_step_kind::Tag as u32,
                consumed,
                tag_kind: tag.kind.get(),
                time_millis: tag.time.millis(),
                data: tag.data.as_ptr(),
                len: tag.data.len(),
                ..nothing
            },
            Step::Need { at_least } => Self { at_least, ..nothing },
            // An outcome that this version does not name: no number of bytes will do.
            _ => Self { at_least: usize::MAX, ..nothing },
        }
    }
}

fn enter<'a>(reader: *mut hlsseg_reader) -> Result<Guard<'a, Inside>> {
    Slot::enter(reader.cast())
}

/// Makes a reader at the start of a file, in `reader`, which is memory of the caller.
///
/// Threads: any. Errors: `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_ALIGNMENT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_reader_init(reader: *mut hlsseg_reader) -> hlsseg_status {
    call(|| {
        let inside = Inside { reader: Reader::new(), error: None };
        Slot::place(reader.cast(), size_of::<hlsseg_reader>(), inside)
    })
}

/// Reads the next header or tag from the front of `input`, `len` bytes that stay the caller's, and
/// fills `step`, whose `size` must have been set. The caller keeps the bytes not yet consumed at
/// the front of a buffer and repeats: step; drop `consumed` bytes from the front; on
/// `HLSSEG_STEP_KIND_NEED` append until there are `at_least` bytes.
///
/// A tag is handed out as soon as its body is there. `PreviousTagSize` and `StreamID` are counted
/// where they are wrong, and nothing hangs on them.
///
/// Threads: any, one call with this reader at a time. Errors: `HLSSEG_STATUS_FLV` when the input
/// does not begin as an FLV file does; `HLSSEG_STATUS_NULL`, `HLSSEG_STATUS_SIZE`,
/// `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_reader_step(
    reader: *mut hlsseg_reader,
    input: *const u8,
    len: usize,
    step: *mut hlsseg_step,
) -> hlsseg_status {
    call(|| {
        crate::border::size_in(step)?;
        let input = bytes(input, len)?;
        let mut inside = enter(reader)?;
        match inside.reader.step(input) {
            Ok(found) => write(step, &found.into()),
            Err(error) => {
                inside.error = Some(error);
                Err(hlsseg_status::Flv)
            }
        }
    })
}

/// Writes why the input is no FLV file, as a text and a NUL, into `dst`, which stays the caller's;
/// 128 bytes are enough. `text_len` gets the length without the NUL and may be NULL.
///
/// Threads: any, one call with this reader at a time. Errors: `HLSSEG_STATUS_ABSENT` when no step
/// failed, `HLSSEG_STATUS_SHORT_BUFFER` (`dst` gets an empty text), `HLSSEG_STATUS_NULL`,
/// `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_reader_error_text(
    reader: *mut hlsseg_reader,
    dst: *mut c_char,
    len: usize,
    text_len: *mut usize,
) -> hlsseg_status {
    call(|| {
        let error = enter(reader)?.error.ok_or(hlsseg_status::Absent)?;
        put(dst, len, text_len, error)
    })
}

/// Tells whether a file may end here, with `rest_len` bytes left that were not consumed: sets
/// `clean` to 1 between two tags, with or without `PreviousTagSize`, to 0 within a tag.
///
/// Threads: any, one call with this reader at a time. Errors: `HLSSEG_STATUS_NULL`,
/// `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_reader_ends_cleanly(
    reader: *mut hlsseg_reader,
    rest_len: usize,
    clean: *mut u8,
) -> hlsseg_status {
    call(|| {
        // Only how many bytes are left counts: none and the four of a PreviousTagSize are an end.
        let rest = [0; 5];
        let rest = rest.get(..rest_len).unwrap_or(&rest);
        store(clean, enter(reader)?.reader.ends_cleanly(rest).into())
    })
}

/// Sets `wrong_previous` to how many tags had a `PreviousTagSize` before them that was not the size
/// of the tag before, and `nonzero_stream_id` to how many had a `StreamID` that was not 0.
///
/// Threads: any, one call with this reader at a time. Errors: `HLSSEG_STATUS_NULL`,
/// `HLSSEG_STATUS_ALIGNMENT`, `HLSSEG_STATUS_STATE`, `HLSSEG_STATUS_BUSY`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hlsseg_reader_counts(
    reader: *mut hlsseg_reader,
    wrong_previous: *mut u64,
    nonzero_stream_id: *mut u64,
) -> hlsseg_status {
    call(|| {
        let inside = enter(reader)?;
        store(wrong_previous, inside.reader.wrong_previous_tag_size())?;
        store(nonzero_stream_id, inside.reader.nonzero_stream_id())
    })
}
