//! Whose signature a request says it has: for the audit log, before and apart from any check.

use super::{Query, SignedRequest};

/// Returns the AccessKeyId that an HTTP request names. It is true only if [`super::Keys::check`]
/// has let the request in.
pub(crate) fn claimed_key<'a>(request: &SignedRequest<'a>) -> Option<&'a str> {
    if let Some(text) = request.header("authorization") {
        let (version, rest) = text.split_once(' ')?;
        let field = |name| rest.split(',').find_map(|part| part.trim().strip_prefix(name));
        return match version {
            "OSS" => rest.split_once(':').map(|(id, _)| id),
            "OSS2" => field("AccessKeyId:"),
            "OSS4-HMAC-SHA256" => field("Credential=").map(of_credential),
            _ => None,
        };
    }
    claimed_in_url(request.query)
}

/// Returns the AccessKeyId that an address names.
pub(crate) fn claimed_in_url(query: &Query) -> Option<&str> {
    let credential = query.get("x-oss-credential").map(of_credential);
    credential.or(query.get("x-oss-access-key-id")).or(query.get("OSSAccessKeyId"))
}

fn of_credential(credential: &str) -> &str {
    credential.split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    #[test]
    fn every_form_of_a_signature_names_its_key() {
        for (header, query, want) in [
            ("OSS AKID:c2ln", "", Some("AKID")),
            ("OSS2 AccessKeyId:AKID,Signature:c2ln", "", Some("AKID")),
            (
                "OSS4-HMAC-SHA256 Credential=AKID/20260101/r/oss/aliyun_v4_request, Signature=0",
                "",
                Some("AKID"),
            ),
            ("Basic AKID:c2ln", "", None),
            ("", "OSSAccessKeyId=AKID&Signature=x", Some("AKID")),
            ("", "x-oss-access-key-id=AKID", Some("AKID")),
            ("", "x-oss-credential=AKID%2F20260101%2Fr", Some("AKID")),
            ("", "live", None),
        ] {
            let (mut headers, query) = (HeaderMap::new(), Query::http(query));
            if !header.is_empty() {
                headers.insert("authorization", header.parse().unwrap());
            }
            let request = SignedRequest::new("GET", &headers, &query, "bkt", "ch");
            assert_eq!(claimed_key(&request), want, "{header} {query:?}");
        }
    }
}
