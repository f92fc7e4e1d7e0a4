//! HMAC, and comparing in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::AuthError;

/// Checks an HMAC-SHA1 in base64.
pub(super) fn check_sha1(secret: &str, text: &[u8], signature: &str) -> Result<(), AuthError> {
    let given = STANDARD.decode(signature).map_err(|_| AuthError::Malformed)?;
    let mut mac =
        Hmac::<Sha1>::new_from_slice(secret.as_bytes()).map_err(|_| AuthError::Mismatch)?;
    mac.update(text);
    mac.verify_slice(&given).map_err(|_| AuthError::Mismatch)
}

/// Checks an HMAC-SHA256 in base64.
pub(super) fn check_sha256(secret: &str, text: &[u8], signature: &str) -> Result<(), AuthError> {
    let given = STANDARD.decode(signature).map_err(|_| AuthError::Malformed)?;
    check_raw_sha256(secret.as_bytes(), text, &given)
}

/// Checks an HMAC-SHA256.
pub(super) fn check_raw_sha256(key: &[u8], text: &[u8], given: &[u8]) -> Result<(), AuthError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| AuthError::Mismatch)?;
    mac.update(text);
    mac.verify_slice(given).map_err(|_| AuthError::Mismatch)
}

/// Returns an HMAC-SHA256.
pub(super) fn sha256(key: &[u8], text: &[u8]) -> Result<Vec<u8>, AuthError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| AuthError::Mismatch)?;
    mac.update(text);
    Ok(mac.finalize().into_bytes().to_vec())
}

/// Returns a SHA-256 in hexadecimal.
pub(super) fn hash_hex(text: &[u8]) -> String {
    let mut out = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

/// Reads hexadecimal.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    pairs.iter().map(|&[high, low]| u8::try_from(digit(high)? << 4 | digit(low)?).ok()).collect()
}
