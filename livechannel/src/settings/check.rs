//! What settings cannot be, however they were made: found before anything is opened or listened at.

use std::collections::HashSet;

use axum::http::uri::Authority;

use super::Settings;

/// A setting that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// An address has a scheme or a path, or is none.
    #[error("{name} is {value:?}, not a host, or a host and a port")]
    Authority {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// A domain is no name.
    #[error("domain {0:?} is no name of a host")]
    Domain(String),
    /// The webhook is no address of HTTP.
    #[error("webhook {0:?} does not begin with http:// or https:// and a host")]
    Webhook(String),
    /// Two keys have one id: which of the secrets counts nobody could tell.
    #[error("there is more than one key with the id {0:?}")]
    KeyTwice(String),
    /// A bucket is named twice.
    #[error("bucket {0:?} is named more than once")]
    BucketTwice(String),
}

impl Settings {
    /// Checks what can be checked without opening anything.
    ///
    /// # Errors
    ///
    /// The first setting that cannot be meant.
    pub fn check(&self) -> Result<(), SettingsError> {
        for (name, value) in [
            ("public-http", &self.public_http),
            ("public-rtmp", &self.public_rtmp),
            ("peer-http", &self.peer_http),
        ] {
            if let Some(value) = value.as_ref().filter(|value| !is_authority(value)) {
                return Err(SettingsError::Authority { name, value: value.clone() });
            }
        }
        let is_name = |name: &str| is_authority(name) && !name.contains(':');
        if let Some(domain) = self.domains.iter().find(|domain| !is_name(domain)) {
            return Err(SettingsError::Domain(domain.clone()));
        }
        if let Some(webhook) = self.webhook.as_ref().filter(|webhook| !is_webhook(webhook)) {
            return Err(SettingsError::Webhook(webhook.clone()));
        }
        let mut ids = HashSet::new();
        if let Some(key) = self.keys.iter().find(|key| !ids.insert(key.id.as_str())) {
            return Err(SettingsError::KeyTwice(key.id.clone()));
        }
        let mut names = HashSet::from([&self.bucket]);
        match self.buckets.iter().find(|bucket| !names.insert(bucket)) {
            Some(bucket) => Err(SettingsError::BucketTwice(bucket.as_str().to_owned())),
            None => Ok(()),
        }
    }
}

/// Returns whether a text is a host, or a host and a port (RFC 3986 §3.2).
fn is_authority(text: &str) -> bool {
    let authority = text.parse::<Authority>();
    authority.is_ok_and(|authority| {
        let port = text.strip_prefix(authority.host());
        let is_port = |port: &str| {
            port.is_empty()
                || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
        };
        !authority.host().is_empty() && port.is_some_and(is_port)
    })
}

fn is_webhook(text: &str) -> bool {
    // The topic may stand anywhere, in the host too.
    let url = reqwest::Url::parse(&text.replace("{topic}", "topic"));
    url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::BucketName;
    use crate::settings::AccessKey;

    #[test]
    fn addresses_are_hosts_with_or_without_a_port() {
        for (text, want) in [
            ("live.example.com", true),
            ("live.example.com:8443", true),
            ("[::1]:80", true),
            ("10.0.0.1", true),
            ("https://live.example.com", false),
            ("live.example.com/path", false),
            ("user@live.example.com", false),
            ("live.example.com:x", false),
            ("live.example.com:99999", false),
            ("live.example.com:", false),
            ("a b", false),
            ("", false),
        ] {
            assert_eq!(is_authority(text), want, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let key = |id: &str| AccessKey::new(id.to_owned(), "s".to_owned());
        let change = |change: fn(&mut Settings)| {
            let mut settings = Settings::default();
            change(&mut settings);
            settings.check().map_err(|error| error.to_string())
        };
        assert_eq!(Settings::default().check(), Ok(()));
        let http = change(|settings| settings.public_http = Some("https://a.example".to_owned()));
        assert!(http.unwrap_err().starts_with("public-http is \"https://a.example\""));
        assert!(change(|settings| settings.domains.push("a.example:80".to_owned())).is_err());
        assert!(change(|settings| settings.webhook = Some("notaurl".to_owned())).is_err());
        assert!(change(|settings| settings.webhook = Some("http://h/{topic}".to_owned())).is_ok());
        assert!(change(|settings| settings.buckets = vec![BucketName::default()]).is_err());
        let mut settings = Settings { keys: vec![key("a"), key("b")], ..Settings::default() };
        assert_eq!(settings.check(), Ok(()));
        settings.keys.push(key("a"));
        assert_eq!(settings.check(), Err(SettingsError::KeyTwice("a".to_owned())));
    }
}
