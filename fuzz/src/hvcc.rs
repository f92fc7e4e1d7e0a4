//! HEVC decoder configuration records and sequence parameter sets: any bytes, against a slow
//! reader; and sets that are written here from their fields, which must be read back.

use std::convert::Infallible;

use arbitrary::{Arbitrary, Result, Unstructured};
use hls_segmenter::codec::hevc::{
    DecoderConfigurationRecord, HevcError, NalUnitType, PictureInfo, ProfileTierLevel,
};
use hls_segmenter::codec::video::VideoCoding;
use hls_segmenter::config::TargetDuration;
use hls_segmenter::flv::TagKind;
use hls_segmenter::frame::{Configuration, Frame, LengthLen, Units};
use hls_segmenter::playlist::Playlist;
use hls_segmenter::time::{Secs, Ticks};
use hls_segmenter::ts::TsPackets;
use hls_segmenter::{
    Config, End, Error, Options, Segment, SegmentSink, SegmentStart, Segmenter, Track, VideoTrack,
};

use crate::bits::Bits;
use crate::engine::auditor;
use crate::ledger::{Ledger, Null};
use crate::script::OwnedTag;

/// Hands `data` behind its first byte to the check that the first byte names.
pub fn check(data: &[u8]) {
    let Some((&which, data)) = data.split_first() else {
        return;
    };
    match which % 4 {
        0 => record(data),
        1 => any_set(data),
        2 => {
            let _ = written_set(&mut Unstructured::new(data));
        }
        _ => {
            let _ = stream(&mut Unstructured::new(data));
        }
    }
}

/// A record as a slow reader finds it.
struct Slow {
    units: Vec<Vec<u8>>,
    empty: usize,
    cut: bool,
}

impl Slow {
    /// Reads the arrays, which begin at byte 23 (ISO/IEC 14496-15 §8.3.3.1).
    fn read(data: &[u8]) -> Self {
        let number = |at: usize| usize::from(data[at]) << 8 | usize::from(data[at + 1]);
        let mut slow = Self { units: Vec::new(), empty: 0, cut: false };
        let mut at = 23;
        while at + 3 <= data.len() {
            let count = number(at + 1);
            at += 3;
            for _ in 0..count {
                if at + 2 > data.len() || at + 2 + number(at) > data.len() {
                    slow.cut = true;
                    return slow;
                }
                let unit = &data[at + 2..at + 2 + number(at)];
                at += 2 + unit.len();
                if unit.is_empty() {
                    slow.empty += 1;
                } else {
                    slow.units.push(unit.to_vec());
                }
            }
        }
        slow
    }
}

fn record(data: &[u8]) {
    let parsed = DecoderConfigurationRecord::parse(data);
    if data.len() < 23 {
        assert_eq!(parsed, Err(HevcError::RecordLen { len: data.len() }));
        return;
    }
    let slow = Slow::read(data);
    let length_len = usize::from(data[21] & 3) + 1;
    let is_usable = data[0] == 1
        && length_len != 3
        && slow.units.iter().any(|unit| unit[0] >> 1 & 0x3f == NalUnitType::SPS.get());
    assert_eq!(parsed.is_ok(), is_usable, "{parsed:?}");
    let Ok(record) = parsed else {
        let is_truncated = matches!(parsed, Err(HevcError::Truncated { .. }));
        assert!(!is_truncated || slow.cut);
        return;
    };
    let mut units = record.units();
    let found: Vec<_> = units.by_ref().map(<[u8]>::to_vec).collect();
    assert_eq!(found, slow.units);
    assert_eq!(usize::from(units.empty_entries()), slow.empty.min(255));
    assert_eq!(units.next(), None, "the end is the end");
    assert_eq!(record.length_len(), length_len);
    let profile: [u8; ProfileTierLevel::LEN] = data[1..13].try_into().unwrap();
    assert_eq!(record.profile(), ProfileTierLevel::new(profile));
    codec_string(profile);
    found.iter().for_each(|unit| any_set(unit));
}

/// The codecs parameter says again what the twelve bytes say (ISO/IEC 14496-15 Annex E).
fn codec_string(bytes: [u8; ProfileTierLevel::LEN]) {
    let text = ProfileTierLevel::new(bytes).codec_string().to_string();
    let mut fields = text.strip_prefix("hvc1.").unwrap().split('.');
    let profile = fields.next().unwrap();
    let space = "ABC".find(profile.chars().next().unwrap()).map_or(0, |space| space + 1);
    let profile: u8 = profile.trim_start_matches(['A', 'B', 'C']).parse().unwrap();
    let compatibility = u32::from_str_radix(fields.next().unwrap(), 16).unwrap().reverse_bits();
    let (tier, level) = fields.next().unwrap().split_at(1);
    let tier = u8::from(tier == "H") << 5;
    let mut read = vec![(space as u8) << 6 | tier | profile];
    read.extend(compatibility.to_be_bytes());
    read.extend(fields.map(|byte| u8::from_str_radix(byte, 16).unwrap()));
    assert!(read.len() == 5 || read.last() != Some(&0), "a zero at the end: {text}");
    read.resize(11, 0);
    read.push(level.parse().unwrap());
    assert_eq!(read, bytes, "{text}");
}

/// What is read of any bytes holds together, and stays where less of them is there.
fn any_set(data: &[u8]) {
    let whole = PictureInfo::parse(data);
    if let Some(info) = whole {
        assert!(info.width > 0 && info.height > 0);
        assert!(info.frame_rate.is_none_or(|(num, den)| num > 0 && den > 0));
    }
    let size = |info: PictureInfo| (info.width, info.height, info.reorder_frames);
    for len in [data.len() / 2, data.len().saturating_sub(1)] {
        if let Some(less) = PictureInfo::parse(&data[..len]) {
            assert_eq!(whole.map(size), Some(size(less)), "of {len} bytes");
            let rate = whole.and_then(|info| info.frame_rate);
            assert!(less.frame_rate.is_none() || less.frame_rate == rate);
        }
    }
}

/// Fields of a sequence parameter set, as far as their values matter.
#[derive(Arbitrary, Debug)]
struct Fields {
    profile: [u8; ProfileTierLevel::LEN],
    id: u8,
    chroma_format: u8,
    width: u16,
    height: u16,
    window: Option<[u8; 4]>,
    order_count_len: u8,
    /// One for each sub-layer: buffering, reordering, latency.
    layers: Vec<[u8; 3]>,
    is_told_of_each: bool,
    sub_layer_levels: u8,
    scaling: Option<Vec<u8>>,
    pcm: Option<[u8; 4]>,
    references: Vec<References>,
    long_term: Option<Vec<u16>>,
    vui: Option<Vui>,
}

/// A short-term reference picture set (§7.3.7).
#[derive(Arbitrary, Debug)]
enum References {
    Listed {
        before: Vec<u8>,
        after: Vec<u8>,
    },
    /// Which pictures of the set before are kept.
    Predicted {
        kept: u32,
    },
}

#[derive(Arbitrary, Debug)]
struct Vui {
    aspect_ratio: Option<u8>,
    overscan: Option<bool>,
    signal: Option<Option<[u8; 3]>>,
    chroma: Option<[u8; 2]>,
    window: Option<[u8; 4]>,
    timing: Option<(u32, u32)>,
    tail: Vec<u8>,
}

impl Fields {
    fn layer_count(&self) -> usize {
        self.layers.len().clamp(1, 7)
    }

    fn layer(&self, nth: usize) -> [u8; 3] {
        self.layers.get(nth).copied().unwrap_or([1, 0, 0])
    }

    /// Returns the NAL unit.
    fn write(&self) -> Vec<u8> {
        let mut bits = Bits::default();
        let layers = self.layer_count();
        bits.put(0, 4).put(layers as u32 - 1, 3).put(1, 1);
        self.profile.iter().for_each(|&byte| {
            bits.put(byte.into(), 8);
        });
        if layers > 1 {
            // A level of 8 bits for each that has one, and no profile of 88.
            let has_level = |nth: usize| u32::from(self.sub_layer_levels >> nth & 1);
            for nth in 0..8 {
                let (is_layer, level) = (nth < layers - 1, has_level(nth));
                bits.put(if is_layer { level } else { 0 }, 2);
            }
            for _ in 0..(0..layers - 1).map(has_level).sum() {
                bits.put(93, 8);
            }
        }
        bits.ue((self.id % 16).into());
        self.write_size(&mut bits);
        bits.ue(0).ue(0).ue((self.order_count_len % 13).into());
        bits.flag(self.is_told_of_each);
        for nth in if self.is_told_of_each { 0..layers } else { layers - 1..layers } {
            self.layer(nth).iter().for_each(|&value| {
                bits.ue(value.into());
            });
        }
        self.write_tools(&mut bits);
        bits.put(0, 2).flag(self.vui.is_some());
        if let Some(vui) = &self.vui {
            vui.write(&mut bits);
        }
        bits.put(0, 1).nal_unit(&[0x42, 1])
    }

    fn write_size(&self, bits: &mut Bits) {
        bits.ue((self.chroma_format % 4).into());
        if self.chroma_format % 4 == 3 {
            bits.put(0, 1);
        }
        bits.ue(self.width.into()).ue(self.height.into()).flag(self.window.is_some());
        self.window.iter().flatten().for_each(|&side| {
            bits.ue(side.into());
        });
    }

    fn write_tools(&self, bits: &mut Bits) {
        (0..6).for_each(|size| {
            bits.ue(size);
        });
        bits.flag(self.scaling.is_some());
        if let Some(scaling) = &self.scaling {
            bits.flag(!scaling.is_empty());
            if !scaling.is_empty() {
                write_scaling_lists(bits, scaling);
            }
        }
        bits.put(0, 2).flag(self.pcm.is_some());
        if let Some([depths, small, large, filtered]) = self.pcm {
            bits.put(depths.into(), 8).ue(small.into()).ue(large.into()).put(filtered.into(), 1);
        }
        let sets = &self.references[..self.references.len().min(64)];
        bits.ue(sets.len() as u32);
        let mut pictures = 0;
        for (nth, set) in sets.iter().enumerate() {
            pictures = set.write(bits, nth, pictures);
        }
        bits.flag(self.long_term.is_some());
        if let Some(pictures) = &self.long_term {
            let pictures = &pictures[..pictures.len().min(32)];
            bits.ue(pictures.len() as u32);
            for &picture in pictures {
                bits.put(picture.into(), u32::from(self.order_count_len % 13) + 4).put(1, 1);
            }
        }
    }

    /// Returns what must be read; `None` where the window leaves nothing.
    fn picture(&self) -> Option<Want> {
        let (x, y) = [(1, 1), (2, 2), (2, 1), (1, 1)][usize::from(self.chroma_format % 4)];
        let [left, right, top, bottom] = self.window.unwrap_or_default().map(u32::from);
        let width = u32::from(self.width).checked_sub((left + right) * x)?;
        let height = u32::from(self.height).checked_sub((top + bottom) * y)?;
        let reorder = self.layer(self.layer_count() - 1)[1].into();
        let timing = self.vui.as_ref().and_then(|vui| vui.timing);
        let rate = timing.filter(|(units, scale)| *units > 0 && *scale > 0);
        (width > 0 && height > 0).then_some(Want { width, height, reorder, rate })
    }
}

/// What a set says.
struct Want {
    width: u32,
    height: u32,
    reorder: u32,
    /// Units in a tick, and ticks in a second.
    rate: Option<(u32, u32)>,
}

impl References {
    /// Writes the set behind one of so many pictures; returns how many it has.
    fn write(&self, bits: &mut Bits, nth: usize, pictures: u32) -> u32 {
        let is_predicted = matches!(self, Self::Predicted { .. }) && nth > 0;
        if nth > 0 {
            bits.flag(is_predicted);
        }
        match self {
            // Further back than any picture of the set before, so that none falls on this one.
            Self::Predicted { kept } if nth > 0 => {
                bits.put(1, 1).ue(70_000);
                let mut count = 0;
                for picture in 0..=pictures {
                    // At most 16 pictures make a set.
                    let choice = if count < 16 { kept.rotate_right(picture) & 3 } else { 0 };
                    match choice {
                        1 => bits.put(1, 1),
                        2 => bits.put(0b01, 2),
                        _ => bits.put(0b00, 2),
                    };
                    count += u32::from(choice == 1 || choice == 2);
                }
                count
            }
            Self::Predicted { .. } => {
                bits.ue(0).ue(0);
                0
            }
            Self::Listed { before, after } => {
                let before = &before[..before.len().min(8)];
                let after = &after[..after.len().min(8)];
                bits.ue(before.len() as u32).ue(after.len() as u32);
                for &distance in before.iter().chain(after) {
                    bits.ue(distance.into()).put(1, 1);
                }
                (before.len() + after.len()) as u32
            }
        }
    }
}

/// Writes all lists: of each byte the lowest bit says whether the list is spelled out.
fn write_scaling_lists(bits: &mut Bits, bytes: &[u8]) {
    let mut bytes = bytes.iter().cycle();
    for size in 0..4_u32 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            let byte = *bytes.next().unwrap();
            let is_told = byte & 1 == 1;
            bits.flag(is_told);
            if !is_told {
                bits.ue(0);
                continue;
            }
            if size > 1 {
                bits.ue(byte.into());
            }
            for _ in 0..64.min(1 << (4 + 2 * size)) {
                bits.ue((byte >> 1).into());
            }
        }
    }
}

impl Vui {
    fn write(&self, bits: &mut Bits) {
        bits.flag(self.aspect_ratio.is_some());
        if let Some(ratio) = self.aspect_ratio {
            bits.put(ratio.into(), 8);
            if ratio == 255 {
                bits.put(0x0010_000f, 32);
            }
        }
        bits.flag(self.overscan.is_some());
        if let Some(overscan) = self.overscan {
            bits.flag(overscan);
        }
        bits.flag(self.signal.is_some());
        if let Some(colour) = self.signal {
            bits.put(5 << 1, 4).flag(colour.is_some());
            colour.iter().flatten().for_each(|&byte| {
                bits.put(byte.into(), 8);
            });
        }
        bits.flag(self.chroma.is_some());
        self.chroma.iter().flatten().for_each(|&place| {
            bits.ue(place.into());
        });
        bits.put(0, 3).flag(self.window.is_some());
        self.window.iter().flatten().for_each(|&side| {
            bits.ue(side.into());
        });
        bits.flag(self.timing.is_some());
        if let Some((units, scale)) = self.timing {
            bits.put(units, 32).put(scale, 32);
        }
        for &byte in &self.tail {
            bits.put(byte.into(), 8);
        }
    }
}

/// A set that was written from its fields is read back, and so is the track that the engine tells.
fn written_set(u: &mut Unstructured<'_>) -> Result<()> {
    let fields = Fields::arbitrary(u)?;
    let (set, want) = (fields.write(), fields.picture());
    let read = PictureInfo::parse(&set);
    let rate = |(num, den): (u32, u32)| (u64::from(num), u64::from(den));
    assert_eq!(read.is_some(), want.is_some(), "{fields:?}");
    if let (Some(read), Some(want)) = (read, &want) {
        let size = (read.width, read.height, read.reorder_frames);
        assert_eq!(size, (want.width, want.height, want.reorder));
        match (read.frame_rate.map(rate), want.rate.map(rate)) {
            (Some((num, den)), Some((units, scale))) => assert_eq!(num * units, den * scale),
            (read, want) => assert_eq!(read, want, "{fields:?}"),
        }
    }
    let mut told = Told(None);
    if configure_and_show(&set, fields.id % 16, &mut told).is_err() {
        return Ok(()); // more bytes than there is room for
    }
    let track = told.0.expect("a track is told of sets and a picture");
    let codec = ProfileTierLevel::new(fields.profile).codec_string().to_string();
    assert_eq!(track.codec.to_string(), codec);
    assert_eq!(track.width.zip(track.height), want.map(|want| (want.width, want.height)));
    Ok(())
}

/// Hands an engine a record with this set, and a key frame.
fn configure_and_show(
    set: &[u8],
    id: u8,
    told: &mut Told,
) -> core::result::Result<(), Error<Infallible>> {
    let picture_set = Bits::default().ue(0).ue(id.into()).put(0, 8).nal_unit(&[0x44, 1]);
    let mut record = [&[1][..], &[0; 20], &[3, 3]].concat();
    for (kind, unit) in [(32, &[0x40, 1, 0x0c, 1][..]), (33, set), (34, &picture_set)] {
        let len = u16::try_from(unit.len()).expect("a set is not that large");
        record.extend([&[kind, 0, 1][..], &len.to_be_bytes(), unit].concat());
    }
    // Some by a declared target, which no picture may make longer.
    let target_duration = match id % 2 {
        0 => TargetDuration::HighWater,
        _ => TargetDuration::Declared(Secs::new(5)),
    };
    let options = Options { target_duration, ..Options::default() };
    let config = Config::new(options).expect("is legal");
    let mut segmenter = Segmenter::new(config);
    let mut sink = auditor(config, Ledger::new(config, told));
    segmenter.configure(Configuration::Video(VideoCoding::Hevc, &record), &mut sink)?;
    let units = Units::LengthPrefixed(LengthLen::Four, &[0, 0, 0, 4, 0x26, 1, 0xaf, 9]);
    let (dts, pts) = (Ticks::new(0), Ticks::new(0));
    segmenter.push_frame(Frame::Video { coding: VideoCoding::Hevc, dts, pts, units }, &mut sink)?;
    segmenter.finish(End::List, &mut sink)?;
    sink.assert_clean();
    Ok(())
}

/// Keeps the last video track that was told.
struct Told(Option<VideoTrack>);

impl SegmentSink for Told {
    type Error = Infallible;

    fn open_segment(&mut self, _: &SegmentStart) -> core::result::Result<(), Infallible> {
        Ok(())
    }

    fn write_packets(&mut self, _: TsPackets<'_>) -> core::result::Result<(), Infallible> {
        Ok(())
    }

    fn close_segment(&mut self, _: &Segment) -> core::result::Result<(), Infallible> {
        Ok(())
    }

    fn update_playlist(&mut self, _: Playlist<'_>) -> core::result::Result<(), Infallible> {
        Ok(())
    }

    fn track(&mut self, track: &Track) {
        if let Track::Video(track) = track {
            self.0 = Some(*track);
        }
    }
}

/// Records of any bytes before pictures of any kind: the engine keeps its contract.
fn stream(u: &mut Unstructured<'_>) -> Result<()> {
    let config = Config::default();
    let mut segmenter = Segmenter::new(config);
    let mut sink = auditor(config, Ledger::new(config, Null));
    let mut millis = 0_u32;
    let mut push = |millis, data: Vec<u8>| {
        let tag = OwnedTag { kind: TagKind::VIDEO, millis, data };
        match segmenter.push(tag.borrow(), &mut sink) {
            Err(Error::Sink(never)) => match never {},
            Err(Error::Codec(_) | Error::Tag(_)) | Ok(()) => {}
            Err(error) => panic!("nothing has ended: {error}"),
        }
        sink.assert_clean();
    };
    while !u.is_empty() {
        let body: Vec<u8> = u.arbitrary()?;
        // Enhanced RTMP, or CodecID 12.
        let head: &[u8] = if u.arbitrary()? { b"\x90hvc1" } else { b"\x1c\0\0\0\0" };
        push(millis, [head, &body].concat());
        for _ in 0..u.int_in_range(0..=5)? {
            let (kind, len): (u8, u8) = u.arbitrary()?;
            let unit = [&[(kind % 48) << 1, 1, 0x80 | len][..], &vec![7; len.into()]].concat();
            let len = (unit.len() as u32).to_be_bytes();
            let frame_type = if kind % 48 >= 16 { 0x90 } else { 0xa0 };
            push(millis, [&[frame_type | 3][..], b"hvc1", &len, &unit].concat());
            millis = millis.wrapping_add(u.int_in_range(0..=2000)?);
        }
    }
    let _ = segmenter.finish(End::List, &mut sink);
    sink.assert_clean();
    sink.into_inner().assert_idle();
    Ok(())
}

/// Writes the inputs of seeds: the records of captures, and sets of few fields.
pub fn seeds(records: &[(String, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (name, record) in records {
        seeds.push((format!("{name}_record"), [&[0][..], record].concat()));
        for unit in DecoderConfigurationRecord::parse(record).expect("a capture's").units() {
            if NalUnitType::of(unit) == NalUnitType::SPS {
                seeds.push((format!("{name}_set"), [&[1][..], unit].concat()));
            }
        }
    }
    seeds
}
