//! Version 4: HMAC-SHA256 with a key of the day and the region, over a canonical request.

use super::crypto::{check_raw_sha256, from_hex, hash_hex, sha256};
use super::{AuthError, Keys, SignedRequest, check_skew};
use crate::clock::parse_basic_date;
use crate::name::url_part;

/// Checks `Credential=…, [AdditionalHeaders=…,] Signature=…`.
pub(super) fn check_header(
    keys: &Keys,
    request: &SignedRequest<'_>,
    credentials: &str,
    now: i64,
) -> Result<(), AuthError> {
    let (mut credential, mut signature, mut additional) = (None, None, "");
    for part in credentials.split(',') {
        match part.trim().split_once('=').ok_or(AuthError::Malformed)? {
            ("Credential", value) => credential = Some(value),
            ("AdditionalHeaders", value) => additional = value,
            ("Signature", value) => signature = Some(value),
            _ => return Err(AuthError::Malformed),
        }
    }
    let (Some(credential), Some(signature)) = (credential, signature) else {
        return Err(AuthError::Malformed);
    };
    let date = request.header("x-oss-date").ok_or(AuthError::Malformed)?;
    let payload = request.header("x-oss-content-sha256");
    let signed =
        Signed { credential, signature, date, additional, payload: payload.unwrap_or(UNSIGNED) };
    let time = signed.check(keys, request)?;
    check_skew(time, now)
}

/// Checks the parameters `x-oss-…` of an address.
pub(super) fn check_url(
    keys: &Keys,
    request: &SignedRequest<'_>,
    now: i64,
) -> Result<(), AuthError> {
    let parameter = |name| request.query.get(name).ok_or(AuthError::Malformed);
    let expires = parameter("x-oss-expires")?;
    let digits = !expires.is_empty() && expires.bytes().all(|byte| byte.is_ascii_digit());
    let expires: i64 = expires.parse().ok().filter(|_| digits).ok_or(AuthError::Malformed)?;
    let signed = Signed {
        credential: parameter("x-oss-credential")?,
        signature: parameter("x-oss-signature")?,
        date: parameter("x-oss-date")?,
        additional: request.query.get("x-oss-additional-headers").unwrap_or_default(),
        payload: UNSIGNED,
    };
    let time = signed.check(keys, request)?;
    let until = time.saturating_add(expires.clamp(0, WEEK).saturating_mul(1000));
    if now > until {
        return Err(AuthError::Expired);
    }
    if time > now {
        check_skew(time, now)?;
    }
    Ok(())
}

struct Signed<'a> {
    credential: &'a str,
    signature: &'a str,
    date: &'a str,
    additional: &'a str,
    payload: &'a str,
}

impl Signed<'_> {
    /// Checks the signature and returns when it was made.
    fn check(&self, keys: &Keys, request: &SignedRequest<'_>) -> Result<i64, AuthError> {
        let parts: Vec<&str> = self.credential.split('/').collect();
        let &[id, day, region, product, "aliyun_v4_request"] = parts.as_slice() else {
            return Err(AuthError::Malformed);
        };
        // The caller compares the body with its hash.
        let hashed = self.payload.len() == 64 && from_hex(self.payload).is_some();
        let today = self.date.split('T').next() == Some(day);
        if !today || (self.payload != UNSIGNED && !hashed) {
            return Err(AuthError::Malformed);
        }
        // A key of another region or product is a key for another service.
        if region != keys.region || product != "oss" {
            return Err(AuthError::Scope);
        }
        let time = parse_basic_date(self.date).ok_or(AuthError::Malformed)?;
        let secret = keys.secret(id)?;
        let canonical = self.canonical_request(request);
        let scope = format!("{day}/{region}/{product}/aliyun_v4_request");
        let text =
            format!("OSS4-HMAC-SHA256\n{}\n{scope}\n{}", self.date, hash_hex(canonical.as_bytes()));
        let mut key = sha256(format!("aliyun_v4{secret}").as_bytes(), day.as_bytes())?;
        for part in [region, product, "aliyun_v4_request"] {
            key = sha256(&key, part.as_bytes())?;
        }
        let given = from_hex(self.signature).ok_or(AuthError::Malformed)?;
        check_raw_sha256(&key, text.as_bytes(), &given)?;
        Ok(time)
    }

    fn canonical_request(&self, request: &SignedRequest<'_>) -> String {
        let mut names: Vec<String> = self
            .additional
            .split(';')
            .filter(|name| !name.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        names.sort_unstable();
        let headers = request.canonical_headers(|name| {
            name.starts_with("x-oss-")
                || matches!(name, "content-type" | "content-md5")
                || names.iter().any(|known| known == name)
        });
        let path: Vec<String> = request.resource().split('/').map(url_part).collect();
        let query = request.query.canonical(|key| key != "x-oss-signature", url_part);
        format!(
            "{}\n{}\n{query}\n{headers}\n{}\n{}",
            request.method,
            path.join("/"),
            names.join(";"),
            self.payload
        )
    }
}

const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
/// The longest time that an address may be good for, in seconds.
const WEEK: i64 = 7 * 24 * 3600;
