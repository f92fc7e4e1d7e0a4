//! Emulation prevention: a byte of 3 wherever a payload would show a start code (H.264 §7.4.1.1).

/// A NAL unit as it may stand in a byte stream, in pieces: where its encoder has left
/// `emulation_prevention_three_byte` out, it is put in.
#[derive(Clone, Debug)]
pub(crate) struct Escaped<'a> {
    rest: &'a [u8],
    next: Next,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// All that is left: nothing in it needs an escape.
    Rest,
    /// Bytes up to where one is missing.
    Bytes,
    /// The missing byte.
    Escape,
}

impl<'a> Escaped<'a> {
    /// Takes a NAL unit that needs no escape.
    #[inline]
    pub(super) const fn whole(nal_unit: &'a [u8]) -> Self {
        Self { rest: nal_unit, next: Next::Rest }
    }

    /// Takes a NAL unit in which escapes may be missing.
    pub(super) const fn new(nal_unit: &'a [u8]) -> Self {
        Self { rest: nal_unit, next: Next::Bytes }
    }
}

impl<'a> Iterator for Escaped<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        match self.next {
            Next::Rest => Some(core::mem::take(&mut self.rest)),
            Next::Escape => {
                self.next = Next::Bytes;
                Some(&[3])
            }
            Next::Bytes => {
                let Some(at) = find_missing(self.rest) else {
                    return Some(core::mem::take(&mut self.rest));
                };
                let (head, rest) = self.rest.split_at_checked(at)?;
                (self.rest, self.next) = (rest, Next::Escape);
                Some(head)
            }
        }
    }
}

/// Returns whether a NAL unit lacks an escape.
pub(super) fn lacks_escape(nal_unit: &[u8]) -> bool {
    find_missing(nal_unit).is_some()
}

/// Returns where an escape is missing first: between two zeros and a byte below 3. Zeros at the end
/// belong to the byte stream.
fn find_missing(bytes: &[u8]) -> Option<usize> {
    let shows = |triple: &[u8]| matches!(triple, [0, 0, 0..=2]);
    let at = super::trim_zeros(bytes).windows(3).position(shows)?;
    Some(at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn f_36_a_byte_of_3_goes_where_a_start_code_would_show() {
        for (unit, want) in [
            (&[6, 0, 0, 1, 7][..], &[6, 0, 0, 3, 1, 7][..]),
            (&[6, 0, 0, 0, 0, 2], &[6, 0, 0, 3, 0, 0, 3, 2]),
            (&[6, 0, 0, 3, 1], &[6, 0, 0, 3, 1]),
            (&[6, 0, 0, 4, 0, 0], &[6, 0, 0, 4, 0, 0]),
            (&[6, 0, 0, 0], &[6, 0, 0, 0]),
            (&[], &[]),
        ] {
            let escaped: Vec<u8> = Escaped::new(unit).flatten().copied().collect();
            assert_eq!(escaped, want);
            assert_eq!(lacks_escape(unit), unit != want);
            assert_eq!(Escaped::whole(unit).flatten().count(), unit.len());
        }
    }
}
