//! Supplemental enhancement information: messages, each as long as it says (H.264 §7.3.2.3.1).
//!
//! ```text
//!   header │ type 0xff…, size 0xff…, payload │ type, size, payload │ … │ 0x80
//! ```

/// Returns whether a message marks a recovery point: payloadType 6 (§D.1.8). `messages` are the
/// bytes after the header of the NAL unit.
pub(super) fn has_recovery_point(messages: &[u8]) -> bool {
    let mut messages = Messages { bytes: Unescaped::new(messages) };
    while let Some(payload_type) = messages.number() {
        let Some(payload_len) = messages.number() else {
            return false;
        };
        if payload_type == 6 {
            return true;
        }
        if !messages.skip(payload_len) {
            return false;
        }
    }
    false
}

/// Returns the length of the messages with their trailing bits; `None` where the sizes that they
/// state do not fit.
///
/// A start code within that length is payload, which the encoder has not escaped. One after it
/// begins another NAL unit, which the encoder has left in this one.
pub(super) fn messages_len(bytes: &[u8]) -> Option<usize> {
    let mut messages = Messages { bytes: Unescaped::new(bytes) };
    loop {
        let at = messages.bytes.at;
        let rest = bytes.get(at..)?;
        match rest {
            [TRAILING_BITS, after @ ..] if begins_with_start_code(after) => return Some(at + 1),
            _ if at > 0 && begins_with_start_code(rest) => return Some(at),
            _ => {}
        }
        messages.number()?;
        let len = messages.number()?;
        if !messages.skip(len) {
            return None;
        }
    }
}

/// Returns whether nothing follows but zeros, or a start code.
fn begins_with_start_code(bytes: &[u8]) -> bool {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    match bytes.get(zeros) {
        None => true,
        Some(&byte) => zeros >= 2 && byte == 1,
    }
}

/// Reads messages.
struct Messages<'a> {
    bytes: Unescaped<'a>,
}

impl Messages<'_> {
    /// Takes a type or a size: so many 0xff of 255 each, and a last byte.
    fn number(&mut self) -> Option<usize> {
        let mut sum = 0_usize;
        loop {
            let byte = self.bytes.next()?;
            sum += usize::from(byte);
            if byte != 0xff {
                return Some(sum);
            }
        }
    }

    /// Passes a payload of `len` bytes over; returns whether all of it is there.
    fn skip(&mut self, len: usize) -> bool {
        len == 0 || self.bytes.nth(len - 1).is_some()
    }
}

/// Leaves out `emulation_prevention_three_byte` (H.264 §7.3.1).
pub(super) struct Unescaped<'a> {
    bytes: &'a [u8],
    /// Bytes taken, those that were left out included.
    at: usize,
    zeros: usize,
}

impl<'a> Unescaped<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, zeros: 0 }
    }
}

impl Iterator for Unescaped<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            let is_escape = self.zeros >= 2 && byte == 3;
            self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
            if !is_escape {
                return Some(byte);
            }
        }
    }
}

/// `rbsp_stop_one_bit` after whole bytes.
const TRAILING_BITS: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_25_messages_without_a_body_and_threes_that_escape_nothing_are_read() {
        for (messages, want) in [
            (&[5, 0, 6, 1, 0xc4, 0x80][..], true),
            (&[5, 0, 7, 1, 0xc4, 0x80], false),
            (&[5, 3, 9, 9, 9, 6, 1, 0xc4, 0x80], true),
            (&[5, 3, 0, 0, 3, 9, 6, 1, 0xc4, 0x80], true),
        ] {
            assert_eq!(has_recovery_point(messages), want, "{messages:x?}");
        }
    }

    #[test]
    fn f_36_messages_are_as_long_as_their_sizes_say() {
        for (messages, want) in [
            (&[5, 2, 1, 2, 0x80][..], Some(5)),
            (&[5, 2, 1, 2, 0x80, 0, 0], Some(5)),
            (&[5, 2, 1, 2, 0x80, 0, 0, 1, 0x65], Some(5)),
            (&[5, 2, 1, 2], Some(4)),
            (&[5, 2, 1, 2, 0, 0, 0, 1, 0x65], Some(4)),
            (&[5, 6, 0, 0, 1, 0x67, 8, 9, 0x80], Some(9)),
            (&[5, 4, 0, 0, 3, 1, 9, 0x80], Some(8)),
            (&[5, 1, 9, 6, 1, 0xc4, 0x80], Some(7)),
            (&[128, 1, 9, 0x80], Some(4)),
            (&[5, 9, 1, 2, 0x80], None),
            (&[5], None),
            (&[], None),
        ] {
            assert_eq!(messages_len(messages), want, "{messages:x?}");
        }
    }
}
