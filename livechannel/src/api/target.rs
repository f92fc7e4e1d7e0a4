//! Which bucket and object a request is about: in the path, or with the bucket as first label of
//! the host.

use core::net::IpAddr;

use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use super::error::ApiError;
use crate::auth::Query;
use crate::name::BucketName;
use crate::settings::Settings;

/// What a request is about.
#[derive(Debug)]
pub(crate) struct Target {
    /// None for `/` of a host that is no bucket.
    pub(crate) bucket: Option<BucketName>,
    /// The object's name, decoded; empty for the bucket itself.
    pub(crate) object: String,
    pub(crate) query: Query,
    /// As the client asked for it.
    pub(crate) host: String,
    /// The bucket stands in the host.
    pub(crate) virtual_host: bool,
}

impl Target {
    pub(crate) fn read(parts: &Parts, settings: &Settings) -> Result<Self, ApiError> {
        let header = parts.headers.get("host").and_then(|host| host.to_str().ok());
        let authority = parts.uri.authority().map(|authority| authority.as_str());
        let host = authority.or(header).unwrap_or_default().to_owned();
        let query = Query::http(parts.uri.query().unwrap_or_default());
        let path = parts.uri.path();
        let path = path.strip_prefix('/').unwrap_or(path);
        let in_host = bucket_of_host(&host, &settings.domains);
        let (bucket, object) = match in_host {
            Some(bucket) => (bucket, path),
            None => path.split_once('/').unwrap_or((path, "")),
        };
        let object = percent_decode_str(object).decode_utf8();
        let object = object.map_err(|_| ApiError::encoding())?.into_owned();
        let bucket = if bucket.is_empty() {
            None
        } else {
            // Whether it exists is said to those who may ask.
            Some(BucketName::new(bucket).ok_or_else(|| ApiError::no_bucket(bucket))?)
        };
        Ok(Self { bucket, object, query, virtual_host: in_host.is_some(), host })
    }
}

/// Returns the first label of a host where it is a bucket: in front of a known domain, of an OSS
/// endpoint, or of an IP address, as one SDK writes it.
pub(crate) fn bucket_of_host<'a>(authority: &'a str, domains: &[String]) -> Option<&'a str> {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    if host.parse::<IpAddr>().is_ok() {
        return None;
    }
    let (bucket, rest) = host.split_once('.')?;
    let known = domains.iter().any(|domain| domain.eq_ignore_ascii_case(rest));
    (known || rest.starts_with("oss-") || rest.parse::<IpAddr>().is_ok()).then_some(bucket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o_40_buckets_stand_in_front_of_domains_endpoints_and_addresses() {
        let domains = ["localhost".to_owned(), "live.example.com".to_owned()];
        for (host, want) in [
            ("bkt.localhost:8080", Some("bkt")),
            ("bkt.live.example.com", Some("bkt")),
            ("bkt.oss-cn-hangzhou.aliyuncs.com", Some("bkt")),
            ("bkt.127.0.0.1:9000", Some("bkt")),
            ("127.0.0.1:9000", None),
            ("[::1]:80", None),
            ("localhost:8080", None),
            ("live.example.com", None),
            ("www.example.com", None),
            ("", None),
        ] {
            assert_eq!(bucket_of_host(host, &domains), want, "{host}");
        }
    }
}
