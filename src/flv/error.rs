//! What can be wrong with the body of a tag, and the same as an error of nom's parsers.

use nom::error::{ContextError, ErrorKind, ParseError};

/// A tag whose body cannot be read. The stream goes on: the next tag has its own header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TagError {
    /// The body ends inside `field`, a name of FLV 10.1 Annex E or E-RTMP v2.
    Truncated {
        /// The field that is not whole.
        field: &'static str,
        /// Bytes left where it should begin.
        left: usize,
    },
    /// A multitrack packet says that its tracks hold multitrack packets.
    NestedMultitrack,
    /// `AvMultitrackType` is none of 0, 1, 2: the layout of the tracks is unknown.
    MultitrackType(u8),
}

error_texts! {
    TagError {
        Self::Truncated { field, left } => "tag body ends inside {field}, {left} bytes left";
        Self::NestedMultitrack => "multitrack packet inside a multitrack packet";
        Self::MultitrackType(kind) => "unknown multitrack type {kind}";
    }
}

/// Result of reading a whole body.
pub(super) type Outcome<T> = Result<T, nom::Err<Fault>>;

/// Result of reading a field: the rest of the body and the value.
pub(super) type Parsed<'a, T> = Outcome<(&'a [u8], T)>;

/// [`TagError`] in the shape that nom wants, kept apart so that nom is no part of the public
/// interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault(TagError);

impl Fault {
    /// Wraps an error that no other parser could avoid.
    pub(super) const fn fatal(error: TagError) -> nom::Err<Self> {
        nom::Err::Failure(Self(error))
    }

    /// Unwraps the error of a finished parse.
    pub(super) fn into_tag_error(error: nom::Err<Self>) -> TagError {
        match error {
            nom::Err::Error(Self(error)) | nom::Err::Failure(Self(error)) => error,
            // Bodies are whole, so they meet `complete` parsers only, which never say this.
            nom::Err::Incomplete(_) => TagError::Truncated { field: "body", left: 0 },
        }
    }
}

impl ParseError<&[u8]> for Fault {
    fn from_error_kind(input: &[u8], _: ErrorKind) -> Self {
        Self(TagError::Truncated { field: "body", left: input.len() })
    }

    fn append(_: &[u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

impl ContextError<&[u8]> for Fault {
    fn add_context(_: &[u8], field: &'static str, other: Self) -> Self {
        match other.0 {
            TagError::Truncated { left, .. } => Self(TagError::Truncated { field, left }),
            _ => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn f_37_the_error_names_the_field_that_is_cut() {
        let error = TagError::Truncated { field: "CompositionTime", left: 2 };
        assert_eq!(error.to_string(), "tag body ends inside CompositionTime, 2 bytes left");
        assert_eq!(TagError::MultitrackType(9).to_string(), "unknown multitrack type 9");
    }
}
