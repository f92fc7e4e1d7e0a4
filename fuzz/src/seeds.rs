//! Seeds: small inputs that reach far, made of the captures in `testdata/`.

use std::path::Path;

use hls_segmenter::flv::{AudioPacket, AudioTag, Reader, Step, TagKind, VideoPacket, VideoTag};

use crate::script::{Op, Pen};
use crate::{hvcc, stored};

/// A seed of a target: its name and its bytes.
pub type Seed = (String, Vec<u8>);

const PLAIN: [u8; 10] = [1, 2, 0, 0, 1, 225, 0, 102, 50, 0];

/// Makes the seeds of a target from the captures in `testdata`.
pub fn seeds(target: &str, testdata: &Path) -> Vec<Seed> {
    match target {
        "flv_reader" => captures(testdata)
            .into_iter()
            .map(|(name, bytes)| (name, front(&bytes, 3000)))
            .chain(hand_made_files())
            .collect(),
        "codec" => {
            captures(testdata).iter().flat_map(|(name, bytes)| codec_headers(name, bytes)).collect()
        }
        "engine" => scripts(testdata),
        "fmp4" => prefixed(scripts(testdata), &[[0], [37]]),
        "parts" => prefixed(scripts(testdata), &[[0, 40, 0x20], [53, 90, 0x31]]),
        "sink_faults" => {
            prefixed(scripts(testdata), &[[3, 20, 1, 0, 9, 60, 2, 201], [0, 0, 0, 0, 1, 1, 1, 1]])
        }
        "capi" => prefixed(
            scripts(testdata),
            &[[3, 20, 1, 0, 9, 60, 2, 201, 7], [255, 255, 255, 255, 255, 255, 255, 255, 0]],
        )
        .into_iter()
        // The highest bit of the ninth byte: frames follow.
        .chain(prefixed(
            numbers("frames", &[1500]),
            &[[3, 20, 1, 0, 9, 60, 2, 201, 135], [255, 255, 255, 255, 255, 255, 255, 255, 128]],
        ))
        .collect(),
        "frames" => numbers("calls", &[1500]),
        "resume" => prefixed(scripts(testdata), &[[30, 9, 60, 2], [0, 0, 1, 200]]),
        "ts_roundtrip" => numbers("frames", &[160, 900, 4000]),
        "playlist_model" => numbers("segments", &[120, 500]),
        "hvcc" => hvcc::seeds(&records(testdata))
            .into_iter()
            .chain(prefixed(numbers("set", &[300]), &[[2]]))
            .chain(prefixed(numbers("stream", &[900]), &[[3]]))
            .collect(),
        "playlist_text" => prefixed(numbers("index", &[400]), &[[0]])
            .into_iter()
            .chain(prefixed(numbers("live", &[200]), &[[2]]))
            .chain(prefixed(numbers("multivariant", &[200]), &[[3]]))
            .collect(),
        "av1" => numbers("units", &[300, 1500]),
        "stored" => stored::seeds(),
        other => panic!("there is no target {other}"),
    }
}

fn captures(testdata: &Path) -> Vec<Seed> {
    let mut paths: Vec<_> = std::fs::read_dir(testdata)
        .expect("testdata/ is there")
        .map(|entry| entry.expect("testdata/ can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "flv"))
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (name, std::fs::read(path).expect("a capture can be read"))
        })
        .collect()
}

/// Returns the whole tags at the front of an FLV file, up to `len` bytes; longer bodies are left
/// out.
fn front(file: &[u8], len: usize) -> Vec<u8> {
    let (mut reader, mut at, mut kept) = (Reader::new(), 0, Vec::new());
    while let Ok(Step::Header { consumed, .. } | Step::Tag { consumed, .. }) =
        reader.step(&file[at..])
    {
        if consumed <= 1200 {
            kept.extend_from_slice(&file[at..at + consumed]);
        }
        at += consumed;
        if kept.len() >= len {
            break;
        }
    }
    kept
}

fn hand_made_files() -> Vec<Seed> {
    let tag = b"\0\0\0\0\x08\0\0\x02\0\0\x17\x80\0\0\0\xaf\x01";
    let header = b"FLV\x01\x05\0\0\0\x09";
    let far = b"FLV\x01\x05\0\0\0\x0c...";
    vec![
        ("one_tag".into(), [&header[..], tag].concat()),
        ("far_data_offset".into(), [&far[..], tag].concat()),
        ("largest_tag".into(), [&header[..], b"\0\0\0\0\x29\xff\xff\xff\0\0\0\0\0\0\x01"].concat()),
        ("no_flv".into(), b"FLX".to_vec()),
    ]
}

/// Returns sequence headers and the first frame of each kind, behind the byte that names their
/// parser.
fn codec_headers(name: &str, file: &[u8]) -> Vec<Seed> {
    let (mut reader, mut rest, mut seeds) = (Reader::new(), file, Vec::<Seed>::new());
    while let Ok(step) = reader.step(rest) {
        let (tag, consumed) = match step {
            Step::Header { consumed, .. } => {
                rest = &rest[consumed..];
                continue;
            }
            Step::Tag { tag, consumed } => (tag, consumed),
            _ => break,
        };
        rest = &rest[consumed..];
        let found = match tag.kind {
            TagKind::VIDEO => match VideoTag::parse(tag.data).map(|tag| tag.packet) {
                Ok(VideoPacket::SequenceHeader(record)) => Some(("record", 0, record)),
                Ok(VideoPacket::AccessUnit { data, .. }) if data.len() < 700 => {
                    Some(("access_unit", 3, data))
                }
                _ => None,
            },
            TagKind::AUDIO => match AudioTag::parse(tag.data).map(|tag| tag.packet) {
                Ok(AudioPacket::SequenceHeader(config)) => Some(("aac", 4, config)),
                Ok(AudioPacket::Frame(frame)) if name == "mp3" => Some(("mp3", 5, frame)),
                _ => None,
            },
            TagKind::SCRIPT => Some(("metadata", 6, tag.data)),
            _ => None,
        };
        let Some((kind, which, bytes)) = found else {
            continue;
        };
        let seed = format!("{name}_{kind}");
        if seeds.iter().all(|(known, _)| *known != seed) {
            seeds.push((seed, [&[which][..], bytes].concat()));
        }
    }
    seeds
}

/// Returns the HEVC decoder configuration records of the captures of H.265.
fn records(testdata: &Path) -> Vec<Seed> {
    let captures = captures(&testdata.join("h265"));
    let headers = captures.iter().flat_map(|(name, bytes)| codec_headers(name, bytes));
    headers
        .filter_map(|(name, bytes)| {
            Some((name.strip_suffix("_record")?.to_owned(), bytes[1..].to_vec()))
        })
        .collect()
}

fn scripts(testdata: &Path) -> Vec<Seed> {
    let mut seeds: Vec<_> = captures(testdata)
        .into_iter()
        .map(|(name, bytes)| (name, Pen::new(PLAIN).file(&front(&bytes, 2500)).finish()))
        .collect();
    let headers = |pen: &mut Pen| {
        pen.step(Op::VideoHeader, &[0]).step(Op::AudioHeader, &[0x12, 0x10]);
    };
    let mut pen = Pen::new(PLAIN);
    headers(&mut pen);
    pen.step(Op::Run, &[200, 40, 25, 2]).step(Op::WallTime, &[9, 0, 0, 0]);
    pen.step(Op::Run, &[200, 40, 25, 2]).step(Op::End, &[]);
    seeds.push(("steady".into(), pen.finish()));

    let mut pen = Pen::new([2, 2, 0b0010_0010, 0, 1, 225, 60, 102, 50, 1]);
    headers(&mut pen);
    pen.step(Op::Run, &[100, 40, 25, 1]).step(Op::Clock, &3_600_000_i32.to_le_bytes());
    pen.step(Op::Run, &[100, 40, 25, 1]).step(Op::Clock, &(-50_000_i32).to_le_bytes());
    pen.step(Op::Run, &[60, 33, 200, 1]).step(Op::Switch, &[1]).step(Op::Run, &[60, 33, 30, 3]);
    pen.step(Op::Pause, &[]);
    headers(&mut pen);
    pen.step(Op::Run, &[80, 50, 20, 1]);
    seeds.push(("breaks_and_a_pause".into(), pen.finish()));

    let mut pen = Pen::new(PLAIN);
    pen.step(Op::AudioHeader, &[0x12, 0x10]);
    for n in 0..120 {
        pen.step(Op::Audio, &[23, n]);
    }
    headers(&mut pen);
    pen.step(Op::VideoHeader, &[1]).step(Op::Run, &[60, 40, 25, 1]);
    pen.step(Op::AudioHeader, &[0x11, 0x90]).step(Op::Run, &[60, 40, 25, 1]);
    for frames in 0..40 {
        pen.step(Op::Mp3, &[26, 0, frames]);
    }
    pen.step(Op::Run, &[40, 40, 20, 0]);
    seeds.push(("tracks_that_change".into(), pen.finish()));

    let mut pen = Pen::new([0, 4, 0, 2, 1, 225, 0, 102, 50, 8]);
    headers(&mut pen);
    for n in 0..20_u8 {
        // Delimiter, parameter sets, a recovery point, filler, slices; some empty, some with start
        // codes inside.
        let units = [
            0x09,
            0,
            0x67,
            n % 2,
            0x68,
            0,
            0x06,
            1,
            0x0c,
            5,
            if n % 5 == 0 { 0x65 } else { 0x41 },
            9,
        ];
        pen.step(Op::NalUnits, &[[n % 5 / 4, 100, n % 7, 6].as_slice(), &units].concat());
        pen.step(Op::Picture, &[n % 2, 100, 250 - n, n, 1]);
    }
    pen.step(Op::Aggregate, &[4]).step(Op::Run, &[4, 40, 2, 1]).step(Op::Enhanced, &[1, 40, 30]);
    pen.step(Op::RawVideo, &[0, 4, 0x17, 1, 0, 0]).step(Op::RawAudio, &[0, 2, 0xaf, 1]);
    pen.step(Op::OtherTag, &[0x28, 0, 1, 7]);
    seeds.push(("odd_nal_units".into(), pen.finish()));
    seeds
}

fn prefixed<const N: usize>(seeds: Vec<Seed>, prefixes: &[[u8; N]]) -> Vec<Seed> {
    let prefix = |(nth, (name, bytes)): (usize, Seed)| {
        let prefix = &prefixes[nth % prefixes.len()];
        (name, [&prefix[..], &bytes].concat())
    };
    seeds.into_iter().enumerate().map(prefix).collect()
}

/// Inputs of numbers that follow no plan, the same every time.
fn numbers(name: &str, lens: &[usize]) -> Vec<Seed> {
    let mut state = 0x2545_f491_u32;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as u8
    };
    lens.iter()
        .flat_map(|&len| (0..4).map(move |nth| (len, nth)))
        .map(|(len, nth)| {
            let bytes = (0..len).map(|_| random()).collect();
            (format!("{name}_{len}_{nth}"), bytes)
        })
        .collect()
}
