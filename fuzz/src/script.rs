//! A fuzz input read as what a host does with an engine: options, then one call after another.
//!
//! Numbers are little-endian, and 0 behind the end, as [`arbitrary::Unstructured`] has it;
//! everything is read from the front, so that a stream can be written as an input too: see [`Pen`].
//!
//! ```text
//!   options 10 │ op │ operands │ op │ operands │ …
//! ```

use arbitrary::{Arbitrary, Result, Unstructured};
use hls_segmenter::codec::mpeg_audio::FrameHeader;
use hls_segmenter::config::{
    DatePolicy, Filler, ForcedSwitch, FragCount, FragDuration, KeyFramePolicy, MidGop,
    PlaylistVersion, Slack, TargetDuration, TimelineBase, UnrelatedClocks, WindowPolicy,
};
use hls_segmenter::flv::{Reader, Step, Tag, TagKind};
use hls_segmenter::time::{FlvTime, Secs, TickSpan};
use hls_segmenter::ts::StreamType;
use hls_segmenter::{Config, End, Options, SwitchAt};

/// More calls than this and more bytes make an input slow, not better.
const MAX_CALLS: usize = 2000;
const MAX_BYTES: usize = 200_000;

/// Parameter sets that x264 wrote: Baseline, nothing reordered; High, two pictures reordered.
pub const SPS: [&[u8]; 2] = [
    b"\x67\x42\xc0\x0c\xd9\x01\x01\x3b\x01\x10\x00\x00\x03\x00\x10\x00\x00\x03\x03\x28\xf1\x42\xa4\x80",
    b"\x67\x64\x00\x0b\xac\xd9\x43\x0f\xfb\xc0\x44\x00\x00\x03\x00\x04\x00\x00\x03\x00\xc8\x3c\x50\xa6\x58",
];
pub const PPS: &[u8] = b"\x68\xcb\x8c\xb2";

/// A tag that owns its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedTag {
    pub kind: TagKind,
    pub millis: u32,
    pub data: Vec<u8>,
}

impl OwnedTag {
    pub fn borrow(&self) -> Tag<'_> {
        Tag { kind: self.kind, time: FlvTime::from_millis(self.millis), data: &self.data }
    }
}

/// What a host does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    Push(OwnedTag),
    WallTime(i64),
    Switch(SwitchAt),
    Finish(End),
}

/// Options and calls.
#[derive(Clone, Debug)]
pub struct Script {
    pub config: Config,
    pub calls: Vec<Call>,
}

/// Kinds of steps: the byte before the operands, modulo [`Op::COUNT`].
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub enum Op {
    Picture,
    Audio,
    VideoHeader,
    AudioHeader,
    Mp3,
    NalUnits,
    RawVideo,
    RawAudio,
    Script,
    OtherTag,
    Aggregate,
    Enhanced,
    Run,
    Clock,
    Switch,
    WallTime,
    Pause,
    File,
    End,
}

impl Op {
    const ALL: [Self; 19] = [
        Self::Picture,
        Self::Audio,
        Self::VideoHeader,
        Self::AudioHeader,
        Self::Mp3,
        Self::NalUnits,
        Self::RawVideo,
        Self::RawAudio,
        Self::Script,
        Self::OtherTag,
        Self::Aggregate,
        Self::Enhanced,
        Self::Run,
        Self::Clock,
        Self::Switch,
        Self::WallTime,
        Self::Pause,
        Self::File,
        Self::End,
    ];
    pub const COUNT: usize = Self::ALL.len();
}

impl Arbitrary<'_> for Script {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        let config = config(u)?;
        let mut writer = Writer::new();
        while !u.is_empty() && writer.calls.len() < MAX_CALLS && writer.bytes < MAX_BYTES {
            writer.step(u)?;
        }
        writer.end_aggregate();
        Ok(Self { config, calls: writer.calls })
    }
}

impl Script {
    /// Reads a fuzz input.
    pub fn read(data: &[u8]) -> Self {
        Self::arbitrary(&mut Unstructured::new(data)).expect("bytes behind the end are 0")
    }
}

/// Reads options; those that contradict each other become the default.
fn config(u: &mut Unstructured<'_>) -> Result<Config> {
    let [frag, count, flags, policies, slack, jump, psi, lead, wait, tracks]: [u8; 10] =
        u.arbitrary()?;
    let flag = |bit: u32| flags >> bit & 1 == 1;
    let options = Options {
        frag_duration: FragDuration::new(1 + u32::from(frag) % 100).expect("in range"),
        frag_count: FragCount::new(1 + u32::from(count) % 100).expect("in range"),
        target_duration: if flag(0) {
            TargetDuration::Declared(Secs::new(1 + u32::from(frag) % 100 + u32::from(count >> 4)))
        } else {
            TargetDuration::HighWater
        },
        playlist_version: if policies & 8 == 8 { PlaylistVersion::V3 } else { PlaylistVersion::V6 },
        dates: if policies & 16 == 16 { DatePolicy::MediaTime } else { DatePolicy::HostClock },
        window: if flag(1) { WindowPolicy::AtLeastThreeTargets } else { WindowPolicy::Exactly },
        key_frames: match policies & 3 {
            0 | 1 => KeyFramePolicy::Idr,
            2 => KeyFramePolicy::IdrOrRecoveryPoint,
            _ => KeyFramePolicy::FrameType,
        },
        slack: match i64::from(slack) % 102 {
            101 => Slack::HalfFrame,
            millis => Slack::Fixed(TickSpan::from_millis(millis)),
        },
        forced_switch: match (flag(2), policies & 64) {
            (true, _) => ForcedSwitch::Never,
            (false, 0) => ForcedSwitch::Oss,
            (false, _) => ForcedSwitch::After(TickSpan::from_secs(2 + i64::from(frag) % 100)),
        },
        mid_gop: if flag(3) { MidGop::DropUntilKey } else { MidGop::Keep },
        independent_segments: flag(4),
        // Up to 11 s: an hour of clock references for every tag is slow, not better.
        jump_limit: TickSpan::from_millis(1000 + i64::from(jump) * 40),
        // TS has none: `LowLatency` is another container.
        parts: None,
        psi_interval: flag(5).then(|| TickSpan::from_millis(20 + i64::from(psi) * 8)),
        pcr_lead: TickSpan::from_millis(500 + i64::from(lead) * 500 / 255),
        base: if flag(6) { TimelineBase::FirstTagZero } else { TimelineBase::AsReceived },
        unrelated_clocks: if flag(7) {
            UnrelatedClocks::AlignToLead
        } else {
            UnrelatedClocks::Drop
        },
        track_wait: TickSpan::from_millis(i64::from(wait) * 20),
        picture_wait: TickSpan::from_millis(i64::from(wait ^ jump) * 20),
        announced_audio: match tracks & 33 {
            1 => Some(StreamType::AAC_ADTS),
            33 => Some(StreamType::MPEG1_AUDIO),
            _ => None,
        },
        announced_video: tracks & 2 == 2,
        require_video: tracks & 4 == 4,
        filler: if tracks & 8 == 8 { Filler::Drop } else { Filler::Keep },
        snapshot_interval: (policies & 4 == 4).then(|| TickSpan::from_millis(1000)),
        first_sequence: if tracks & 16 == 16 { u64::from(u32::MAX) } else { 0 },
    };
    Ok(Config::new(options).unwrap_or_default())
}

/// Turns steps into calls.
struct Writer {
    calls: Vec<Call>,
    /// Bytes of the length before a NAL unit.
    length_len: usize,
    /// Time of the last tag, in ms.
    clock: u32,
    bytes: usize,
    serial: u8,
    /// Tags that the open aggregate still takes, and its body.
    aggregate: Option<(u8, u32, Vec<u8>)>,
}

impl Writer {
    const fn new() -> Self {
        Self { calls: Vec::new(), length_len: 4, clock: 0, bytes: 0, serial: 0, aggregate: None }
    }

    fn step(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let op = Op::ALL[usize::from(u.arbitrary::<u8>()?) % Op::COUNT];
        match op {
            Op::Picture => {
                let [flags, millis, composition]: [u8; 3] = u.arbitrary()?;
                let len: u16 = u.arbitrary()?;
                self.advance(millis);
                self.picture(flags, composition.cast_signed(), len);
            }
            Op::Audio => {
                let [millis, len]: [u8; 2] = u.arbitrary()?;
                self.advance(millis);
                // Frames past the gathering buffer and past ADTS as well.
                self.audio(if len >= 250 {
                    3400 + usize::from(len - 250) * 1000
                } else {
                    usize::from(len)
                });
            }
            Op::VideoHeader => {
                let which: u8 = u.arbitrary()?;
                // Pictures may go on with lengths of 4 bytes, whatever the header says.
                if which & 48 == 32 {
                    self.length_len = length_len(which);
                }
                let data = video_header(which);
                self.push(TagKind::VIDEO, data);
            }
            Op::AudioHeader => {
                let config: [u8; 2] = u.arbitrary()?;
                self.push(TagKind::AUDIO, [&[0xaf, 0][..], &config].concat());
            }
            Op::Mp3 => {
                let [millis, bits, frames]: [u8; 3] = u.arbitrary()?;
                self.advance(millis);
                // 0xff 0xfb at 64 kbit/s and 44.1 kHz, or what the bits make of it.
                let header = [0xff, 0xfb ^ bits & 0x08, 0x50 ^ bits & 0x04, 0xc4];
                let len = FrameHeader::parse(&header).map_or(208, |header| header.frame_len);
                // One frame in eight is as long as it likes.
                let len = if bits & 0x70 == 0x70 { usize::from(bits) } else { len.max(4) };
                let frame = [&header[..], &vec![0; len.saturating_sub(4)]].concat();
                // More than a PES packet may hold as well, by bytes and by time.
                let count = match frames {
                    250.. => 80 * usize::from(frames - 249),
                    _ => 1 + usize::from(frames % 4),
                };
                let body = frame.repeat(count);
                self.push(TagKind::AUDIO, [&[0x2f][..], &body].concat());
            }
            Op::NalUnits => {
                let [flags, millis, composition, count]: [u8; 4] = u.arbitrary()?;
                self.advance(millis);
                let mut data = picture_head(flags, composition.cast_signed());
                for _ in 0..count % 8 {
                    let [kind, len]: [u8; 2] = u.arbitrary()?;
                    let unit = self.nal_unit(kind, len);
                    self.put_len(&mut data, unit.len());
                    data.extend(unit);
                }
                self.push(TagKind::VIDEO, data);
            }
            Op::RawVideo => self.raw(TagKind::VIDEO, u)?,
            Op::RawAudio => self.raw(TagKind::AUDIO, u)?,
            Op::Script => self.raw(TagKind::SCRIPT, u)?,
            Op::OtherTag => {
                let kind: u8 = u.arbitrary()?;
                self.raw(TagKind::new(kind), u)?;
            }
            Op::Aggregate => {
                self.end_aggregate();
                let tags: u8 = u.arbitrary()?;
                self.aggregate = Some((tags % 8, self.clock, Vec::new()));
            }
            Op::Enhanced => {
                let [packet, millis, len]: [u8; 3] = u.arbitrary()?;
                self.advance(millis);
                if packet & 0x80 != 0 {
                    self.enhanced_audio(packet, len);
                    return Ok(());
                }
                let mut data = vec![0x90 ^ packet];
                data.extend(if packet & 0x08 == 0 { b"avc1" } else { b"hvc1" });
                if packet & 0x0f == 1 {
                    data.extend([0, 0, 40]);
                }
                data.extend(u32::from(len).to_be_bytes());
                data.extend((0..len).map(|n| n | 4));
                self.push(TagKind::VIDEO, data);
            }
            Op::Run => {
                let [pictures, millis, gop, audio]: [u8; 4] = u.arbitrary()?;
                for n in 0..pictures {
                    self.advance(millis % 128);
                    self.picture(u8::from(n % gop.max(1) == 0), 0, 40 + u16::from(n));
                    if audio > 0 && n % audio == 0 {
                        self.audio(usize::from(n) + 10);
                    }
                }
            }
            Op::Clock => {
                let by: i32 = u.arbitrary()?;
                self.clock = self.clock.wrapping_add_signed(by);
            }
            Op::Switch => {
                let at =
                    if u.arbitrary::<u8>()? & 1 == 0 { SwitchAt::KeyFrame } else { SwitchAt::Once };
                self.call(Call::Switch(at));
            }
            Op::WallTime => {
                let millis: i64 = i64::from(u.arbitrary::<i32>()?) * 1000;
                self.call(Call::WallTime(1_700_000_000_000 + millis));
            }
            Op::Pause => self.call(Call::Finish(End::Pause)),
            Op::File => {
                let len: u16 = u.arbitrary()?;
                let len = usize::from(len).min(u.len());
                let file = u.bytes(len)?;
                self.file(file);
            }
            Op::End => self.call(Call::Finish(End::List)),
        }
        Ok(())
    }

    fn advance(&mut self, millis: u8) {
        // Above 200 it is hostile: 0 to 26 s back, or a longer step.
        self.clock = match millis {
            0..=200 => self.clock.wrapping_add(u32::from(millis)),
            201..=227 => self.clock.wrapping_sub(u32::from(millis - 201) * 1000),
            _ => self.clock.wrapping_add(u32::from(millis - 227) * 900),
        };
    }

    fn picture(&mut self, flags: u8, composition: i8, len: u16) {
        let mut data = picture_head(flags, composition);
        let kind = if flags & 2 == 0 { flags & 1 } else { !flags & 1 };
        let unit = self.nal_unit(if kind == 1 { 0x65 } else { 0x41 }, 0);
        // Of more than a PES packet can say the length of as well.
        let len = match len {
            65_000.. => usize::from(len - 65_000) * 256,
            _ => usize::from(len) % 5000,
        };
        self.put_len(&mut data, unit.len() + len);
        data.extend(unit);
        data.extend((0..len).map(|n| (n % 251) as u8 | 4));
        self.push(TagKind::VIDEO, data);
    }

    /// Appends the length of a NAL unit, or of as much of it as can be said.
    fn put_len(&self, data: &mut Vec<u8>, len: usize) {
        let most = u32::MAX >> (32 - 8 * self.length_len as u32);
        let bytes = (len as u32).min(most).to_be_bytes();
        data.extend(&bytes[4 - self.length_len..]);
    }

    fn audio(&mut self, len: usize) {
        self.serial = self.serial.wrapping_add(1);
        // From 0xa0 to 0xbf it is a frame that tells its channels itself.
        let serial = self.serial;
        let frame = (0..len).map(|n| if n == 0 { serial } else { n as u8 & 0x7f });
        self.push(TagKind::AUDIO, [0xaf, 1].into_iter().chain(frame).collect());
    }

    /// An enhanced tag of one track or of several.
    fn enhanced_audio(&mut self, packet: u8, len: u8) {
        let several = packet & 0x40 != 0;
        let fourcc = if packet & 0x20 == 0 { b"mp4a" } else { b"Opus" };
        let mut data = vec![0x90 | if several { 5 } else { packet & 0x0f }];
        if several {
            data.push(0x10 | packet & 0x0f);
        }
        data.extend(fourcc);
        let body = match packet & 0x0f {
            0 => vec![0x12, 0x10],
            _ => (0..len).map(|n| n & 0x7f).collect(),
        };
        for track_id in 0..=u8::from(several) {
            if several {
                data.extend([track_id, 0, 0, body.len() as u8]);
            }
            data.extend(&body);
        }
        self.push(TagKind::AUDIO, data);
    }

    /// A NAL unit with a plausible beginning for its kind.
    fn nal_unit(&mut self, header: u8, len: u8) -> Vec<u8> {
        self.serial = self.serial.wrapping_add(1);
        let mut unit = match header & 0x1f {
            _ if header & 0x80 != 0 && len == 0 => Vec::new(),
            1 => vec![header, 0x9a, 0x24, self.serial],
            5 => vec![header, 0x88, 0x84, self.serial],
            // A recovery point.
            6 if len % 2 == 1 => vec![header, 6, 1, 0xc4, 0x80],
            7 => SPS[usize::from(len) % 2].to_vec(),
            8 => PPS.to_vec(),
            9 => vec![header, 0xf0],
            _ => vec![header],
        };
        unit.extend((0..len).map(|n| if header & 0x80 == 0 { n | 4 } else { n % 3 }));
        unit
    }

    fn raw(&mut self, kind: TagKind, u: &mut Unstructured<'_>) -> Result<()> {
        let [millis, len]: [u8; 2] = u.arbitrary()?;
        self.advance(millis);
        let data = u.bytes(usize::from(len).min(u.len()))?.to_vec();
        self.push(kind, data);
        Ok(())
    }

    fn file(&mut self, mut rest: &[u8]) {
        let mut reader = Reader::new();
        while let Ok(step) = reader.step(rest) {
            let consumed = match step {
                Step::Header { consumed, .. } => consumed,
                Step::Tag { tag, consumed } => {
                    self.clock = tag.time.millis();
                    self.push(tag.kind, tag.data.to_vec());
                    consumed
                }
                _ => return,
            };
            rest = &rest[consumed..];
        }
    }

    fn push(&mut self, kind: TagKind, data: Vec<u8>) {
        self.bytes += data.len();
        let Some((left, _, body)) = &mut self.aggregate else {
            self.calls.push(Call::Push(OwnedTag { kind, millis: self.clock, data }));
            return;
        };
        body.push(kind.get());
        body.extend(&(data.len() as u32).to_be_bytes()[1..]);
        body.extend(&self.clock.to_be_bytes()[1..]);
        body.push((self.clock >> 24) as u8);
        body.extend([0; 3]);
        body.extend(&data);
        body.extend((11 + data.len() as u32).to_be_bytes());
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.end_aggregate();
        }
    }

    fn end_aggregate(&mut self) {
        if let Some((_, millis, data)) = self.aggregate.take() {
            self.calls.push(Call::Push(OwnedTag { kind: TagKind::AGGREGATE, millis, data }));
        }
    }

    fn call(&mut self, call: Call) {
        self.end_aggregate();
        self.calls.push(call);
    }
}

/// First bytes of a coded-frame tag: bit 0 of `flags` is the key flag; the offset is in steps of 20
/// ms, or of a minute where it is large.
fn picture_head(flags: u8, composition: i8) -> Vec<u8> {
    let step = if composition.unsigned_abs() < 120 { 20 } else { 60_000 };
    let [_, c0, c1, c2] = (i32::from(composition) * step).to_be_bytes();
    vec![if flags & 1 == 1 { 0x17 } else { 0x27 }, 1, c0, c1, c2]
}

/// Bytes of the length before a NAL unit behind this [`video_header`].
fn length_len(which: u8) -> usize {
    match which >> 1 & 3 {
        0 => 4,
        code => usize::from(code) + 1,
    }
}

/// A sequence header: bit 0 of `which` chooses the parameter set, bits 1 and 2 the length of
/// lengths, others spoil.
pub fn video_header(which: u8) -> Vec<u8> {
    let sps = SPS[usize::from(which & 1)];
    let mut data = vec![0x17, 0, 0, 0, 0, 1, sps[1], sps[2], sps[3]];
    let reserved = if which & 6 == 0 { 0xfc } else { 0xf8 };
    data.push(reserved | (length_len(which) - 1) as u8);
    if which & 8 == 8 {
        data.extend([0xe1, 0, 0]);
    } else {
        data.push(0xe1);
        data.extend((sps.len() as u16).to_be_bytes());
        data.extend(sps);
    }
    data.push(1);
    data.extend((PPS.len() as u16).to_be_bytes());
    data.extend(PPS);
    if which & 16 == 16 {
        data.truncate(data.len().saturating_sub(usize::from(which >> 5) * 3));
    }
    data
}

/// Writes inputs that [`Script`] reads.
pub struct Pen(Vec<u8>);

impl Pen {
    /// Begins with the ten bytes of options.
    pub fn new(options: [u8; 10]) -> Self {
        Self(options.to_vec())
    }

    /// Appends a step.
    pub fn step(&mut self, op: Op, operands: &[u8]) -> &mut Self {
        self.0.push(op as u8);
        self.0.extend_from_slice(operands);
        self
    }

    /// Appends a piece of an FLV file.
    pub fn file(&mut self, bytes: &[u8]) -> &mut Self {
        let len = u16::try_from(bytes.len()).expect("a seed is small");
        self.step(Op::File, &[&len.to_le_bytes(), bytes].concat())
    }

    /// Returns the input.
    pub fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}
