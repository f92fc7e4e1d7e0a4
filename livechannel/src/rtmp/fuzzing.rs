//! What is promised of RTMP, whatever a peer sends.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a fuzz target panics where a promise is broken"
)]

use core::fmt::Write as _;

use super::amf::{self, Value};
use super::chunks::{ChunkError, ChunkLimits, ChunkReader, Step};
use super::session::{Event, PublishRequest, Session};
use super::standing::{INTERLEAVED_LEN, MOST_CHUNK_STREAMS, STRANGER_LEN};
use super::url::Target;
use crate::name::BucketName;
use crate::settings::Settings;

/// Chunks with a session behind them: however the bytes come, the same messages, answers and end,
/// and never more in buffers than the limits say.
pub fn fuzz_rtmp(data: &[u8]) {
    let whole = Observed::of(data, data.len().max(1));
    for piece in [1, 7, 1000] {
        let pieces = Observed::of(data, piece);
        // What lies whole in the input takes no buffer, so pieces may come to the limit earlier.
        if pieces.is_over_budget || whole.is_over_budget {
            let len = pieces.told.len().min(whole.told.len());
            assert_eq!(pieces.told[..len], whole.told[..len], "pieces of {piece}");
        } else {
            assert_eq!(pieces, whole, "pieces of {piece}");
        }
    }
}

#[derive(Debug, Default, PartialEq)]
struct Observed {
    told: Vec<String>,
    /// Their bytes: the properties of an object are in any order.
    answers_len: usize,
    is_over_budget: bool,
}

impl Observed {
    fn of(data: &[u8], piece: usize) -> Self {
        let limits = ChunkLimits {
            message_len: STRANGER_LEN,
            unfinished_len: STRANGER_LEN,
            streams: MOST_CHUNK_STREAMS,
        };
        let (mut reader, mut session) = (ChunkReader::new(limits), Session::new());
        let (mut seen, mut held) = (Self::default(), Vec::new());
        for part in data.chunks(piece) {
            held.extend_from_slice(part);
            let mut used = 0;
            while let Some(consumed) = seen.step(&mut reader, &mut session, &held[used..]) {
                used += consumed;
            }
            held.drain(..used);
            if seen.told.last().is_some_and(|last| last.starts_with("end")) {
                break;
            }
        }
        seen
    }

    /// Takes one step; `None` where there is nothing more to take.
    fn step(
        &mut self,
        reader: &mut ChunkReader,
        session: &mut Session,
        input: &[u8],
    ) -> Option<usize> {
        if self.told.last().is_some_and(|last| last.starts_with("end")) {
            return None;
        }
        let (consumed, event) = match reader.step(input) {
            Ok(Step::Need) => return None,
            Ok(Step::Progress { consumed }) => {
                reader.check();
                return Some(consumed);
            }
            Ok(Step::Message { consumed, message }) => {
                let mut text = format!("{} {} {} ", message.kind, message.time, message.stream);
                for byte in message.data.iter().take(20) {
                    let _ = write!(text, "{byte:02x}");
                }
                self.told.push(text);
                (consumed, session.take(&message))
            }
            Err(error) => {
                self.is_over_budget = matches!(error, ChunkError::TooMuchUnfinished { .. });
                self.told.push(format!("end: {error}"));
                return None;
            }
        };
        reader.check();
        match event {
            Ok(Event::ChunkSize(size)) => {
                if let Err(error) = reader.set_chunk_size(size) {
                    self.told.push(format!("end: {error}"));
                }
            }
            Ok(Event::Abort(id)) => reader.abort(id),
            Ok(Event::Publish(request)) => {
                check_target(&request);
                session.accept(&request.name).expect("an answer can be written");
                reader.allow(1 << 20, INTERLEAVED_LEN);
            }
            Ok(Event::End) => self.told.push("end".to_owned()),
            Ok(Event::None | Event::Media) => {}
            Err(error) => self.told.push(format!("end: {error}")),
        }
        self.answers_len += session.take_output().len();
        Some(consumed)
    }
}

/// AMF0: a value or an error, and never more of it than there are bytes.
pub fn fuzz_amf(data: &[u8]) {
    if let Ok(values) = amf::read(data) {
        let (count, len) = values.iter().map(weigh).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        assert!(count <= 256 && len <= data.len(), "{count} values of {len} bytes");
    }
}

/// Returns how many values a value is, and how many bytes of text it holds.
fn weigh(value: &Value) -> (usize, usize) {
    match value {
        Value::String(text) => (1, text.len()),
        Value::Object(properties) => properties
            .iter()
            .map(|(name, value)| (name.len(), weigh(value)))
            .fold((1, 0), |sum, (name, (count, len))| (sum.0 + count, sum.1 + name + len)),
        Value::Number(_) | Value::Other => (1, 0),
    }
}

/// An RTMP address, a line each for application, `tcUrl` and stream name: what comes out lies in a
/// bucket of the settings.
pub fn fuzz_address(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n').map(str::to_owned);
    let mut next = || lines.next().unwrap_or_default();
    check_target(&PublishRequest { app: next(), tc_url: next(), name: next() });
}

fn check_target(request: &PublishRequest) {
    let buckets = BucketName::new("bkt").into_iter().collect();
    let settings = Settings { buckets, ..Settings::default() };
    let Ok(target) = Target::read(request, &settings) else {
        return;
    };
    assert!(settings.has_bucket(&target.key.bucket), "{target:?}");
    let channel = target.key.channel.as_str();
    assert!(!channel.is_empty() && channel.len() <= 64, "{target:?}");
    for name in target.playlist_name.as_deref().into_iter().chain([channel]) {
        let leaves = name.contains(['/', '\\']) || name.chars().any(char::is_control);
        assert!(!leaves && name != "." && name != "..", "{target:?}");
    }
}
