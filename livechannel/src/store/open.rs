//! From an address to a store: a folder, memory, or anything that speaks S3.

use core::fmt;
use core::str::FromStr;
use std::path::PathBuf;

use super::Store;

/// Where a store is: a folder, `memory:`, or `s3://bucket/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreAddress {
    /// Ends with the process.
    Memory,
    /// A folder, made if it is not there.
    Folder(PathBuf),
    /// A bucket of an S3-compatible store and a prefix in it; endpoint, region and keys come from
    /// the environment (`AWS_ENDPOINT`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_ALLOW_HTTP`).
    S3 {
        /// The store's bucket; OSS buckets are folders in it.
        bucket: String,
        /// In front of every object's name; may be empty.
        prefix: String,
    },
}

/// A store that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The address is of no known kind.
    #[error("{0:?} is no store: a folder, \"memory:\" or \"s3://bucket/prefix\"")]
    Address(String),
    /// The folder cannot be made.
    #[error("{}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The store's own words.
    #[error(transparent)]
    Store(#[from] object_store::Error),
    /// This program was built without feature `s3`.
    #[error("this program was built without S3")]
    NoS3,
}

impl FromStr for StoreAddress {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text == "memory:" {
            return Ok(Self::Memory);
        }
        if let Some(rest) = text.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            if bucket.is_empty() {
                return Err(StoreError::Address(text.to_owned()));
            }
            return Ok(Self::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() });
        }
        let folder = text.strip_prefix("file://").unwrap_or(text);
        if folder.is_empty() || folder.contains("://") {
            return Err(StoreError::Address(text.to_owned()));
        }
        Ok(Self::Folder(folder.into()))
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Folder(path) => path.display().fmt(f),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

impl StoreAddress {
    /// Opens the store.
    ///
    /// # Errors
    ///
    /// What is wrong with the folder or with the store's settings. An S3 store is not asked whether
    /// it is there.
    pub fn open(&self) -> Result<Store, StoreError> {
        match self {
            Self::Memory => Ok(Store::memory()),
            Self::Folder(path) => {
                let made = std::fs::create_dir_all(path);
                made.map_err(|source| StoreError::Folder { path: path.clone(), source })?;
                Ok(Store::folder(path)?)
            }
            Self::S3 { bucket, prefix } => open_s3(bucket, prefix),
        }
    }
}

#[cfg(feature = "s3")]
fn open_s3(bucket: &str, prefix: &str) -> Result<Store, StoreError> {
    use core::time::Duration;
    use std::sync::Arc;

    use object_store::aws::AmazonS3Builder;
    use object_store::path::Path;
    use object_store::{ClientOptions, RetryConfig};

    crate::tls::install();
    let client = ClientOptions::new()
        .with_timeout(Duration::from_secs(20))
        .with_connect_timeout(Duration::from_secs(3));
    // Segments are tried again above, where a channel that was lost meanwhile is noticed.
    let retry = RetryConfig {
        max_retries: 2,
        retry_timeout: Duration::from_secs(5),
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_client_options(client)
        .with_retry(retry);
    if std::env::var("AWS_ALLOW_HTTP").is_ok_and(|allow| allow == "true" || allow == "1") {
        builder = builder.with_allow_http(true);
    }
    let store = builder.build()?;
    Ok(Store::new(Arc::new(store), Path::parse(prefix).map_err(object_store::Error::from)?, true))
}

#[cfg(not(feature = "s3"))]
fn open_s3(_: &str, _: &str) -> Result<Store, StoreError> {
    Err(StoreError::NoS3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_folders_memory_or_s3() {
        let parse = |text: &str| text.parse::<StoreAddress>().ok();
        assert_eq!(parse("memory:"), Some(StoreAddress::Memory));
        assert_eq!(parse("data"), Some(StoreAddress::Folder("data".into())));
        let s3 = StoreAddress::S3 { bucket: "bkt".to_owned(), prefix: "a/b".to_owned() };
        assert_eq!(parse("s3://bkt/a/b"), Some(s3));
        for bad in ["", "s3://", "ftp://x"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
