//! What of an HTTP request is signed.

use axum::http::HeaderMap;

use super::Query;

/// An HTTP request as its signer saw it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SignedRequest<'a> {
    /// In capitals.
    pub method: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// All parameters.
    pub query: &'a Query,
    /// The bucket, from path or host.
    pub bucket: &'a str,
    /// The object's name, decoded; empty where the request is about the bucket.
    pub object: &'a str,
}

impl<'a> SignedRequest<'a> {
    /// Puts the parts together.
    pub const fn new(
        method: &'a str,
        headers: &'a HeaderMap,
        query: &'a Query,
        bucket: &'a str,
        object: &'a str,
    ) -> Self {
        Self { method, headers, query, bucket, object }
    }

    /// Returns a header that is text.
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns `/bucket/object`.
    pub(super) fn resource(&self) -> String {
        format!("/{}/{}", self.bucket, self.object)
    }

    /// Returns `name:value\n` of some headers, sorted by name.
    pub(super) fn canonical_headers(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut kept: Vec<(&str, &str)> = self
            .headers
            .iter()
            .filter(|(name, _)| wanted(name.as_str()))
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?.trim())))
            .collect();
        kept.sort_unstable();
        kept.iter().map(|(name, value)| format!("{name}:{value}\n")).collect()
    }
}
