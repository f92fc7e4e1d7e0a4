//! The parameters of PutLiveChannel: their limits, one typed error each, and what they mean to the
//! engine.
//!
//! [`PutLiveChannel`] holds the texts as a request states them; [`check`](PutLiveChannel::check)
//! turns them into a [`LiveChannel`], whose fields cannot be wrong.

use core::str;

use crate::config::{Config, ConfigError, FragCount, FragDuration, Options};
use crate::time::Secs;

/// A PutLiveChannel request: the channel's name from the URL and the texts of the body's elements.
/// Not exhaustive: a literal ends in `..Default::default()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PutLiveChannel<'a> {
    /// ChannelName, percent-decoded.
    pub channel_name: &'a [u8],
    /// `Description`.
    pub description: Option<&'a str>,
    /// `Status`.
    pub status: Option<&'a str>,
    /// `Target.Type`; `None` where `Type` or the whole `Target` is absent.
    pub target_type: Option<&'a str>,
    /// `Target.FragDuration`.
    pub frag_duration: Option<&'a str>,
    /// `Target.FragCount`.
    pub frag_count: Option<&'a str>,
    /// `Target.PlaylistName`.
    pub playlist_name: Option<&'a str>,
    /// `Snapshot`; a second one is the caller's to refuse, with [`ParameterError::SnapshotTwice`].
    pub snapshot: Option<PutSnapshot<'a>>,
}

/// The `Snapshot` element of a request. Not exhaustive: a literal ends in `..Default::default()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PutSnapshot<'a> {
    /// `RoleName`.
    pub role_name: Option<&'a str>,
    /// `DestBucket`.
    pub dest_bucket: Option<&'a str>,
    /// `NotifyTopic`.
    pub notify_topic: Option<&'a str>,
    /// `Interval`.
    pub interval: Option<&'a str>,
}

/// A channel with parameters that are within their limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LiveChannel<'a> {
    /// 1 to 64 bytes without slash or backslash.
    pub name: &'a str,
    /// At most 128 bytes; empty by default.
    pub description: &'a str,
    /// Enabled by default.
    pub status: Status,
    /// 1 to 100 s; 5 s by default.
    pub frag_duration: FragDuration,
    /// 1 to 100; 3 by default.
    pub frag_count: FragCount,
    /// 6 to 128 bytes without slash, ending in `.m3u8`; `playlist.m3u8` by default.
    pub playlist_name: &'a str,
    /// None by default.
    pub snapshot: Option<SnapshotTarget<'a>>,
}

/// Whether a channel may be pushed to. Exhaustive: OSS knows these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the API knows these two")]
pub enum Status {
    /// It may.
    Enabled,
    /// It may not.
    Disabled,
}

/// Where snapshots go, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotTarget<'a> {
    /// Never empty.
    pub role_name: &'a str,
    /// 3 to 63 of `a`–`z`, `0`–`9` and `-`.
    pub dest_bucket: &'a str,
    /// Never empty.
    pub notify_topic: &'a str,
    /// At most one snapshot in each: from 1 to 100 s.
    pub interval: Secs,
}

impl<'a> PutLiveChannel<'a> {
    /// Checks every parameter.
    ///
    /// # Errors
    ///
    /// The first parameter beyond its limits, in the order of the request.
    pub fn check(&self) -> Result<LiveChannel<'a>, ParameterError> {
        let name = channel_name(self.channel_name)?;
        let description = self.description.unwrap_or_default();
        if description.len() > 128 {
            return Err(ParameterError::Description { len: description.len() });
        }
        let status = match self.status {
            None | Some("enabled") => Status::Enabled,
            Some("disabled") => Status::Disabled,
            Some(_) => return Err(ParameterError::Status),
        };
        if self.target_type != Some("HLS") {
            return Err(ParameterError::Type);
        }
        let (frag_duration, frag_count) = match (self.frag_duration, self.frag_count) {
            (None, None) => (FragDuration::DEFAULT, FragCount::DEFAULT),
            (Some(duration), Some(count)) => (
                integer(duration)
                    .and_then(|secs| FragDuration::new(secs).ok())
                    .ok_or(ParameterError::FragDuration)?,
                integer(count)
                    .and_then(|count| FragCount::new(count).ok())
                    .ok_or(ParameterError::FragCount)?,
            ),
            (Some(_), None) => return Err(ParameterError::FragCountMissing),
            (None, Some(_)) => return Err(ParameterError::FragDurationMissing),
        };
        Ok(LiveChannel {
            name,
            description,
            status,
            frag_duration,
            frag_count,
            playlist_name: playlist_name(self.playlist_name)?,
            snapshot: self.snapshot.map(|snapshot| snapshot.check()).transpose()?,
        })
    }
}

impl<'a> PutSnapshot<'a> {
    fn check(&self) -> Result<SnapshotTarget<'a>, ParameterError> {
        let present =
            |text: Option<&'a str>, error| text.filter(|text| !text.is_empty()).ok_or(error);
        let bucket_byte = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let bucket = present(self.dest_bucket, ParameterError::SnapshotBucket)?;
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(bucket_byte) {
            return Err(ParameterError::SnapshotBucket);
        }
        let interval = self.interval.and_then(integer).filter(|secs| (1..=100).contains(secs));
        Ok(SnapshotTarget {
            role_name: present(self.role_name, ParameterError::SnapshotRole)?,
            dest_bucket: bucket,
            notify_topic: present(self.notify_topic, ParameterError::SnapshotTopic)?,
            interval: interval.map(Secs::new).ok_or(ParameterError::SnapshotInterval)?,
        })
    }
}

impl LiveChannel<'_> {
    /// Puts the channel's values into `options`.
    ///
    /// # Errors
    ///
    /// The channel's values are within every range; what can be wrong is in `options`, or
    /// contradicts them: a declared target duration below FragDuration.
    pub fn config(&self, options: Options) -> Result<Config, ConfigError> {
        Config::new(Options {
            frag_duration: self.frag_duration,
            frag_count: self.frag_count,
            snapshot_interval: self.snapshot.map(|snapshot| snapshot.interval.span()),
            ..options
        })
    }
}

/// A parameter of PutLiveChannel beyond its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterError {
    /// The channel name is empty.
    NameEmpty,
    /// The channel name has more than 64 bytes.
    NameTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// The channel name is not UTF-8.
    NameEncoding,
    /// The channel name has a slash or a backslash in it.
    NameSlash,
    /// The description has more than 128 bytes.
    Description {
        /// Its length in bytes.
        len: usize,
    },
    /// The status is neither `enabled` nor `disabled`.
    Status,
    /// The target's type is absent or not `HLS`.
    Type,
    /// FragDuration is no integer from 1 to 100.
    FragDuration,
    /// FragCount is no integer from 1 to 100.
    FragCount,
    /// FragCount is there and FragDuration is not: both are, or neither.
    FragDurationMissing,
    /// FragDuration is there and FragCount is not: both are, or neither.
    FragCountMissing,
    /// The playlist's name has a slash in it.
    PlaylistNameSlash,
    /// The playlist's name has more than 128 bytes.
    PlaylistNameTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// The playlist's name does not end in `.m3u8`, or is nothing else.
    PlaylistNameSuffix,
    /// There is more than one `Snapshot`.
    SnapshotTwice,
    /// Snapshots are not to be had here.
    SnapshotUnsupported,
    /// The snapshot's interval is absent or no integer from 1 to 100.
    SnapshotInterval,
    /// The snapshot's topic is absent or empty.
    SnapshotTopic,
    /// The snapshot's role is absent or empty.
    SnapshotRole,
    /// The snapshot's bucket is absent or no bucket name.
    SnapshotBucket,
}

impl ParameterError {
    /// Returns the `Code` of the error response.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NameEmpty | Self::NameTooLong { .. } | Self::NameEncoding | Self::NameSlash => {
                "InvalidChannelName"
            }
            _ => "InvalidArgument",
        }
    }

    /// Returns the `EC` of the error response, where OSS documents one.
    pub const fn ec(&self) -> Option<&'static str> {
        Some(match self {
            Self::Description { .. } => "0044-00000001",
            Self::Status => "0044-00000002",
            Self::SnapshotTwice => "0044-00000003",
            Self::SnapshotUnsupported => "0044-00000004",
            Self::SnapshotInterval => "0044-00000005",
            Self::SnapshotTopic => "0044-00000006",
            Self::SnapshotRole => "0044-00000007",
            Self::SnapshotBucket => "0044-00000008",
            Self::Type => "0044-00000013",
            Self::FragDuration | Self::FragDurationMissing => "0044-00000014",
            Self::FragCount | Self::FragCountMissing => "0044-00000015",
            Self::PlaylistNameSlash => "0044-00000016",
            Self::PlaylistNameTooLong { .. } => "0044-00000017",
            Self::PlaylistNameSuffix => "0044-00000018",
            Self::NameEmpty | Self::NameTooLong { .. } | Self::NameEncoding | Self::NameSlash => {
                return None;
            }
        })
    }
}

error_texts! {
    ParameterError {
        // OSS's own words: clients match on them.
        Self::NameEmpty => "ChannelName must not be empty.";
        Self::NameTooLong { .. } => "The Length of channel name must be less than 64.";
        Self::NameEncoding => "The characters encoding must be utf-8.";
        Self::NameSlash => "ChannelName must not contain a slash.";
        Self::Description { len } => "Description has {len} bytes, more than 128";
        Self::Status => "Status is neither enabled nor disabled";
        Self::Type => "Target.Type is not HLS";
        Self::FragDuration => "FragDuration is no integer from 1 to 100";
        Self::FragCount => "FragCount is no integer from 1 to 100";
        Self::FragDurationMissing => "FragCount needs FragDuration beside it";
        Self::FragCountMissing => "FragDuration needs FragCount beside it";
        Self::PlaylistNameSlash => "PlaylistName has a slash in it";
        Self::PlaylistNameTooLong { len } => "PlaylistName has {len} bytes, more than 128";
        Self::PlaylistNameSuffix =>
            "PlaylistName does not end in .m3u8 behind at least one character";
        Self::SnapshotTwice => "there is more than one Snapshot";
        Self::SnapshotUnsupported => "snapshots are not supported here";
        Self::SnapshotInterval => "Snapshot.Interval is no integer from 1 to 100";
        Self::SnapshotTopic => "Snapshot.NotifyTopic is empty";
        Self::SnapshotRole => "Snapshot.RoleName is empty";
        Self::SnapshotBucket => "Snapshot.DestBucket is no bucket name";
    }
}

fn channel_name(name: &[u8]) -> Result<&str, ParameterError> {
    let text = str::from_utf8(name).map_err(|_| ParameterError::NameEncoding)?;
    match text.len() {
        0 => Err(ParameterError::NameEmpty),
        len @ 65.. => Err(ParameterError::NameTooLong { len }),
        _ if text.contains(['/', '\\']) => Err(ParameterError::NameSlash),
        _ => Ok(text),
    }
}

/// An absent name and an empty one both mean the default: an official SDK always sends the element.
fn playlist_name(name: Option<&str>) -> Result<&str, ParameterError> {
    let name = name.unwrap_or_default();
    if name.is_empty() {
        Ok("playlist.m3u8")
    } else if name.contains('/') {
        Err(ParameterError::PlaylistNameSlash)
    } else if name.len() > 128 {
        Err(ParameterError::PlaylistNameTooLong { len: name.len() })
    } else if name.len() < 6 || !name.ends_with(".m3u8") {
        Err(ParameterError::PlaylistNameSuffix)
    } else {
        Ok(name)
    }
}

/// Reads decimal digits and nothing else: `+5`, ` 5` and `5.0` are no integers of the API.
fn integer(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::TickSpan;
    use std::string::ToString;

    const LEAST: PutLiveChannel<'static> = PutLiveChannel {
        channel_name: b"ch-1",
        description: None,
        status: None,
        target_type: Some("HLS"),
        frag_duration: None,
        frag_count: None,
        playlist_name: None,
        snapshot: None,
    };
    const SNAPSHOT: PutSnapshot<'static> = PutSnapshot {
        role_name: Some("role"),
        dest_bucket: Some("bucket-1"),
        notify_topic: Some("topic"),
        interval: Some("5"),
    };

    #[test]
    fn o_01_channel_names() {
        let long = [b'a'; 65];
        for (name, want) in [
            (&b"ch-1"[..], Ok("ch-1")),
            (b"live channel 2", Ok("live channel 2")),
            ("测试通过".as_bytes(), Ok("测试通过")),
            (&long[..64], Ok(str::from_utf8(&long[..64]).unwrap())),
            (b"", Err(ParameterError::NameEmpty)),
            (&long, Err(ParameterError::NameTooLong { len: 65 })),
            (b"\xff", Err(ParameterError::NameEncoding)),
            (b"a/b", Err(ParameterError::NameSlash)),
            (b"a\\b", Err(ParameterError::NameSlash)),
        ] {
            let checked = PutLiveChannel { channel_name: name, ..LEAST }.check();
            assert_eq!(checked.map(|channel| channel.name), want, "{name:?}");
        }
        assert_eq!(
            ParameterError::NameTooLong { len: 65 }.to_string(),
            "The Length of channel name must be less than 64."
        );
        assert_eq!(ParameterError::NameEmpty.code(), "InvalidChannelName");
    }

    #[test]
    fn o_03_descriptions_are_measured_in_bytes() {
        let (fits, too_long, cjk) = ("d".repeat(128), "d".repeat(129), "测".repeat(43));
        for (description, ok) in [(fits.as_str(), true), (&too_long, false), (&cjk, false)] {
            let checked = PutLiveChannel { description: Some(description), ..LEAST }.check();
            assert_eq!(checked.is_ok(), ok, "{description}");
        }
        assert_eq!(ParameterError::Description { len: 129 }.ec(), Some("0044-00000001"));
    }

    #[test]
    fn o_04_o_05_status_and_type() {
        let status =
            |status| PutLiveChannel { status, ..LEAST }.check().map(|channel| channel.status);
        assert_eq!(status(None), Ok(Status::Enabled));
        assert_eq!(status(Some("disabled")), Ok(Status::Disabled));
        assert_eq!(status(Some("Enabled")), Err(ParameterError::Status));
        for target_type in [None, Some("RTMP"), Some("hls"), Some("")] {
            assert_eq!(PutLiveChannel { target_type, ..LEAST }.check(), Err(ParameterError::Type));
        }
    }

    #[test]
    fn o_06_o_07_o_08_frag_duration_and_frag_count_come_both_or_not_at_all() {
        let check = |duration, count| {
            let checked =
                PutLiveChannel { frag_duration: duration, frag_count: count, ..LEAST }.check();
            checked.map(|channel| (channel.frag_duration.secs(), channel.frag_count.get()))
        };
        assert_eq!(check(None, None), Ok((5, 3)));
        assert_eq!(check(Some("1"), Some("100")), Ok((1, 100)));
        assert_eq!(check(Some("100"), Some("1")), Ok((100, 1)));
        assert_eq!(check(Some("5"), None), Err(ParameterError::FragCountMissing));
        assert_eq!(check(None, Some("3")), Err(ParameterError::FragDurationMissing));
        for bad in ["abc", "0", "101", "200", "", "5.0", "+5", "4294967297"] {
            assert_eq!(check(Some(bad), Some("3")), Err(ParameterError::FragDuration), "{bad}");
            assert_eq!(check(Some("5"), Some(bad)), Err(ParameterError::FragCount), "{bad}");
        }
        assert_eq!(ParameterError::FragDuration.ec(), Some("0044-00000014"));
        assert_eq!(ParameterError::FragCount.ec(), Some("0044-00000015"));
    }

    #[test]
    fn o_09_o_10_playlist_names() {
        let (fits, too_long) = ("p".repeat(123) + ".m3u8", "p".repeat(124) + ".m3u8");
        for (name, want) in [
            (None, Ok("playlist.m3u8")),
            (Some(""), Ok("playlist.m3u8")),
            (Some("a.m3u8"), Ok("a.m3u8")),
            (Some(fits.as_str()), Ok(fits.as_str())),
            (Some(".m3u8"), Err(ParameterError::PlaylistNameSuffix)),
            (Some("a.m3u"), Err(ParameterError::PlaylistNameSuffix)),
            (Some("a/b.m3u8"), Err(ParameterError::PlaylistNameSlash)),
            (Some(&too_long), Err(ParameterError::PlaylistNameTooLong { len: 129 })),
        ] {
            let checked = PutLiveChannel { playlist_name: name, ..LEAST }.check();
            assert_eq!(checked.map(|channel| channel.playlist_name), want, "{name:?}");
        }
    }

    #[test]
    fn o_11_snapshots_are_whole_or_refused() {
        let check = |snapshot| {
            PutLiveChannel { snapshot: Some(snapshot), ..LEAST }
                .check()
                .map(|channel| channel.snapshot)
        };
        let target = SnapshotTarget {
            role_name: "role",
            dest_bucket: "bucket-1",
            notify_topic: "topic",
            interval: Secs::new(5),
        };
        assert_eq!(check(SNAPSHOT), Ok(Some(target)));
        let bucket = |dest_bucket| PutSnapshot { dest_bucket: Some(dest_bucket), ..SNAPSHOT };
        let interval = |interval| PutSnapshot { interval, ..SNAPSHOT };
        for (snapshot, want) in [
            (PutSnapshot { role_name: Some(""), ..SNAPSHOT }, ParameterError::SnapshotRole),
            (PutSnapshot { notify_topic: None, ..SNAPSHOT }, ParameterError::SnapshotTopic),
            (bucket("ab"), ParameterError::SnapshotBucket),
            (bucket("Bucket"), ParameterError::SnapshotBucket),
            (interval(None), ParameterError::SnapshotInterval),
            (interval(Some("0")), ParameterError::SnapshotInterval),
            (interval(Some("101")), ParameterError::SnapshotInterval),
        ] {
            assert_eq!(check(snapshot), Err(want), "{snapshot:?}");
        }
    }

    #[test]
    fn o_12_a_channel_becomes_a_configuration() {
        let request = PutLiveChannel {
            frag_duration: Some("2"),
            frag_count: Some("9"),
            snapshot: Some(SNAPSHOT),
            ..LEAST
        };
        let config = request.check().unwrap().config(Options::default()).unwrap();
        assert_eq!(config.options().frag_duration.secs(), 2);
        assert_eq!(config.options().frag_count.get(), 9);
        assert_eq!(config.options().snapshot_interval, Some(TickSpan::from_secs(5)));
    }
}
