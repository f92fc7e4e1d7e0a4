//! Version 1: HMAC-SHA1 over verb, a few headers and the resource.

use super::crypto::check_sha1;
use super::{AuthError, Keys, SignedRequest, check_expiry, check_skew};
use crate::clock::parse_http_date;

/// Checks `AKID:signature`.
pub(super) fn check_header(
    keys: &Keys,
    request: &SignedRequest<'_>,
    credentials: &str,
    now: i64,
) -> Result<(), AuthError> {
    check_values(request)?;
    let (id, signature) = credentials.split_once(':').ok_or(AuthError::Malformed)?;
    let secret = keys.secret(id)?;
    // A browser may not set Date, so its SDK sends x-oss-date and signs that in Date's place.
    let dates = [request.header("x-oss-date"), request.header("date")];
    let mut result = Err(AuthError::Malformed);
    for date in dates.into_iter().flatten() {
        let text = text_to_sign(request, date);
        result = check_sha1(secret, text.as_bytes(), signature);
        if result.is_ok() {
            let signed = parse_http_date(date).ok_or(AuthError::Malformed)?;
            return check_skew(signed, now);
        }
    }
    result
}

/// Checks `OSSAccessKeyId`, `Expires` and `Signature`.
pub(super) fn check_url(
    keys: &Keys,
    request: &SignedRequest<'_>,
    now: i64,
) -> Result<(), AuthError> {
    check_values(request)?;
    let parameter = |name| request.query.get(name).ok_or(AuthError::Malformed);
    let secret = keys.secret(parameter("OSSAccessKeyId")?)?;
    let expires = parameter("Expires")?;
    let text = text_to_sign(request, expires);
    check_sha1(secret, text.as_bytes(), parameter("Signature")?)?;
    check_expiry(expires, now)
}

/// Refuses a value that would look like two parameters: this version signs values as they are.
fn check_values(request: &SignedRequest<'_>) -> Result<(), AuthError> {
    let mut signed = request.query.iter().filter(|(name, _)| SUBRESOURCES.contains(name));
    if signed.any(|(_, value)| value.contains('&')) { Err(AuthError::Malformed) } else { Ok(()) }
}

fn text_to_sign(request: &SignedRequest<'_>, date: &str) -> String {
    let header = |name| request.header(name).unwrap_or_default();
    let headers = request.canonical_headers(|name| name.starts_with("x-oss-"));
    let query = request.query.canonical(|key| SUBRESOURCES.contains(&key), str::to_owned);
    let mark = if query.is_empty() { "" } else { "?" };
    format!(
        "{}\n{}\n{}\n{date}\n{headers}{}{mark}{query}",
        request.method,
        header("content-md5"),
        header("content-type"),
        request.resource(),
    )
}

/// The parameters that are signed: those that OSS calls sub-resources.
const SUBRESOURCES: &[&str] = &[
    "acl",
    "append",
    "asyncFetch",
    "bucketInfo",
    "callback",
    "callback-var",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "delete",
    "encryption",
    "endTime",
    "group",
    "inventory",
    "inventoryId",
    "lifecycle",
    "link",
    "live",
    "location",
    "logging",
    "objectInfo",
    "objectMeta",
    "partNumber",
    "policy",
    "position",
    "qos",
    "qosInfo",
    "referer",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "symlink",
    "tagging",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "vod",
    "website",
    "x-oss-async-process",
    "x-oss-process",
    "x-oss-request-payer",
    "x-oss-traffic-limit",
];
