//! The frames of an input as elementary streams, ready to be muxed: what the peers start from.

use hls_segmenter::codec::aac::{Adts, AudioSpecificConfig};
use hls_segmenter::codec::avc::{DecoderConfigurationRecord, NalUnitType};
use hls_segmenter::codec::nal::{AccessUnit, Packing};
use hls_segmenter::flv::{AudioPacket, AudioTag, TagKind, VideoPacket, VideoTag};

use super::read;

/// All frames, one behind the other, and where each begins.
#[derive(Default)]
pub struct Elementary {
    pub bytes: Vec<u8>,
    pub frames: Vec<Frame>,
    /// Bytes of the same frames as they lay in their tags: without ADTS headers, delimiters and
    /// repeated sets.
    pub payload_len: usize,
}

/// What the main buffer of the system target decoder holds of two channels of AAC, less a PES
/// header.
const GATHERED_LEN: usize = 3570;

/// A picture, or an AAC frame in ADTS.
pub struct Frame {
    pub video: bool,
    pub key: bool,
    /// 90 kHz.
    pub dts: u64,
    pub pts: u64,
    pub start: usize,
    pub end: usize,
}

impl Elementary {
    /// Converts every frame of an FLV file: AVC to Annex B, AAC to ADTS.
    pub fn of(file: &[u8]) -> Self {
        let mut elementary = Self::default();
        let mut sets = Vec::new();
        let mut adts = None;
        read(file, |tag| {
            let start = elementary.bytes.len();
            let dts = u64::from(tag.time.millis()) * 90;
            let mut frame = Frame {
                video: tag.kind == TagKind::VIDEO,
                key: false,
                dts,
                pts: dts,
                start,
                end: start,
            };
            match tag.kind {
                TagKind::VIDEO => match VideoTag::parse(tag.data).unwrap().packet {
                    VideoPacket::SequenceHeader(record) => {
                        let record = DecoderConfigurationRecord::parse(record).unwrap();
                        sets = record
                            .sps()
                            .chain(record.pps())
                            .flat_map(|unit| [&[0, 0, 0, 1][..], unit].concat())
                            .collect();
                        return;
                    }
                    VideoPacket::AccessUnit { composition, data } => {
                        let (unit, contents) = AccessUnit::new(data, Packing::default());
                        elementary.payload_len += data.len();
                        frame.key = contents.random_access;
                        frame.pts = dts.wrapping_add_signed(composition.get());
                        elementary.bytes.extend([0, 0, 0, 1, 9, 0xf0]);
                        if contents.random_access {
                            elementary.bytes.extend(&sets);
                        }
                        for nal_unit in unit
                            .nal_units()
                            .filter(|unit| NalUnitType::of(unit) != NalUnitType::DELIMITER)
                        {
                            elementary.bytes.extend([0, 0, 0, 1]);
                            elementary.bytes.extend(nal_unit);
                        }
                    }
                    _ => return,
                },
                TagKind::AUDIO => match AudioTag::parse(tag.data).unwrap().packet {
                    AudioPacket::SequenceHeader(config) => {
                        adts =
                            Some(Adts::new(&AudioSpecificConfig::parse(config).unwrap()).unwrap());
                        return;
                    }
                    AudioPacket::Frame(payload) if !payload.is_empty() => {
                        let header = adts.as_ref().unwrap().header(payload.len()).unwrap();
                        elementary.payload_len += payload.len();
                        elementary.bytes.extend(header);
                        elementary.bytes.extend(payload);
                    }
                    _ => return,
                },
                _ => return,
            }
            frame.end = elementary.bytes.len();
            elementary.frames.push(frame);
        });
        elementary
    }

    /// Returns how many TS packets these frames need at the least: each picture a PES packet of its
    /// own, audio in PES packets of whole frames and up to [`GATHERED_LEN`] bytes, clock
    /// references only where stuffing would stand anyway, and two tables for each segment.
    pub fn floor(&self, segments: u64) -> u64 {
        let packets = |len: usize| len.div_ceil(184) as u64;
        let (mut floor, mut gathered) = (2 * segments, 0);
        for frame in &self.frames {
            let len = frame.end - frame.start;
            if frame.video {
                floor += packets(9 + if frame.pts == frame.dts { 5 } else { 10 } + len);
                continue;
            }
            if gathered + len > GATHERED_LEN {
                floor += packets(9 + 5 + gathered);
                gathered = 0;
            }
            gathered += len;
        }
        floor + if gathered > 0 { packets(9 + 5 + gathered) } else { 0 }
    }

    pub fn bytes_of(&self, frame: &Frame) -> &[u8] {
        &self.bytes[frame.start..frame.end]
    }
}
