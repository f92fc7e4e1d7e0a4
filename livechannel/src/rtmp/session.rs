//! The server's side of an RTMP session, without its socket: messages in, events and bytes out.

use std::collections::HashMap;

use rml_amf0::Amf0Value;
use rml_rtmp::chunk_io::ChunkSerializer;
use rml_rtmp::messages::{PeerBandwidthLimitType, RtmpMessage, UserControlEventType};
use rml_rtmp::time::RtmpTimestamp;

use super::amf::{self, AmfError, Value};
use super::chunks::Message;

/// What a message led to.
#[derive(Debug, PartialEq)]
pub(crate) enum Event {
    /// Nothing to do.
    None,
    /// The peer's chunks have this size from now on.
    ChunkSize(u32),
    /// The unfinished message of this chunk stream is dropped.
    Abort(u32),
    /// The message is audio, video or script data of the publication.
    Media,
    /// The peer wants to publish: [`Session::accept`] or [`Session::refuse`] answers.
    Publish(PublishRequest),
    /// The publication is over.
    End,
}

/// What a peer wants to publish to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublishRequest {
    pub(crate) app: String,
    pub(crate) tc_url: String,
    pub(crate) name: String,
}

/// A peer that does not keep to the protocol.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error(transparent)]
    Amf(#[from] AmfError),
    #[error("command of {0} bytes")]
    LongCommand(usize),
    #[error("control message of {0} bytes")]
    ShortControl(usize),
    #[error("{0} before connect")]
    NotConnected(&'static str),
    #[error("an answer cannot be written: {0}")]
    Answer(String),
}

/// One session.
pub(crate) struct Session {
    serializer: ChunkSerializer,
    /// Bytes for the peer.
    out: Vec<u8>,
    connected: Option<(String, String)>,
    /// Message stream that is being published on.
    publishing: Option<u32>,
    next_stream: u32,
    received: u64,
    acknowledged: u64,
    /// The peer wants to hear of every so many bytes.
    window: u64,
}

/// Longest command; a `connect` has a few hundred bytes, and so has a signed address.
const MOST_COMMAND: usize = 16 * 1024;
/// What is told of window sizes: nobody here waits for acknowledgements.
const WINDOW: u32 = 2_500_000;

impl Session {
    pub(crate) fn new() -> Self {
        Self {
            serializer: ChunkSerializer::new(),
            out: Vec::new(),
            connected: None,
            publishing: None,
            next_stream: 1,
            received: 0,
            acknowledged: 0,
            window: u64::from(WINDOW),
        }
    }

    /// Returns how many bytes wait to be sent to the peer.
    pub(crate) const fn output_len(&self) -> usize {
        self.out.len()
    }

    /// Returns what has to be sent to the peer.
    pub(crate) fn take_output(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.out)
    }

    /// Counts bytes that came, for the acknowledgement that the peer may wait for.
    pub(crate) fn count(&mut self, received: usize) -> Result<(), SessionError> {
        self.received += received as u64;
        if self.received - self.acknowledged >= self.window {
            self.acknowledged = self.received;
            #[expect(clippy::cast_possible_truncation, reason = "the number wraps on the wire")]
            let sequence_number = self.received as u32;
            self.send(0, RtmpMessage::Acknowledgement { sequence_number })?;
        }
        Ok(())
    }

    /// Takes one message.
    pub(crate) fn take(&mut self, message: &Message<'_>) -> Result<Event, SessionError> {
        let word = || {
            let bytes = message.data.first_chunk().copied();
            bytes.map(u32::from_be_bytes).ok_or(SessionError::ShortControl(message.data.len()))
        };
        match message.kind {
            1 => Ok(Event::ChunkSize(word()?)),
            2 => Ok(Event::Abort(word()?)),
            5 => {
                self.window = u64::from(word()?.max(1000));
                Ok(Event::None)
            }
            8 | 9 | 15 | 18 | 22 => Ok(match self.publishing {
                Some(stream) if stream == message.stream => Event::Media,
                _ => Event::None,
            }),
            17 => self.command(message, message.data.get(1..).unwrap_or_default()),
            20 => self.command(message, message.data),
            _ => Ok(Event::None),
        }
    }

    /// Answers a publish request with yes.
    pub(crate) fn accept(&mut self, name: &str) -> Result<(), SessionError> {
        let stream = self.publishing.unwrap_or(1);
        let begin = RtmpMessage::UserControl {
            event_type: UserControlEventType::StreamBegin,
            stream_id: Some(stream),
            buffer_length: None,
            timestamp: None,
        };
        self.send(0, begin)?;
        self.status(
            stream,
            "status",
            "NetStream.Publish.Start",
            &format!("{name} is now published"),
        )
    }

    /// Answers a publish request with no, and why: encoders print it.
    pub(crate) fn refuse(&mut self, code: &str, why: &str) -> Result<(), SessionError> {
        let stream = self.publishing.take().unwrap_or(1);
        self.status(stream, "error", code, why)
    }

    fn command(&mut self, message: &Message<'_>, data: &[u8]) -> Result<Event, SessionError> {
        if data.len() > MOST_COMMAND {
            return Err(SessionError::LongCommand(data.len()));
        }
        let values = amf::read(data)?;
        let name = values.first().and_then(Value::as_str).unwrap_or_default();
        let transaction = values.get(1).and_then(Value::as_number).unwrap_or(0.0);
        match name {
            "connect" => self.connect(transaction, values.get(2)).map(|()| Event::None),
            "createStream" => {
                let stream = self.next_stream;
                self.next_stream = self.next_stream.wrapping_add(1).max(1);
                self.result(transaction, Amf0Value::Null, Amf0Value::Number(f64::from(stream)))?;
                Ok(Event::None)
            }
            "releaseStream" | "FCPublish" | "getStreamLength" => {
                self.result(transaction, Amf0Value::Null, Amf0Value::Null)?;
                Ok(Event::None)
            }
            "publish" => self.publish(message.stream, values.get(3)),
            "play" | "play2" => {
                self.status(
                    message.stream,
                    "error",
                    "NetStream.Play.Failed",
                    "players load HLS from here",
                )?;
                Ok(Event::None)
            }
            "FCUnpublish" | "closeStream" | "deleteStream" if self.publishing.is_some() => {
                if let Some(stream) = self.publishing.take() {
                    self.status(
                        stream,
                        "status",
                        "NetStream.Unpublish.Success",
                        "the publication is over",
                    )?;
                }
                Ok(Event::End)
            }
            _ => Ok(Event::None),
        }
    }

    fn connect(&mut self, transaction: f64, object: Option<&Value>) -> Result<(), SessionError> {
        let text = |name| {
            let value = object.and_then(|object| object.property(name));
            value.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        self.connected = Some((text("app"), text("tcUrl")));
        self.send(0, RtmpMessage::WindowAcknowledgement { size: WINDOW })?;
        let bandwidth = RtmpMessage::SetPeerBandwidth {
            size: WINDOW,
            limit_type: PeerBandwidthLimitType::Dynamic,
        };
        self.send(0, bandwidth)?;
        let sized = self.serializer.set_max_chunk_size(4096, RtmpTimestamp::new(0));
        let packet = sized.map_err(|error| SessionError::Answer(error.to_string()))?;
        self.out.extend_from_slice(&packet.bytes);
        let server = object_of([
            ("fmsVer", Amf0Value::Utf8String("FMS/3,0,1,123".to_owned())),
            ("capabilities", Amf0Value::Number(31.0)),
        ]);
        let mut info =
            status_of("status", "NetConnection.Connect.Success", "Connection succeeded.");
        info.insert("objectEncoding".to_owned(), Amf0Value::Number(0.0));
        self.result(transaction, server, Amf0Value::Object(info))
    }

    fn publish(&mut self, stream: u32, name: Option<&Value>) -> Result<Event, SessionError> {
        let Some((app, tc_url)) = self.connected.clone() else {
            return Err(SessionError::NotConnected("publish"));
        };
        let name = name.and_then(Value::as_str).unwrap_or_default().to_owned();
        if self.publishing.is_some() {
            self.status(
                stream,
                "error",
                "NetStream.Publish.BadName",
                "one connection publishes one channel",
            )?;
            return Ok(Event::None);
        }
        self.publishing = Some(stream);
        Ok(Event::Publish(PublishRequest { app, tc_url, name }))
    }

    fn result(
        &mut self,
        transaction_id: f64,
        object: Amf0Value,
        argument: Amf0Value,
    ) -> Result<(), SessionError> {
        let answer = RtmpMessage::Amf0Command {
            command_name: "_result".to_owned(),
            transaction_id,
            command_object: object,
            additional_arguments: vec![argument],
        };
        self.send(0, answer)
    }

    fn status(
        &mut self,
        stream: u32,
        level: &str,
        code: &str,
        description: &str,
    ) -> Result<(), SessionError> {
        let answer = RtmpMessage::Amf0Command {
            command_name: "onStatus".to_owned(),
            transaction_id: 0.0,
            command_object: Amf0Value::Null,
            additional_arguments: vec![Amf0Value::Object(status_of(level, code, description))],
        };
        self.send(stream, answer)
    }

    fn send(&mut self, stream: u32, message: RtmpMessage) -> Result<(), SessionError> {
        let payload = message
            .into_message_payload(RtmpTimestamp::new(0), stream)
            .map_err(|error| SessionError::Answer(error.to_string()))?;
        let packet = self
            .serializer
            .serialize(&payload, true, false)
            .map_err(|error| SessionError::Answer(error.to_string()))?;
        self.out.extend_from_slice(&packet.bytes);
        Ok(())
    }
}

fn object_of<const N: usize>(properties: [(&str, Amf0Value); N]) -> Amf0Value {
    Amf0Value::Object(properties.map(|(key, value)| (key.to_owned(), value)).into())
}

fn status_of(level: &str, code: &str, description: &str) -> HashMap<String, Amf0Value> {
    let text = |text: &str| Amf0Value::Utf8String(text.to_owned());
    [("level", text(level)), ("code", text(code)), ("description", text(description))]
        .map(|(key, value)| (key.to_owned(), value))
        .into()
}
