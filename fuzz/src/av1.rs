//! AV1 of any units, records and times, in fragmented MP4: the Auditor's own parser of units agrees,
//! and a sequence header is read as it was put into the section.

use arbitrary::{Arbitrary, Unstructured};
use hls_segmenter::codec::av1::{ConfigurationRecord, SequenceHeader};
use hls_segmenter::codec::video::{NalKind, VideoCoding};
use hls_segmenter::flv::TagKind;
use hls_segmenter::{Config, End, Error, Segmenter};

use crate::engine::auditor;
use crate::ledger::Null;
use crate::script::{OwnedTag, video_header};

/// One call of a host.
#[derive(Arbitrary, Debug)]
enum Op {
    /// A temporal unit.
    Frame {
        step: u16,
        key: bool,
        units: Vec<Unit>,
    },
    /// Bytes that may be anything.
    Raw {
        step: u16,
        packet_type: u8,
        data: Vec<u8>,
    },
    Record {
        units: Vec<Unit>,
    },
    Audio {
        step: u16,
        len: u16,
    },
    /// H.264 comes instead: its header, and a key frame.
    OtherCodec,
    Jump(i32),
    Pause,
}

/// An open bitstream unit, from its header on.
#[derive(Arbitrary, Debug)]
enum Unit {
    Delimiter,
    Header { other: bool },
    Frame { first: u8, len: u16 },
    Metadata { kind: u8, len: u8 },
    Any { header: u8, size: u8, data: Vec<u8> },
}

const HEADERS: [&[u8]; 2] = [
    &[0x0a, 0x0b, 2, 0, 0, 5, 0x1d, 0xaf, 0xf5, 0x89, 0x5f, 0x20, 8],
    &[0x0a, 0x0b, 2, 0, 0, 5, 0x1d, 0xaf, 0xb5, 0x89, 0x5f, 0x20, 8],
];

impl Unit {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Delimiter => vec![0x12, 0],
            Self::Header { other } => HEADERS[usize::from(*other)].to_vec(),
            Self::Frame { first, len } => sized(6, *first, usize::from(*len % 3000)),
            Self::Metadata { kind, len } => sized(5, *kind % 5, usize::from(*len)),
            Self::Any { header, size, data } => [&[*header, *size][..], data].concat(),
        }
    }
}

/// A unit of this type that says its size.
fn sized(kind: u8, first: u8, rest: usize) -> Vec<u8> {
    let len = rest + 1;
    let mut unit = vec![kind << 3 | 2, len as u8 | 0x80, (len >> 7) as u8, first];
    unit.resize(unit.len() + rest, 9);
    unit
}

fn concat(units: &[Unit]) -> Vec<u8> {
    units.iter().flat_map(Unit::bytes).collect()
}

/// Pushes what the host has, and checks after each call.
pub fn check(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let config = Config::default();
    let mut segmenter = Segmenter::fmp4(config);
    let mut sink = auditor(config, Null);
    let (mut video, mut audio) = (0i64, 0i64);
    while !u.is_empty() {
        let Ok(op) = Op::arbitrary(&mut u) else { break };
        let tag = |millis: i64, packet_type: u8, body: &[u8]| {
            let head = [0x90 | packet_type & 0x0f, b'a', b'v', b'0', b'1'];
            let millis = millis as u32;
            OwnedTag { kind: TagKind::VIDEO, millis, data: [&head, body].concat() }
        };
        let mut tags = Vec::new();
        match op {
            Op::Frame { step, key, units } => {
                video += i64::from(step % 500);
                let mut tag = tag(video, 1, &concat(&units));
                tag.data[0] ^= if key { 0 } else { 0x30 };
                tags.push(tag);
            }
            Op::Raw { step, packet_type, data } => {
                video += i64::from(step % 500);
                check_parsers(&data);
                tags.push(tag(video, packet_type, &data));
            }
            Op::Record { units } => {
                let units = concat(&units);
                check_parsers(&units);
                tags.push(tag(video, 0, &[&[0x81, 0, 0x0c, 0], &units[..]].concat()));
            }
            Op::Audio { step, len } => {
                audio += i64::from(step % 100);
                let frame = [&[0xaf, 1][..], &vec![7; usize::from(len % 1000)]].concat();
                let data = if len % 17 == 0 { vec![0xaf, 0, 0x12, 0x08] } else { frame };
                tags.push(OwnedTag { kind: TagKind::AUDIO, millis: audio as u32, data });
            }
            Op::OtherCodec => {
                let key = [0x17, 1, 0, 0, 0, 0, 0, 0, 4, 0x65, 0x88, 0x84, 0x21];
                let millis = video as u32;
                for data in [video_header(0), key.to_vec()] {
                    tags.push(OwnedTag { kind: TagKind::VIDEO, millis, data });
                }
            }
            Op::Jump(by) => (video, audio) = (video + i64::from(by), audio + i64::from(by)),
            Op::Pause => segmenter.finish(End::Pause, &mut sink).expect("nothing fails"),
        }
        for tag in tags {
            match segmenter.push(tag.borrow(), &mut sink) {
                Err(Error::Sink(never)) => match never {},
                Err(Error::Finished) => panic!("nothing ended"),
                _ => {}
            }
            sink.assert_clean();
        }
    }
    segmenter.finish(End::List, &mut sink).expect("nothing fails");
    sink.assert_clean();
}

/// Units are told apart by their types, and the parser of sequence headers takes those alone.
fn check_parsers(data: &[u8]) {
    let record = [&[0x81, 0, 0, 0][..], data].concat();
    let record = ConfigurationRecord::parse(&record).expect("of the right version");
    let mut len = 0;
    for unit in record.units() {
        len += unit.len();
        let is_header = VideoCoding::Av1.kind(unit) == NalKind::ParameterSet;
        let header = SequenceHeader::parse(unit);
        assert!(header.is_none() || is_header, "{unit:02x?}");
        if let Some(header) = header {
            assert!(
                (1..=1 << 16).contains(&header.width) && (1..=1 << 16).contains(&header.height)
            );
            assert!(header.codec_string().to_string().starts_with("av01."));
        }
    }
    assert!(len <= data.len());
}
