//! Parsers of codec headers take any bytes, and what they accept holds together.

use hls_segmenter::codec::aac::{
    Adts, AudioSpecificConfig, begins_with_program_config, strip_adts,
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
    let mut annex_b_len = 0;
    let (mut slice, mut idr) = (false, false);
    for nal_unit in unit.nal_units() {
        assert!(!nal_unit.is_empty());
        let kind = NalUnitType::of(nal_unit);
        slice |= kind.is_slice();
        idr |= kind == NalUnitType::IDR_SLICE;
        if kind != NalUnitType::DELIMITER {
            annex_b_len += 4 + nal_unit.len();
        }
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

fn aac(data: &[u8]) {
    let _ = begins_with_program_config(data);
    if let Some(payload) = strip_adts(data) {
        assert!(payload.len() < data.len());
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
            let payload = strip_adts(&frame).expect("what we wrote is what we take off");
            assert_eq!(payload.len(), payload_len);
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
