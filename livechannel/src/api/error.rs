//! Errors as OSS words them.

use axum::http::StatusCode;
use hls_segmenter::oss::ParameterError;
use serde::Serialize;

use super::xml::XmlError;
use crate::auth::AuthError;

/// A failed call: its status, code, message and error number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) ec: Option<&'static str>,
}

/// The body of an error response.
#[derive(Debug, Serialize)]
#[serde(rename = "Error", rename_all = "PascalCase")]
pub(crate) struct ErrorBody<'a> {
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) host_id: &'a str,
    #[serde(rename = "EC", skip_serializing_if = "Option::is_none")]
    pub(crate) ec: Option<&'a str>,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        ec: Option<&'static str>,
    ) -> Self {
        Self { status, code, message: message.into(), ec }
    }

    pub(crate) fn argument(message: impl Into<String>, ec: Option<&'static str>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidArgument", message, ec)
    }

    pub(crate) fn encoding() -> Self {
        ParameterError::NameEncoding.into()
    }

    pub(crate) fn no_bucket(name: &str) -> Self {
        let message = format!("The specified bucket does not exist: {name}");
        Self::new(StatusCode::NOT_FOUND, "NoSuchBucket", message, Some("0015-00000101"))
    }

    pub(crate) fn no_key() -> Self {
        let message = "The specified key does not exist.";
        Self::new(StatusCode::NOT_FOUND, "NoSuchKey", message, Some("0026-00000001"))
    }

    pub(crate) fn no_channel() -> Self {
        let message = "The specified live channel does not exist.";
        Self::new(StatusCode::NOT_FOUND, "NoSuchLiveChannel", message, None)
    }

    pub(crate) fn still_live() -> Self {
        let message = "Live channel couldn't be updated or deleted when channel is live.";
        Self::new(StatusCode::CONFLICT, "ChannelStillLive", message, None)
    }

    pub(crate) fn busy() -> Self {
        let message = "The channel is being changed by others. Please try again.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message, None)
    }

    /// The store took longer than a request may.
    pub(crate) fn late() -> Self {
        let message = "The store does not answer in time. Please try again.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message, None)
    }

    /// There are too many of these requests at once.
    pub(crate) fn slow_down() -> Self {
        let message = "Please reduce your request rate.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", message, None)
    }

    /// The body took longer than a request may.
    pub(crate) fn slow_client() -> Self {
        let message =
            "Your socket connection to the server was not written to within the timeout period.";
        Self::new(StatusCode::BAD_REQUEST, "RequestTimeout", message, None)
    }

    pub(crate) fn method() -> Self {
        let message = "The specified method is not allowed against this resource.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message, None)
    }

    pub(crate) fn too_large() -> Self {
        let message = "The body is longer than a configuration needs.";
        Self::new(StatusCode::BAD_REQUEST, "EntityTooLarge", message, None)
    }
}

impl From<ParameterError> for ApiError {
    fn from(error: ParameterError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.code(), error.to_string(), error.ec())
    }
}

impl From<XmlError> for ApiError {
    fn from(error: XmlError) -> Self {
        match error {
            XmlError::SnapshotTwice => ParameterError::SnapshotTwice.into(),
            error => Self::new(StatusCode::BAD_REQUEST, "MalformedXML", error.to_string(), None),
        }
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::FORBIDDEN);
        Self::new(status, error.code(), error.to_string(), error.ec())
    }
}

impl From<object_store::Error> for ApiError {
    fn from(error: object_store::Error) -> Self {
        tracing::error!(%error, "the store fails");
        let message = "The store does not answer as it should. Please try again.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message, None)
    }
}
