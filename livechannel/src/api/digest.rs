//! What a request says of its own body: `Content-MD5`, and the SHA-256 that signatures of version 4
//! can cover. A signature covers what is said, so the body has to be what is said.

use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::error::ApiError;

/// Compares a body with what the headers say of it.
pub(super) fn check(headers: &HeaderMap, body: &[u8]) -> Result<(), ApiError> {
    for said in headers.get_all("content-md5") {
        let said = STANDARD.decode(said.as_bytes().trim_ascii());
        if !said.is_ok_and(|said| *said == *Md5::digest(body)) {
            return Err(invalid("Content-MD5"));
        }
    }
    for said in headers.get_all("x-oss-content-sha256") {
        let said = said.as_bytes().trim_ascii();
        let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
        if said != b"UNSIGNED-PAYLOAD" && !said.eq_ignore_ascii_case(hash.as_bytes()) {
            return Err(invalid("x-oss-content-sha256"));
        }
    }
    Ok(())
}

fn invalid(header: &str) -> ApiError {
    let message = format!("The {header} you specified did not match what we received.");
    ApiError::new(StatusCode::BAD_REQUEST, "InvalidDigest", message, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_what_its_headers_say() {
        // printf body | openssl md5 -binary | base64, and sha256sum
        let md5 = "hBotaJrYa9FhFEdFPCLG/A==";
        let sha256 = "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5";
        let check = |name: &'static str, value: &str, body: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            check(&headers, body).map_err(|error| error.code)
        };
        assert_eq!(check("content-md5", md5, b"body"), Ok(()));
        assert_eq!(check("x-oss-content-sha256", sha256, b"body"), Ok(()));
        assert_eq!(check("x-oss-content-sha256", "UNSIGNED-PAYLOAD", b"body"), Ok(()));
        for (name, value) in [
            ("content-md5", md5),
            ("content-md5", ""),
            ("content-md5", "*"),
            ("x-oss-content-sha256", sha256),
            ("x-oss-content-sha256", ""),
        ] {
            assert_eq!(check(name, value, b"other"), Err("InvalidDigest"), "{name}: {value}");
        }
    }
}
