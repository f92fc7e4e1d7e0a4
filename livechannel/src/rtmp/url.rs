//! Which channel an RTMP address means.

use percent_encoding::percent_decode_str;

use super::session::PublishRequest;
use crate::auth::Query;
use crate::name::{BucketName, ChannelKey, ChannelName, playlist_name};
use crate::settings::Settings;

/// A channel to publish to.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) key: ChannelKey,
    pub(crate) query: Query,
    /// The playlist's name where the address has one.
    pub(crate) playlist_name: Option<String>,
}

impl Target {
    /// Reads `rtmp://host/[bucket/]live/channel?parameters`, of which the host's first label may be
    /// the bucket.
    ///
    /// Clients cut it into application and stream name where they like; put together again it is
    /// the same.
    pub(crate) fn read(
        request: &PublishRequest,
        settings: &Settings,
    ) -> Result<Self, &'static str> {
        let (app, app_query) = cut(&request.app);
        let (name, name_query) = cut(&request.name);
        let path = format!("{}/{}", app.trim_matches('/'), name.trim_matches('/'));
        let query = if name_query.is_empty() { app_query } else { name_query };
        let (bucket, channel) = match path.split('/').collect::<Vec<_>>().as_slice() {
            ["live", channel] => (host_bucket(&request.tc_url, settings), *channel),
            [bucket, "live", channel] => (BucketName::new(bucket), *channel),
            _ => return Err("the address is not rtmp://host/live/channel"),
        };
        let bucket = bucket.filter(|bucket| settings.has_bucket(bucket));
        let bucket = bucket.ok_or("NoSuchBucket: The specified bucket does not exist.")?;
        let channel: Vec<u8> = percent_decode_str(channel).collect();
        let channel = ChannelName::new(&channel).map_err(|_| "InvalidChannelName")?;
        let query = Query::rtmp(query);
        let playlist_name = query
            .get("playlistName")
            .map(|name| playlist_name(name).map(str::to_owned))
            .transpose()
            .map_err(|_| "InvalidArgument: playlistName")?;
        Ok(Self { key: ChannelKey::new(bucket, channel), query, playlist_name })
    }
}

fn cut(text: &str) -> (&str, &str) {
    text.split_once('?').unwrap_or((text, ""))
}

/// The bucket of an address that has none in its path.
fn host_bucket(tc_url: &str, settings: &Settings) -> Option<BucketName> {
    let authority =
        tc_url.split_once("://").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
    match crate::api::bucket_of_host(authority, &settings.domains) {
        Some(bucket) => BucketName::new(bucket),
        None => Some(settings.bucket.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(
        app: &str,
        tc_url: &str,
        name: &str,
    ) -> Result<(String, Option<String>), &'static str> {
        let request = PublishRequest {
            app: app.to_owned(),
            tc_url: tc_url.to_owned(),
            name: name.to_owned(),
        };
        let settings = Settings {
            buckets: BucketName::new("bkt").into_iter().collect(),
            ..Settings::default()
        };
        let target = Target::read(&request, &settings)?;
        Ok((target.key.to_string(), target.playlist_name))
    }

    #[test]
    fn o_35_o_43_the_forms_that_clients_build() {
        let plain = |key: &str| Ok((key.to_owned(), None));
        assert_eq!(target("live", "rtmp://1.2.3.4:1935/live", "ch-1"), plain("live/ch-1"));
        assert_eq!(target("bkt/live", "rtmp://1.2.3.4/bkt/live", "ch-1"), plain("bkt/ch-1"));
        assert_eq!(target("live/", "rtmp://bkt.localhost:1935/live", "ch-1"), plain("bkt/ch-1"));
        assert_eq!(
            target("live", "rtmp://bkt.oss-cn-hangzhou.aliyuncs.com/live", "a"),
            plain("bkt/a")
        );
        assert_eq!(target("live", "", "live%20channel%202?x=y"), plain("live/live channel 2"));
        let list = target("bkt/live", "", "ch-1?playlistName=a.m3u8&Expires=1");
        assert_eq!(list, Ok(("bkt/ch-1".to_owned(), Some("a.m3u8".to_owned()))));
    }

    #[test]
    fn addresses_cannot_leave_their_bucket() {
        for (app, name) in [
            ("live", ".."),
            ("live", "%2e%2e"),
            ("live", "a%2f..%2fb"),
            ("../live", "ch"),
            (".livechannel/live", "ch"),
            ("live/..", "ch"),
            ("live", "../../x"),
            ("live", "ch?playlistName=..%2f..%2fa.m3u8"),
            ("live", "ch?playlistName=a.ts"),
            ("live", ""),
            ("vod", "ch"),
        ] {
            assert!(target(app, "", name).is_err(), "{app} {name}");
        }
    }
}
