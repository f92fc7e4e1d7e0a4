//! Responses: XML bodies, and what every response carries.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::error::{ApiError, ErrorBody};

/// Puts a value into XML.
pub(crate) fn xml<T: Serialize>(value: &T) -> Result<Response, ApiError> {
    let body = quick_xml::se::to_string(value).map_err(|error| {
        tracing::error!(%error, "a response is no XML");
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        ApiError::new(status, "InternalError", "We encountered an internal error.", None)
    })?;
    Ok(typed("application/xml", format!("{PROLOG}{body}")))
}

/// A response with a body of a content type.
pub(crate) fn typed(kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// A response without a body.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The response to a call that failed.
pub(crate) fn failure(error: &ApiError, request_id: &str, host: &str) -> Response {
    let body = ErrorBody {
        code: error.code,
        message: &error.message,
        request_id,
        host_id: host,
        ec: error.ec,
    };
    let mut response = xml(&body).unwrap_or_else(|_| empty(error.status));
    *response.status_mut() = error.status;
    if let Some(ec) = error.ec {
        let name = HeaderName::from_static("x-oss-ec");
        response.headers_mut().insert(name, HeaderValue::from_static(ec));
    }
    response
}

const PROLOG: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
