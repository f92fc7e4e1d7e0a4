//! From the encoder's byte stream to what FLV carries: a decoder configuration record, and NAL
//! units behind lengths.

use openh264::nal_units;

/// One picture as NAL units.
#[derive(Debug, Default)]
pub(super) struct Picture {
    pub(super) sps: Option<Vec<u8>>,
    pub(super) pps: Option<Vec<u8>>,
    /// Everything else, behind lengths of four bytes.
    pub(super) units: Vec<u8>,
    pub(super) key: bool,
}

impl Picture {
    /// Takes a byte stream apart.
    pub(super) fn read(stream: &[u8]) -> Self {
        let mut picture = Self::default();
        for unit in nal_units(stream) {
            let unit = without_start_code(unit);
            match unit.first().map(|header| header & 0x1f) {
                Some(7) => picture.sps = Some(unit.to_vec()),
                Some(8) => picture.pps = Some(unit.to_vec()),
                Some(kind) => {
                    picture.key |= kind == 5;
                    let len = u32::try_from(unit.len()).unwrap_or(u32::MAX);
                    picture.units.extend_from_slice(&len.to_be_bytes());
                    picture.units.extend_from_slice(unit);
                }
                None => {}
            }
        }
        picture
    }

    /// Body of the tag that tells the decoder its parameter sets (ISO/IEC 14496-15 §5.3.3.1).
    pub(super) fn sequence_header(&self) -> Option<Vec<u8>> {
        let (sps, pps) = (self.sps.as_ref()?, self.pps.as_ref()?);
        let &[_, profile, compatibility, level] = sps.first_chunk()?;
        let mut body = vec![0x17, 0, 0, 0, 0, 1, profile, compatibility, level, 0xff, 0xe1];
        body.extend_from_slice(&u16::try_from(sps.len()).ok()?.to_be_bytes());
        body.extend_from_slice(sps);
        body.push(1);
        body.extend_from_slice(&u16::try_from(pps.len()).ok()?.to_be_bytes());
        body.extend_from_slice(pps);
        Some(body)
    }

    /// Body of the picture's own tag.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = vec![if self.key { 0x17 } else { 0x27 }, 1, 0, 0, 0];
        body.extend_from_slice(&self.units);
        body
    }
}

fn without_start_code(unit: &[u8]) -> &[u8] {
    unit.strip_prefix(&[0, 0, 0, 1]).or_else(|| unit.strip_prefix(&[0, 0, 1])).unwrap_or(unit)
}
