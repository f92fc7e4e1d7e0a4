//! AMF0 values of commands, read with limits on depth and count: a peer's nesting must not become
//! our recursion.

/// The values that commands are made of; what has no meaning in a command is `Other`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    String(String),
    Object(Vec<(String, Self)>),
    Other,
}

impl Value {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) const fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns a property of an object.
    pub(crate) fn property(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(properties) => {
                properties.iter().find_map(|(key, value)| (key == name).then_some(value))
            }
            _ => None,
        }
    }
}

/// Bytes that are no AMF0, or more of it than a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AmfError {
    #[error("AMF0 value is cut short")]
    Short,
    #[error("AMF0 value of unknown kind {0:#04x}")]
    Kind(u8),
    #[error("AMF0 text is not UTF-8")]
    Text,
    #[error("more AMF0 than a command needs")]
    TooMuch,
}

/// Reads all values of a message.
pub(crate) fn read(mut data: &[u8]) -> Result<Vec<Value>, AmfError> {
    let mut reader = Reader { left: MOST_VALUES };
    let mut values = Vec::new();
    while !data.is_empty() {
        values.push(reader.value(&mut data, 0)?);
    }
    Ok(values)
}

struct Reader {
    /// Values that may still come.
    left: usize,
}

impl Reader {
    fn value(&mut self, data: &mut &[u8], depth: usize) -> Result<Value, AmfError> {
        if depth > MOST_DEPTH {
            return Err(AmfError::TooMuch);
        }
        self.left = self.left.checked_sub(1).ok_or(AmfError::TooMuch)?;
        let [kind] = take(data)?;
        match kind {
            0 => Ok(Value::Number(f64::from_be_bytes(take(data)?))),
            1 => take(data).map(|[_]| Value::Other),
            2 => Ok(Value::String(text(data)?)),
            3 => self.object(data, depth),
            5 | 6 => Ok(Value::Other), // null, undefined
            8 => {
                let [_, _, _, _] = take(data)?;
                self.object(data, depth)
            }
            10 => {
                let count = u32::from_be_bytes(take(data)?);
                for _ in 0..count {
                    self.value(data, depth + 1)?;
                }
                Ok(Value::Other)
            }
            11 => take(data).map(|[..]: [u8; 10]| Value::Other), // date
            kind => Err(AmfError::Kind(kind)),
        }
    }

    fn object(&mut self, data: &mut &[u8], depth: usize) -> Result<Value, AmfError> {
        let mut properties = Vec::new();
        loop {
            let name = text(data)?;
            if let (true, Some((9, behind))) = (name.is_empty(), data.split_first()) {
                *data = behind;
                return Ok(Value::Object(properties));
            }
            properties.push((name, self.value(data, depth + 1)?));
        }
    }
}

fn text(data: &mut &[u8]) -> Result<String, AmfError> {
    let len = usize::from(u16::from_be_bytes(take(data)?));
    let (text, behind) = data.split_at_checked(len).ok_or(AmfError::Short)?;
    *data = behind;
    String::from_utf8(text.to_vec()).map_err(|_| AmfError::Text)
}

fn take<const N: usize>(data: &mut &[u8]) -> Result<[u8; N], AmfError> {
    let (bytes, behind) = data.split_first_chunk().ok_or(AmfError::Short)?;
    *data = behind;
    Ok(*bytes)
}

/// A `connect` of a chatty encoder has two dozen.
const MOST_VALUES: usize = 256;
/// Commands nest once.
const MOST_DEPTH: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connect_is_read() {
        let data =
            b"\x02\0\x07connect\0\x3f\xf0\0\0\0\0\0\0\x03\0\x03app\x02\0\x04live\0\0\x09\x05";
        let values = read(data).unwrap();
        assert_eq!(values[0].as_str(), Some("connect"));
        assert_eq!(values[1].as_number(), Some(1.0));
        assert_eq!(values[2].property("app").and_then(Value::as_str), Some("live"));
        assert_eq!(values[3], Value::Other);
    }

    #[test]
    fn nesting_and_counts_are_bounded() {
        let deep = b"\x0a\0\0\0\x01".repeat(1_000_000);
        assert_eq!(read(&deep), Err(AmfError::TooMuch));
        let object = b"\x03\0\x01a".repeat(1_000_000);
        assert_eq!(read(&object), Err(AmfError::TooMuch));
        assert_eq!(read(&[5; 300]), Err(AmfError::TooMuch));
        assert_eq!(read(b"\x0a\xff\xff\xff\xff"), Err(AmfError::Short));
    }
}
