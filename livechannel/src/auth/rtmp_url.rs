//! Signed RTMP addresses (SPEC of OSS: `Expires`, the parameters, the channel; HMAC-SHA1).

use super::crypto::check_sha1;
use super::{AuthError, Keys, Query, check_expiry};

/// An RTMP address as its signer saw it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RtmpUrl<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The channel, decoded.
    pub channel: &'a str,
    /// What stands behind the `?`.
    pub query: &'a Query,
}

impl<'a> RtmpUrl<'a> {
    /// Puts the parts together.
    pub const fn new(bucket: &'a str, channel: &'a str, query: &'a Query) -> Self {
        Self { bucket, channel, query }
    }
}

pub(super) fn check(
    keys: &Keys,
    url: &RtmpUrl<'_>,
    signature: &str,
    now: i64,
) -> Result<(), AuthError> {
    // The signed text has one line `name:value` for each parameter.
    if !url.query.has_one_form() || url.query.iter().any(|(name, _)| name.contains(':')) {
        return Err(AuthError::Malformed);
    }
    let parameter = |name| url.query.get(name).ok_or(AuthError::Malformed);
    let secret = keys.secret(parameter("OSSAccessKeyId")?)?;
    let expires = parameter("Expires")?;
    // One SDK signs a security token among the parameters, others and the documentation leave it
    // out.
    let with_token = text_to_sign(url, expires, true);
    let without = text_to_sign(url, expires, false);
    check_sha1(secret, with_token.as_bytes(), signature)
        .or_else(|_| check_sha1(secret, without.as_bytes(), signature))?;
    check_expiry(expires, now)
}

fn text_to_sign(url: &RtmpUrl<'_>, expires: &str, token: bool) -> String {
    let mut parameters: Vec<(&str, &str)> = url
        .query
        .iter()
        .filter(|(key, _)| match *key {
            "OSSAccessKeyId" | "Expires" | "Signature" | "SecurityToken" => false,
            "security-token" => token,
            _ => true,
        })
        .collect();
    parameters.sort_unstable();
    let lines: String = parameters.iter().map(|(key, value)| format!("{key}:{value}\n")).collect();
    format!("{expires}\n{lines}/{}/{}", url.bucket, url.channel)
}
