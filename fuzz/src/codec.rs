//! Parsers of codec headers take any bytes, and what they accept holds together.

use hls_segmenter::codec::aac::{
    Adts, AdtsFrames, AudioSpecificConfig, begins_with_program_config,
};
use hls_segmenter::codec::avc::{DecoderConfigurationRecord, NalUnitType, PictureInfo};
use hls_segmenter::codec::mpeg_audio::Frames;
use hls_segmenter::codec::nal::{AccessUnit, Packing};
use hls_segmenter::codec::video::VideoCoding;
use hls_segmenter::flv::Metadata;

/// Hands `data` behind its first byte to the parser that the first byte names.
pub fn check(data: &[u8]) {
    let Some((&which, data)) = data.split_first() else {
        return;
    };
    match which % 7 {
        0 => record(data),
        1 => access_unit(data, 1),
        2 => access_unit(data, 2),
        3 => access_unit(data, 4),
        4 => aac(data),
        5 => mpeg_audio(data),
        _ => {
            let _ = Metadata::parse(data);
            picture_info(data);
        }
    }
}

fn record(data: &[u8]) {
    let Ok(record) = DecoderConfigurationRecord::parse(data) else {
        return;
    };
    assert!(matches!(record.length_len(), 1 | 2 | 4));
    assert!(record.sps().next().is_some(), "a record without a sequence parameter set");
    let mut bytes = 0;
    for unit in record.sps().chain(record.pps()) {
        assert!(!unit.is_empty());
        bytes += unit.len() + 2;
        picture_info(unit);
    }
    assert!(bytes + 6 <= data.len(), "more comes out than went in");
    let _ = record.codec_string().to_string();
}

fn picture_info(unit: &[u8]) {
    if let Some(info) = PictureInfo::parse(unit) {
        assert!(info.width > 0 && info.height > 0);
        if let Some(rate) = info.frame_rate {
            assert!(rate.num > 0 && rate.den > 0 && rate.as_f64().is_finite());
        }
    }
}

fn access_unit(data: &[u8], length_len: usize) {
    let (unit, contents) = AccessUnit::new(data, Packing::new(VideoCoding::Avc, length_len));
    let (mut slice, mut idr) = (false, false);
    let nal_units: Vec<&[u8]> = unit.nal_units().collect();
    let annex_b_len = written_len(&nal_units, !contents.start_codes);
    for &nal_unit in &nal_units {
        assert!(!nal_unit.is_empty());
        let kind = NalUnitType::of(nal_unit);
        slice |= kind.is_slice();
        idr |= kind == NalUnitType::IDR_SLICE;
        picture_info(nal_unit);
    }
    assert_eq!(
        (contents.annex_b_len, contents.slice, contents.random_access),
        (annex_b_len, slice, idr),
        "two walks over one access unit"
    );
    assert!(contents.filler_len <= contents.annex_b_len);
    let _ = unit.has_recovery_point();
    // Behind start codes, NAL units are the same.
    if !contents.start_codes && !contents.truncated {
        let total: usize = unit.nal_units().map(<[u8]>::len).sum();
        assert!(total <= data.len());
    }
}

/// Adds up the NAL units as they are written: without delimiters but that of a second field, without
/// ends before the first slice, and with the escapes that messages lack.
fn written_len(nal_units: &[&[u8]], escaped: bool) -> usize {
    let mut len = 0;
    let mut slices = 0;
    for (at, nal_unit) in nal_units.iter().enumerate() {
        let kind = NalUnitType::of(nal_unit);
        slices += usize::from(kind.is_slice());
        let mut later = nal_units[at + 1..].iter();
        let next = later.find(|unit| {
            let kind = NalUnitType::of(unit);
            kind.is_slice() || kind == NalUnitType::DELIMITER
        });
        let begins = |unit: &&&[u8]| {
            NalUnitType::of(unit).is_slice() && unit.get(1).is_some_and(|byte| byte & 0x80 != 0)
        };
        let written = match kind.get() {
            9 => slices > 0 && next.as_ref().is_some_and(begins),
            10 | 11 => slices > 0,
            _ => true,
        };
        if written {
            len += 4 + nal_unit.len();
        }
        if written && escaped && kind == NalUnitType::SEI {
            len += missing_escapes(nal_unit);
        }
    }
    len
}

fn missing_escapes(mut nal_unit: &[u8]) -> usize {
    while let [rest @ .., 0] = nal_unit {
        nal_unit = rest;
    }
    let (mut zeros, mut missing) = (0, 0);
    for &byte in nal_unit {
        if zeros >= 2 && byte <= 2 {
            missing += 1;
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
    }
    missing
}

fn aac(data: &[u8]) {
    let _ = begins_with_program_config(data);
    if let Some(frames) = AdtsFrames::new(data) {
        let count = frames.clone().count();
        let total: usize = frames.map(<[u8]>::len).sum();
        assert!(count > 0 && total + count * Adts::HEADER_LEN <= data.len());
    }
    let Ok(config) = AudioSpecificConfig::parse(data) else {
        return;
    };
    assert!(config.core_sample_rate > 0 && config.sample_rate() > 0);
    let _ = (config.codec_string().to_string(), config.channels());
    let Ok(adts) = Adts::new(&config) else { return };
    for payload_len in [0, 1, data.len(), 8184] {
        let header = adts.header(payload_len).unwrap();
        let frame = [&header[..], &vec![0x21; payload_len]].concat();
        if payload_len > 0 {
            let frames = AdtsFrames::new(&frame).expect("what we wrote is what we take off");
            let payloads: Vec<_> = frames.map(<[u8]>::len).collect();
            assert_eq!(payloads, [payload_len]);
        }
    }
    assert!(adts.header(8185).is_err());
}

fn mpeg_audio(data: &[u8]) {
    let mut frames = Frames::new(data);
    let mut bytes = 0;
    for (header, frame) in frames.by_ref() {
        assert!(header.frame_len == frame.len() && header.samples > 0 && header.sample_rate > 0);
        bytes += frame.len();
    }
    assert_eq!(bytes + frames.remainder(), data.len());
    assert_eq!(frames.remainder() > 0, frames.error().is_some());
}
