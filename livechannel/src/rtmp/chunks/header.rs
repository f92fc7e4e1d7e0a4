//! Headers of chunks (RTMP 1.0 §5.3.1).

use super::ChunkStream;

/// A message header, with what it takes over from the one before.
pub(super) struct Fields {
    pub(super) time: u32,
    pub(super) extended: Option<u32>,
    pub(super) len: usize,
    pub(super) kind: u8,
    pub(super) stream: u32,
}

impl Fields {
    pub(super) fn read(
        rest: &mut &[u8],
        format: u8,
        old: &ChunkStream,
        begins: bool,
    ) -> Option<Self> {
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
            // Most encoders repeat the extended time before every chunk, some do not: four bytes
            // that differ from it are payload.
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
pub(super) fn basic_header(rest: &mut &[u8]) -> Option<(u8, u32)> {
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
