//! One byte range of a request (RFC 9110 §14), as far as players ask for it.

use object_store::GetRange;

/// Reads `bytes=…`; `None` where there is no range, or one that may be passed over.
pub(super) fn parse(text: &str) -> Option<GetRange> {
    let (first, last) = text.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u64>().ok().filter(|_| digits)
    };
    match (first, last) {
        ("", suffix) => number(suffix).map(GetRange::Suffix),
        (first, "") => number(first).map(GetRange::Offset),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| GetRange::Bounded(first..last.saturating_add(1)))
        }
    }
}

/// Returns the bytes of an object of `len` bytes that a range means; `None` where it means none.
pub(super) fn resolve(range: &GetRange, len: u64) -> Option<core::ops::Range<u64>> {
    let (start, end) = match range {
        GetRange::Bounded(bounds) => (bounds.start, bounds.end.min(len)),
        GetRange::Offset(start) => (*start, len),
        GetRange::Suffix(last) => (len.saturating_sub(*last), len),
    };
    (start < end).then_some(start..end)
}

/// A `Range` and, in the line after it, the length of the object: what is sent lies in the object.
#[cfg(any(test, fuzzing))]
pub fn fuzz_range(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (field, len) = text.split_once('\n').unwrap_or((&text, "1000"));
    let len = len.trim().parse::<u64>().unwrap_or(u64::MAX);
    if let Some(bytes) = parse(field).and_then(|range| resolve(&range, len)) {
        assert!(bytes.start < bytes.end && bytes.end <= len, "{field}: {bytes:?} of {len}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_has_them() {
        let bytes = |text, len| parse(text).and_then(|range| resolve(&range, len));
        assert_eq!(bytes("bytes=0-187", 1000), Some(0..188));
        assert_eq!(bytes("bytes=900-2000", 1000), Some(900..1000));
        assert_eq!(bytes("bytes=900-", 1000), Some(900..1000));
        assert_eq!(bytes("bytes=-100", 1000), Some(900..1000));
        assert_eq!(bytes("bytes=-5000", 1000), Some(0..1000));
        assert_eq!(bytes("bytes=1000-", 1000), None);
        assert_eq!(bytes("bytes=-0", 1000), None);
        for text in ["", "bytes", "bytes=", "bytes=5-4", "bytes=a-b", "bytes=1-2,4-5", "bytes=+1-2"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
