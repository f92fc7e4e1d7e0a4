//! Version 2: HMAC-SHA256, all parameters are signed, and more headers by choice.

use super::crypto::check_sha256;
use super::{AuthError, Keys, SignedRequest, check_expiry, check_skew};
use crate::clock::parse_http_date;
use crate::name::url_part;

/// Checks `AccessKeyId:…,[AdditionalHeaders:…,]Signature:…`.
pub(super) fn check_header(
    keys: &Keys,
    request: &SignedRequest<'_>,
    credentials: &str,
    now: i64,
) -> Result<(), AuthError> {
    let (mut id, mut signature, mut additional) = (None, None, "");
    for part in credentials.split(',') {
        match part.trim().split_once(':').ok_or(AuthError::Malformed)? {
            ("AccessKeyId", value) => id = Some(value),
            ("AdditionalHeaders", value) => additional = value,
            ("Signature", value) => signature = Some(value),
            _ => return Err(AuthError::Malformed),
        }
    }
    let secret = keys.secret(id.ok_or(AuthError::Malformed)?)?;
    let date = request.header("date").or(request.header("x-oss-date"));
    let date = date.ok_or(AuthError::Malformed)?;
    let text = text_to_sign(request, date, additional);
    check_sha256(secret, text.as_bytes(), signature.ok_or(AuthError::Malformed)?)?;
    check_skew(parse_http_date(date).ok_or(AuthError::Malformed)?, now)
}

/// Checks the parameters `x-oss-…` of an address.
pub(super) fn check_url(
    keys: &Keys,
    request: &SignedRequest<'_>,
    now: i64,
) -> Result<(), AuthError> {
    let parameter = |name| request.query.get(name).ok_or(AuthError::Malformed);
    let secret = keys.secret(parameter("x-oss-access-key-id")?)?;
    let expires = parameter("x-oss-expires")?;
    let additional = request.query.get("x-oss-additional-headers");
    let text = text_to_sign(request, expires, additional.unwrap_or_default());
    check_sha256(secret, text.as_bytes(), parameter("x-oss-signature")?)?;
    check_expiry(expires, now)
}

fn text_to_sign(request: &SignedRequest<'_>, date: &str, additional: &str) -> String {
    let mut names: Vec<String> = additional
        .split(';')
        .filter(|name| !name.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    names.sort_unstable();
    let header = |name| request.header(name).unwrap_or_default();
    let headers = request.canonical_headers(|name| {
        name.starts_with("x-oss-") || names.iter().any(|known| known == name)
    });
    let query = request.query.canonical(|key| key != "x-oss-signature", url_part);
    let mark = if query.is_empty() { "" } else { "?" };
    format!(
        "{}\n{}\n{}\n{date}\n{headers}{}\n{}{mark}{query}",
        request.method,
        header("content-md5"),
        header("content-type"),
        names.join(";"),
        url_part(&request.resource()),
    )
}
