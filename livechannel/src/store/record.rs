//! What is stored of a channel, as JSON.

use hls_segmenter::config::{ConfigError, FragCount, FragDuration};
use hls_segmenter::{Config, Options, oss, time::TickSpan};
use serde::{Deserialize, Serialize};

use super::{Form, StoredSegment};

/// A channel as PutLiveChannel made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChannelRecord {
    pub(crate) description: String,
    pub(crate) enabled: bool,
    pub(crate) frag_duration: u32,
    pub(crate) frag_count: u32,
    pub(crate) playlist_name: String,
    pub(crate) snapshot: Option<SnapshotRecord>,
    /// What OSS does not have.
    #[serde(default, skip_serializing_if = "Form::is_plain")]
    pub(crate) form: Form,
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
    pub(crate) fn new(channel: &oss::LiveChannel<'_>, form: Form, now: i64) -> Self {
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
            form,
            modified: now,
        }
    }

    /// Returns what the engine is to do.
    pub(crate) fn config(&self, options: Options) -> Result<Config, ConfigError> {
        Config::new(
            self.form.options(Options {
                frag_duration: FragDuration::new(self.frag_duration)?,
                frag_count: FragCount::new(self.frag_count)?,
                snapshot_interval: self
                    .snapshot
                    .as_ref()
                    .map(|snapshot| TickSpan::from_secs(i64::from(snapshot.interval))),
                ..options
            })?,
        )
    }
}

/// The live state of a channel, all of it in one cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ChannelState {
    /// Grows with every publication.
    pub(crate) epoch: u64,
    /// Makes the records of two writers differ, whatever else is in them.
    pub(crate) writer: String,
    /// Grows with every write: a writer that is alive is seen by it.
    #[serde(default)]
    pub(crate) revision: u64,
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
    /// Where other nodes reach the one that has the channel, for the parts that are in its memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parts_at: Option<String>,
    /// The last publisher, if it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<Refused>,
    /// Buckets that snapshots of this channel were ever written to.
    #[serde(default)]
    pub(crate) snapshot_buckets: Vec<String>,
}

/// A node's right to write a channel. It ends when nobody has seen a new revision of the state for
/// so long; there is no time of day in it, because clocks differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lease {
    pub(crate) node: String,
    /// How long it lasts without a new revision; 0 is of a version that wrote times of day.
    #[serde(default)]
    pub(crate) millis: u64,
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
    /// Media that is not carried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) dropped: Vec<Dropped>,
}

impl LiveSession {
    /// Begins a publication at a time, in Unix milliseconds.
    pub(crate) const fn new(now: i64, remote: String) -> Self {
        Self { connected: now, seen: now, remote, video: None, audio: None, dropped: Vec::new() }
    }
}

/// Media of a publication that is not carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dropped {
    pub(crate) media: Media,
    pub(crate) codec: String,
    /// Why, in words for people.
    pub(crate) reason: String,
}

/// What a track is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Media {
    Video,
    Audio,
}

/// A publisher that was refused after it had begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refused {
    /// Unix milliseconds.
    pub(crate) at: i64,
    pub(crate) remote: String,
    pub(crate) reason: String,
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredList {
    /// Name of the playlist that was written.
    pub(crate) playlist: String,
    /// The engine's resume token.
    pub(crate) token: Vec<u8>,
    /// Media sequence number behind the last segment.
    pub(crate) next: u64,
    /// What its segments are made of: a list is of one kind.
    #[serde(default, skip_serializing_if = "Form::is_plain")]
    pub(crate) form: Form,
    /// The listed segments, oldest first.
    pub(crate) segments: Vec<StoredSegment>,
}

impl StoredList {
    /// Returns whether a segment is listed that was opened before a time, in Unix milliseconds.
    pub(crate) fn has_before(&self, time: i64) -> bool {
        self.segments.iter().any(|segment| segment.wall < time)
    }

    /// Forgets the segments, not how they were numbered.
    pub(crate) fn forget(&mut self) {
        self.segments.clear();
        self.token.clear();
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
    /// Remembers a bucket that snapshots are written to.
    pub(crate) fn snapshots_go_to(&mut self, bucket: &str) {
        if self.snapshot_buckets.iter().all(|known| known != bucket) {
            self.snapshot_buckets.push(bucket.to_owned());
        }
    }

    /// Returns whether the numbers in the record can be gone on with.
    pub(crate) fn is_sound(&self) -> bool {
        let listed = self.list.iter().flat_map(|list| &list.segments);
        let segments = listed.chain(&self.tail);
        let next = self.list.as_ref().map_or(0, |list| list.next);
        self.epoch < MOST_NUMBER
            && self.revision < MOST_NUMBER
            && next < MOST_NUMBER
            && segments.into_iter().all(|segment| segment.sequence < next && segment.is_sound())
    }

    /// Makes the state that is gone on with when only this older copy of it can be read: numbers
    /// that the lost writes may have given are passed over, and what they listed is forgotten.
    pub(crate) fn after_loss(mut self) -> Self {
        self.epoch += LOST_NUMBERS;
        self.revision += LOST_NUMBERS;
        self.lease = None;
        self.session = None;
        if let Some(list) = &mut self.list {
            list.next += LOST_NUMBERS;
            list.forget();
        }
        self
    }

    /// Makes the state of a channel of which nothing can be read: its numbers are above those of
    /// any channel that began at zero.
    pub(crate) fn after_total_loss(now: i64) -> Self {
        let above = u64::try_from(now / 1000).unwrap_or_default();
        Self {
            epoch: above,
            list: Some(StoredList { next: above, ..StoredList::default() }),
            ..Self::default()
        }
    }

    /// Begins a publication: the next epoch, of this writer. A session that is still there is of a
    /// node that died, and ends when it was seen last.
    pub(crate) fn begin_session(&mut self, writer: String, session: LiveSession) {
        let seen = self.session.as_ref().map_or(session.connected, |before| before.seen);
        self.end_session(seen);
        self.epoch += 1;
        self.writer = writer;
        self.refused = None;
        self.session = Some(session);
    }

    /// Moves the publication that was going on to the history.
    pub(crate) fn end_session(&mut self, end: i64) {
        self.parts_at = None;
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
/// More segments than can be listed between two copies of the state, by far.
const LOST_NUMBERS: u64 = 1 << 16;
/// A number above this was never counted to.
const MOST_NUMBER: u64 = 1 << 53;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o_22_history_keeps_the_ten_newest_oldest_first() {
        let mut state = ChannelState::default();
        for n in 0..13 {
            state.session = Some(LiveSession::new(n, String::new()));
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
            epoch: 7,
            date: Some(5),
            disc: true,
            init: None,
        });
        let text = serde_json::to_vec(&state).unwrap();
        assert_eq!(serde_json::from_slice::<ChannelState>(&text).unwrap(), state);
    }
}
