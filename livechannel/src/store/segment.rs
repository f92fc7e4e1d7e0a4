//! Segments and initialization sections as they are stored: their names, and what is listed of them.
//!
//! ```text
//! 1795419310000_7.ts     a segment that was opened at this Unix time in ms, by publication 7
//! 1795419310000_7.m4s    the same in fragmented MP4
//! 1795419310000_7.mp4    the section that this segment and those after it need
//! ```

use hls_segmenter::playlist::ListedSegment;
use hls_segmenter::time::{Millis, WallTime};
use serde::{Deserialize, Serialize};

use super::Container;

/// A segment of the playlist or the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredSegment {
    pub(crate) id: u64,
    #[serde(rename = "seq")]
    pub(crate) sequence: u64,
    /// EXTINF in milliseconds.
    pub(crate) ms: u32,
    /// Unix milliseconds when it was opened, which its name begins with.
    pub(crate) wall: i64,
    /// Epoch of the publication that wrote it; 0 is of a version that left it out of the name.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) epoch: u64,
    /// EXT-X-PROGRAM-DATE-TIME in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<i64>,
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub(crate) disc: bool,
    /// The initialization section that it needs; none in MPEG-TS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) init: Option<StoredInit>,
}

/// An initialization section. The publication that wrote a segment has written its section too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredInit {
    /// Id of the first segment that needed it.
    pub(crate) id: u64,
    /// Unix milliseconds when that segment was opened, which the section's name begins with.
    pub(crate) wall: i64,
}

/// What a file name of the service says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MediaName {
    /// Unix milliseconds.
    pub(crate) wall: i64,
    /// Epoch of the publication that wrote the file.
    pub(crate) epoch: u64,
    pub(crate) kind: MediaKind,
}

/// What a file of the service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaKind {
    /// A segment of MPEG-TS.
    Ts,
    /// A segment of fragmented MP4.
    Fragments,
    /// An initialization section.
    Init,
}

impl StoredSegment {
    /// Takes over what the engine says of a segment of the publication `epoch`.
    pub(crate) fn new(segment: &ListedSegment, epoch: u64, init: Option<StoredInit>) -> Self {
        Self {
            epoch,
            init,
            id: segment.id,
            sequence: segment.sequence,
            ms: segment.extinf.millis(),
            wall: segment.wall.map(WallTime::unix_millis).unwrap_or_default(),
            date: segment.program_date_time.map(WallTime::unix_millis),
            disc: segment.discontinuity,
        }
    }

    pub(crate) const fn container(&self) -> Container {
        match self.init {
            None => Container::Ts,
            Some(_) => Container::Fmp4,
        }
    }

    /// Returns whether its times can be those of names.
    pub(super) fn is_sound(&self) -> bool {
        self.wall >= 0 && self.init.is_none_or(|init| (0..=self.wall).contains(&init.wall))
    }

    /// Returns the segment's file name.
    pub(crate) fn name(&self) -> String {
        file_name(self.wall, self.epoch, self.container().extension())
    }

    /// Returns the file name of the section that the segment needs.
    pub(crate) fn init_name(&self) -> Option<String> {
        self.init.map(|init| init.name(self.epoch))
    }
}

impl StoredInit {
    /// Returns the file name of a section of the publication `epoch`.
    pub(crate) fn name(&self, epoch: u64) -> String {
        file_name(self.wall, epoch, INIT)
    }
}

impl MediaName {
    /// Reads a file name; `None` for every one that is not the service's.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (stem, extension) = name.rsplit_once('.')?;
        let kind = match extension {
            "ts" => MediaKind::Ts,
            "m4s" => MediaKind::Fragments,
            INIT => MediaKind::Init,
            _ => return None,
        };
        let (stamp, epoch) = stem.split_once('_').unwrap_or((stem, "0"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_stamp = stamp.len() == 13 && digits(stamp) && digits(epoch);
        is_stamp
            .then(|| Some(Self { wall: stamp.parse().ok()?, epoch: epoch.parse().ok()?, kind }))?
    }
}

impl From<&StoredSegment> for ListedSegment {
    fn from(segment: &StoredSegment) -> Self {
        Self::new(segment.id, segment.sequence, Millis::new(segment.ms))
            .with_wall(Some(WallTime::from_unix_millis(segment.wall)))
            .with_program_date_time(segment.date.map(WallTime::from_unix_millis))
            .with_discontinuity(segment.disc)
            .with_init(segment.init.map(|init| init.id))
    }
}

/// Epoch 0 is of a version that left it out.
fn file_name(wall: i64, epoch: u64, extension: &str) -> String {
    match epoch {
        0 => format!("{wall:013}.{extension}"),
        epoch => format!("{wall:013}_{epoch}.{extension}"),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde lends the field")]
const fn is_zero(epoch: &u64) -> bool {
    *epoch == 0
}

/// How the names of initialization sections end.
const INIT: &str = "mp4";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mp4_10_a_segment_names_its_file_and_that_of_its_section() {
        let listed = ListedSegment::new(9, 4, Millis::new(2000))
            .with_wall(Some(WallTime::from_unix_millis(1_795_419_312_000)));
        let init = StoredInit { id: 7, wall: 1_795_419_310_000 };
        for (epoch, init, name, section) in [
            (0, None, "1795419312000.ts", None),
            (3, None, "1795419312000_3.ts", None),
            (3, Some(init), "1795419312000_3.m4s", Some("1795419310000_3.mp4")),
        ] {
            let segment = StoredSegment::new(&listed, epoch, init);
            assert_eq!(segment.name(), name);
            assert_eq!(segment.init_name().as_deref(), section);
            assert_eq!(ListedSegment::from(&segment).init, init.map(|init| init.id));
            let read = MediaName::parse(name).unwrap();
            assert_eq!((read.wall, read.epoch), (segment.wall, epoch));
        }
    }

    #[test]
    fn a_segment_of_an_earlier_version_is_one_of_mpeg_ts() {
        let text = r#"{"id":1,"seq":2,"ms":3,"wall":4}"#;
        let segment: StoredSegment = serde_json::from_str(text).unwrap();
        assert_eq!(
            (segment.container(), segment.name().as_str()),
            (Container::Ts, "0000000000004.ts")
        );
        assert_eq!(serde_json::to_string(&segment).unwrap(), text);
    }

    #[test]
    fn other_names_say_nothing() {
        for name in
            ["1.ts", "1795419310000", "1795419310000_.m4s", "1795419310000_1.jpg", "p1_1.0.m4s"]
        {
            assert_eq!(MediaName::parse(name), None, "{name}");
        }
        let init = MediaName::parse("1795419310000_2.mp4");
        assert_eq!(init.map(|name| name.kind), Some(MediaKind::Init));
    }
}
