//! Chunks to messages (RTMP 1.0 §5.3), with limits: the one part of RTMP where a hostile peer chooses how much memory
//! it costs.
//!
//! ```text
//! chunk   fmt 2 │ csid 6 (14, 22) │ [time 24 │ [length 24 │ kind 8 │ [stream id 32]]] │ [extended time 32] │ payload
//! ```
//!
//! A message that lies whole in the input is lent from there; any other is put together in a buffer of its chunk
//! stream, which is used again for the next one. Chunk streams may be interleaved as they like.

/// What a connection may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkLimits {
    /// Longest message in bytes, and the most bytes of unfinished messages of all chunk streams together.
    pub(crate) message_len: usize,
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
    Message {
        consumed: usize,
        message: Message<'a>,
    },
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
    /// Bytes of unfinished messages of all streams.
    unfinished: usize,
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
        }
    }

    /// Takes the peer's Set Chunk Size.
    pub(crate) const fn set_chunk_size(&mut self, size: u32) -> Result<(), ChunkError> {
        if size == 0 || size > 0x7fff_ffff {
            return Err(ChunkError::ChunkSize { size });
        }
        self.chunk_size = size as usize;
        Ok(())
    }

    /// Takes the peer's Abort: the unfinished message of a chunk stream is dropped.
    pub(crate) fn abort(&mut self, id: u32) {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) {
            self.unfinished -= stream.partial.len();
            stream.partial.clear();
            stream.open = false;
        }
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
            if self.unfinished + take > self.limits.message_len {
                return Err(ChunkError::TooMuchUnfinished {
                    most: self.limits.message_len,
                });
            }
            stream.partial.extend_from_slice(data);
            self.unfinished += take;
        }
        self.current = (take < left).then_some((nth, left - take));
        if !whole && stream.partial.len() < stream.len {
            return Ok(Step::Progress { consumed: take });
        }
        stream.open = false;
        self.unfinished -= if whole { 0 } else { stream.partial.len() };
        let message = Message {
            kind: stream.kind,
            time: stream.time,
            stream: stream.stream,
            data: if whole { data } else { stream.lend() },
        };
        Ok(Step::Message {
            consumed: take,
            message,
        })
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
                return Err(ChunkError::TooManyStreams {
                    most: self.limits.streams,
                });
            }
            None => self.streams.len(),
        };
        let empty = ChunkStream::default();
        let old = self.streams.get(nth).unwrap_or(&empty);
        // A full header in mid-message begins another message: what was there of the old one is lost.
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
            self.streams.push(ChunkStream {
                id,
                ..ChunkStream::default()
            });
        }
        let Some(stream) = self.streams.get_mut(nth) else {
            return Ok(None);
        };
        if begins {
            if stream.open {
                self.unfinished -= stream.partial.len();
            }
            stream.begin(&fields, format);
        }
        let left = (stream.len - stream.partial.len()).min(self.chunk_size);
        self.current = Some((nth, left));
        Ok(Some(input.len() - rest.len()))
    }
}

impl ChunkStream {
    fn begin(&mut self, fields: &Fields, format: u8) {
        self.partial.clear();
        if self.partial.capacity() > KEPT_CAPACITY {
            self.partial = Vec::new();
        }
        self.open = true;
        self.time = if format == 0 {
            fields.time
        } else {
            self.time.wrapping_add(fields.time)
        };
        self.delta = fields.time;
        self.extended = fields.extended;
        self.len = fields.len;
        self.kind = fields.kind;
        self.stream = fields.stream;
    }

    /// Lends the message; the buffer is emptied when the next one begins.
    fn lend(&self) -> &[u8] {
        &self.partial
    }
}

/// A message header, with what it takes over from the one before.
struct Fields {
    time: u32,
    extended: Option<u32>,
    len: usize,
    kind: u8,
    stream: u32,
}

impl Fields {
    fn read(rest: &mut &[u8], format: u8, old: &ChunkStream, begins: bool) -> Option<Self> {
        let mut fields = Self {
            time: old.delta,
            extended: old.extended,
            len: old.len,
            kind: old.kind,
            stream: old.stream,
        };
        if format <= 2 {
            fields.time = u24(take(rest)?);
            fields.extended = (fields.time == 0xff_ffff).then_some(fields.time);
        }
        if format <= 1 {
            fields.len = u24(take(rest)?) as usize;
            [fields.kind] = take(rest)?;
        }
        if format == 0 {
            fields.stream = u32::from_le_bytes(take(rest)?);
        }
        match (fields.extended, format) {
            (None, _) => {}
            (Some(_), 0..=2) => {
                fields.time = u32::from_be_bytes(take(rest)?);
                fields.extended = Some(fields.time);
            }
            // Most encoders repeat the extended time before every chunk, some do not: four bytes that differ from it
            // are payload.
            (Some(time), _) => {
                if let Some((bytes, behind)) = rest.split_first_chunk()
                    && (begins || u32::from_be_bytes(*bytes) == time)
                {
                    *rest = behind;
                } else if rest.len() < 4 && (begins || old.len - old.partial.len() >= 4) {
                    return None;
                }
            }
        }
        Some(fields)
    }
}

/// Reads the basic header: chunk type and chunk stream id.
fn basic_header(rest: &mut &[u8]) -> Option<(u8, u32)> {
    let [first] = take(rest)?;
    let id = match first & 0x3f {
        0 => {
            let [low] = take(rest)?;
            64 + u32::from(low)
        }
        1 => {
            let [low, high] = take(rest)?;
            64 + u32::from(low) + (u32::from(high) << 8)
        }
        id => u32::from(id),
    };
    Some((first >> 6, id))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*bytes)
}

const fn u24([a, b, c]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, a, b, c])
}

/// A buffer that grew beyond this is given back when the next message begins.
const KEPT_CAPACITY: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ChunkLimits = ChunkLimits {
        message_len: 1000,
        streams: 3,
    };

    /// Feeds `input` in pieces of `piece` bytes and returns the messages.
    fn read(
        reader: &mut ChunkReader,
        input: &[u8],
        piece: usize,
    ) -> Result<Vec<Owned>, ChunkError> {
        let (mut held, mut out) = (Vec::new(), Vec::new());
        for part in input.chunks(piece) {
            held.extend_from_slice(part);
            let mut used = 0;
            loop {
                match reader.step(&held[used..])? {
                    Step::Need => break,
                    Step::Progress { consumed } => used += consumed,
                    Step::Message { consumed, message } => {
                        used += consumed;
                        out.push((message.kind, message.time, message.data.to_vec()));
                    }
                }
            }
            held.drain(..used);
        }
        Ok(out)
    }

    type Owned = (u8, u32, Vec<u8>);

    fn full(id: u8, time: u32, len: u32, kind: u8) -> Vec<u8> {
        let mut out = vec![id];
        out.extend_from_slice(&time.to_be_bytes()[1..]);
        out.extend_from_slice(&len.to_be_bytes()[1..]);
        out.extend_from_slice(&[kind, 1, 0, 0, 0]);
        out
    }

    #[test]
    fn interleaved_chunk_streams_are_kept_apart_however_the_bytes_come() {
        let mut input = full(6, 10, 200, 9);
        input.extend_from_slice(&[1; 128]);
        input.extend_from_slice(&full(4, 12, 3, 8)); // audio between two chunks of a picture
        input.extend_from_slice(&[7, 8, 9]);
        input.push(0xc6);
        input.extend_from_slice(&[2; 72]);
        input.extend_from_slice(&[0x84, 0, 0, 23, 5, 6, 7]); // type 2: a delta of 23 ms, the length as before
        input.extend_from_slice(&[0xc4, 1, 2, 3]); // type 3: all as before
        let mut picture = vec![1; 128];
        picture.extend_from_slice(&[2; 72]);
        let want = vec![
            (8, 12, vec![7, 8, 9]),
            (9, 10, picture),
            (8, 35, vec![5, 6, 7]),
            (8, 58, vec![1, 2, 3]),
        ];
        for piece in [1, 2, 7, 100, 1000] {
            let messages = read(&mut ChunkReader::new(LIMITS), &input, piece);
            assert_eq!(messages, Ok(want.clone()), "pieces of {piece}");
        }
    }

    #[test]
    fn extended_times_may_be_repeated_or_not() {
        for repeated in [true, false] {
            let mut input = full(6, 0xff_ffff, 130, 9);
            input.extend_from_slice(&[1, 0, 0, 0]);
            input.extend_from_slice(&[3; 128]);
            input.push(0xc6);
            if repeated {
                input.extend_from_slice(&[1, 0, 0, 0]);
            }
            input.extend_from_slice(&[3; 2]);
            let messages = read(&mut ChunkReader::new(LIMITS), &input, 1000).unwrap();
            assert_eq!(messages, [(9, 0x0100_0000, vec![3; 130])], "{repeated}");
        }
    }

    #[test]
    fn what_exceeds_the_limits_is_refused() {
        let mut reader = ChunkReader::new(LIMITS);
        let long = full(6, 0, 1001, 9);
        let error = ChunkError::MessageTooLong {
            len: 1001,
            most: 1000,
        };
        assert_eq!(read(&mut reader, &long, 100), Err(error));

        let mut reader = ChunkReader::new(LIMITS);
        reader.set_chunk_size(600).unwrap();
        let mut two = full(6, 0, 900, 9);
        two.extend_from_slice(&[0; 600]);
        two.extend_from_slice(&full(4, 0, 900, 8));
        two.extend_from_slice(&[0; 600]);
        let error = ChunkError::TooMuchUnfinished { most: 1000 };
        assert_eq!(read(&mut reader, &two, 2000), Err(error));

        let mut reader = ChunkReader::new(LIMITS);
        let many: Vec<u8> = (3..7).flat_map(|id| full(id, 0, 0, 8)).collect();
        let error = ChunkError::TooManyStreams { most: 3 };
        assert_eq!(read(&mut reader, &many, 100), Err(error));

        let mut reader = ChunkReader::new(LIMITS);
        assert_eq!(
            read(&mut reader, &[0xc3], 1),
            Err(ChunkError::NoHeader { id: 3 })
        );
        assert_eq!(
            reader.set_chunk_size(0),
            Err(ChunkError::ChunkSize { size: 0 })
        );
    }

    #[test]
    fn an_aborted_message_is_forgotten() {
        let mut reader = ChunkReader::new(LIMITS);
        let mut input = full(6, 0, 200, 9);
        input.extend_from_slice(&[1; 128]);
        assert_eq!(read(&mut reader, &input, 1000), Ok(vec![]));
        reader.abort(6);
        let mut next = full(6, 5, 2, 9);
        next.extend_from_slice(&[4, 4]);
        assert_eq!(read(&mut reader, &next, 1000), Ok(vec![(9, 5, vec![4, 4])]));
        assert_eq!(reader.unfinished, 0);
    }

    #[test]
    fn random_bytes_never_do_harm() {
        let mut seed = 1_u64;
        for round in 0..2000 {
            let bytes: Vec<u8> = (0..300)
                .map(|_| {
                    seed ^= seed << 13;
                    seed ^= seed >> 7;
                    seed ^= seed << 17;
                    (seed >> 32) as u8
                })
                .collect();
            let mut reader = ChunkReader::new(LIMITS);
            let _ = read(&mut reader, &bytes, 1 + round % 40);
            assert!(reader.unfinished <= LIMITS.message_len);
        }
    }
}
