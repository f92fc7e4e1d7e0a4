//! What the decoder configuration records of all codecs have in common (ISO/IEC 14496-15 §5.3.3.1,
//! §8.3.3.1).
//!
//! ```text
//!   … 1 lengthSizeMinusOne 2 │ … ( length 16 │ NAL unit )* …
//! ```

/// A NAL unit is cut: its length promises `needed` bytes, and `left` are there. Where the length
/// itself is cut, they are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) needed: usize,
    pub(crate) left: usize,
}

/// Splits the first NAL unit off, and returns what follows it.
pub(crate) fn split_unit(data: &[u8]) -> Result<(&[u8], &[u8]), Cut> {
    let cut = |needed, data: &[u8]| Cut { needed, left: data.len() };
    let (len, rest) = data.split_first_chunk().ok_or(cut(LENGTH_LEN, data))?;
    let needed = usize::from(u16::from_be_bytes(*len));
    rest.split_at_checked(needed).ok_or(cut(needed, rest))
}

/// Reads how many bytes the length before each NAL unit of the stream has, from the byte whose
/// lowest bits are `lengthSizeMinusOne`. Three do not exist, and are the error.
pub(crate) const fn length_len(byte: u8) -> Result<u8, u8> {
    match (byte & 0x03) + 1 {
        3 => Err(3),
        len => Ok(len),
    }
}

const LENGTH_LEN: usize = 2;
