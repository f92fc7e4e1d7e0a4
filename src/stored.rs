//! Tokens and listed segments through `serde`: their stored forms, as text in lower-case hex.
//!
//! One form in every format keeps version and check sum: what a host's own fields would lose.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::playlist::ListedSegment;
use crate::resume::ResumeToken;

/// Displays bytes as hex.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Reads so many bytes from their hex.
struct FromHex<const LEN: usize>;

impl<const LEN: usize> Visitor<'_> for FromHex<LEN> {
    type Value = [u8; LEN];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{LEN} bytes as {} digits of lower-case hex", 2 * LEN)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<[u8; LEN], E> {
        let mut bytes = [0; LEN];
        let digit = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let (pairs, rest) = text.as_bytes().as_chunks();
        if pairs.len() != LEN || !rest.is_empty() {
            return Err(E::invalid_length(text.len(), &self));
        }
        for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
            let digits = digit(high).zip(digit(low));
            let Some((high, low)) = digits else {
                return Err(E::invalid_value(serde::de::Unexpected::Str(text), &self));
            };
            *byte = high << 4 | low;
        }
        Ok(bytes)
    }
}

/// Implements `Serialize` and `Deserialize` by the stored form.
macro_rules! stored {
    ($($stored:ty),*) => {
        $(impl Serialize for $stored {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&Hex(&self.to_bytes()))
            }
        }

        impl<'de> Deserialize<'de> for $stored {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let bytes = deserializer.deserialize_str(FromHex::<{ Self::LEN }>)?;
                Self::from_bytes(&bytes).map_err(D::Error::custom)
            }
        })*
    };
}

stored!(ListedSegment, ResumeToken);
