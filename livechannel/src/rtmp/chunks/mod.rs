//! Chunks to messages (RTMP 1.0 §5.3), with limits: the one part of RTMP where a hostile peer
//! chooses how much memory it costs.
//!
//! ```text
//! chunk   fmt 2 │ csid 6 (14, 22) │ [time 24 │ [length 24 │ kind 8 │ [stream id 32]]] │ [extended time 32] │ payload
//! ```
//!
//! A message that lies whole in the input is lent from there; any other is put together in a buffer
//! of its chunk stream. When it is complete, its buffer is all that is kept, for the message that is
//! put together next, on whatever stream. Chunk streams may be interleaved as they like.
//!
//! > What this holds is bounded by what buffers could hold, not by what is in them: those of unfinished
//! > messages and the one of a complete message have `unfinished_len` together.

mod header;

use header::{Fields, basic_header};

/// What a connection may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkLimits {
    /// Longest message in bytes.
    pub(crate) message_len: usize,
    /// The most that buffers of unfinished messages of all chunk streams have together, in bytes.
    pub(crate) unfinished_len: usize,
    /// Most chunk streams.
    pub(crate) streams: usize,
}

/// One message, borrowed until the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// Message type id.
    pub(crate) kind: u8,
    /// Milliseconds, wrapping.
    pub(crate) time: u32,
    /// Message stream id.
    pub(crate) stream: u32,
    /// The payload.
    pub(crate) data: &'a [u8],
}

/// What [`ChunkReader::step`] found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// Some input was used up; there may be more in the rest.
    Progress { consumed: usize },
    /// A message is complete.
    Message { consumed: usize, message: Message<'a> },
    /// The rest is too short to go on.
    Need,
}

/// Bytes that are no chunks, or more than the limits allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChunkError {
    #[error("message of {len} bytes is longer than {most}")]
    MessageTooLong { len: usize, most: usize },
    #[error("unfinished messages have more than {most} bytes together")]
    TooMuchUnfinished { most: usize },
    #[error("more than {most} chunk streams")]
    TooManyStreams { most: usize },
    #[error("chunk stream {id} begins without a full header")]
    NoHeader { id: u32 },
    #[error("chunk size of {size} bytes is not from 1 to 2^31-1")]
    ChunkSize { size: u32 },
}

/// Puts the messages of one connection together.
#[derive(Debug)]
pub(crate) struct ChunkReader {
    limits: ChunkLimits,
    chunk_size: usize,
    streams: Vec<ChunkStream>,
    /// The chunk whose payload comes next: index of its stream and bytes still to come.
    current: Option<(usize, usize)>,
    /// Capacity of the buffers of all streams; only unfinished messages have one.
    unfinished: usize,
    /// The buffer of the last message that was put together.
    complete: Vec<u8>,
}

#[derive(Debug, Default)]
struct ChunkStream {
    id: u32,
    time: u32,
    /// Added to `time` when a chunk without header begins a message.
    delta: u32,
    /// The header's time did not fit 24 bits: chunks repeat it behind their header.
    extended: Option<u32>,
    len: usize,
    kind: u8,
    stream: u32,
    partial: Vec<u8>,
    /// A message has begun and is not complete.
    open: bool,
}

impl ChunkReader {
    pub(crate) const fn new(limits: ChunkLimits) -> Self {
        Self {
            limits,
            chunk_size: 128,
            streams: Vec::new(),
            current: None,
            unfinished: 0,
            complete: Vec::new(),
        }
    }

    /// Allows longer messages from now on, to a peer that has shown that it may send media.
    /// `others_len` is for what is unfinished beside the longest one.
    pub(crate) const fn allow(&mut self, message_len: usize, others_len: usize) {
        self.limits.message_len = message_len;
        self.limits.unfinished_len = message_len.saturating_add(others_len);
    }

    /// Takes the peer's Set Chunk Size.
    pub(crate) const fn set_chunk_size(&mut self, size: u32) -> Result<(), ChunkError> {
        if size == 0 || size > 0x7fff_ffff {
            return Err(ChunkError::ChunkSize { size });
        }
        self.chunk_size = size as usize;
        Ok(())
    }

    /// Takes the peer's Abort: the unfinished message of a chunk stream is dropped, if there is one.
    pub(crate) fn abort(&mut self, id: u32) {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) {
            self.unfinished -= stream.forget();
        }
    }

    /// Panics where the buffers are not what is counted, or more than the limits allow.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn check(&self) {
        let open = self.streams.iter().map(|stream| stream.partial.capacity()).sum::<usize>();
        assert_eq!(open, self.unfinished, "what is counted is what there is");
        assert!(open + self.complete.capacity() <= self.limits.unfinished_len);
        assert!(self.streams.len() <= self.limits.streams);
    }

    /// Takes the next piece of input: a chunk header, payload, or a whole message.
    pub(crate) fn step<'a>(&'a mut self, input: &'a [u8]) -> Result<Step<'a>, ChunkError> {
        let Some((nth, left)) = self.current else {
            return Ok(match self.header(input)? {
                Some(consumed) => Step::Progress { consumed },
                None => Step::Need,
            });
        };
        if left > 0 && input.is_empty() {
            return Ok(Step::Need);
        }
        let take = left.min(input.len());
        let Some((stream, data)) = self.streams.get_mut(nth).zip(input.get(..take)) else {
            return Ok(Step::Need);
        };
        let whole = stream.partial.is_empty() && take == stream.len;
        if !whole {
            let kept = self.complete.capacity();
            if kept > KEPT_CAPACITY || kept + self.unfinished > self.limits.unfinished_len {
                self.complete = Vec::new();
            }
            if stream.partial.capacity() == 0 {
                stream.partial = core::mem::take(&mut self.complete);
                stream.partial.clear();
                self.unfinished += stream.partial.capacity();
            }
            let (has, needs) = (stream.partial.capacity(), stream.capacity_for(take));
            if self.unfinished + needs.saturating_sub(has) > self.limits.unfinished_len {
                return Err(ChunkError::TooMuchUnfinished { most: self.limits.unfinished_len });
            }
            stream.partial.reserve_exact(needs.saturating_sub(stream.partial.len()));
            self.unfinished += stream.partial.capacity() - has;
            stream.partial.extend_from_slice(data);
        }
        self.current = (take < left).then_some((nth, left - take));
        if !whole && stream.partial.len() < stream.len {
            return Ok(Step::Progress { consumed: take });
        }
        let (kind, time, id) = (stream.kind, stream.time, stream.stream);
        stream.open = false;
        if !whole {
            self.unfinished -= stream.partial.capacity();
            self.complete = core::mem::take(&mut stream.partial);
        }
        let data = if whole { data } else { &self.complete };
        let message = Message { kind, time, stream: id, data };
        Ok(Step::Message { consumed: take, message })
    }

    /// Reads a chunk's header and returns its length; `None` when it is not there whole.
    fn header(&mut self, input: &[u8]) -> Result<Option<usize>, ChunkError> {
        let mut rest = input;
        let Some((format, id)) = basic_header(&mut rest) else {
            return Ok(None);
        };
        let known = self.streams.iter().position(|stream| stream.id == id);
        let nth = match known {
            Some(nth) => nth,
            None if format != 0 => return Err(ChunkError::NoHeader { id }),
            None if self.streams.len() >= self.limits.streams => {
                return Err(ChunkError::TooManyStreams { most: self.limits.streams });
            }
            None => self.streams.len(),
        };
        let empty = ChunkStream::default();
        let old = self.streams.get(nth).unwrap_or(&empty);
        // A full header in mid-message begins another message: what was there of the old one is
        // lost.
        let begins = !old.open || format != 3;
        let Some(fields) = Fields::read(&mut rest, format, old, begins) else {
            return Ok(None);
        };
        if fields.len > self.limits.message_len {
            return Err(ChunkError::MessageTooLong {
                len: fields.len,
                most: self.limits.message_len,
            });
        }
        if known.is_none() {
            self.streams.push(ChunkStream { id, ..ChunkStream::default() });
        }
        let Some(stream) = self.streams.get_mut(nth) else {
            return Ok(None);
        };
        if begins {
            self.unfinished -= stream.forget();
            stream.begin(&fields, format);
        }
        let left = (stream.len - stream.partial.len()).min(self.chunk_size);
        self.current = Some((nth, left));
        Ok(Some(input.len() - rest.len()))
    }
}

impl ChunkStream {
    fn begin(&mut self, fields: &Fields, format: u8) {
        self.open = true;
        self.time = if format == 0 { fields.time } else { self.time.wrapping_add(fields.time) };
        self.delta = fields.time;
        self.extended = fields.extended;
        self.len = fields.len;
        self.kind = fields.kind;
        self.stream = fields.stream;
    }

    /// Drops the unfinished message, if there is one; returns the capacity of its buffer.
    fn forget(&mut self) -> usize {
        self.open = false;
        core::mem::take(&mut self.partial).capacity()
    }

    /// Returns the capacity that the buffer should have for `more` bytes. It grows twofold, so that
    /// nothing is copied often, but never beyond the message, and not before bytes came.
    fn capacity_for(&self, more: usize) -> usize {
        let (has, needs) = (self.partial.capacity(), self.partial.len() + more);
        if needs <= has {
            return has;
        }
        needs.max(has * 2).max(LEAST_CAPACITY).min(self.len).max(needs)
    }
}

/// A longer buffer is given back when the next message is put together.
const KEPT_CAPACITY: usize = 256 * 1024;
/// Shorter buffers would only grow again.
const LEAST_CAPACITY: usize = 1024;

#[cfg(test)]
mod tests;
