//! What is stored of a channel, as JSON.

use hls_segmenter::playlist::ListedSegment;
use hls_segmenter::time::{Millis, WallTime};
use hls_segmenter::{Config, Options, oss, time::TickSpan};
use serde::{Deserialize, Serialize};

use hls_segmenter::config::{ConfigError, FragCount, FragDuration};

/// A channel as PutLiveChannel made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChannelRecord {
    pub(crate) description: String,
    pub(crate) enabled: bool,
    pub(crate) frag_duration: u32,
    pub(crate) frag_count: u32,
    pub(crate) playlist_name: String,
    pub(crate) snapshot: Option<SnapshotRecord>,
    /// Unix milliseconds of the last change.
    pub(crate) modified: i64,
}

/// Where snapshots go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SnapshotRecord {
    pub(crate) role_name: String,
    pub(crate) dest_bucket: String,
    pub(crate) notify_topic: String,
    pub(crate) interval: u32,
}

impl ChannelRecord {
    pub(crate) fn new(channel: &oss::LiveChannel<'_>, now: i64) -> Self {
        Self {
            description: channel.description.to_owned(),
            enabled: channel.status == oss::Status::Enabled,
            frag_duration: channel.frag_duration.secs(),
            frag_count: u32::try_from(channel.frag_count.get()).unwrap_or(u32::MAX),
            playlist_name: channel.playlist_name.to_owned(),
            snapshot: channel.snapshot.map(|snapshot| SnapshotRecord {
                role_name: snapshot.role_name.to_owned(),
                dest_bucket: snapshot.dest_bucket.to_owned(),
                notify_topic: snapshot.notify_topic.to_owned(),
                interval: snapshot.interval.secs(),
            }),
            modified: now,
        }
    }

    /// Returns what the engine is to do.
    pub(crate) fn config(&self, options: Options) -> Result<Config, ConfigError> {
        Config::new(Options {
            frag_duration: FragDuration::new(self.frag_duration)?,
            frag_count: FragCount::new(self.frag_count)?,
            snapshot_interval: self
                .snapshot
                .as_ref()
                .map(|snapshot| TickSpan::from_secs(i64::from(snapshot.interval))),
            ..options
        })
    }
}

/// The live state of a channel: one entry of its log holds all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ChannelState {
    /// Grows by one with every publication.
    pub(crate) epoch: u64,
    /// Makes entries of two writers differ, whatever else is in them.
    pub(crate) writer: String,
    /// Who may write, and how long.
    pub(crate) lease: Option<Lease>,
    /// The publication that is going on, or that was when its node died.
    pub(crate) session: Option<LiveSession>,
    /// The last ten that are over, oldest first.
    pub(crate) history: Vec<PastSession>,
    /// The playlist, and what an engine needs to go on with it.
    pub(crate) list: Option<StoredList>,
    /// Segments that are in no run of the index yet, oldest first.
    pub(crate) tail: Vec<StoredSegment>,
    /// The last cuts, oldest first.
    pub(crate) cuts: Vec<Cut>,
}

/// A node's right to write a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lease {
    pub(crate) node: String,
    /// Unix milliseconds.
    pub(crate) until: i64,
}

/// A publication that is going on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LiveSession {
    /// Unix milliseconds.
    pub(crate) connected: i64,
    /// Unix milliseconds of the last sign of life.
    pub(crate) seen: i64,
    pub(crate) remote: String,
    pub(crate) video: Option<StoredVideo>,
    pub(crate) audio: Option<StoredAudio>,
}

/// A publication that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PastSession {
    /// Unix milliseconds.
    pub(crate) start: i64,
    /// Unix milliseconds.
    pub(crate) end: i64,
    pub(crate) remote: String,
}

/// What GetLiveChannelStat says of video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredVideo {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) frame_rate: u32,
    pub(crate) bandwidth: u32,
    pub(crate) codec: String,
}

/// What GetLiveChannelStat says of audio.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredAudio {
    pub(crate) bandwidth: u32,
    pub(crate) sample_rate: u32,
    pub(crate) codec: String,
}

/// A playlist as an engine left it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredList {
    /// Name of the playlist that was written.
    pub(crate) playlist: String,
    /// The engine's resume token.
    pub(crate) token: Vec<u8>,
    /// Media sequence number behind the last segment.
    pub(crate) next: u64,
    /// The listed segments, oldest first.
    pub(crate) segments: Vec<StoredSegment>,
}

/// A segment of the playlist or the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredSegment {
    pub(crate) id: u64,
    #[serde(rename = "seq")]
    pub(crate) sequence: u64,
    /// EXTINF in milliseconds.
    pub(crate) ms: u32,
    /// Unix milliseconds when it was opened: its name.
    pub(crate) wall: i64,
    /// EXT-X-PROGRAM-DATE-TIME in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<i64>,
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub(crate) disc: bool,
}

impl StoredSegment {
    /// Returns the segment's file name.
    pub(crate) fn name(&self) -> String {
        segment_name(self.wall)
    }
}

/// Returns the name of a segment that was opened at `wall`.
pub(crate) fn segment_name(wall: i64) -> String {
    format!("{wall:013}.ts")
}

impl From<&ListedSegment> for StoredSegment {
    fn from(segment: &ListedSegment) -> Self {
        Self {
            id: segment.id,
            sequence: segment.sequence,
            ms: segment.extinf.millis(),
            wall: segment.wall.map(WallTime::unix_millis).unwrap_or_default(),
            date: segment.program_date_time.map(WallTime::unix_millis),
            disc: segment.discontinuity,
        }
    }
}

impl From<&StoredSegment> for ListedSegment {
    fn from(segment: &StoredSegment) -> Self {
        Self::new(segment.id, segment.sequence, Millis::new(segment.ms))
            .with_wall(Some(WallTime::from_unix_millis(segment.wall)))
            .with_program_date_time(segment.date.map(WallTime::from_unix_millis))
            .with_discontinuity(segment.disc)
    }
}

/// A cut, for the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cut {
    /// Unix milliseconds when the segment was opened.
    pub(crate) wall: i64,
    pub(crate) sequence: u64,
    /// EXTINF in milliseconds.
    pub(crate) ms: u32,
    pub(crate) bytes: u64,
    pub(crate) cause: String,
    /// Longest distance between key frames, in milliseconds.
    pub(crate) gop: i64,
    /// Behind EXT-X-DISCONTINUITY.
    pub(crate) disc: bool,
}

impl ChannelState {
    /// Says whether somebody may be publishing at `now`.
    pub(crate) fn is_live(&self, now: i64) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.until > now)
    }

    /// Moves the publication that was going on to the history.
    pub(crate) fn end_session(&mut self, end: i64) {
        if let Some(session) = self.session.take() {
            self.history.push(PastSession {
                start: session.connected,
                end,
                remote: session.remote,
            });
            let excess = self.history.len().saturating_sub(HISTORY);
            self.history.drain(..excess);
        }
    }
}

/// Records of GetLiveChannelHistory.
const HISTORY: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o_22_history_keeps_the_ten_newest_oldest_first() {
        let mut state = ChannelState::default();
        for n in 0..13 {
            state.session = Some(LiveSession {
                connected: n,
                seen: n,
                remote: String::new(),
                video: None,
                audio: None,
            });
            state.end_session(n + 1);
        }
        let starts: Vec<i64> = state.history.iter().map(|past| past.start).collect();
        assert_eq!(starts, (3..13).collect::<Vec<_>>());
    }

    #[test]
    fn a_state_is_read_as_it_was_stored() {
        let mut state = ChannelState { epoch: 7, ..ChannelState::default() };
        state.tail.push(StoredSegment {
            id: 1,
            sequence: 2,
            ms: 3,
            wall: 4,
            date: Some(5),
            disc: true,
        });
        let text = serde_json::to_vec(&state).unwrap();
        assert_eq!(serde_json::from_slice::<ChannelState>(&text).unwrap(), state);
    }
}
