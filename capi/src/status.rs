//! What a function returns, and its text.

use core::ffi::{CStr, c_char};

/// What a function returns: `HLSSEG_STATUS_OK`, which is 0, or why it did not do what was asked.
/// Later versions may add values: take an unknown one as a failure.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum hlsseg_status {
    /// It was done.
    Ok = 0,
    /// A pointer is NULL that must not be, or a callback that must be there is not. Nothing was
    /// done.
    Null = 1,
    /// The `size` of a struct is less than its first field or more than 4096, or a struct that is
    /// longer than this library knows has something in it that it does not know. Nothing was
    /// done.
    Size = 2,
    /// A pointer or the memory for an object is not aligned. Nothing was done.
    Alignment = 3,
    /// The memory for an object is too short. Nothing was done.
    Memory = 4,
    /// A number is none of those that the parameter may have. Nothing was done.
    Argument = 5,
    /// Options are out of range or contradict each other: `hlsseg_config_check` says which. Nothing
    /// was done.
    Config = 6,
    /// A parameter of PutLiveChannel is beyond its limits. Nothing was done.
    Parameter = 7,
    /// There is no object at the pointer: it was not initialised. Nothing was done.
    State = 8,
    /// The object is in use by another call: by the one whose callback made this call, or on
    /// another thread. Nothing was done.
    Busy = 9,
    /// The buffer is too short; the length that is needed was returned. Nothing was copied.
    ShortBuffer = 10,
    /// A segment's URI could not be written: the callback failed, or it is empty, longer than 4095
    /// bytes, no UTF-8, begins with `#`, or has a blank, a control character or a double quote
    /// in it.
    Uri = 11,
    /// The bytes are no FLV file. The reader stays where it is.
    Flv = 12,
    /// The bytes are no resume token of this version. Nothing was done.
    Token = 13,
    /// The segments are not those of the token's playlist: one is missing or out of place. Nothing
    /// was done.
    Segments = 14,
    /// The tag's own headers cannot be read; it was passed over and the stream goes on.
    Tag = 15,
    /// The codec's headers in a tag, frame or configuration cannot be read or used; it was passed
    /// over and the stream goes on.
    Codec = 16,
    /// A callback failed; `hlsseg_sink_error` tells what it returned. What that costs stands with
    /// `hlsseg_sink`. The stream goes on.
    Sink = 17,
    /// The list was ended before: nothing may follow EXT-X-ENDLIST.
    Finished = 18,
    /// There is no such thing: the track has not been seen, the playlist lists fewer segments.
    Absent = 19,
    /// A bug of this library, caught. The object cannot be used any more: initialise it again.
    Internal = 20,
}

impl hlsseg_status {
    const ALL: [(Self, &'static CStr); 21] = [
        (Self::Ok, c"no error"),
        (Self::Null, c"a pointer is NULL that must not be"),
        (Self::Size, c"the size field of a struct is not in order"),
        (Self::Alignment, c"a pointer is not aligned"),
        (Self::Memory, c"the memory for the object is too short"),
        (Self::Argument, c"a number is none that the parameter may have"),
        (Self::Config, c"options are out of range or contradict each other"),
        (Self::Parameter, c"a parameter of PutLiveChannel is beyond its limits"),
        (Self::State, c"the object was not initialised"),
        (Self::Busy, c"the object is in use by another call"),
        (Self::ShortBuffer, c"the buffer is too short"),
        (Self::Uri, c"a segment's URI could not be written"),
        (Self::Flv, c"not an FLV file"),
        (Self::Token, c"not a resume token of this version"),
        (Self::Segments, c"a segment of the stored playlist is missing or out of place"),
        (Self::Tag, c"the tag's headers cannot be read"),
        (Self::Codec, c"the codec's headers cannot be used"),
        (Self::Sink, c"a callback of the sink failed"),
        (Self::Finished, c"the list has ended"),
        (Self::Absent, c"there is no such thing"),
        (Self::Internal, c"a bug of hls_segmenter"),
    ];
}

/// Returns what a status means, in English, as a text that is never NULL and lives as long as the
/// program. Any number may be given. May be called on any thread at any time.
///
/// What went wrong with a tag in particular is told by `hlsseg_error_text`.
#[unsafe(no_mangle)]
pub extern "C" fn hlsseg_status_text(status: i32) -> *const c_char {
    let known = hlsseg_status::ALL.iter().find(|(known, _)| *known as i32 == status);
    known.map_or(c"unknown status", |(_, text)| text).as_ptr()
}

/// Returns the version of the library that is linked, as `0.1.0`; the text lives as long as the
/// program. May be called on any thread at any time.
#[unsafe(no_mangle)]
pub extern "C" fn hlsseg_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// Returns the version of the library that is linked, as a number that can be compared with
/// `HLSSEG_VERSION`: major times 1000000, minor times 1000, and patch. May be called on any thread
/// at any time.
#[unsafe(no_mangle)]
pub extern "C" fn hlsseg_version_number() -> u32 {
    HLSSEG_VERSION
}

/// Version of this header: major times 1000000, minor times 1000, and patch.
pub const HLSSEG_VERSION: u32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_text() {
        for (nth, (status, text)) in hlsseg_status::ALL.iter().enumerate() {
            assert_eq!(*status as usize, nth);
            assert_eq!(hlsseg_status_text(nth as i32), text.as_ptr());
        }
        for status in [-1, 21, i32::MAX] {
            assert!(!hlsseg_status_text(status).is_null());
        }
    }

    #[test]
    fn the_version_is_the_packages() {
        let [major, minor, patch] = [
            env!("CARGO_PKG_VERSION_MAJOR"),
            env!("CARGO_PKG_VERSION_MINOR"),
            env!("CARGO_PKG_VERSION_PATCH"),
        ]
        .map(|part| part.parse::<u32>().unwrap());
        assert_eq!(HLSSEG_VERSION, major * 1_000_000 + minor * 1000 + patch);
    }
}
