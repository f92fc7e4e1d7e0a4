//! Who may do what: signatures of OSS in their versions 1, 2 and 4, in headers and in addresses,
//! and of RTMP addresses.

mod claim;
mod crypto;
mod query;
mod request;
mod rtmp_url;
mod v1;
mod v2;
mod v4;

pub(crate) use claim::{claimed_in_url, claimed_key};
pub use query::Query;
pub use request::SignedRequest;
pub use rtmp_url::RtmpUrl;

use std::collections::HashMap;

use crate::settings::{AccessKey, Anonymous};

/// What a request is about to do. Exhaustive: an ACL knows these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an ACL knows these two")]
pub enum Access {
    /// Look or play.
    Read,
    /// Change or publish.
    Write,
}

/// Why a request may not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// There is no signature where one is needed.
    #[error("You have no right to access this object because of bucket acl.")]
    Anonymous,
    /// The signature cannot be read.
    #[error("The authorization of the request is invalid.")]
    Malformed,
    /// The signature of version 4 is made for another region or product.
    #[error("The region or the product of the credential is not this service's.")]
    Scope,
    /// Nobody has this AccessKeyId.
    #[error("The OSS Access Key Id you provided does not exist in our records.")]
    UnknownKey,
    /// The request was not signed with the secret of this AccessKeyId.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your key and signing method."
    )]
    Mismatch,
    /// The request was signed too long ago or in the future.
    #[error("The difference between the request time and the current time is too large.")]
    Skewed,
    /// The address was signed for a time that is over.
    #[error("Request has expired.")]
    Expired,
}

impl AuthError {
    /// Returns the `Code` of the error response.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Anonymous | Self::Expired => "AccessDenied",
            Self::Malformed | Self::Scope => "InvalidArgument",
            Self::UnknownKey => "InvalidAccessKeyId",
            Self::Mismatch => "SignatureDoesNotMatch",
            Self::Skewed => "RequestTimeTooSkewed",
        }
    }

    /// Returns the HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::Scope => 400,
            _ => 403,
        }
    }

    /// Returns the `EC` of the error response, where OSS documents one.
    pub const fn ec(self) -> Option<&'static str> {
        match self {
            Self::Anonymous => Some("0003-00000001"),
            Self::UnknownKey => Some("0002-00000902"),
            Self::Mismatch => Some("0002-00000040"),
            Self::Skewed => Some("0002-00000504"),
            Self::Expired => Some("0002-00000069"),
            Self::Malformed | Self::Scope => None,
        }
    }
}

/// The keys that sign, and what may be done without.
#[derive(Clone, Debug)]
pub struct Keys {
    by_id: HashMap<String, AccessKey>,
    anonymous: Anonymous,
    /// The region that signatures of version 4 are made for.
    region: String,
}

/// The region of signatures of version 4 where no other is set.
pub(crate) const DEFAULT_REGION: &str = "cn-hangzhou";
/// How far the clock of a client may be off, in milliseconds: OSS's 15 minutes.
const SKEW: i64 = 15 * 60 * 1000;

impl Keys {
    /// Takes keys, and what may be done without.
    pub fn new(keys: &[AccessKey], anonymous: Anonymous) -> Self {
        let by_id = keys.iter().map(|key| (key.id.clone(), key.clone()));
        Self { by_id: by_id.collect(), anonymous, region: DEFAULT_REGION.to_owned() }
    }

    /// Takes the region that signatures of version 4 have to be made for.
    #[must_use]
    pub fn with_region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self
    }

    /// Returns whether nobody can be told from anybody else: there are no keys, and everybody may do
    /// everything.
    pub fn trust_everybody(&self) -> bool {
        self.by_id.is_empty() && self.anonymous == Anonymous::PublicReadWrite
    }

    /// Says whether an HTTP request may be done at `now`, in Unix milliseconds.
    ///
    /// # Errors
    ///
    /// Why it may not. A signature that is there must be right, even where none is needed.
    pub fn check(
        &self,
        request: &SignedRequest<'_>,
        access: Access,
        now: i64,
    ) -> Result<(), AuthError> {
        let header = match request.header("authorization") {
            Some(text) => Some(text),
            None if request.headers.contains_key("authorization") => {
                return Err(AuthError::Malformed);
            }
            None => None,
        };
        // Nobody can check a signature where there are no keys, and an SDK cannot leave it out.
        if self.trust_everybody() {
            return Ok(());
        }
        let in_url = ["x-oss-signature-version", "Signature"];
        let signed =
            header.is_some() || in_url.iter().any(|name| request.query.get(name).is_some());
        if signed && !request.query.has_one_form() {
            return Err(AuthError::Malformed);
        }
        if let Some(text) = header {
            return if let Some(rest) = text.strip_prefix("OSS4-HMAC-SHA256 ") {
                v4::check_header(self, request, rest, now)
            } else if let Some(rest) = text.strip_prefix("OSS2 ") {
                v2::check_header(self, request, rest, now)
            } else if let Some(rest) = text.strip_prefix("OSS ") {
                v1::check_header(self, request, rest, now)
            } else {
                Err(AuthError::Malformed)
            };
        }
        match request.query.get("x-oss-signature-version") {
            Some("OSS4-HMAC-SHA256") => v4::check_url(self, request, now),
            Some("OSS2") => v2::check_url(self, request, now),
            Some(_) => Err(AuthError::Malformed),
            None if request.query.get("Signature").is_some() => v1::check_url(self, request, now),
            None => self.check_anonymous(access),
        }
    }

    /// Says whether an RTMP address may be published to at `now`, in Unix milliseconds.
    ///
    /// # Errors
    ///
    /// Why it may not.
    pub fn check_rtmp(&self, url: &RtmpUrl<'_>, now: i64) -> Result<(), AuthError> {
        if self.trust_everybody() {
            return Ok(());
        }
        match url.query.get("Signature") {
            Some(signature) => rtmp_url::check(self, url, signature, now),
            None => self.check_anonymous(Access::Write),
        }
    }

    fn check_anonymous(&self, access: Access) -> Result<(), AuthError> {
        match (self.anonymous, access) {
            (Anonymous::PublicReadWrite, _) | (Anonymous::PublicRead, Access::Read) => Ok(()),
            _ => Err(AuthError::Anonymous),
        }
    }

    fn secret(&self, id: &str) -> Result<&str, AuthError> {
        let key = self.by_id.get(id).ok_or(AuthError::UnknownKey)?;
        Ok(&key.secret)
    }
}

/// Says whether a request signed at `signed` may still come at `now`.
const fn check_skew(signed: i64, now: i64) -> Result<(), AuthError> {
    if now.abs_diff(signed) <= SKEW.unsigned_abs() { Ok(()) } else { Err(AuthError::Skewed) }
}

/// Says whether an address that is good until `until`, in Unix seconds, may still be used at `now`,
/// in milliseconds.
fn check_expiry(until: &str, now: i64) -> Result<(), AuthError> {
    let digits = !until.is_empty() && until.bytes().all(|byte| byte.is_ascii_digit());
    let until: i64 = until.parse().ok().filter(|_| digits).ok_or(AuthError::Malformed)?;
    if now <= until.saturating_mul(1000) { Ok(()) } else { Err(AuthError::Expired) }
}

#[cfg(test)]
mod tests;
